"""Intercom's webhooks, one signed notification each, in the shapes of API versions 2.11 to 2.16. Pure, no network."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from config.settings import Settings
from integrations.errors import SignatureError
from integrations.helpdesk import EventKind, TicketEvent
from integrations.intercom.values import VENDOR, identity, mapping, moment, rows, words
from integrations.json_body import ids_in, read_json

# Topic -> what it hints at. The others are kept and ignored: tickets, people, articles, read receipts, what comes new.
TOPICS = {
    **dict.fromkeys(("conversation.user.created", "conversation.user.replied"), EventKind.MESSAGE),
    "conversation.admin.closed": EventKind.SOLVED,
    "conversation.deleted": EventKind.GONE,
    **dict.fromkeys(
        (
            "conversation.admin.single.created",
            "conversation.admin.replied",
            "conversation.admin.noted",
            "conversation.admin.assigned",
            "conversation.admin.open.assigned",
            "conversation.admin.opened",
            "conversation.admin.snoozed",
            "conversation.admin.unsnoozed",
            "conversation.operator.replied",
            "conversation.priority.updated",
            "conversation.rating.added",
            "conversation.contact.attached",
            "conversation.contact.detached",
            "conversation_part.tag.created",
            "conversation_part.redacted",
        ),
        EventKind.CHANGED,
    ),
}

# Where a conversation is named in a body that nobody can read: by its field, in a link, as what the notification is of.
_NAMED = re.compile(
    r'(?:"conversation_id"\s*:\s*[\[{]?\s*(?:"id"\s*:\s*)?"?([1-9][0-9]{0,19})|/conversations/([1-9][0-9]{0,19})'
    r'|"type"\s*:\s*"conversation"\s*,[^{}]{0,500}?"id"\s*:\s*[\[{]?\s*"?([1-9][0-9]{0,19}))(?![0-9])'
)
_SIGNATURE = "x-hub-signature"
_SIGNED = re.compile(r"sha1=([0-9a-fA-F]{40})")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PEOPLE = frozenset({"user", "lead", "contact", "visitor"})


def sign(secret: str, body: bytes) -> str:
    """Return the signature Intercom sends: "sha1=" and HMAC-SHA1 over the raw body, in hexadecimal.

    Source: developers.intercom.com/docs/webhooks/setting-up-webhooks. No time is signed, so that a captured delivery
    may come again: stored ids are what tells it from a new one.
    """
    return "sha1=" + hmac.new(secret.encode(), body, "sha1").hexdigest()


def build_webhook(settings: Settings) -> "IntercomWebhook":
    return IntercomWebhook(settings.webhook_secrets(VENDOR))


def is_configured(settings: Settings) -> bool:
    return settings.has_intercom


class IntercomWebhook:
    """Verify, name and read deliveries. `secrets` may hold several, so that a rotation needs no downtime.

    Raise ValueError if there is none, or an empty one among them.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if isinstance(secrets, str) or not secrets or not all(secrets):
            raise ValueError("at least one client secret is needed, and none may be empty")
        self._secrets = tuple(secrets)

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:  # noqa: ARG002
        """Raise SignatureError unless one of our secrets signed exactly these bytes.

        Nothing but SignatureError is raised, whatever the headers hold. Every secret is tried, in constant time.
        """
        given = _SIGNED.fullmatch(_header(headers, _SIGNATURE).strip())
        if given is None:
            raise SignatureError("signature missing or malformed", vendor=VENDOR, operation="verify")
        signed = f"sha1={given[1].lower()}"
        matches = [hmac.compare_digest(sign(secret, body), signed) for secret in self._secrets]
        if not any(matches):
            raise SignatureError("no secret of ours signed this", vendor=VENDOR, operation="verify")

    def delivery_id(self, headers: Mapping[str, str], body: bytes) -> str:  # noqa: ARG002
        """Name this delivery by its notification's signed id, which its repetition after a minute keeps.

        One action raises several notifications with ids of their own; they meet on the ticket. Raise ValueError if the
        body is not a JSON object.
        """
        given = words(_object(body).get("id")).strip()
        if given:
            return f"notification:{given if _TOKEN.fullmatch(given) else _hash(given.encode())}"
        return f"body:{_hash(body)}"

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[TicketEvent, ...]:  # noqa: ARG002
        """Read what a stored delivery hints at. Topics that are not about a conversation come back as IGNORED.

        A topic that matters in another shape counts for the conversations that it names. Raise ValueError on what is
        no JSON object, or names a conversation by something that cannot be an id.
        """
        envelope = _object(body)
        topic = words(envelope.get("topic")).strip()[:100]
        item = mapping(mapping(envelope.get("data")).get("item"))
        ticket_id = _conversation_id(item) if topic.startswith("conversation") else ""
        part = _newest_part(item)
        event = TicketEvent(
            vendor=VENDOR,
            ticket_id=ticket_id,
            kind=TOPICS.get(topic, EventKind.IGNORED) if ticket_id else EventKind.IGNORED,
            message_id=identity(part.get("id")) or _source_id(topic, item),
            actor_id=_actor(part, topic, item),
            occurred_at=moment(envelope.get("created_at")),
            note=topic or "unnamed topic",
        )
        if ticket_id or topic not in TOPICS:
            return (event,)
        hinted = replace(event, kind=TOPICS[topic], note=f"{topic} of another shape")
        return tuple(replace(hinted, ticket_id=named) for named in self.named(body)) or (event,)

    def named(self, body: bytes) -> tuple[str, ...]:
        """Return the conversations that a body seems to name, though it cannot be read; at most a few."""
        return ids_in(body, _NAMED)


def _conversation_id(item: Mapping[str, Any]) -> str:
    """Return the conversation's id, "" if there is none. Raise ValueError on what cannot be one."""
    is_part = words(item.get("type")) == "conversation_part"
    given = item.get("conversation_id") if is_part else item.get("id") or item.get("conversation_id")
    found = identity(given)
    if not found and given not in (None, ""):
        raise ValueError("the conversation's id is not an id")
    return found


def _newest_part(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part a notification is about: it holds none, or the one that caused it."""
    if words(item.get("type")) == "conversation_part":
        return item
    parts = rows(mapping(item.get("conversation_parts")).get("conversation_parts"))
    return max(parts, key=lambda part: identity(part.get("id")).zfill(20), default={})


def _source_id(topic: str, item: Mapping[str, Any]) -> str:
    is_first = topic in ("conversation.user.created", "conversation.admin.single.created")
    return identity(mapping(item.get("source")).get("id")) if is_first else ""


def _actor(part: Mapping[str, Any], topic: str, item: Mapping[str, Any]) -> str:
    """Return who caused it, "" where the payload does not say plainly.

    A tagged or redacted part names who wrote it, not who tagged it. Contacts' ids look unlike those of teammates.
    """
    if topic.startswith("conversation_part"):
        return ""
    author = mapping(part.get("author"))
    if not author and topic == "conversation.user.created":
        author = mapping(mapping(item.get("source")).get("author"))
    is_person = words(author.get("type")) in _PEOPLE
    if topic.startswith("conversation.user.") and not is_person:
        return ""
    return identity(author.get("id"))


def _object(body: bytes) -> Mapping[str, Any]:
    value = read_json(body)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _header(headers: Mapping[str, str], name: str) -> str:
    """Return a header by its name in any case; "" if it is missing or stands there twice."""
    found = [value for key, value in headers.items() if key.lower() == name]
    return found[0] if len(found) == 1 else ""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
