"""Our writes -> Zendesk's JSON, and what Zendesk answers to them. Pure."""

import re
from typing import Any

from integrations.helpdesk import Applied, Status, Ticket, TicketWrite
from integrations.zendesk.values import MARK_KEY, Json, identity, mapping, moment, rows, words

MAX_HTML_BYTES = 64 * 1024  # Zendesk cuts a longer comment silently
_STATUS_WORD = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.PENDING: "pending",
    Status.ON_HOLD: "hold",
    Status.SOLVED: "solved",
    Status.CLOSED: "closed",
}


def update(ticket: Ticket, write: TicketWrite) -> dict[str, Any]:
    """Return the body of the one PUT that carries out a write. Raise ValueError on what Zendesk has no word for.

    `public` always stands there: Zendesk's default is a public comment. Tags are sent as the whole set, because a PUT
    replaces it; the lock on `updated_stamp` makes that safe.
    """
    change: dict[str, Any] = {"safe_update": True, "updated_stamp": ticket.stamp}
    if write.mark:
        change["metadata"] = {MARK_KEY: write.mark}
    if write.html:
        change["comment"] = {"html_body": neutral(write.html), "public": write.is_public}
        if write.author_id:
            change["comment"]["author_id"] = number(write.author_id)
    if write.status is not None:
        if write.status not in _STATUS_WORD:
            raise ValueError(f"no update leads to the status {write.status.value}")
        change["status"] = _STATUS_WORD[write.status]
    if write.priority is not None:
        change["priority"] = write.priority or None
    if write.group_id is not None:
        change["group_id"] = number(write.group_id)
    if write.unassign:
        change["assignee_id"] = None
    tags = [*ticket.tags, *(tag for tag in write.add_tags if tag not in ticket.tags)]
    tags = [tag for tag in dict.fromkeys(tags) if tag not in write.remove_tags]
    if tags != list(ticket.tags):
        change["tags"] = tags
    return {"ticket": change}


def neutral(html: str) -> str:
    """Return HTML in which Zendesk finds no Liquid placeholder; a reader sees the same characters."""
    return re.sub(r"\{(?=[{%])", "&#123;", words(html))


def number(text: str) -> int | None:
    """Return an id as Zendesk wants it; "" is null. Raise ValueError if it is no Zendesk id."""
    if not text:
        return None
    if not identity(text):
        raise ValueError("not a Zendesk id")
    return int(text)


def applied(answer: Json, *, request_id: str = "") -> Applied:
    """Read the answer to an update: the audit names the new comment, the ticket carries the new stamp."""
    events = rows(mapping(answer.get("audit")).get("events"))
    comments = [identity(event.get("id")) for event in events if event.get("type") == "Comment"]
    stamp = words(mapping(answer.get("ticket")).get("updated_at"))
    return Applied(comments[0] if comments else "", stamp, request_id, moment(stamp))
