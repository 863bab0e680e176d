"""Everything that goes wrong, by a seeded deck: single calls all the time, and whole processes one after another."""

import json
import random
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import flask
from redis import Redis
from sqlalchemy import select

from scripts.sandbox import faults
from tests.chaos.outages import OUTAGES, Outage, dead_postgres, full_disk, leader_name
from tests.chaos.traffic import Traffic
from tests.fakes.postgres import Cluster
from tests.fakes.stack import Stack, refusal
from tests.fakes.tripwire import STAGES
from workers.store.tables import reading, ticket

TICKET, WRITE, EXPORT = r"/tickets/\d+", r"/tickets/\d+$", "/incremental/"
# What befalls single calls of the helpdesk's API: (name, its share of the matching calls, the fault).
CALLS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("write: answer dropped after commit", 0.03, {"method": "PUT", "path": WRITE, "drop_answer": True}),
    ("write: 502 after commit", 0.02, {"method": "PUT", "path": WRITE, "status": 502, "after_commit": True}),
    ("write: reset in mid-body", 0.02, {"method": "PUT", "path": WRITE, "reset_mid_body": True}),
    ("write: cut JSON", 0.02, {"method": "PUT", "path": WRITE, "wrong_json": True}),
    ("write: 500 before commit", 0.01, {"method": "PUT", "path": WRITE, "status": 500}),
    ("write: 429", 0.02, {"method": "PUT", "path": WRITE, "status": 429, "headers": {"Retry-After": "1"}}),
    ("write: 409", 0.01, {"method": "PUT", "path": WRITE, "status": 409}),
    ("write: committed late", 0.01, {"method": "PUT", "path": WRITE, "delay_before": 2.5}),
    ("write: answered late", 0.01, {"method": "PUT", "path": WRITE, "delay_after_commit": 2.5}),
    ("read: 503", 0.01, {"method": "GET", "path": TICKET, "status": 503, "headers": {"Retry-After": "1"}}),
    ("read: 500", 0.005, {"method": "GET", "path": TICKET, "status": 500}),
    ("read: 429", 0.01, {"method": "GET", "path": TICKET, "status": 429, "headers": {"Retry-After": "1"}}),
    ("read: dropped", 0.01, {"method": "GET", "path": TICKET, "drop_answer": True}),
    ("read: reset in mid-body", 0.01, {"method": "GET", "path": TICKET, "reset_mid_body": True}),
    ("read: cut JSON", 0.005, {"method": "GET", "path": TICKET, "wrong_json": True}),
    ("read: a log-in page", 0.002, {"method": "GET", "path": TICKET, "status": 200, "body": "<html>Log in"}),
    ("read: slow", 0.01, {"method": "GET", "path": TICKET, "delay_before": 1.5}),
    ("read: dripping", 0.005, {"method": "GET", "path": TICKET, "drip_seconds": 1.5}),
    ("export: 503", 0.1, {"method": "GET", "path": EXPORT, "status": 503}),
    ("export: reset in mid-body", 0.1, {"method": "GET", "path": EXPORT, "reset_mid_body": True}),
)
WEBHOOKS = {"drop_share": 0.2, "duplicate_share": 0.2, "delay_seconds": 1.0, "reorder_share": 0.1}
_KILLS = (
    ("worker-1",),
    ("worker-1", "worker-2"),
    ("receiver",),
    ("receiver", "worker-2"),
    ("scheduler",),
    ("redis",),
    ("chroma",),
    ("redis", "chroma"),
)
_MODEL_SHARE = 0.06
_RECOVERY_LIMIT_SECONDS = 60.0
SOON_SECONDS = 15.0


class Weather:
    """Bad weather over one stack until `stop`, the same deck for the same seed. `injected` counts each fault by kind.

    `recovery` has, for each kind, the seconds from its end until every ticket that waited then was taken up again.
    """

    def __init__(
        self,
        stack: Stack,
        traffic: Traffic,
        seed: int,
        *,
        calm_seconds: tuple[float, float],
        cluster: Cluster | None = None,
    ) -> None:
        self.injected: Counter[str] = Counter()
        self.recovery: dict[str, list[float]] = {}
        self.late: list[str] = []
        self._stack = stack
        self._traffic = traffic
        self._cluster = cluster
        self._calm = calm_seconds
        self._random = random.Random(seed)
        self._chance = random.Random(seed + 1)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weather", daemon=True)
        self._take = stack.twin.faults.take
        self._names: dict[int, str] = {}
        self.error: BaseException | None = None

    def start(self) -> None:
        twin, model = self._stack.twin, self._stack.model
        rules = [(name, faults.parse({**row, "share": share})) for name, share, row in CALLS]
        self._names = {id(fault): name for name, fault in rules}
        twin.faults.replace([fault for _, fault in rules])
        twin.faults.take = self._counted  # type: ignore[method-assign]
        twin.switch(WEBHOOKS)
        model.spoil, model.misspeak = self._spoil, self._misspeak
        self._thread.start()

    def stop(self) -> None:
        """Let the sun shine. The fault of the moment is ended in order."""
        self._stopping.set()
        self._thread.join()
        twin, model = self._stack.twin, self._stack.model
        twin.faults.replace([])
        twin.faults.take = self._take  # type: ignore[method-assign]
        twin.switch(dict.fromkeys(WEBHOOKS, 0.0))
        model.spoil = model.misspeak = lambda: None
        if self.error:
            raise self.error

    # -- single calls

    def _count(self, name: str) -> None:
        with self._lock:
            self.injected[name] += 1

    def _counted(self, *call: str) -> faults.Fault | None:
        fault = self._take(*call)
        if fault is not None:
            self._count(self._names[id(fault)])
        return fault

    def _spoil(self) -> Any:
        """Return another answer than the model's, for a share of its calls."""
        if self._chance.random() >= _MODEL_SHARE / 2:
            return None
        kind = self._chance.choice(("529", "529", "429 for an hour", "500", "hang", "not an event stream"))
        self._count(f"model: {kind}")
        if kind == "hang":
            time.sleep(7)
            return refusal(529)
        if kind == "429 for an hour":
            return refusal(429, **{"retry-after": "3600"})
        if kind == "not an event stream":
            return flask.Response("<html>gateway</html>", 200, content_type="text/html")
        return refusal(int(kind))

    def _misspeak(self) -> Any:
        """Return other words than the model's, for a share of its answers."""
        if self._chance.random() >= _MODEL_SHARE / 2:
            return None
        kind, words = self._chance.choice(
            (("empty", " "), ("no JSON", '{"sentences": [{"te'), ("another schema", json.dumps({"wrong": 1})))
        )
        self._count(f"model: {kind}")
        return words

    # -- whole processes

    def _run(self) -> None:
        try:
            for name, strike in self._deck():
                if self._stopping.is_set():
                    return
                if strike():
                    self._count(f"process: {name}")
                    self._watch_recovery(name)
                self._stopping.wait(self._random.uniform(*self._calm))
        except BaseException as error:
            self.error = error

    def _deck(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Yield strikes for ever: every kind once, then again in another order."""
        cards = self._cards()
        while True:
            self._random.shuffle(cards)
            yield from cards

    def _cards(self) -> list[tuple[str, Callable[[], bool]]]:
        stack = self._stack
        cards: list[tuple[str, Callable[[], bool]]] = [
            *((f"worker killed at {stage}", partial(self._trip, stage)) for stage in STAGES),
            *((f"worker asleep past its lease, at {s}", partial(self._sleep, s)) for s in ("draft", "written")),
            *((f"{' and '.join(names)} killed", partial(self._kill, *names)) for names in _KILLS),
            *((name, partial(self._away, outage)) for name, outage in self._outages().items()),
            ("leader killed", lambda: bool(name := leader_name(stack)) and self._kill(name)),
            ("Redis flushed", lambda: bool(Redis.from_url(stack.redis_url).flushall())),
            ("nothing (for comparison)", lambda: True),
        ]
        return cards

    def _outages(self) -> dict[str, Outage]:
        if cluster := self._cluster:
            return {**OUTAGES, "PostgreSQL killed": lambda _: dead_postgres(cluster)}
        return {**OUTAGES, "disk full": full_disk}

    def _away(self, outage: Outage) -> bool:
        with outage(self._stack):
            self._stopping.wait(self._random.uniform(3, 6))
        return True

    def _kill(self, *names: str) -> bool:
        pids = {name: self._stack.kill(name) for name in names}
        for name, pid in pids.items():
            self._stack.wait_back(name, pid, seconds=30)
        return True

    def _trip(self, stage: str) -> bool:
        self._stack.wires.arm(stage)
        return self._stack.wires.wait(8) is not None

    def _sleep(self, stage: str) -> bool:
        self._stack.wires.arm(stage, signal.SIGSTOP)
        if (sprung := self._stack.wires.wait(8)) is None:
            return False
        time.sleep(11)  # its lease is 8 s
        child = next(c for c in self._stack.family.children if c.process and c.process.pid == sprung.pid)
        self._stack.kill(child.name, signal.SIGCONT)
        return True

    def _watch_recovery(self, name: str) -> None:
        """Measure how long it takes until whoever waits now is served, by a read of the ticket or an outcome."""
        cleared, is_late = time.monotonic(), False
        waiting = {written.message_id: written.ticket_id for written in self._traffic.waiting()}
        while waiting and time.monotonic() - cleared < _RECOVERY_LIMIT_SECONDS and not self._stopping.is_set():
            time.sleep(0.05)
            open_now = {written.message_id for written in self._traffic.waiting(at_least_seconds=0.0)}
            read_at = self._stack.wires.read_at
            waiting = {m: t for m, t in waiting.items() if m in open_now and read_at.get(t, 0.0) <= cleared}
            if not is_late and time.monotonic() - cleared > SOON_SECONDS:
                is_late = True
                self.late += [f"after {name}: {words}" for words in why_waiting(self._stack, waiting.values())]
        if not self._stopping.is_set():
            self.recovery.setdefault(name, []).append(time.monotonic() - cleared)

    # -- what it came to

    def table(self) -> str:
        lines = [f"{count:7} {name}" for name, count in sorted(self.injected.items())]
        lines.append(f"{sum(self.injected.values()):7} faults injected")
        lines.append("seconds until all that waited were taken up again (median, most, how often)")
        for name, seconds in sorted(self.recovery.items()):
            lines.append(f"{statistics.median(seconds):7.1f} {max(seconds):6.1f} {len(seconds):4}  {name}")
        return "\n".join([*lines, *self.late])


def why_waiting(stack: Stack, ticket_ids: Iterable[int]) -> list[str]:
    """Return what the record says of some tickets that nobody has taken up for long."""
    names = [str(ticket_id) for ticket_id in sorted(set(ticket_ids))[:5]]
    with reading(stack.engine) as connection:
        rows = {row.ticket_id: row for row in connection.execute(select(ticket).where(ticket.c.ticket_id.in_(names)))}
    return [f"ticket {name}: {_words(rows[name]) if name in rows else 'never heard of'}" for name in names]


def _words(row: Any) -> str:
    now = datetime.now(UTC)
    due = f"due in {(row.due_at - now).total_seconds():.0f} s" if row.due_at else "not due"
    lease = f"leased for {(row.lease_until - now).total_seconds():.0f} s" if row.lease_until else "not leased"
    return f"attempt {row.attempts}, {row.error!r}, {due}, {lease}"
