"""A self-test at start: does the disk keep what a commit promises, and how long does it take over it?

It warns and never stops anybody. A slow disk makes senders wait; one that is too fast to be true, or a database told
not to wait for it, loses in a power cut what was answered with 2xx.
"""

import os
import sqlite3
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

SLOW_SECONDS = 0.010  # the shared commit carries on, but senders notice
TOO_FAST_SECONDS = 0.000_015  # no device writes 4 KiB and says so within this; memory does, and disks that lie do
WAL_FIXED_IN = (3, 51, 3)  # older versions need our turns, see docs/adr/0003
_TIMES = 25
_PAGE = b"\x00" * 4096
_WANTED = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": ("on", "remote_apply", "remote_write", "local"),
}


@dataclass(frozen=True, slots=True)
class Durability:
    """What was found: how long one durable write takes at the median, about what, and what is to be worried about."""

    store: str
    seconds: float
    warnings: tuple[str, ...] = ()


def self_test(engine: Engine) -> Durability:
    """Measure a durable write where the database is, and look at how it is set. Takes 25 writes."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "deskhand.sqlite3").resolve()
        return _sqlite(path.parent)
    return _postgres(engine)


def _sqlite(folder: Path) -> Durability:
    seconds = fdatasync_seconds(folder)
    is_fixed = sqlite3.sqlite_version_info >= WAL_FIXED_IN
    store = f"SQLite {sqlite3.sqlite_version}, WAL {'alone' if is_fixed else 'kept safe by turns'}"
    return Durability(store, seconds, judge(seconds, str(folder)))


def fdatasync_seconds(folder: Path) -> float:
    """Return the median time of writing 4 KiB and waiting for the disk."""
    path = folder / f".durability-{os.getpid()}"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        return statistics.median(_timed(descriptor) for _ in range(_TIMES))
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _timed(descriptor: int) -> float:
    begun = time.perf_counter()
    os.write(descriptor, _PAGE)
    getattr(os, "fdatasync", os.fsync)(descriptor)
    return time.perf_counter() - begun


def judge(seconds: float, where: str) -> tuple[str, ...]:
    """Say what a time for one durable write means."""
    if seconds > SLOW_SECONDS:
        return (f"{where}: a durable write takes {seconds * 1000:.0f} ms; put the database on a faster disk",)
    if seconds < TOO_FAST_SECONDS:
        micro = seconds * 1e6
        return (f"{where}: a durable write takes {micro:.1f} µs, so it is memory, or a disk that lies",)
    return ()


def _postgres(engine: Engine) -> Durability:
    with engine.connect() as connection:
        version = connection.scalar(text("SHOW server_version"))
        found = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in _WANTED}
    wrong = [f"{name} is {value}" for name, value in found.items() if value not in _WANTED[name]]
    times = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        with engine.begin() as connection:
            connection.execute(text("SELECT txid_current()"))  # takes a number, so its commit is written
        times.append(time.perf_counter() - begun)
    seconds = statistics.median(times)
    lost = [f"PostgreSQL: {'; '.join(wrong)}: what was accepted may be lost in a power cut"] if wrong else []
    slow = judge(seconds, "PostgreSQL") if seconds > SLOW_SECONDS else ()
    return Durability(f"PostgreSQL {version}", seconds, (*lost, *slow))
