"""The sender of notifications: signs the raw body, retries once, and keeps a book of every attempt.

What a notification says is made at delivery, so that it may already show later changes. Duplicates, losses and delay
can be ordered.
"""

import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from scripts.sandbox.books import Books
from scripts.sandbox.due import DueQueue, plain_session

TIMEOUT_SECONDS = 5.0
_AGENT = "intercom-parrot-service-client/1.0"
_LONGEST_DELAY = 2 * 3600.0
TOPICS = (
    "conversation.user.created", "conversation.user.replied", "conversation.admin.replied",
    "conversation.operator.replied", "conversation.admin.noted", "conversation.admin.single.created",
    "conversation.admin.assigned", "conversation.admin.open.assigned", "conversation.admin.closed",
    "conversation.admin.opened", "conversation.admin.snoozed", "conversation.admin.unsnoozed",
    "conversation.priority.updated", "conversation.rating.added", "conversation.read", "conversation.deleted",
    "conversation.contact.attached", "conversation.contact.detached", "conversation.company.updated",
    "conversation_part.tag.created", "conversation_part.redacted", "ticket.created", "ticket.state.updated",
    "ticket.closed", "article.created", "article.updated", "article.published", "article.unpublished",
    "article.deleted", "contact.merged", "ping",
)  # fmt: skip


def sign(secret: str, body: bytes) -> str:
    """Return what stands in X-Hub-Signature: HMAC-SHA1 of the raw bytes, keyed by the app's client secret."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


@dataclass(slots=True)
class Switches:
    """How badly deliveries should go. Shares are between 0 and 1."""

    duplicate_share: float = 0.0
    drop_share: float = 0.0
    delay_seconds: float = 0.0  # each delivery waits between 0 and this, so order is shuffled
    reorder_share: float = 0.0  # these are held back for reorder_seconds, so that later ones overtake them
    reorder_seconds: float = 0.5
    retry_delay_seconds: float = 60.0  # of the workspace's clock: moving it ahead brings the retry on
    throttle_seconds: float = 60.0  # how long everything waits after an answer of 429
    has_breaker: bool = False  # more than 1,000 errors running within 15 minutes: 15 minutes' pause


@dataclass(slots=True)
class Subscription:
    """The app's one address and its topics."""

    url: str = ""
    secret: str = ""
    topics: frozenset[str] = frozenset(TOPICS)
    status: str = "none"  # none | unchecked (HEAD comes before the first delivery) | live | refused | disabled


@dataclass(slots=True)
class Notification:
    id: str
    topic: str
    created_at: int
    content: Callable[[], dict[str, Any] | None]  # the item as it is at delivery; None if there is nothing to tell
    told: dict[str, Any]  # for the books: conversation and part
    due: float = 0.0
    attempts: int = 0
    first_sent_at: int = 0


@dataclass(slots=True)
class _Breaker:
    """Counts errors running; past 1,000 of them within 15 minutes everything is dropped for 15 minutes."""

    first: float = 0.0
    errors: int = 0
    closed_until: float = 0.0

    def record(self, ok: bool, now: float) -> None:
        if ok or now - self.first > 900:
            self.first, self.errors = now, 0
        self.errors += not ok
        if self.errors > 1000:
            self.closed_until, self.errors = now + 900, 0


class Sender:
    """Delivers notifications in the background until `stop`. `clock` tells seconds, `stamp` Unix seconds."""

    def __init__(
        self,
        books: Books,
        *,
        clock: Callable[[], float],
        stamp: Callable[[], int],
        app_id: Callable[[], str],
        threads: int = 8,
    ) -> None:
        self.switches = Switches()
        self.subscription = Subscription()
        self._books, self._clock, self._stamp, self._app_id = books, clock, stamp, app_id
        self._random = random.Random(0)  # noqa: S311 - chance of faults, not a secret
        self._queue = DueQueue("intercom-webhooks", self._attempt, threads=threads, clock=clock)
        self._setting_up = threading.Lock()
        self._breaker = _Breaker()

    # -- the Developer Hub

    def set_up(self, url: str, secret: str, topics: frozenset[str] | None = None) -> None:
        """Save the address after it answered HEAD; raise ValueError, and keep what was, if it did not."""
        problem = self._head(url)
        if problem:
            raise ValueError(f"the address cannot be saved: HEAD {problem}")
        self.subscription = Subscription(url, secret, _known(topics), "live")

    def expect(self, url: str, secret: str, topics: frozenset[str] | None = None) -> None:
        """Take an address that may not answer yet: HEAD comes before the first delivery."""
        self.subscription = Subscription(url, secret, _known(topics), "unchecked" if url else "none")

    def _head(self, url: str) -> str:
        """Return what is wrong with an address, or "": any answer of 2xx will do."""
        try:
            answer = plain_session().head(url, timeout=TIMEOUT_SECONDS, headers={"User-Agent": _AGENT})
        except requests.RequestException as error:
            return f"failed ({type(error).__name__})"
        told = {"service": "intercom", "topic": "HEAD", "attempt": 1, "outcome": "answered"}
        self._books.add("webhook", status=answer.status_code, **told)
        return "" if 200 <= answer.status_code < 300 else f"answered {answer.status_code}"

    # -- from the desk

    def fire(self, topic: str, content: Callable[[], dict[str, Any] | None], **told: Any) -> None:
        """Queue one notification, if the app wants the topic; returns at once."""
        if not self.subscription.url or topic not in self.subscription.topics | {"ping"}:
            return
        if self.subscription.status in ("disabled", "none"):
            return
        note = Notification(f"notif_{uuid.uuid4()}", topic, self._stamp(), content, told)
        switches, chance = self.switches, self._random
        with self._queue.lock:
            if chance.random() < switches.drop_share:
                self._book(note, 0, "dropped by switch", 0.0)
                return
            copies = 2 if chance.random() < switches.duplicate_share else 1
            for _ in range(copies):
                held = switches.reorder_seconds if chance.random() < switches.reorder_share else 0.0
                self._schedule(note, held + chance.uniform(0, switches.delay_seconds))

    def _schedule(self, note: Notification, delay: float) -> None:
        due = self._queue.put(note, delay)
        note.due = note.due or due

    def is_idle(self) -> bool:
        """Say whether nothing is waiting or under way."""
        return self._queue.is_idle()

    def poke(self) -> None:
        """Look at the clock again: it was moved."""
        self._queue.poke()

    def forget(self) -> None:
        """Drop what waits, and all memory of earlier deliveries."""
        self._queue.clear()
        self._breaker = _Breaker()

    def stop(self) -> None:
        """End the threads; what still waits is not delivered."""
        self._queue.stop()

    # -- on the queue's threads

    def _attempt(self, session: requests.Session, note: Notification) -> None:
        if (reason := self._refusal(note)) or not (item := note.content()):
            self._book(note, 0, reason or "nothing left to tell", 0.0)
            return
        note.attempts += 1
        note.first_sent_at = note.first_sent_at or self._stamp()
        body = json.dumps(self._envelope(note, item), ensure_ascii=False).encode()
        start = time.monotonic()
        status, outcome = self._post(session, body)
        seconds, attempt = time.monotonic() - start, note.attempts
        self._breaker.record(200 <= status < 300, self._clock())
        self._judge(note, status)
        self._book(note, status, outcome, seconds, attempt)  # last: whoever reads it finds the next try waiting

    def _refusal(self, note: Notification) -> str:
        """Say why a notification is not sent at all, or "". An address not yet asked is asked now."""
        with self._setting_up:
            if self.subscription.status == "unchecked":
                self.subscription.status = "live" if not self._head(self.subscription.url) else "unchecked"
        if self.subscription.status == "disabled":
            return "subscription disabled"
        if self.switches.has_breaker and self._clock() < self._breaker.closed_until:
            return "paused after too many errors"
        return "delayed too long" if self._clock() - note.due > _LONGEST_DELAY else ""

    def _post(self, session: requests.Session, body: bytes) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": _AGENT,
            "X-Hub-Signature": sign(self.subscription.secret, body),
        }
        try:
            answer = session.post(
                self.subscription.url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.Timeout:
            return 0, "timeout"
        except requests.RequestException:
            return 0, "failed"
        return answer.status_code, "answered"

    def _envelope(self, note: Notification, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "notification_event",
            "app_id": self._app_id(),
            "id": note.id,
            "topic": note.topic,
            "created_at": note.created_at,
            "first_sent_at": note.first_sent_at,
            "delivery_attempts": note.attempts,
            "delivery_status": "pending",
            "delivered_at": 0,
            "links": {},
            "self": None,
            "data": {"type": "notification_event_data", "item": item},
        }

    def _judge(self, note: Notification, status: int) -> None:
        """Follow the vendor's rules: 410 ends the subscription, 429 delays all, anything else bad is retried once."""
        if 200 <= status < 300:
            return
        with self._queue.lock:
            if status == 410:
                self.subscription.status = "disabled"
                self._queue.clear()
            elif status == 429:
                self._queue.held_until = self._clock() + self.switches.throttle_seconds
                note.attempts -= 1
                self._schedule(note, 0.0)
            elif note.attempts < 2:
                self._schedule(note, self.switches.retry_delay_seconds)

    def _book(self, note: Notification, status: int, outcome: str, seconds: float, attempt: int = 0) -> None:
        self._books.add(
            "webhook",
            service="intercom",
            invocation_id=note.id,
            topic=note.topic,
            attempt=attempt or note.attempts,
            status=status,
            outcome=outcome,
            latency_ms=round(seconds * 1000, 2),
            **note.told,
        )


def _known(topics: frozenset[str] | None) -> frozenset[str]:
    """Return the topics asked for, all by default; raise ValueError for one that does not exist."""
    wanted = frozenset(TOPICS) if topics is None else topics
    if unknown := wanted - frozenset(TOPICS):
        raise ValueError(f"unknown topics {', '.join(sorted(unknown))}; known are {', '.join(TOPICS)}")
    return wanted
