"""The threads of one worker process, each on one ticket under its own lease, sharing one embedding model.

Waiting for the model and the helpdesk is most of a ticket's time, so a process follows many tickets at once; if it is
killed, its leases run out within seconds and others take over.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from config.logs import get_logger
from integrations.errors import TransientError
from workers import pipeline
from workers.job_queue import process_name
from workers.services import Services
from workers.store.tickets import Lease, LeaseLostError

log = get_logger(__name__)

_LONGEST_WISH_SECONDS = 300.0  # whatever a vendor asks for, we look again after this
_NO_BUDGET_SECONDS = 12.0  # until a refusal without a time is tried again
_BACKOFF_SECONDS = (2.0, 5.0, 10.0)  # the last is for how long work waits after any outage, docs/adr/0013


class Crew:
    """Works on tickets in threads. `submit` never blocks; `is_free` tells whether another ticket may be taken on."""

    def __init__(self, services: Services, *, threads: int) -> None:
        self.owner = process_name()
        self._services = services
        self._slots = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ticket")
        self._lock = threading.Lock()
        self._held: dict[int, tuple[Lease, float]] = {}
        self._busy = 0
        self._stopping = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._heart.start()

    def is_free(self) -> bool:
        with self._lock:
            return self._busy < self._slots

    def submit(self, vendor: str, ticket_id: str) -> None:
        """Work on a ticket soon; whether it is due, and free, is decided when its thread starts."""
        self.do(lambda: self._work(vendor, ticket_id))

    def do(self, task: Callable[[], None]) -> None:
        """Run something in one of the threads; what it raises is logged."""
        with self._lock:
            self._busy += 1
        self._pool.submit(self._run, task)

    def stop(self) -> None:
        """Finish what is in work and end. Tickets not begun stay due."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._stopping.set()

    def _run(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:
            # Of a ticket, only the database can fail here: the lease runs out, and the ticket stays due.
            log.exception("task_dropped")
        finally:
            with self._lock:
                self._busy -= 1

    def _work(self, vendor: str, ticket_id: str) -> None:
        services = self._services
        if services.schedule.pause(now=services.now()) == "all":
            return
        if services.budgets.hold_seconds(vendor, now=services.now()):
            return  # it stays due; the sweep rings for the most urgent and the oldest when the budget is back
        if services.outages.admit(vendor, now=services.now()) is not None:
            return  # the helpdesk answers nobody; it stays due, and one ticket at a time asks whether it is back
        lease = services.tickets.claim(
            vendor,
            ticket_id,
            owner=self.owner,
            now=services.now(),
            lease_seconds=services.policy.timing.lease_seconds,
        )
        if lease is None:
            services.outages.gave_back(vendor, now=services.now())
            return
        self._hold_and_work(lease)
        services.budgets.note(vendor, services.helpdesks[vendor].limits(), now=services.now())

    def _hold_and_work(self, lease: Lease) -> None:
        services, began = self._services, self._services.clock()
        with self._lock:
            self._held[lease.row_id] = (lease, time.monotonic())
        try:
            seen_at = pipeline.work(lease, services)
            services.tickets.release(lease, now=services.now(), seen_at=seen_at)
        except LeaseLostError:
            log.warning("lease_lost", vendor=lease.vendor, ticket=lease.ticket_id, fence=lease.fence)
        except TransientError as error:
            if error.limit:
                self._wait_for_budget(lease, error)
            else:
                most = services.policy.limits.max_outage_attempts
                self._try_later(lease, str(error), most, began, error.retry_after_seconds)
        except Exception as error:
            log.exception("ticket_failed", vendor=lease.vendor, ticket=lease.ticket_id, attempt=lease.attempts + 1)
            self._try_later(lease, type(error).__name__, services.policy.limits.max_attempts, began)
        finally:
            with self._lock:
                self._held.pop(lease.row_id, None)

    def _wait_for_budget(self, lease: Lease, error: TransientError) -> None:
        """Put the ticket off for as long as the helpdesk asks; nobody sleeps, and it is no failure of the ticket's."""
        services, now = self._services, self._services.now()
        wait = min(error.retry_after_seconds or _NO_BUDGET_SECONDS, _LONGEST_WISH_SECONDS)
        if not error.limit.startswith("per-"):
            services.budgets.refuse(lease.vendor, error.limit, wait, now=now)
        log.info("ticket_waits_for_budget", vendor=lease.vendor, ticket=lease.ticket_id, limit=error.limit, wait=wait)
        services.tickets.release(lease, now=now, next_due=now + timedelta(seconds=wait))

    def _try_later(
        self, lease: Lease, why: str, most: int, began: float, retry_after_seconds: float | None = None
    ) -> None:
        """Come back after a while; after too many attempts a person gets the ticket, once the helpdesk lets us.

        The pause counts from when the attempt began: one that hung until its deadline has waited already.
        """
        services = self._services
        attempt = lease.attempts + 1
        if attempt >= most:
            try:
                pipeline.give_up(lease, f"{attempt} attempts, last: {why}", services)
                services.tickets.release(lease, now=services.now())
                return
            except LeaseLostError:
                return
            except Exception as error:
                log.warning("give_up_failed", vendor=lease.vendor, ticket=lease.ticket_id, error=type(error).__name__)
        wait = _BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311
        if services.outages.of(lease.vendor).opened_at:
            wait = min(wait, services.policy.outage.longest_pause_seconds)  # the breaker says when, for all tickets
        wait = max(wait - (services.clock() - began), min(retry_after_seconds or 0.0, _LONGEST_WISH_SECONDS))
        log.info("ticket_later", vendor=lease.vendor, ticket=lease.ticket_id, attempt=attempt, wait_seconds=wait)
        now = services.now()
        services.tickets.release(lease, now=now, next_due=now + timedelta(seconds=wait), error=why)

    def _beat(self) -> None:
        """Renew the leases in use; one whose ticket takes far too long is let go, and its worker is fenced off."""
        timing = self._services.policy.timing
        while not self._stopping.wait(timing.lease_seconds / 4):
            with self._lock:
                young = [le for le, since in self._held.values() if time.monotonic() - since < timing.case_seconds]
            try:
                self._services.tickets.renew(young, now=self._services.now(), lease_seconds=timing.lease_seconds)
            except Exception as error:
                log.warning("renew_failed", error=type(error).__name__)
