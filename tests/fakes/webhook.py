"""A vendor's receiving half for tests: the signature is a word, the delivery's name stands in the body."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.errors import SignatureError
from integrations.helpdesk import EventKind, TicketEvent

SIGNED = {"X-Signature": "right", "Content-Type": "application/json"}


class FakeWebhook:
    """Accepts what carries `x-signature: right`; raises `error` instead if one is given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.verified: list[bytes] = []

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        assert now.tzinfo is not None
        self.verified.append(body)
        if self.error:
            raise self.error
        if headers.get("x-signature") != "right":
            raise SignatureError("not signed by us")

    def delivery_id(self, headers: Mapping[str, str], body: bytes) -> str:
        return str(json.loads(body).get("id", ""))

    def named(self, body: bytes) -> tuple[str, ...]:
        return tuple(re.findall(r'"ticket_id": *"?([0-9]+)', body.decode("utf-8", "replace")))

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[TicketEvent, ...]:
        found: dict[str, Any] = json.loads(body)
        return (TicketEvent("zendesk", str(found["ticket_id"]), EventKind.MESSAGE),)


class FakeBell:
    """Remembers rings; `up` is what Redis would say."""

    def __init__(self, *, up: bool = True) -> None:
        self.rung: list[int] = []
        self.up = up

    def ring_delivery(self, delivery_id: int) -> bool:
        if self.up:
            self.rung.append(delivery_id)
        return self.up

    def is_up(self) -> bool:
        return self.up
