"""Our writes -> Intercom's JSON, and what Intercom answers to them. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.helpdesk import Applied, Status, TicketWrite
from integrations.intercom.markup import allowed, fingerprint
from integrations.intercom.values import Json, identity, listed, mapping, moment, words

REPLIES = "Deskhand replies"  # conversation attributes that `deskhand connect intercom` creates
OUTCOME = "Deskhand outcome"
PRIORITY = "Deskhand priority"
OUTCOMES = {
    "deskhand_send": "Replied",
    "deskhand_draft": "Draft to approve",
    "deskhand_assist": "Handed over",
    "deskhand_hand_off": "For a person",
}
_KEPT_REPLIES = 8
REPLY = re.compile(r"(\S{1,60}):([0-9a-f]{10})")


def message_body(write: TicketWrite, admin_id: str) -> dict[str, Any]:
    """Return the one decisive request: a comment or a note. A note carries its mark in its last line."""
    html = allowed(words(write.html))
    if not write.is_public and write.mark:
        html += f"<p>[Deskhand {write.mark}]</p>"
    kind = "comment" if write.is_public else "note"
    return {"message_type": kind, "type": "admin", "admin_id": admin_id, "body": html}


def attributes(write: TicketWrite, replies: str, admin_id: str) -> dict[str, str]:
    """Return the conversation attributes of a write by this teammate. `replies` is what REPLIES holds now.

    A public reply is entered there before it is sent, by its words: so a read-back knows it, whatever was lost.
    """
    found = {}
    if write.is_public and write.html and write.mark:
        entry = f"{write.mark}:{fingerprint(allowed(words(write.html)), admin_id)}"
        older = [f"{mark}:{one}" for mark, one in REPLY.findall(replies) if f"{mark}:{one}" != entry]
        found[REPLIES] = " ".join([*older, entry][-_KEPT_REPLIES:])
    if outcome := next((words for tag, words in OUTCOMES.items() if tag in write.add_tags), ""):
        found[OUTCOME] = outcome
    if write.priority is not None:
        found[PRIORITY] = write.priority
    return found


def assignments(write: TicketWrite, admin_id: str) -> list[dict[str, Any]]:
    """Return what moves a conversation to a team, and away from the teammate who has it."""
    start = {"message_type": "assignment", "admin_id": admin_id}
    found = []
    if write.unassign:
        found.append({**start, "type": "admin", "assignee_id": "0"})
    if write.group_id is not None:
        found.append({**start, "type": "team", "assignee_id": write.group_id or "0"})
    return found


def state_change(write: TicketWrite, before: Status, admin_id: str, snoozed_until: datetime) -> dict[str, Any] | None:
    """Return what follows the message to reach a status; None if the message itself leads there.

    Raise ValueError on what Intercom has no word for.
    """
    start = {"type": "admin", "admin_id": admin_id}
    match write.status:
        case None:
            return None
        case Status.SOLVED:
            return {"message_type": "close", **start}
        case Status.ON_HOLD:
            return {"message_type": "snoozed", **start, "snoozed_until": int(snoozed_until.timestamp())}
        case Status.OPEN:
            return {"message_type": "open", **start} if before in (Status.SOLVED, Status.ON_HOLD) else None
        case Status.PENDING if write.is_public and write.html:
            return None  # who was answered does not wait any more
        case other:
            raise ValueError(f"no update leads to the status {other.value}")


def applied(answer: Json, body: Mapping[str, Any], *, request_id: str = "") -> Applied:
    """Read the answer to a message: the newest part by us with the same words."""
    wanted = fingerprint(str(body["body"]))
    parts = listed(answer.get("conversation_parts"), "conversation_parts")
    own = [
        identity(part.get("id"))
        for part in parts
        if identity(mapping(part.get("author")).get("id")) == body["admin_id"]
        and fingerprint(words(part.get("body"))) == wanted
    ]
    updated_at = moment(answer.get("updated_at"))
    stamp = str(int(updated_at.timestamp())) if updated_at else ""
    return Applied(max(own, key=lambda one: one.zfill(20), default=""), stamp, request_id, updated_at)
