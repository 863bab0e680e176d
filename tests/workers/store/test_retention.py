"""Raw text goes after a while, repetitions stay known for longer, and what nobody has handled is never touched."""

from datetime import timedelta

from sqlalchemy import func, select

from config.policy import Retention
from workers.store.inbox import Inbox
from workers.store.retention import prune
from workers.store.schedule import Schedule
from workers.store.tables import delivery, job_run, reading


def add(inbox, key, now, *, days, state):
    row = inbox.add("zendesk", key, {"x-zendesk-webhook-id": "1"}, b"my secret", now=now - timedelta(days=days))
    if state != "new":
        inbox.finish(row, state, "", now=now)


def test_what_is_old_goes(engine, now):
    """Bodies after 30 days, handled rows after 90, failed ones stay without their text."""
    inbox = Inbox(engine)
    for key, days, state in (
        ("fresh", 29, "done"),
        ("old", 31, "done"),
        ("failed", 95, "failed"),
        ("gone", 95, "ignored"),
        ("waiting", 95, "new"),
    ):
        add(inbox, key, now, days=days, state=state)
    assert prune(engine, Retention(), now=now) == {"bodies": 3, "deliveries": 1, "runs": 0}
    with reading(engine) as connection:
        kept = {row.key: bytes(row.body) for row in connection.execute(select(delivery.c.key, delivery.c.body))}
    assert kept == {"fresh": b"my secret", "old": b"", "failed": b"", "waiting": b"my secret"}
    assert inbox.add("zendesk", "old", {}, b"again", now=now) is None
    assert prune(engine, Retention(), now=now) == {"bodies": 0, "deliveries": 0, "runs": 0}


def test_many_go_in_several_turns(engine, now, monkeypatch):
    """However many there are, no transaction is long."""
    monkeypatch.setattr("workers.store.retention._BATCH", 3)
    inbox = Inbox(engine)
    for number in range(8):
        add(inbox, f"k{number}", now, days=100, state="done")
    assert prune(engine, Retention(), now=now) == {"bodies": 8, "deliveries": 8, "runs": 0}


def test_old_runs_go_but_the_newest_of_each_name(engine, now):
    """Whether a job was ever run must stay known."""
    schedule = Schedule(engine)
    for slot in range(4):
        schedule.begin("reconcile", slot, now=now - timedelta(days=100 - slot))
    assert prune(engine, Retention(), now=now)["runs"] == 3
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(job_run)) == 1
    assert schedule.has_run("reconcile")
