"""Zendesk's webhooks, both kinds: bodies a trigger writes and envelopes of subscribed events. Pure, no network."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from config.settings import Settings
from integrations.errors import SignatureError
from integrations.helpdesk import EventKind, Status, TicketEvent
from integrations.json_body import ids_in, read_json
from integrations.zendesk.values import VENDOR, identity, mapping, moment, status, words

# Printed in Zendesk's documentation: it signs requests of webhooks that were never saved, and anybody can use it.
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105

# The `rule` of a trigger's body -> what it hints at. A body without one, or with one of an admin's own making, counts
# as a message: the ticket is read again and admitted or not, so that a hint too many costs one read.
RULES = {
    "new-or-reply": EventKind.MESSAGE,
    "customer-message": EventKind.MESSAGE,
    "solved": EventKind.SOLVED,
    "changed": EventKind.CHANGED,
    "staff-activity": EventKind.CHANGED,
    "command": EventKind.CHANGED,
    "gone": EventKind.GONE,
}

_SIGNATURE = "x-zendesk-webhook-signature"
_TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
_INVOCATION = "x-zendesk-webhook-invocation-id"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PREFIX = "zen:event-type:"
_TICKET_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,20})")

# Where a ticket is named in a body that nobody can read: by its field, as a subject, in a link, in an event's detail.
_NAMED = re.compile(
    r'(?:"ticket(?:_id|Id)?"\s*:\s*[\[{]?\s*(?:"id"\s*:\s*)?"?0*([1-9][0-9]{0,19})'
    r"|zen:ticket:([1-9][0-9]{0,19})|/tickets/([1-9][0-9]{0,19})"
    r'|"detail"\s*:\s*\{[^{}]{0,2000}?"id"\s*:\s*"?([1-9][0-9]{0,19}))(?![0-9]|\.[0-9]*[1-9])'
)

_KINDS = {
    "ticket.created": EventKind.MESSAGE,
    "ticket.comment_added": EventKind.MESSAGE,
    "ticket.undeleted": EventKind.MESSAGE,
    "ticket.marked_as_spam": EventKind.GONE,
    "ticket.soft_deleted": EventKind.GONE,
    "ticket.permanently_deleted": EventKind.GONE,
    "ticket.merged": EventKind.GONE,
    **dict.fromkeys(
        (
            "ticket.status_changed",
            "ticket.priority_changed",
            "ticket.type_changed",
            "ticket.agent_assignment_changed",
            "ticket.group_assignment_changed",
            "ticket.requester_changed",
            "ticket.submitter_changed",
            "ticket.organization_changed",
            "ticket.brand_changed",
            "ticket.form_changed",
            "ticket.problem_link_changed",
            "ticket.custom_status_changed",
            "ticket.external_id_changed",
            "ticket.subject_changed",
            "ticket.description_changed",
            "ticket.task_due_at_changed",
            "ticket.tags_changed",
            "ticket.followers_changed",
            "ticket.email_ccs_changed",
            "ticket.custom_field_changed",
            "ticket.attachment_linked_to_comment",
            "ticket.comment_made_private",
            "ticket.comment_redacted",
            "ticket.attachment_redacted_from_comment",
        ),
        EventKind.CHANGED,
    ),
}
_BY_STATUS = {
    Status.SOLVED: EventKind.SOLVED,
    Status.CLOSED: EventKind.SOLVED,
    Status.DELETED: EventKind.GONE,
}


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature Zendesk sends: base64 of HMAC-SHA256 over timestamp and raw body, nothing between.

    The secret looks like base64 and is used as literal text.
    Source: developer.zendesk.com/documentation/webhooks/verifying.
    """
    digest = hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")
    return base64.b64encode(digest).decode()


def build_webhook(settings: Settings) -> "ZendeskWebhook":
    return ZendeskWebhook([secret.get_secret_value() for secret in settings.zendesk_webhook_secrets])


def is_configured(settings: Settings) -> bool:
    return settings.has_zendesk


class ZendeskWebhook:
    """Verify, name and read deliveries. `secrets` may hold several, so that a rotation needs no downtime.

    `window_seconds` bounds the age of a signature in both directions. Raise ValueError if there is no secret, or if
    one of them is the test secret that everybody knows.
    """

    def __init__(self, secrets: Sequence[str], window_seconds: float = 900) -> None:
        if isinstance(secrets, str) or not secrets or not all(secrets):
            raise ValueError("at least one signing secret is needed, and none may be empty")
        if PUBLIC_TEST_SECRET in secrets:
            raise ValueError("the public test secret of Zendesk's documentation protects nothing")
        self._secrets = tuple(secrets)
        self._window_seconds = window_seconds

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        """Raise SignatureError unless one of our secrets signed exactly these bytes within the time window.

        Nothing but SignatureError is raised, whatever the headers hold. Every secret is tried, in constant time. The
        timestamp's form is held strictly because no separator stands between it and the body.
        """
        given = _header(headers, _SIGNATURE).encode("utf-8", "replace")
        timestamp = _header(headers, _TIMESTAMP)
        signed_at = moment(timestamp) if _TIME.fullmatch(timestamp) else None
        if not given or signed_at is None:
            raise SignatureError("signature or timestamp missing or malformed", vendor=VENDOR, operation="verify")
        matches = [hmac.compare_digest(sign(secret, timestamp, body).encode(), given) for secret in self._secrets]
        if not any(matches):
            raise SignatureError("no secret of ours signed this", vendor=VENDOR, operation="verify")
        if abs((now - signed_at).total_seconds()) > self._window_seconds:
            raise SignatureError("signed outside the time window", vendor=VENDOR, operation="verify")

    def delivery_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """Name this delivery so that Zendesk's own repetition of it gets the same name; at most 100 characters.

        An event's envelope carries its own signed id. A trigger's body does not, and two triggers may write the same
        body about two things that happened: there the invocation header tells them apart and stays the same over
        retries. That header is not signed, so the body's hash stands beside it; somebody who replays a captured
        request under invented headers within the window gains a second row and no second effect, because cases are
        unique by requester message. Without that header the signed timestamp takes its place: a retry that is signed
        anew would then be a second row, which is the smaller evil beside losing an event.
        Raise ValueError if the body is not a JSON object.
        """
        envelope = _object(body)
        if _is_event(envelope) and (event_id := words(envelope.get("id")).strip()):
            return f"event:{event_id if _TOKEN.fullmatch(event_id) else _hash(event_id.encode())}"
        invocation = _header(headers, _INVOCATION)
        if invocation:
            token = invocation if _TOKEN.fullmatch(invocation) else _hash(words(invocation).encode())
            return f"invocation:{token[:40]}:{_hash(body)}"
        return f"body:{_hash(words(_header(headers, _TIMESTAMP)).encode() + body)}"

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[TicketEvent, ...]:  # noqa: ARG002
        """Read what a stored delivery hints at. Unknown kinds and tests come back as IGNORED with a note.

        A body of another shape that names tickets counts as a message on them. Raise ValueError on what is no JSON
        object, or names a ticket by something that cannot be an id.
        """
        envelope = _object(body)
        if _is_event(envelope):
            return (_event(envelope),)
        event = _trigger(envelope)
        if event.ticket_id:
            return (event,)
        hinted = replace(event, kind=EventKind.MESSAGE, note="a body of another shape")
        return tuple(replace(hinted, ticket_id=ticket_id) for ticket_id in self.named(body)) or (event,)

    def named(self, body: bytes) -> tuple[str, ...]:
        """Return the tickets that a body seems to name, though it cannot be read; at most a few."""
        is_elsewhere = _PREFIX.encode() in body and f"{_PREFIX}ticket.".encode() not in body
        return () if is_elsewhere else ids_in(body, _NAMED)


def _event(envelope: Mapping[str, Any]) -> TicketEvent:
    detail, event = mapping(envelope.get("detail")), mapping(envelope.get("event"))
    comment = mapping(event.get("comment"))
    name = words(envelope.get("type")).strip()[:100].removeprefix(_PREFIX)
    kind = _KINDS.get(name, EventKind.IGNORED)
    ticket_id = _ticket_id(detail.get("id") or _subject_id(envelope)) if name.startswith("ticket.") else ""
    if name == "ticket.status_changed":
        kind = _BY_STATUS.get(status(event.get("current")), kind)
    if name == "ticket.comment_added" and str(comment.get("is_public")).lower() == "false":
        kind = EventKind.CHANGED  # a note: never a requester's words, possibly a command of staff
    return TicketEvent(
        vendor=VENDOR,
        ticket_id=ticket_id,
        kind=kind if ticket_id else EventKind.IGNORED,
        message_id=identity(comment.get("id")),
        actor_id=identity(detail.get("actor_id")) or identity(mapping(comment.get("author")).get("id")),
        occurred_at=moment(envelope.get("time")),
        note=name or "unnamed event",
    )


def _trigger(fields: Mapping[str, Any]) -> TicketEvent:
    rule = re.sub(r"[\s_]+", "-", words(fields.get("rule")).strip().lower())[:60]
    ticket_id = _ticket_id(fields.get("ticket_id") or mapping(fields.get("ticket")).get("id"))
    return TicketEvent(
        vendor=VENDOR,
        ticket_id=ticket_id,
        kind=RULES.get(rule, EventKind.MESSAGE) if ticket_id else EventKind.IGNORED,
        message_id=identity(fields.get("latest_comment_id")),
        actor_id=identity(fields.get("current_user_id")),
        occurred_at=moment(fields.get("updated_at")),
        note=f"trigger {rule}".strip() if ticket_id else "no ticket named, as in a test",
    )


def _ticket_id(value: object) -> str:
    """Return the ticket's id, "" if unset. Raise ValueError on anything that is neither."""
    found = identity(value)
    is_unset = value is None or (isinstance(value, int | str) and not str(value).strip().strip("0"))
    if not found and (isinstance(value, bool) or not is_unset):
        raise ValueError("the ticket's id is not an id")
    return found


def _subject_id(envelope: Mapping[str, Any]) -> str | None:
    match = _TICKET_SUBJECT.fullmatch(words(envelope.get("subject")))
    return match[1] if match else None


def _is_event(envelope: Mapping[str, Any]) -> bool:
    return "zendesk_event_version" in envelope or words(envelope.get("type")).startswith(_PREFIX)


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
