"""Background jobs as such: order, failure to queue, and what a reset leaves."""

import pytest

from scripts.sandbox.jobs import MAX_IN_FLIGHT, Jobs, TooManyJobsError
from scripts.sandbox.state import World


def test_jobs_are_worked_off_in_order(wait_until):
    """The second job starts when the first is completed; each keeps a row for each item."""
    jobs, done = Jobs(World()), []
    jobs.delay_seconds = 0
    first = jobs.submit("a", [lambda: done.append("1") or {"id": 1}, lambda: done.append("2") or {"id": 2}])
    second = jobs.submit("b", [lambda: done.append("3") or {"id": 3}])
    wait_until(lambda: second.status == "completed")
    assert done == ["1", "2", "3"]
    assert (first.results, first.progress) == ([{"id": 1}, {"id": 2}], 2)
    assert jobs.newest_first() == [second, first]


def test_thirty_under_way_are_the_most():
    """One more is refused with the numbers of those that wait; after a reset there is room again."""
    jobs = Jobs(World())
    jobs.delay_seconds = 60
    ids = [jobs.submit("a", []).id for _ in range(MAX_IN_FLIGHT)]
    with pytest.raises(TooManyJobsError) as refused:
        jobs.submit("a", [])
    assert refused.value.ids == ids
    waiting = jobs.newest_first()
    jobs.forget()
    assert {job.status for job in waiting} == {"killed"}
    assert jobs.submit("a", []).status == "queued"
