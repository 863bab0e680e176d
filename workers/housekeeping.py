"""What keeps the promises when rings are lost: the sweep, and the scheduled runs. One leader at a time, by SQL."""

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from config.logs import get_logger
from config.policy import Policy, load_policy
from config.settings import Settings
from workers import brakes
from workers.breaker import State
from workers.job_queue import Bell
from workers.store.breakers import HELPDESK, Breakers
from workers.store.budgets import Budgets
from workers.store.inbox import Inbox
from workers.store.migrate import require_head
from workers.store.schedule import Schedule
from workers.store.tables import open_engine
from workers.store.tickets import Tickets
from workers.store.watch import BRAKES, Watch

log = get_logger(__name__)

_BATCH = 200
_RING_AGAIN_SECONDS = 4.0
_STALE_DELIVERY_SECONDS = 2.0
_LOST_RUN_SECONDS = 10.0
_FAILED_RINGS_SECONDS = 30.0
_DONE_AT_FIRST = ("reindex_full", "train")  # the very first sync is a full one, and `deskhand up` trains
_REFUSED_SECONDS = 10.0  # so long Redis counts as away after it refused a ring


class Keys(Protocol):
    """What the housekeeper needs; a worker's Services have it all."""

    @property
    def policy(self) -> Policy: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def budgets(self) -> Budgets: ...
    @property
    def outages(self) -> Breakers: ...
    @property
    def watch(self) -> Watch: ...
    @property
    def bell(self) -> Bell: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The same for a process that does nothing else, without the models and clients of a worker."""

    policy: Policy
    inbox: Inbox
    tickets: Tickets
    schedule: Schedule
    budgets: Budgets
    outages: Breakers
    watch: Watch
    bell: Bell
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def own_keys(settings: Settings) -> OwnKeys:
    """Make them. Raise SchemaError or PolicyError with one clear line."""
    engine = open_engine(settings.sql_url, pool_size=2)
    require_head(engine)
    policy = load_policy(settings.config)
    budgets = Budgets(engine, policy.limits.staff_share)
    watch, bell = Watch(engine), Bell(settings.redis_url)
    outages = Breakers(engine, policy.outage, kind=HELPDESK)
    return OwnKeys(policy, Inbox(engine), Tickets(engine), Schedule(engine), budgets, outages, watch, bell)


class Housekeeper:
    """Sweeps, and starts scheduled runs. Every process may have one: whoever leads, acts.

    In a worker, `is_free` tells whether a thread is free: due work is then taken on directly while Redis is away.
    """

    def __init__(
        self,
        services: Keys,
        owner: str,
        *,
        is_free: Callable[[], bool] | None = None,
    ) -> None:
        self._services = services
        self._owner = owner
        self._is_free = is_free
        self._stopping = threading.Event()
        self._refused_until = 0.0
        self._rings_read_at = datetime.min.replace(tzinfo=UTC)
        self._looked_at: datetime | None = None
        self._started_again: dict[str, tuple[int, datetime]] = {}

    def run(self) -> None:
        """Tick until stopped. A tick that fails is logged, and the next one tries again."""
        while not self._stopping.wait(self._services.policy.timing.sweep_seconds):
            try:
                self.tick()
            except Exception as error:
                log.warning("sweep_failed", error=type(error).__name__, detail=str(error)[:200])

    def start(self) -> None:
        threading.Thread(target=self.run, name="housekeeping", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def tick(self) -> None:
        """Do one round, if we lead."""
        services = self._services
        waiting = services.bell.length() if time.monotonic() >= self._refused_until else None
        if waiting is None and self._is_free is None:
            return  # without a bell only a worker is of use as leader
        seconds = services.policy.timing.sweep_seconds * 3
        if not services.schedule.lead("sweep", self._owner, now=services.now(), seconds=seconds):
            return
        if waiting is None:
            self._work_without_bell()
        else:
            self._start_scheduled(services.bell.ring_scheduled)
            self._record_failed_rings()
            if not self._sweep(waiting):  # Redis answers and takes nothing in: its memory or its disk is full
                self._refused_until = time.monotonic() + _REFUSED_SECONDS
        self._watch()  # last: whatever it trips over, the sweep has been

    def _record_failed_rings(self) -> None:
        """Put on record what RQ would keep to itself: a ring that failed, or one that nobody of ours has rung."""
        services, now = self._services, self._services.now()
        if (now - self._rings_read_at).total_seconds() < _FAILED_RINGS_SECONDS:
            return
        self._rings_read_at = now
        for ring in services.bell.take_failed():
            log.error("ring_failed", job=ring.job_id, function=ring.function)
            run_id = services.schedule.begin("ring", zlib.crc32(ring.job_id.encode()) >> 1, now=now)
            if run_id is not None:
                report = {"error": f"a ring for {ring.function} failed; what it was for is rung for again"}
                services.schedule.finish(run_id, is_ok=False, report=report, now=now)

    def _watch(self) -> None:
        """Put brakes on and take them off as the record says, every few seconds."""
        services, rules = self._services, self._services.policy.brakes
        now = services.now()
        if self._looked_at and (now - self._looked_at).total_seconds() < rules.look_seconds:
            return
        self._looked_at = now
        held = services.watch.found(BRAKES)
        wanted = brakes.weigh(services.watch.measures(rules, held, now=now), held, rules, now=now)
        if wanted == held:
            return
        services.watch.hold(wanted, now=now)
        before, after = {(b.code, b.intent) for b in held}, {(b.code, b.intent) for b in wanted}
        for code, intent in sorted(before ^ after):
            log.warning("brake", code=code, intent=intent, is_on=(code, intent) in after)

    def _sweep(self, waiting: int) -> bool:
        """Ring again for what waits, and tell whether the rings were taken.

        The queue is kept short, so that order and urgency are decided in SQL.
        """
        services = self._services
        now = services.now()
        room = _BATCH - waiting
        if room <= 0:
            return True
        for delivery in services.inbox.unhandled(now=now, older_seconds=_STALE_DELIVERY_SECONDS, limit=room):
            if not services.bell.ring_delivery(delivery):
                return False
        return all(services.bell.ring_ticket(vendor, ticket_id) for vendor, ticket_id in self._due(room))

    def _due(self, room: int) -> list[tuple[str, str]]:
        """Return the tickets to ring for: of a helpdesk that may be back one, to ask; of one that is away none."""
        services, now = self._services, self._services.now()
        vendors, held = services.tickets.vendors_due(now=now), self._held_vendors()
        asking = [v for v in vendors if v not in held and services.outages.of(v).state(now) is State.HALF_OPEN]
        found = services.tickets.ring_list(now=now, limit=room, again_seconds=_RING_AGAIN_SECONDS, but=[*held, *asking])
        for vendor in asking:
            others = [other for other in vendors if other != vendor]
            found += services.tickets.ring_list(now=now, limit=1, again_seconds=_RING_AGAIN_SECONDS, but=others)
        return found

    def _held_vendors(self) -> list[str]:
        """Return the helpdesks that answer nobody now, and those whose limits leave nothing for one more ticket."""
        services, now = self._services, self._services.now()
        return [
            vendor
            for vendor in services.tickets.vendors_due(now=now)
            if services.budgets.hold_seconds(vendor, now=now) or services.outages.of(vendor).state(now) is State.OPEN
        ]

    def _work_without_bell(self) -> None:
        from workers import jobs  # loads a worker's libraries, which a scheduler does without

        services, now = self._services, self._services.now()
        log.warning("bell_away")
        for delivery in services.inbox.unhandled(now=now, older_seconds=0.0, limit=_BATCH):
            jobs.handle_delivery(delivery)
        while self._is_free is not None and self._is_free():
            due = services.tickets.ring_list(
                now=now, limit=1, again_seconds=_RING_AGAIN_SECONDS, but=self._held_vendors()
            )
            if not due:
                break
            jobs.work_on_ticket(*due[0])
        self._start_scheduled(jobs.run_scheduled)

    def _start_scheduled(self, start: Callable[[str, int], object]) -> None:
        services, timing = self._services, self._services.policy.timing
        every = {
            "reconcile": timing.reconcile_seconds,
            "reindex": timing.reindex_seconds,
            "reindex_full": timing.full_reindex_seconds,
            "autonomy": services.policy.autonomy.look_seconds,
            "incidents": services.policy.brakes.alike_seconds,
            "retention": timing.retention_seconds,
            "train": timing.train_seconds,
        }
        for name, seconds in every.items():
            slot = int(services.now().timestamp() // seconds)
            is_first = not services.schedule.has_run(name)
            run_id = services.schedule.begin(name, slot, now=services.now())
            if run_id is None:
                continue
            if name in _DONE_AT_FIRST and is_first:
                services.schedule.finish(run_id, is_ok=True, report={"first": "left out"}, now=services.now())
            else:
                start(name, run_id)
        self._start_lost(start)

    def _start_lost(self, start: Callable[[str, int], object]) -> None:
        """Start runs again that nobody carries out; a ring may be in the queue still, so not every second."""
        services, now = self._services, self._services.now()
        for name, run_id in services.schedule.lost(now=now, older_seconds=_LOST_RUN_SECONDS):
            last = self._started_again.get(name)
            if last is None or last[0] != run_id or (now - last[1]).total_seconds() >= _LOST_RUN_SECONDS:
                self._started_again[name] = (run_id, now)
                start(name, run_id)
