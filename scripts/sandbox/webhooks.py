"""The sender of webhooks: signs each attempt, follows the vendor's rules of retry, and keeps a book of every attempt.

Duplicates, losses and delay can be ordered.
"""

import base64
import hashlib
import hmac
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests

from scripts.sandbox.books import Books
from scripts.sandbox.due import DueQueue
from scripts.sandbox.state import Webhook, new_ulid

STATIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - the vendor's public constant
TIMEOUT_SECONDS = 10.0
_MAX_RETRIES = {"conflict": 3, "timeout": 5, "busy": 3}  # for "busy" the number is our assumption
_KEPT_INVOCATIONS = 20_000
_MINUTE = 60.0
_KEPT_TEXT = 4096
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
CONTENT_TYPES = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "form_encoded": "application/x-www-form-urlencoded",
}


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature: base64 of HMAC-SHA256 over timestamp and body, the secret taken as literal text."""
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Switches:
    """How badly deliveries should go. Shares are between 0 and 1."""

    duplicate_share: float = 0.0
    drop_share: float = 0.0
    delay_seconds: float = 0.0  # each delivery waits between 0 and this, so order is shuffled
    reorder_share: float = 0.0  # these are held back for reorder_seconds, so that later ones overtake them
    reorder_seconds: float = 0.5
    throttle_per_minute: int = 0  # 60 is a trial account; what is more waits for the next minute
    retry_delay_seconds: float = 1.0  # not documented by the vendor
    has_breaker: bool = False


@dataclass(slots=True)
class Invocation:
    """One call of a webhook, as the webhook was when it was fired, with all its attempts."""

    id: str
    webhook: Webhook
    body: bytes
    params: tuple[tuple[str, str], ...]
    ticket_id: int | None
    created_at: str
    status: str = "accepted"
    completed_at: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)


class Breaker:
    """Skips deliveries for a short pause when most of the last five minutes failed.

    The vendor's figures are 70 % or 1,000 errors in 5 minutes; the least number of deliveries (10) is our assumption.
    """

    WINDOW_SECONDS, PAUSE_SECONDS, LEAST, SHARE, MOST_ERRORS = 300.0, 5.0, 10, 0.7, 1000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._errors = 0
        self._closed_until = 0.0

    def is_open(self) -> bool:
        return self._clock() < self._closed_until

    def record(self, ok: bool) -> None:
        now = self._clock()
        self._outcomes.append((now, ok))
        self._errors += not ok
        while self._outcomes[0][0] < now - self.WINDOW_SECONDS:
            self._errors -= not self._outcomes.popleft()[1]
        if ok:
            return
        many = len(self._outcomes) >= self.LEAST and self._errors >= self.SHARE * len(self._outcomes)
        if many or self._errors > self.MOST_ERRORS:
            self._closed_until = now + self.PAUSE_SECONDS


class Sender:
    """Delivers webhooks in the background until `stop`."""

    def __init__(self, books: Books, *, account_id: int, threads: int = 8, seed: int = 0) -> None:
        self.switches = Switches()
        self._books = books
        self._account_id = account_id
        self._random = random.Random(seed)  # noqa: S311 - chance of faults, not a secret
        self._queue = DueQueue("webhooks", self._attempt, threads=threads)
        self._breakers: dict[str, Breaker] = {}
        self._invocations: dict[str, Invocation] = {}
        self._fired: deque[float] = deque()  # when the deliveries of the last minute were due

    # -- from the desk

    def fire(
        self,
        webhook: Webhook,
        body: bytes,
        ticket_id: int | None = None,
        params: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Queue one delivery; returns at once. GET and DELETE have no body; `params` go into their address."""
        if webhook.status != "active":
            return
        has_body = webhook.http_method not in ("GET", "DELETE")
        now = datetime.now(UTC).strftime(_STAMP)
        invocation = Invocation(new_ulid(), replace(webhook), body if has_body else b"", params, ticket_id, now)
        switches, chance = self.switches, self._random
        with self._queue.lock:
            self._keep(invocation)
            if chance.random() < switches.drop_share:
                invocation.status = "unknown"
                self._book(invocation, 0, "dropped by switch", 0.0)
                return
            copies = 2 if chance.random() < switches.duplicate_share else 1
            for _ in range(copies):
                held = switches.reorder_seconds if chance.random() < switches.reorder_share else 0.0
                wait = self._throttled(invocation) + held + chance.uniform(0, switches.delay_seconds)
                self._queue.put(invocation, wait)

    def _throttled(self, invocation: Invocation) -> float:
        """Count one delivery of this minute; return how long one too many has to wait."""
        most = self.switches.throttle_per_minute
        if not most:
            return 0.0
        now = time.monotonic()
        while self._fired and self._fired[0] < now - _MINUTE:
            self._fired.popleft()
        place = len(self._fired) - most
        due = max(now, self._fired[place] + _MINUTE) if place >= 0 else now
        self._fired.append(due)
        if due > now:
            invocation.status = "throttled"
        return due - now

    def _keep(self, invocation: Invocation) -> None:
        self._invocations[invocation.id] = invocation
        if len(self._invocations) > _KEPT_INVOCATIONS:
            self._invocations.pop(next(iter(self._invocations)))

    # -- for the API and the control desk

    def invocations(self, webhook_id: str) -> list[Invocation]:
        """Return the calls of one webhook, newest first."""
        with self._queue.lock:
            return [call for call in reversed(self._invocations.values()) if call.webhook.id == webhook_id]

    def is_idle(self) -> bool:
        """Say whether nothing is waiting or under way."""
        return self._queue.is_idle()

    def forget(self) -> None:
        """Drop what waits, and all memory of earlier deliveries."""
        with self._queue.lock:
            self._queue.clear()
            self._invocations.clear()
            self._breakers.clear()
            self._fired.clear()

    def stop(self) -> None:
        """End the threads; what still waits is not delivered."""
        self._queue.stop()

    # -- on the queue's threads

    def _attempt(self, session: requests.Session, invocation: Invocation) -> None:
        breaker = self._breakers.setdefault(invocation.webhook.id, Breaker())
        if self.switches.has_breaker and breaker.is_open():
            self._close(invocation, "circuit broken")
            self._book(invocation, 0, "circuit broken", 0.0)
            return
        headers = signed(invocation.webhook, invocation.body, invocation.id, self._account_id)
        start = time.monotonic()
        answer = _post(session, invocation, {**own_headers(invocation.webhook), **headers})
        seconds = time.monotonic() - start
        breaker.record(200 <= answer.status < 300)
        with self._queue.lock:
            invocation.attempts.append(_attempt_row(invocation, headers, answer))
        self._book(invocation, answer.status, answer.outcome, seconds)
        self._retry_or_close(invocation, answer.status, answer.outcome, answer.retry_after)

    def _retry_or_close(self, invocation: Invocation, status: int, outcome: str, retry_after: float | None) -> None:
        kind = _retry_kind(status, outcome, retry_after)
        if kind and len(invocation.attempts) <= _MAX_RETRIES[kind]:
            delay = retry_after if retry_after is not None and kind == "busy" else self.switches.retry_delay_seconds
            self._queue.put(invocation, delay)
            return
        self._close(invocation, _status_word(status, outcome))

    def _close(self, invocation: Invocation, status: str) -> None:
        invocation.status = status
        invocation.completed_at = datetime.now(UTC).strftime(_STAMP)

    def _book(self, invocation: Invocation, status: int, outcome: str, seconds: float) -> None:
        self._books.add(
            "webhook",
            invocation_id=invocation.id,
            webhook_id=invocation.webhook.id,
            ticket_id=invocation.ticket_id,
            attempt=len(invocation.attempts),
            status=status,
            outcome=outcome,
            latency_ms=round(seconds * 1000, 2),
        )


def signed(webhook: Webhook, body: bytes, invocation_id: str, account_id: int) -> dict[str, str]:
    """Return the headers the vendor adds to one attempt; it is signed with the time of the attempt."""
    timestamp = datetime.now(UTC).strftime(_STAMP)
    return {
        "Content-Type": CONTENT_TYPES[webhook.request_format],
        "User-Agent": "Zendesk Webhook",
        "X-Zendesk-Account-Id": str(account_id),
        "X-Zendesk-Webhook-Id": webhook.id,
        "X-Zendesk-Webhook-Invocation-Id": invocation_id,
        "X-Zendesk-Webhook-Signature": sign(webhook.signing_secret, timestamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    }


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one attempt; `status` is 0 if there was no answer."""

    status: int
    outcome: str
    retry_after: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""


def _post(session: requests.Session, call: Invocation, headers: dict[str, str]) -> _Answer:
    try:
        answer = session.request(
            call.webhook.http_method,
            call.webhook.endpoint,
            params=call.params,
            data=call.body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.Timeout:
        return _Answer(0, "timeout")
    except (requests.RequestException, ValueError):  # ValueError: a header that cannot be written
        return _Answer(0, "failed")
    retry_after = _seconds(answer.headers.get("Retry-After"))
    shown = tuple(answer.headers.items())
    return _Answer(answer.status_code, "answered", retry_after, shown, answer.text[:_KEPT_TEXT])


def _attempt_row(call: Invocation, headers: dict[str, str], answer: _Answer) -> dict[str, Any]:
    """Return one attempt as the API shows it. The webhook's own headers stay out: they may hold its password."""
    return {
        "completed_at": datetime.now(UTC).strftime(_STAMP),
        "status": _status_word(answer.status, answer.outcome),
        "request": {"headers": _pairs(headers.items()), "payload": call.body.decode("utf-8", "replace")},
        "response": {"status_code": answer.status, "headers": _pairs(answer.headers), "payload": answer.text},
    }


def _pairs(headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in headers]


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header is not None else None
    except ValueError:
        return None


def _retry_kind(status: int, outcome: str, retry_after: float | None) -> str | None:
    """Name the rule that allows another attempt: 409, no answer in time, or 429/503 with Retry-After under a minute."""
    if outcome == "timeout":
        return "timeout"
    if status == 409:
        return "conflict"
    if status in (429, 503) and retry_after is not None and 0 <= retry_after < 60:
        return "busy"
    return None


def _status_word(status: int, outcome: str) -> str:
    if outcome == "timeout":
        return "timeout"
    if status == 403:
        return "terminated"
    words = {0: "failed", 2: "success", 4: "client error", 5: "server error"}
    return words.get(status // 100, "failed")


def own_headers(webhook: Webhook) -> dict[str, str]:
    """Return the headers a webhook was given: its custom ones and its authentication."""
    headers = dict(webhook.custom_headers)
    secret = webhook.authentication or {}
    data = secret.get("data") or {}
    if secret.get("type") == "bearer_token":
        headers["Authorization"] = f"Bearer {data.get('token', '')}"
    elif secret.get("type") == "basic_auth":
        pair = f"{data.get('username', '')}:{data.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    elif secret.get("type") == "api_key":
        headers[str(data.get("name", "X-Api-Key"))] = str(data.get("value", ""))
    return headers
