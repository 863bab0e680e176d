"""Shared state: one leader, one run a slot, values that survive."""

from datetime import timedelta

from workers.store.schedule import Schedule


def test_one_leads_until_it_stops_saying_so(engine, now):
    """Another takes over only when the leader's time has run out."""
    schedule = Schedule(engine)
    assert schedule.lead("sweep", "a", now=now, seconds=3)
    assert not schedule.lead("sweep", "b", now=now, seconds=3)
    assert schedule.lead("sweep", "a", now=now + timedelta(seconds=2), seconds=3)
    assert schedule.lead("sweep", "b", now=now + timedelta(seconds=6), seconds=3)


def test_a_slot_is_run_once(engine, now):
    """Two schedulers that see the same tick start one run."""
    schedule = Schedule(engine)
    assert not schedule.has_run("reindex")
    assert schedule.begin("reindex", 7, now=now) is not None
    assert schedule.begin("reindex", 7, now=now) is None
    assert schedule.begin("reindex", 8, now=now) is not None
    assert schedule.has_run("reindex")


def test_values_are_kept_and_counted(engine, now):
    """A cursor is read back as written; a counter starts at one and grows by one."""
    schedule = Schedule(engine)
    assert schedule.value("cursor") == ""
    schedule.set_value("cursor", "abc", now=now)
    schedule.set_value("cursor", "def", now=now)
    assert schedule.value("cursor") == "def"
    assert [schedule.increase("n", now=now) for _ in range(3)] == [1, 2, 3]
