"""Small shared state: who leads, which scheduled run is whose, and named values such as cursors."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from workers.store.tables import job_run, leader, pointer, reading, writing


class Schedule:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lead(self, name: str, owner: str, *, now: datetime, seconds: float) -> bool:
        """Become, or stay, the one process that does this; return whether we are."""
        until = now + timedelta(seconds=seconds)
        with writing(self._engine, durable=False) as connection:
            taken = connection.execute(
                update(leader)
                .where(leader.c.name == name, or_(leader.c.owner == owner, leader.c.until < now))
                .values(owner=owner, until=until)
            )
            if taken.rowcount:
                return True
        try:
            with writing(self._engine, durable=False) as connection:
                connection.execute(leader.insert().values(name=name, owner=owner, until=until))
            return True
        except IntegrityError:
            return False

    def begin(self, name: str, slot: int, *, now: datetime) -> int | None:
        """Take one scheduled run; return its id, or None if another has taken it."""
        try:
            with writing(self._engine, durable=False) as connection:
                row = connection.execute(
                    job_run.insert().values(name=name, slot=slot, started_at=now).returning(job_run.c.id)
                )
                return int(row.scalar_one())
        except IntegrityError:
            return None

    def take(self, run_id: int, *, now: datetime, seconds: float) -> int | None:
        """Begin to carry a run out and return which attempt this is; None if another does, or it is finished."""
        with writing(self._engine, durable=False) as connection:
            attempt: int | None = connection.scalar(
                update(job_run)
                .where(
                    job_run.c.id == run_id,
                    job_run.c.finished_at.is_(None),
                    or_(job_run.c.held_until.is_(None), job_run.c.held_until < now),
                )
                .values(held_until=now + timedelta(seconds=seconds), attempts=job_run.c.attempts + 1)
                .returning(job_run.c.attempts)
            )
            return attempt

    def hold(self, run_ids: Collection[int], *, now: datetime, seconds: float) -> None:
        """Say that these runs are still being carried out; or, of one that failed, that it waits so long."""
        if run_ids:
            with writing(self._engine, durable=False) as connection:
                connection.execute(
                    update(job_run)
                    .where(job_run.c.id.in_(run_ids), job_run.c.finished_at.is_(None))
                    .values(held_until=now + timedelta(seconds=seconds))
                )

    def lost(self, *, now: datetime, older_seconds: float) -> list[tuple[str, int]]:
        """Return (name, id) of runs that were begun and that nobody carries out: their ring, or their process, is lost.

        Only the newest of a name counts, and none older than a day: the next slot has taken its place.
        """
        newest = (
            select(func.max(job_run.c.id))
            .where(job_run.c.started_at > now - timedelta(days=1))
            .group_by(job_run.c.name)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(job_run.c.name, job_run.c.id).where(
                    job_run.c.id.in_(newest),
                    job_run.c.finished_at.is_(None),
                    job_run.c.started_at <= now - timedelta(seconds=older_seconds),
                    or_(job_run.c.held_until.is_(None), job_run.c.held_until < now),
                )
            ).all()
        return [(row.name, row.id) for row in rows]

    def has_run(self, name: str) -> bool:
        """Tell whether this was ever begun."""
        with reading(self._engine) as connection:
            return connection.scalar(select(job_run.c.id).where(job_run.c.name == name).limit(1)) is not None

    def finish(self, run_id: int, *, is_ok: bool, report: dict[str, Any], now: datetime) -> None:
        with writing(self._engine, durable=False) as connection:
            connection.execute(
                update(job_run).where(job_run.c.id == run_id).values(finished_at=now, is_ok=is_ok, report=report)
            )

    def runs(self, limit: int = 20) -> list[dict[str, Any]]:
        """Return the latest scheduled runs, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(job_run).order_by(job_run.c.id.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]

    def value(self, name: str) -> str:
        with reading(self._engine) as connection:
            return connection.scalar(select(pointer.c.value).where(pointer.c.name == name)) or ""

    def pause(self, *, now: datetime) -> str:
        """Return what an admin has stopped: "all", "drafts" (automatic replies only), or "" once the time is over."""
        what, _, until = self.value("paused").partition(" until ")
        if not what or (until and datetime.fromisoformat(until) <= now):
            return ""
        return "drafts" if what == "drafts" else "all"

    def set_value(self, name: str, value: str, *, now: datetime) -> None:
        """Write a named value, new or not."""
        changed = update(pointer).where(pointer.c.name == name).values(value=value, set_at=now)
        with writing(self._engine, durable=False) as connection:
            if connection.execute(changed).rowcount:
                return
            try:
                with connection.begin_nested():
                    connection.execute(pointer.insert().values(name=name, value=value, set_at=now))
            except IntegrityError:  # another process wrote it first
                connection.execute(changed)

    def increase(self, name: str, *, now: datetime) -> int:
        """Add one to a named number and return it; a value never set counts as 0."""
        with writing(self._engine, durable=False) as connection:
            return increase(connection, name, now=now)


def increase(connection: Connection, name: str, *, now: datetime) -> int:
    """Add one to a named number inside a transaction that changes what it counts."""
    return int(amend(connection, name, lambda value: str(int(value or 0) + 1), now=now))


def amend(connection: Connection, name: str, change: Callable[[str], str], *, now: datetime) -> str:
    """Replace a named value by what `change` makes of it ("" if it was never set), while nobody else can; return it."""
    locked = select(pointer.c.value).where(pointer.c.name == name).with_for_update()
    value = connection.scalar(locked)
    if value is None:
        try:
            with connection.begin_nested():
                connection.execute(pointer.insert().values(name=name, value=change(""), set_at=now))
        except IntegrityError:  # another process wrote it first
            value = connection.scalar(locked)
        else:
            return connection.scalar(locked) or ""
    changed = change(value or "")
    if changed != value:
        connection.execute(update(pointer).where(pointer.c.name == name).values(value=changed, set_at=now))
    return changed
