"""The functions that RQ calls. Each takes ids only, does its SQL, and hands long work to the crew's threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config.logs import get_logger
from integrations.errors import IntegrationError, TransientError
from integrations.helpdesk import EventKind, TicketEvent
from workers import ladder, pipeline
from workers.crew import Crew
from workers.services import Services
from workers.stages.shelve import shelve, shelve_folder
from workers.store.inbox import Delivery

log = get_logger(__name__)

_RUN_LEASE_SECONDS = 12.0
_RUN_ATTEMPTS = 5
_RUN_WAIT_SECONDS = 120.0

_installed: tuple[Services, Crew] | None = None


def install(services: Services, crew: Crew) -> None:
    """Give this process its services and threads; called once, before the first ring is answered."""
    global _installed
    _installed = (services, crew)


def _here() -> tuple[Services, Crew]:
    if _installed is None:
        raise RuntimeError("workers.jobs.install was not called in this process")
    return _installed


def handle_delivery(delivery_id: int) -> None:
    """Read a stored delivery and note which tickets it makes due."""
    services, _ = _here()
    delivery = services.inbox.load(delivery_id)
    if delivery is None:
        return
    try:
        events = services.webhooks[delivery.vendor].parse(delivery.headers, delivery.body)
    except Exception as error:
        # Whatever we choke on, a delivery must not be rung for without end. What it names is looked at all the same.
        why = str(error) if isinstance(error, ValueError) else type(error).__name__
        log.warning("delivery_unreadable", delivery=delivery_id, vendor=delivery.vendor, error=type(error).__name__)
        events = _named(delivery, f"not readable: {why}"[:300], services)
        if not events:
            services.inbox.finish(delivery_id, "failed", f"not readable: {why}"[:300], now=services.now())
            return
    woken = [event for event in events if _wake(event, delivery, services)]
    state = "done" if woken else "ignored"
    note = ", ".join(f"{event.kind.value} {event.ticket_id} {event.note}".strip() for event in events)
    ticket_id = next((event.ticket_id for event in events if event.ticket_id), "")
    services.inbox.finish(delivery_id, state, note, now=services.now(), ticket_id=ticket_id)


def _named(delivery: Delivery, why: str, services: Services) -> tuple[TicketEvent, ...]:
    """Return a hint at each ticket that an unreadable delivery seems to name."""
    named = services.webhooks[delivery.vendor].named(delivery.body)
    return tuple(TicketEvent(delivery.vendor, ticket_id, EventKind.MESSAGE, note=why) for ticket_id in named)


def _wake(event: TicketEvent, delivery: Delivery, services: Services) -> bool:
    if event.kind is EventKind.IGNORED or not event.ticket_id:
        return False
    if event.actor_id and event.actor_id == _own_id(event.vendor, services):
        return False  # our own write comes back as a webhook
    quiet = services.policy.quiet_seconds(event.vendor) if event.kind is EventKind.MESSAGE else 0.0
    due = services.tickets.wake(delivery.vendor, event.ticket_id, now=services.now(), quiet_seconds=quiet)
    if due <= services.now():
        services.bell.ring_ticket(delivery.vendor, event.ticket_id)
    return True


def _own_id(vendor: str, services: Services) -> str:
    """Return who we are at the helpdesk; "" while it is away: an echo of ours is then recognised by reading."""
    try:
        return services.helpdesks[vendor].own_id()
    except IntegrationError:
        return ""


def work_on_ticket(vendor: str, ticket_id: str) -> None:
    """Follow a ring: one of our threads works on the ticket."""
    _, crew = _here()
    crew.submit(vendor, ticket_id)


def run_scheduled(name: str, run_id: int) -> None:
    """Start one scheduled run in a thread, unless another process carries it out; its end is written down."""
    services, crew = _here()
    crew.do(lambda: _run(name, run_id, services))


def _run(name: str, run_id: int, services: Services) -> None:
    """Carry a run out. One that fails for a passing reason is tried again soon, not in its next slot."""
    attempt = services.schedule.take(run_id, now=services.now(), seconds=_RUN_LEASE_SECONDS)
    if attempt is None:
        return
    try:
        with _held(run_id, services):
            report = SCHEDULED[name](services)
    except TransientError as error:
        if attempt < _RUN_ATTEMPTS:
            wait = min(max(error.retry_after_seconds or 0.0, 10.0 * attempt), _RUN_WAIT_SECONDS)
            log.warning("scheduled_later", job=name, run=run_id, error=str(error), wait_seconds=wait)
            services.schedule.hold([run_id], now=services.now(), seconds=wait)
            return
        _fail(name, run_id, error, services)
    except Exception as error:
        _fail(name, run_id, error, services)
    else:
        services.schedule.finish(run_id, is_ok=True, report=report, now=services.now())


def _fail(name: str, run_id: int, error: Exception, services: Services) -> None:
    log.error("scheduled_failed", job=name, run=run_id, exc_info=error)
    services.schedule.finish(run_id, is_ok=False, report={"error": str(error)[:300]}, now=services.now())


@contextmanager
def _held(run_id: int, services: Services) -> Iterator[None]:
    """Keep a run ours for as long as its thread lives."""
    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(_RUN_LEASE_SECONDS / 3):
            try:
                services.schedule.hold([run_id], now=services.now(), seconds=_RUN_LEASE_SECONDS)
            except Exception as error:
                log.warning("run_not_renewed", run=run_id, error=type(error).__name__)

    threading.Thread(target=renew, name=f"run-{run_id}", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


def _reconcile(services: Services) -> dict[str, Any]:
    return {vendor: pipeline.reconcile(vendor, services) for vendor in services.helpdesks}


def _reindex(services: Services) -> dict[str, Any]:
    folders = {f"folder {name}": shelve_folder(name, services) for name in services.policy.folders}
    return {vendor: shelve(vendor, services, full=False) for vendor in services.helpdesks} | folders


def _reindex_full(services: Services) -> dict[str, Any]:
    return {vendor: shelve(vendor, services, full=True) for vendor in services.helpdesks}


def _autonomy(services: Services) -> dict[str, Any]:
    return ladder.look(services)


def _incidents(services: Services) -> dict[str, Any]:
    return services.lookout.look(services.policy.brakes, now=services.now())


def _retention(services: Services) -> dict[str, Any]:
    return services.inbox.prune(services.policy.retention, now=services.now())


def _train(services: Services) -> dict[str, Any]:
    from workers.retraining import weekly  # loads scikit-learn, for which a worker has no other use

    return weekly(services)


SCHEDULED = {
    "autonomy": _autonomy,
    "incidents": _incidents,
    "reconcile": _reconcile,
    "reindex": _reindex,
    "reindex_full": _reindex_full,
    "retention": _retention,
    "train": _train,
}
