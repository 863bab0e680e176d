"""Health, readiness and figures."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.health import Remembered, chroma_is_up
from config.policy import Breaking, Outage
from integrations.limits import Limit
from integrations.llm import ModelOutcome
from tests.fakes.record import NOW, TOKEN, add_call, add_case, add_delivery, add_ticket
from tests.workers.store.test_reviews import look, verdict
from workers.autonomy import Step
from workers.store.breakers import HELPDESK, Breakers
from workers.store.budgets import Budgets
from workers.store.reviews import Reviews
from workers.store.tables import delivery


@pytest.fixture
def chroma():
    """A server that answers Chroma's heartbeat and nothing else."""

    class Heart(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/api/v2/heartbeat" else 404)
            self.end_headers()

        def log_message(self, *words):
            del words

    server = HTTPServer(("127.0.0.1", 0), Heart)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_alive_needs_nothing(door):
    """The process answers, whatever else is down."""
    delivery.drop(door.engine)
    assert door.client().get("/healthz").json == {"status": "alive"}


def test_ready_when_every_part_answers(door, chroma):
    """200, each part by name, and how long the oldest work waits."""
    add_delivery(door.engine, "d1", now=NOW - timedelta(seconds=7), state="new")
    add_ticket(door.engine, due_at=NOW, waiting_since=NOW - timedelta(seconds=12))
    answer = door.client(chroma_url=chroma).get("/readyz")
    assert answer.status_code == 200
    assert answer.json["parts"] == {"database": "ok", "redis": "ok", "chroma": "ok"}
    assert (answer.json["oldest_delivery_seconds"], answer.json["oldest_due_seconds"]) == (7.0, 12.0)
    assert answer.json["dead_letters"] == {"delivery": 0, "case": 0, "ticket": 0, "run": 0}
    assert answer.json["webhooks"] == ["zendesk", "intercom"]


@pytest.mark.parametrize("part", ["database", "redis", "chroma"])
def test_not_ready_names_the_part_that_is_away(door, chroma, part):
    """503, the part and its variable, and the others as they are."""
    if part == "database":
        delivery.drop(door.engine)
    door.bell.up = part != "redis"
    answer = door.client(chroma_url="http://127.0.0.1:1" if part == "chroma" else chroma).get("/readyz")
    assert answer.status_code == 503
    assert [name for name, state in answer.json["parts"].items() if state != "ok"] == [part]
    assert "_URL" in answer.json["parts"][part]


def test_readiness_shows_no_secret(door):
    """Neither token nor the addresses' credentials stand in the answer."""
    client = door.client(chroma_url="http://user:canary@127.0.0.1:1", redis_url="redis://:canary@127.0.0.1:1")
    text = client.get("/readyz").text
    assert "canary" not in text
    assert TOKEN not in text


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1", "nonsense"])
def test_a_chroma_that_is_not_there_is_not_up(url):
    """No address, or nobody there, is an answer and no exception."""
    assert not chroma_is_up(url)


def test_a_chroma_that_hangs_is_not_waited_for():
    """A server that accepts and says nothing costs half a second at most."""
    import socket
    import time

    with socket.create_server(("127.0.0.1", 0)) as server:
        begun = time.monotonic()
        assert not chroma_is_up(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.2)
        assert time.monotonic() - begun < 2


def test_figures_are_given_in_prometheus_own_form(door):
    """Every family parses, and the numbers are those of the record."""
    case_id = add_case(
        door.engine, now=NOW - timedelta(hours=1), reasons=["frustrated", "rule:legal"], action="hand_off"
    )
    add_call(door.engine, case_id, now=NOW)
    add_delivery(door.engine, "d1", now=NOW - timedelta(seconds=30), state="new")
    answer = door.client().get("/metrics")
    assert answer.status_code == 200
    samples = {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["deskhand_cases", ("hand_off", "shift_swap")] == 1
    assert samples["deskhand_case_reasons_total", ("rule",)] == 1
    assert samples["deskhand_model_calls_total", ("claude-sonnet-5-5", "ok")] == 1
    assert samples["deskhand_model_tokens_total", ("claude-sonnet-5-5", "input")] == 1810
    assert samples["deskhand_model_cost_usd_total", ("claude-sonnet-5-5",)] == pytest.approx(0.004642)
    assert samples["deskhand_oldest_delivery_seconds", ()] == 30
    assert samples["deskhand_outcome_seconds", ("0.95",)] == 120
    assert ("deskhand_first_response_seconds", ("0.5",)) not in samples
    assert samples["deskhand_doubtful_writes", ("in_doubt",)] == 0
    assert samples["deskhand_dead_letters", ("case",)] == 0


@pytest.mark.parametrize(
    ("remote", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("203.0.113.9", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, 403),
    ],
)
def test_figures_are_for_this_machine_or_the_token(door, remote, headers, status):
    """A scraper beside the receiver needs nothing, anybody else the token, also through a proxy."""
    answer = door.client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == status


def test_what_is_remembered_is_computed_once_in_its_time():
    """Many askers cost one look; after its time, a new one."""
    looks = []
    still = Remembered(lambda: looks.append(1) or len(looks), 60.0)
    assert [still.get(), still.get()] == [1, 1]
    gone = Remembered(lambda: looks.append(1) or len(looks), 0.0)
    assert [gone.get(), gone.get()] == [2, 3]


def test_a_failing_model_is_seen_everywhere(door):
    """readyz stays 200 and names it, the figures and the overview show it, and a wrong key says who must act."""
    Breakers(door.engine, Breaking()).heard("claude-sonnet-5-5", ModelOutcome.DENIED, now=NOW - timedelta(seconds=40))
    ready = door.client().get("/readyz")
    assert ready.json["models_failing"] == {
        "claude-sonnet-5-5": "denied for 40 s, open; a person has to mend it (ANTHROPIC_API_KEY, the bill, or the "
        "model's name)"
    }
    text = door.client().get("/metrics").text
    assert 'deskhand_model_failing_seconds{model="claude-sonnet-5-5"} 40.0' in text
    assert 'deskhand_model_needs_person{model="claude-sonnet-5-5"} 1.0' in text
    page = door.client().get("/dashboard", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "claude-sonnet-5-5 does not let Deskhand in" in page


def test_a_helpdesk_that_answers_nobody_is_seen_everywhere(door):
    """readyz stays 200 and names it, the figures and the overview show it; its tickets wait."""
    outages = Breakers(door.engine, Outage(), kind=HELPDESK, fresh_seconds=0.0)
    for age in (12, 11, 10):
        outages.heard("zendesk", ModelOutcome.UNREACHABLE, now=NOW - timedelta(seconds=age))
    assert door.client().get("/readyz").json["helpdesks_failing"] == {"zendesk": "unreachable for 10 s, half open"}
    assert 'deskhand_helpdesk_failing_seconds{vendor="zendesk"} 10.0' in door.client().get("/metrics").text
    page = door.client().get("/dashboard", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "The helpdesk zendesk has answered nobody" in page


def test_a_helpdesk_limit_that_runs_short_is_seen(door):
    """The figures say what is left, so that a slow hour has an explanation."""
    Budgets(door.engine, 0.3).note("zendesk", (Limit("tickets-update", 100, 30, 20.0),), now=NOW)
    text = door.client().get("/metrics").text
    assert 'deskhand_helpdesk_budget_left{limit="tickets-update",vendor="zendesk"} 30.0' in text


def test_the_ladder_is_in_the_figures(door):
    """Each intent's step, bound and doubt can be watched and alarmed on."""
    look(Reviews(door.engine), verdict(Step.DRAFT, good=100, bad=4))
    text = door.client().get("/metrics").text
    assert 'deskhand_autonomy_step{intent="swap",step="draft"} 1.0' in text
    assert 'deskhand_autonomy_bound{intent="swap"} 0.' in text
    assert 'deskhand_autonomy_doubt{intent="swap"}' in text
