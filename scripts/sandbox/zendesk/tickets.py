"""Tickets, comments, audits and tags over the API."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.desk import NewComment, RefusedError, invalid, not_found
from scripts.sandbox.state import Audit, Ticket, User
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import (
    answer,
    body,
    ids_asked,
    included,
    listing,
    me,
    nothing,
    origin,
    twin,
    whole_number,
)
from scripts.sandbox.zendesk.people import save_user, side_loads

bp = Blueprint("tickets", __name__, url_prefix="/api/v2")

_PLAIN_FIELDS = ("subject", "status", "priority", "type", "external_id", "tags")
_ID_FIELDS = ("assignee_id", "group_id", "requester_id", "organization_id")
_REMEMBER_SECONDS = 7200
_MAX_KEYS = 20_000


def show_ticket(row: Ticket) -> dict[str, Any]:
    return wire.ticket(row, twin().world)


def find(ticket_id: int) -> Ticket:
    ticket = twin().world.live_ticket(ticket_id)
    if ticket is None:
        raise not_found()
    return ticket


def _side(tickets: Sequence[Ticket]) -> dict[str, Any]:
    users = {i for t in tickets for i in (t.requester_id, t.submitter_id, t.assignee_id)}
    ids = {
        "users": users,
        "groups": {t.group_id for t in tickets},
        "organizations": {t.organization_id for t in tickets},
    }
    return side_loads(included(), ids)


# -- reading


@bp.get("/tickets")
def list_tickets() -> Response:
    external_id = request.args.get("external_id")
    rows = [
        ticket
        for ticket in twin().world.tickets.values()
        if ticket.status != "deleted" and (external_id is None or ticket.external_id == external_id)
    ]
    return listing("tickets", rows, show_ticket, side=_side)


@bp.get("/tickets/<int:ticket_id>")
def show_one_ticket(ticket_id: int) -> Response:
    ticket = find(ticket_id)
    shown = show_ticket(ticket)
    if "comment_count" in included():
        shown["comment_count"] = len(ticket.comments)
    return answer({"ticket": shown, **_side([ticket])})


@bp.get("/tickets/show_many")
def show_tickets() -> Response:
    world = twin().world
    rows = [ticket for key in ids_asked() if (ticket := world.live_ticket(key))]
    shown = [show_ticket(row) for row in rows]
    return answer({"tickets": shown, **_side(rows), "count": len(rows), "next_page": None, "previous_page": None})


@bp.get("/users/<int:user_id>/tickets/requested")
def list_requested(user_id: int) -> Response:
    if user_id not in twin().world.users:
        raise not_found()
    rows = [t for t in twin().world.tickets.values() if t.requester_id == user_id and t.status != "deleted"]
    return listing("tickets", rows, show_ticket, side=_side)


@bp.get("/tickets/<int:ticket_id>/comments")
def list_comments(ticket_id: int) -> Response:
    rows = find(ticket_id).comments
    if request.args.get("sort", "").startswith("-") or request.args.get("sort_order") == "desc":
        rows = rows[::-1]

    def side(page: Sequence[Any]) -> dict[str, Any]:
        return side_loads(included(), {"users": {comment.author_id for comment in page}})

    return listing("comments", rows, wire.comment, side=side)


@bp.get("/tickets/<int:ticket_id>/audits")
def list_audits(ticket_id: int) -> Response:
    rows = find(ticket_id).audits
    if request.args.get("sort", "").startswith("-") or request.args.get("sort_order") == "desc":
        rows = rows[::-1]
    return listing("audits", rows, wire.audit)


# -- writing


@bp.post("/tickets")
def create_ticket() -> Response:
    """Create a ticket. With an Idempotency-Key, the same request within two hours gets the same answer."""
    key = request.headers.get("Idempotency-Key")
    remembered = _remembered(key) if key else None
    if remembered:
        return remembered
    values = body("ticket")
    requester = _requester(values)
    comment = _comment(values, default_author=requester if "requester" in values else me(), default_public=True)
    if comment is None:
        raise invalid("base", "Description: cannot be blank", "BlankValue")
    subject = str(values.get("subject") or "")
    fields = {name: value for name, value in _fields(values).items() if name not in ("subject", "requester_id")}
    ticket, audit = twin().desk.create(origin(), requester, subject, comment, fields, values.get("metadata"))
    response = _written(ticket, audit, 201)
    if key:
        _remember(key, response)
    return response


def _remembered(key: str) -> Response | None:
    memory = twin().world.idempotency
    if len(key) > 255:
        raise RefusedError(
            400, {"error": "IdempotentRequestError", "description": "Idempotency-Key must be at most 255 characters"}
        )
    when, digest, data, location = memory.get(key, (0.0, "", b"", ""))
    if not digest or twin().world.clock.monotonic() - when > _REMEMBER_SECONDS:
        return None
    if digest != _digest():
        description = "Idempotency key has already been used for a different request"
        raise RefusedError(400, {"error": "IdempotentRequestError", "description": description})
    headers = {"Location": location, "x-idempotency-lookup": "hit"}
    return Response(data, 201, headers, content_type="application/json; charset=utf-8")


def _remember(key: str, response: Response) -> None:
    memory = twin().world.idempotency
    if len(memory) >= _MAX_KEYS:
        memory.pop(next(iter(memory)))
    memory[key] = (twin().world.clock.monotonic(), _digest(), response.get_data(), response.headers["Location"])
    response.headers["x-idempotency-lookup"] = "miss"


def _digest() -> str:
    return hashlib.sha256(request.get_data()).hexdigest()


@bp.put("/tickets/<int:ticket_id>")
def update_ticket(ticket_id: int) -> Response:
    ticket = find(ticket_id)
    values = body("ticket")
    check_stamp(ticket, values)
    comment = _comment(values, default_author=me(), default_public=ticket.is_public)
    audit = twin().desk.update(ticket, origin(), _fields(values), comment, values.get("metadata"))
    return _written(ticket, audit, 200)


def check_stamp(ticket: Ticket, values: Mapping[str, Any]) -> None:
    """Refuse a write on an older version. Any `safe_update`, even false, switches the check on.

    The stamp has whole seconds, as the vendor's: two writes within one second are not told apart.
    """
    stamp = values.get("updated_stamp")
    if "safe_update" in values and stamp is not None and _whole_seconds(str(stamp)) != ticket.updated_at:
        description = (
            "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data."
        )
        raise RefusedError(409, {"error": "UpdateConflict", "description": description})


def _whole_seconds(stamp: str) -> str:
    return f"{stamp[:19]}Z"


@bp.delete("/tickets/<int:ticket_id>")
def delete_ticket(ticket_id: int) -> Response:
    twin().desk.delete(find(ticket_id), origin())
    return nothing()


@bp.put("/tickets/<int:ticket_id>/comments/<int:comment_id>/make_private")
def make_private(ticket_id: int, comment_id: int) -> Response:
    ticket = find(ticket_id)
    comment = next((c for c in ticket.comments if c.id == comment_id), None)
    if comment is None:
        raise not_found()
    comment.public = False
    twin().world.touch(ticket)
    return answer({})


def _written(ticket: Ticket, audit: Audit, status: int) -> Response:
    shown = show_ticket(ticket)
    headers = {"Location": shown["url"]} if status == 201 else {}
    return answer({"ticket": shown, "audit": wire.audit(audit)}, status, headers)


def _requester(values: Mapping[str, Any]) -> User:
    """Return the requester of a new ticket: by id, by `requester` (made if new), else the caller."""
    world = twin().world
    person = values.get("requester")
    if isinstance(person, dict):
        existing = world.user_by_email(person.get("email"))
        return existing or save_user(person)
    requester_id = whole_number(values.get("requester_id"))
    if requester_id is None:
        return me()
    if requester_id not in world.users:
        raise invalid("requester", "Requester is invalid")
    return world.users[requester_id]


def _comment(values: Mapping[str, Any], *, default_author: User, default_public: bool) -> NewComment | None:
    if not isinstance(values.get("metadata", {}), dict):
        raise RefusedError(400, {"error": "InvalidBody", "description": "metadata must be an object"})
    given = values.get("comment")
    if given is None and values.get("description") and request.method == "POST":
        given = {"body": values["description"]}
    if isinstance(given, str):
        given = {"body": given}
    if not isinstance(given, dict):
        return None
    text, markup = str(given.get("body") or ""), str(given.get("html_body") or "")
    if not text.strip() and not markup.strip():
        return None
    author_id = whole_number(given.get("author_id"))
    author = twin().world.users.get(author_id) if author_id else default_author
    if author is None:
        raise invalid("base", "Author is invalid")
    return NewComment(author, text, markup, bool(given.get("public", default_public)))


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ticket fields a body sets. What cannot be set (description, ids of others) is ignored, as there."""
    fields: dict[str, Any] = {name: values[name] for name in _PLAIN_FIELDS if name in values}
    if "subject" in fields:
        fields["subject"] = str(fields["subject"] or "")
    fields.update({name: whole_number(values[name]) for name in _ID_FIELDS if name in values})
    if "assignee_email" in values:
        user = twin().world.user_by_email(values["assignee_email"])
        if user is None:
            raise invalid("assignee", "Assignee is invalid")
        fields["assignee_id"] = user.id
    custom = values.get("custom_fields", values.get("fields"))
    if isinstance(custom, list):
        custom = {str(row["id"]): row.get("value") for row in custom if isinstance(row, dict) and "id" in row}
    if isinstance(custom, dict):
        fields["custom_fields"] = {str(key): value for key, value in custom.items()}
    return fields


# -- tags


@bp.get("/tickets/<int:ticket_id>/tags")
def list_tags(ticket_id: int) -> Response:
    return answer({"tags": find(ticket_id).tags})


@bp.post("/tickets/<int:ticket_id>/tags")
def replace_tags(ticket_id: int) -> Response:
    return _change_tags(ticket_id, lambda _, given: given, 201)


@bp.put("/tickets/<int:ticket_id>/tags")
def add_tags(ticket_id: int) -> Response:
    return _change_tags(ticket_id, lambda tags, given: tags | given, 200)


@bp.delete("/tickets/<int:ticket_id>/tags")
def remove_tags(ticket_id: int) -> Response:
    return _change_tags(ticket_id, lambda tags, given: tags - given, 200)


def _change_tags(ticket_id: int, combine: Any, status: int) -> Response:
    ticket = find(ticket_id)
    values = body()
    check_stamp(ticket, values)
    given = values.get("tags", [])
    tags = combine(set(ticket.tags), {str(tag) for tag in (given.split() if isinstance(given, str) else given)})
    twin().desk.update(ticket, origin(), {"tags": sorted(tags)})
    return answer({"tags": ticket.tags}, status)
