"""The scheduler process: scheduled runs are begun once and come to an end, and it stops when asked."""

import signal

import pytest
from sqlalchemy import select

from tests.fakes.stack import wait_until
from workers.store.tables import job_run, reading

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def runs(stack):
    with reading(stack.engine) as connection:
        return connection.execute(select(job_run.c.name, job_run.c.slot, job_run.c.is_ok)).all()


def test_scheduled_runs_are_carried_out_once_each(stack):
    """With several processes ready to lead, each slot of a job has one run, and it ends well."""
    wait_until(lambda: {"reconcile", "reindex"} <= {run.name for run in runs(stack) if run.is_ok}, 60, what="two runs")
    slots = [(run.name, run.slot) for run in runs(stack)]
    assert len(slots) == len(set(slots))
    # A "ring" is the record of a job of somebody else's that the queue refused: other tests put such jobs there.
    assert not [run for run in runs(stack) if run.is_ok is False and run.name != "ring"]


def test_it_stops_when_asked(stack):
    """SIGTERM ends it within seconds, with 0."""
    process = stack.child("scheduler").process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    stack.wait_back("scheduler", process.pid)
