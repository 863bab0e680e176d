"""What is kept only for a while: the raw text of deliveries, handled deliveries, and old scheduled runs."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Delete, Engine, Select, Update, delete, func, select, update

from config.policy import Retention
from workers.store.tables import delivery, job_run, writing

_BATCH = 1000  # rows a transaction, so that nobody waits long for a turn
_HANDLED = ("done", "ignored", "failed")


def prune(engine: Engine, policy: Retention, *, now: datetime) -> dict[str, int]:
    """Take away what is too old; return how many bodies, deliveries and runs that were.

    A delivery that nobody has handled is never touched. One whose body is gone is still known by its key.
    """
    old_body, old_row = now - timedelta(days=policy.body_days), now - timedelta(days=policy.delivery_days)
    is_handled = delivery.c.state.in_(_HANDLED)
    bodies = select(delivery.c.id).where(
        is_handled, delivery.c.received_at < old_body, func.length(delivery.c.body) > 0
    )
    rows = select(delivery.c.id).where(delivery.c.state.in_(("done", "ignored")), delivery.c.received_at < old_row)
    newest = select(func.max(job_run.c.id)).group_by(job_run.c.name)
    runs = select(job_run.c.id).where(
        job_run.c.started_at < now - timedelta(days=policy.run_days), job_run.c.id.not_in(newest)
    )
    return {
        "bodies": _in_batches(
            engine, bodies, lambda ids: update(delivery).where(delivery.c.id.in_(ids)).values(body=b"", headers={})
        ),
        "deliveries": _in_batches(engine, rows, lambda ids: delete(delivery).where(delivery.c.id.in_(ids))),
        "runs": _in_batches(engine, runs, lambda ids: delete(job_run).where(job_run.c.id.in_(ids))),
    }


def _in_batches(engine: Engine, which: Select[int], change: Callable[[Sequence[int]], Update | Delete]) -> int:
    total = 0
    while True:
        with writing(engine, durable=False) as connection:
            ids = connection.scalars(which.limit(_BATCH)).all()
            if ids:
                connection.execute(change(ids))
        total += len(ids)
        if len(ids) < _BATCH:
            return total
