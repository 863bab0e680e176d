"""The checks of this machine, each with its part broken."""

import importlib.util
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.policy import Intent, Knowledge, Models, Policy
from config.settings import Settings
from scripts import check_machine
from scripts.checkup import State
from scripts.processes import free_port
from tests.fakes.raw_server import raw_server, reply
from workers.store.inbox import Inbox
from workers.store.ledger import Ledger
from workers.store.migrate import migrate
from workers.store.schedule import Schedule
from workers.store.tables import open_engine
from workers.store.tickets import Tickets

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = Policy(models=Models(classify="small", draft="large"), intents={"billing": Intent(description="Bills")})


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, DESKHAND_DATA=folder, **more)  # type: ignore[call-arg,arg-type]


def found(checks):
    return {check.name: check for check in checks}


@pytest.fixture
def migrated(tmp_path):
    made = settings(tmp_path)
    engine = open_engine(made.sql_url)
    migrate(engine)
    yield made, Schedule(engine)
    engine.dispose()


def test_a_folder_that_cannot_be_written_to(tmp_path):
    """A file stands where the folder should be: not even an administrator could write there."""
    (tmp_path / "data").write_text("in the way")
    (check,) = check_machine.disk(settings(tmp_path / "data"))
    assert (check.state, "DESKHAND_DATA" in check.mend) == (State.FAIL, True)


@pytest.mark.parametrize(("free", "state"), [(100 << 20, State.FAIL), (2 << 30, State.WARN), (90 << 30, State.OK)])
def test_free_space_by_how_much_there_is(tmp_path, monkeypatch, free, state):
    """A nearly full disk is a failure before it is full."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (check,) = check_machine.disk(settings(tmp_path))
    assert check.state is state


def test_a_database_that_was_never_migrated(tmp_path):
    """The command that mends it is named."""
    (check,) = check_machine.database(settings(tmp_path), NOW)
    assert (check.state, check.mend) == (State.FAIL, "`deskhand migrate`")


def test_a_fresh_database_is_fine_and_its_runs_are_still_to_come(migrated):
    """What has not run yet is no finding."""
    checks = found(check_machine.database(migrated[0], NOW))
    assert checks["database"].state is State.OK
    assert {checks[name].state for name in ("reindex", "reconcile")} == {State.SKIPPED}


@pytest.mark.parametrize(
    ("age", "is_ok", "state"),
    [
        (timedelta(minutes=3), True, State.OK),
        (timedelta(hours=9), True, State.WARN),
        (timedelta(minutes=3), False, State.FAIL),
    ],
)
def test_a_scheduled_run_that_is_late_or_failed(migrated, age, is_ok, state):
    """The newest run of each kind counts, whatever the vendor."""
    made, schedule = migrated
    run = schedule.begin("reconcile:zendesk", 1, now=NOW - age)
    schedule.finish(run, is_ok=is_ok, report={}, now=NOW - age)
    assert found(check_machine.database(made, NOW))["reconcile"].state is state


def test_what_stopped_is_told(migrated):
    """The command that lists it and sets it going again is named."""
    made, schedule = migrated
    assert found(check_machine.database(made, NOW))["dead letters"].state is State.OK
    schedule.finish(schedule.begin("reindex", 1, now=NOW), is_ok=False, report={"error": "HTTP 403"}, now=NOW)
    check = found(check_machine.database(made, NOW))["dead letters"]
    assert (check.state, check.what) == (State.WARN, "1 of kind run")
    assert "`deskhand replay`" in check.mend


@pytest.mark.parametrize(
    ("messages", "last_delivery", "state"),
    [
        (0, None, State.SKIPPED),
        (0, timedelta(hours=9), State.OK),
        (2, timedelta(hours=9), State.OK),
        (3, timedelta(hours=9), State.FAIL),
        (3, None, State.FAIL),
        (3, timedelta(seconds=20), State.OK),
    ],
)
def test_a_webhook_that_somebody_paused(migrated, messages, last_delivery, state):
    """Messages are found by asking while no delivery comes at all: a few may be chance, more are not."""
    made, _ = migrated
    engine = open_engine(made.sql_url)
    for number in range(messages):
        open_case(engine, f"4{number}", asked_at=NOW - timedelta(minutes=4), now=NOW - timedelta(minutes=2))
    if last_delivery is not None:
        Inbox(engine).add("intercom", "k", {}, b"{}", now=NOW - last_delivery)
    Inbox(engine).add("zendesk", "k", {}, b"{}", now=NOW)
    (check,) = check_machine.deliveries("intercom", made, NOW)
    assert check.state is state
    assert ("`deskhand connect intercom`" in check.mend) is (state is State.FAIL)
    engine.dispose()


def open_case(engine, ticket_id, *, asked_at, now):
    tickets = Tickets(engine)
    tickets.wake("intercom", ticket_id, now=now)
    lease = tickets.claim("intercom", ticket_id, owner="a", now=now, lease_seconds=8)
    Ledger(engine).open_case(lease, "m", now=now, asked_at=asked_at)


def test_a_pause_is_told(migrated):
    """Somebody may have forgotten it."""
    migrated[1].set_value("paused", "yes", now=NOW)
    assert found(check_machine.database(migrated[0], NOW))["pause"].mend == "`deskhand resume`"


def test_redis_that_does_not_answer(tmp_path):
    """A local one is looked at through the receiver."""
    (away,) = check_machine.queue(settings(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"))
    assert away.state is State.FAIL
    (local,) = check_machine.queue(settings(tmp_path, REDIS_URL=""))
    assert local.state is State.SKIPPED


def test_an_empty_library_is_told(migrated):
    """Nothing can be answered from it."""
    (check,) = check_machine.library(migrated[0])
    assert (check.state, "reindex" in check.mend) == (State.WARN, True)


def test_a_receiver_that_is_not_there(tmp_path):
    """The helpdesk's deliveries would be lost."""
    (check,) = check_machine.receiver(settings(tmp_path, DESKHAND_PORT=free_port()))
    assert (check.state, "deskhand up" in check.mend) == (State.FAIL, True)


def test_a_receiver_says_which_part_is_missing_and_how_long_work_waits(tmp_path):
    """Its own view counts: it may run elsewhere."""
    parts = {"redis": "ok", "chroma": "unreachable (CHROMA_URL)"}
    body = {"parts": parts, "tickets_due": 7, "oldest_due_seconds": 90}
    with raw_server(reply("503 Service Unavailable", json.dumps(body).encode())) as server:
        checks = found(check_machine.receiver(settings(tmp_path, DESKHAND_PORT=server.port)))
    assert [checks[name].state for name in ("receiver: redis", "receiver: chroma", "queue lag")] == [
        State.OK, State.FAIL, State.FAIL,
    ]  # fmt: skip
    assert checks["queue lag"].what == "7 tickets due, the oldest for 90 s"


def test_something_else_on_the_port_is_no_receiver(tmp_path):
    """An answer that is not ours is no answer."""
    with raw_server(reply("200 OK", b"<html>hello</html>")) as server:
        (check,) = check_machine.receiver(settings(tmp_path, DESKHAND_PORT=server.port))
    assert check.state is State.FAIL


def test_no_token_no_dashboard(tmp_path):
    """It is a choice, and told."""
    assert next(check_machine.access(settings(tmp_path, DESKHAND_API_TOKEN=""))).state is State.WARN
    assert next(check_machine.access(settings(tmp_path, DESKHAND_API_TOKEN="x" * 32))).state is State.OK


def test_a_classifier_of_another_taxonomy(tmp_path, monkeypatch):
    """Not trained, or trained on intents that are gone: both say `deskhand train`."""
    embedder = SimpleNamespace(name="minilm", embed=lambda texts: texts)
    monkeypatch.setattr(check_machine, "load_embedder", lambda *_: embedder)
    assert found(check_machine.models(settings(tmp_path), POLICY))["classifier"].mend == "`deskhand train`"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "intents.npz").touch()
    trained = SimpleNamespace(intents=SimpleNamespace(labels=("billing", "gone", "oos")))
    monkeypatch.setattr(check_machine.IntentModel, "load", lambda *_, **__: trained)
    check = found(check_machine.models(settings(tmp_path), POLICY))["classifier"]
    assert (check.state, "gone" in check.what) == (State.WARN, True)


def test_a_reranker_that_cannot_be_loaded(tmp_path, monkeypatch):
    """It is told with what to do; without one in the policy nothing is said of it."""
    embedder = SimpleNamespace(name="minilm", embed=lambda texts: texts)
    monkeypatch.setattr(check_machine, "load_embedder", lambda *_: embedder)
    assert "reranker" not in found(check_machine.models(settings(tmp_path), POLICY))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    named = POLICY.model_copy(update={"knowledge": Knowledge(reranker="some/model")})
    check = found(check_machine.models(settings(tmp_path), named))["reranker"]
    assert (check.state, "pip install torch" in check.what) == (State.FAIL, True)
