"""The engine: SQLite is told how to be right under many writers."""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update

from workers.store.migrate import SchemaError, require_head
from workers.store.tables import StoreBusyError, open_engine, pointer, reading, writing


def test_pragmas_are_set_on_every_connection(sqlite):
    """Acknowledged rows are on disk: synchronous is FULL, and waiting is patient."""
    with sqlite.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 10000
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_times_keep_their_zone(engine, now):
    """A time comes back aware and in UTC; one without a zone is refused."""
    eastern = now.astimezone(timezone(timedelta(hours=-5)))
    with writing(engine) as connection:
        connection.execute(pointer.insert().values(name="a", value="", set_at=eastern))
    with reading(engine) as connection:
        back = connection.scalar(select(pointer.c.set_at))
    assert back == now
    assert back.tzinfo == UTC
    with pytest.raises(Exception, match="without a zone"), writing(engine) as connection:
        connection.execute(pointer.insert().values(name="b", value="", set_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def _count_up(url: str, times: int) -> None:
    engine = open_engine(url)
    for _ in range(times):
        with writing(engine) as connection:
            value = int(connection.scalar(select(pointer.c.value).with_for_update()))
            connection.execute(update(pointer).values(value=str(value + 1)))
    engine.dispose()


def test_no_update_is_lost_between_processes(engine, now):
    """Read-then-write in four processes counts every single step (with the default settings most are lost)."""
    with writing(engine) as connection:
        connection.execute(pointer.insert().values(name="n", value="0", set_at=now))
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count_up, args=(str(engine.url), 50)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with reading(engine) as connection:
        assert connection.scalar(select(pointer.c.value)) == "200"


def test_writers_take_turns_and_do_not_wait_for_ever(sqlite, now):
    """A writer that cannot get its turn is told so in time; afterwards the next one goes on."""
    hurried = open_engine(str(sqlite.url), patience_seconds=0.2)
    blocker = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(sqlite.url), 2.0))
    blocker.start()
    deadline = time.monotonic() + 20
    refused = False
    while not refused and time.monotonic() < deadline:
        try:
            with writing(hurried) as connection:
                connection.execute(pointer.delete())
        except StoreBusyError:
            refused = True
    blocker.join()
    hurried.dispose()
    assert refused
    with writing(sqlite, durable=False) as connection:
        connection.execute(pointer.insert().values(name="a", value="", set_at=now))


def _hold(url: str, seconds: float) -> None:
    with writing(open_engine(url)):
        time.sleep(seconds)


def test_an_old_schema_is_named(tmp_path):
    """A process that finds an older database stops with the command that mends it."""
    engine = open_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    with pytest.raises(SchemaError, match="deskhand migrate"):
        require_head(engine)
