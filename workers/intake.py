"""The way in: a signed request becomes a committed row, and only then the bell is rung.

`accept` promises that what it returned for is stored. The bell may be lost at any time; the sweep finds the row.
"""

import hashlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from config.logs import get_logger
from config.settings import Settings
from integrations import registry
from integrations.errors import SignatureError
from integrations.helpdesk import Webhook
from integrations.json_body import read_json
from workers.job_queue import Bell
from workers.store.inbox import Inbox, Received
from workers.store.overview import BreakerLine as BreakerLine  # the door takes these nouns from here
from workers.store.overview import Figures as Figures
from workers.store.overview import Spread as Spread
from workers.store.story import CaseFilter as CaseFilter
from workers.store.story import Story
from workers.store.tables import open_engine

KEY_LENGTH = 160  # of the inbox's key column
HEADER_LENGTH = 400
_PATIENCE_SECONDS = (
    2.0  # for SQLite's turn; the vendors wait five for an answer, and send again what could not be stored
)
_KEPT_HEADERS = frozenset({"content-type", "user-agent"})
_KEPT_PREFIXES = ("x-zendesk-", "x-intercom-")

log = get_logger(__name__)


class UnknownVendorError(LookupError):
    """Nobody of this name is connected here."""


class StoreUnavailableError(Exception):
    """The delivery could not be written down: the vendor has to send it again."""


class Doorbell(Protocol):
    """What the door needs of a bell: it never raises and never waits."""

    def ring_delivery(self, delivery_id: int) -> bool: ...

    def is_up(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery is safe. `delivery_id` is None if it had been stored before: the vendor repeated itself."""

    delivery_id: int | None

    @property
    def is_duplicate(self) -> bool:
        return self.delivery_id is None


class BackgroundBell:
    """A bell rung from a thread of its own, so that no answer ever waits for Redis.

    At most `size` rings wait; more are dropped, as are those that wait when Redis turns out to be away. Nothing is
    lost by that but a little time. The thread starts with the first ring, hence in the process that rings.
    """

    def __init__(self, bell: Doorbell, *, size: int = 200, pause_seconds: float = 1.0) -> None:
        self._bell = bell
        self._pause_seconds = pause_seconds
        self._waiting: queue.Queue[int] = queue.Queue(size)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring_delivery(self, delivery_id: int) -> bool:
        """Ask for a ring and return at once; False if it was dropped."""
        try:
            self._waiting.put_nowait(delivery_id)
        except queue.Full:
            return False
        if self._thread is None:
            self._start()
        return True

    def is_up(self) -> bool:
        return self._bell.is_up()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        is_away = False
        while True:
            was_away, is_away = is_away, not self._ring(self._waiting.get())
            if is_away != was_away:
                log.warning("bell_away" if is_away else "bell_back")
            if is_away:
                self._forget()
                time.sleep(self._pause_seconds)

    def _ring(self, delivery_id: int) -> bool:
        try:
            return self._bell.ring_delivery(delivery_id)
        except Exception as error:  # the thread must outlive whatever goes wrong with one ring
            log.error("ring_failed", delivery=delivery_id, error=type(error).__name__)
            return False

    def _forget(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()


@dataclass(slots=True)
class _Waiting:
    received: Received
    is_done: bool = False
    delivery_id: int | None = None
    # Until the commit is known, the row is not: a thread torn out of its write must not look like a duplicate.
    error: Exception | None = field(default_factory=lambda: StoreUnavailableError("interrupted"))


class SharedCommit:
    """Adds to the inbox, many requests with one commit: a disk that needs milliseconds a commit is no limit then.

    Nobody waits for company. While one thread commits, those that come meanwhile line up, and the next one to write
    takes all of them along. Each returns when its own row is safe, or raises what the commit raised.
    """

    def __init__(self, inbox: Inbox, *, most: int = 64) -> None:
        self._inbox = inbox
        self._most = most
        self._line: deque[_Waiting] = deque()
        self._writing = threading.Lock()

    def add(self, received: Received) -> int | None:
        """Store one delivery; return its id, or None if it is there already."""
        mine = _Waiting(received)
        self._line.append(mine)
        while not mine.is_done:
            with self._writing:
                if not mine.is_done:
                    self._write()
        if mine.error is not None:
            raise mine.error
        return mine.delivery_id

    def _write(self) -> None:
        batch = [self._line.popleft() for _ in range(min(len(self._line), self._most))]
        try:
            ids = self._inbox.add_all([waiting.received for waiting in batch])
        except Exception as error:
            for waiting in batch:
                waiting.error = error
        else:
            for waiting, delivery_id in zip(batch, ids, strict=True):
                waiting.delivery_id, waiting.error = delivery_id, None
        finally:
            for waiting in batch:
                waiting.is_done = True


class Intake:
    """Everything the door may reach: the webhook halves, the inbox, the bell, and the story to read."""

    def __init__(
        self,
        webhooks: Mapping[str, Webhook],
        inbox: Inbox,
        bell: Doorbell,
        story: Story,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._webhooks = webhooks
        self._commit = SharedCommit(inbox)
        self._bell = bell
        self._now = now
        self.story = story

    @property
    def vendors(self) -> tuple[str, ...]:
        return tuple(self._webhooks)

    def now(self) -> datetime:
        return self._now()

    def accept(self, vendor: str, headers: Mapping[str, str], body: bytes) -> Accepted:
        """Check one request, store it and ring; `headers` has lower-case names.

        Raise UnknownVendorError, SignatureError, ValueError (not a JSON object, or without a name)
        or StoreUnavailableError; the order of these checks is the order they are made in. What is signed, no JSON, and
        names a ticket all the same is stored before the ValueError.
        """
        webhook = self._webhooks.get(vendor)
        if webhook is None:
            raise UnknownVendorError(vendor)
        now = self._now()
        _verify(webhook, headers, body, now)
        try:
            require_json_object(body)
        except ValueError:
            if webhook.named(body):  # no vendor sends it again after a 400: the ticket that it names is looked at
                self._keep(Received(vendor, _unread(body), kept_headers(headers), body, now))
            raise
        key = storable_key(_name(webhook, headers, body))
        return self._keep(Received(vendor, key, kept_headers(headers), body, now))

    def _keep(self, received: Received) -> Accepted:
        try:
            delivery_id = self._commit.add(received)
        except Exception as error:  # whatever it was, the row is not there
            raise StoreUnavailableError(type(error).__name__) from error
        if delivery_id is not None:
            self._bell.ring_delivery(delivery_id)
        return Accepted(delivery_id)

    def bell_is_up(self) -> bool:
        return self._bell.is_up()


def _verify(webhook: Webhook, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    try:
        webhook.verify(headers, body, now=now)
    except (ValueError, TypeError) as error:  # headers nobody can read are headers nobody signed
        raise SignatureError("unreadable signature") from error


def _name(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> str:
    """Name a signed delivery; one that its vendor's reader stumbles over by its hash: nothing signed is lost.

    A NUL or half a character in a customer's words is enough for that, and no vendor sends it again after a 400.
    """
    try:
        return webhook.delivery_id(headers, body)
    except ValueError:
        return _unread(body)


def _unread(body: bytes) -> str:
    return f"unread:{hashlib.sha256(body).hexdigest()}"


def require_json_object(body: bytes) -> None:
    """Raise ValueError unless the bytes are one JSON object in UTF-8 that the worker can parse, too."""
    if not isinstance(read_json(body, is_trusted=True), dict):
        raise ValueError("not a JSON object")


def storable_key(key: str) -> str:
    """Return the key as any database takes it: a very long or unprintable one is replaced by its hash."""
    if not key:
        raise ValueError("a delivery without a name")
    if len(key) <= KEY_LENGTH and key.isprintable():
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers worth storing: the vendor's ids and the kind of content, never a signature or credential."""
    return {
        name: value[:HEADER_LENGTH]
        for name, value in headers.items()
        if (name in _KEPT_HEADERS or name.startswith(_KEPT_PREFIXES)) and not name.endswith("-signature")
    }


def _utc_now() -> datetime:
    return datetime.now(UTC)


def build_intake(settings: Settings, *, now: Callable[[], datetime] = _utc_now) -> Intake:
    """Make the door's long-lived objects. Nothing connects yet, so it is safe when Redis or the database is away."""
    engine = open_engine(settings.sql_url, patience_seconds=_PATIENCE_SECONDS)
    webhooks = {vendor: registry.build_webhook(vendor, settings) for vendor in registry.configured(settings)}
    return Intake(
        webhooks,
        Inbox(engine),
        BackgroundBell(Bell(settings.redis_url)),
        Story(engine),
        now=now,
    )
