"""Tickets, comments, audits and tags over the API."""

import hashlib
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import ticket_links
from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.state import Audit, Comment, Ticket
from scripts.sandbox.zendesk import jobs, ticket_body, wire
from scripts.sandbox.zendesk.calls import (
    answer,
    body,
    ids_asked,
    included,
    listing,
    nothing,
    origin,
    twin,
)
from scripts.sandbox.zendesk.people import show_user, side_loads

bp = Blueprint("tickets", __name__, url_prefix="/api/v2")

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
    if request.args.get("sort_by") == "created_at":
        rows.sort(key=lambda ticket: ticket.created_at, reverse=request.args.get("sort_order") == "desc")
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


@bp.get("/ticket_audits")
def list_all_audits() -> Response:
    """List the audits of the whole account, newest first, by cursor."""
    rows = [audit for ticket in twin().world.tickets.values() for audit in ticket.audits]
    rows.sort(key=lambda row: row.id, reverse=True)
    return listing("audits", rows, wire.audit)


@bp.get("/tickets/count")
def count_tickets() -> Response:
    live = sum(row.status != "deleted" for row in twin().world.tickets.values())
    return answer({"count": {"value": live, "refreshed_at": twin().world.stamp()}})


@bp.get("/tickets/<int:ticket_id>/related")
def show_related(ticket_id: int) -> Response:
    ticket = find(ticket_id)
    related = {
        "url": f"{twin().world.base_url}/api/v2/tickets/{ticket_id}/related.json",
        "topic_id": None,
        "jira_issue_ids": [],
        "followup_source_ids": [row.id for row in twin().world.tickets.values() if ticket_id in row.followup_ids],
        "from_archive": False,
        "incidents": len(ticket_links.incidents_of(twin().world, ticket)),
        "twitter": None,
    }
    return answer({"ticket_related": related, "followup_ids": ticket.followup_ids})


@bp.get("/tickets/<int:ticket_id>/<any(collaborators, email_ccs, followers):kind>")
def list_people(ticket_id: int, kind: str) -> Response:
    """List who gets copies, who follows, or both."""
    ticket = find(ticket_id)
    copies = ticket.email_cc_ids if kind != "followers" else []
    followers = ticket.follower_ids if kind != "email_ccs" else []
    users = twin().world.users
    return listing("users", [users[number] for number in dict.fromkeys([*copies, *followers])], show_user)


@bp.get("/tickets/<int:ticket_id>/incidents")
def list_incidents(ticket_id: int) -> Response:
    return listing("tickets", ticket_links.incidents_of(twin().world, find(ticket_id)), show_ticket)


def _problems() -> list[Ticket]:
    rows = [row for row in twin().world.tickets.values() if row.type == "problem" and row.status != "deleted"]
    return sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)


@bp.get("/problems")
def list_problems() -> Response:
    return listing("tickets", _problems(), show_ticket, side=_side)


@bp.post("/problems/autocomplete")
def complete_problems() -> Response:
    """List the problems whose subject has the text."""
    words = str(request.args.get("text") or (request.get_json(silent=True) or {}).get("text") or "").lower()
    return listing("tickets", [row for row in _problems() if words in row.subject.lower()], show_ticket)


# -- writing


@bp.post("/tickets")
def create_ticket() -> Response:
    """Create a ticket. With an Idempotency-Key, the same request within two hours gets the same answer."""
    key = request.headers.get("Idempotency-Key")
    remembered = _remembered(key) if key else None
    if remembered:
        return remembered
    values = body("ticket")
    if request.args.get("async") == "true":
        return _create_later(values)
    response = _written(*ticket_body.create(values, origin()), 201)
    if key:
        _remember(key, response)
    return response


def _create_later(values: dict[str, Any]) -> Response:
    who = origin()

    def work() -> dict[str, Any]:
        ticket, _ = ticket_body.create(values, who)
        return {"id": ticket.id, "index": 0}

    return answer({"job_status": jobs.start("Create Ticket", [work])})


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
    return _written(ticket, ticket_body.update(ticket, body("ticket"), origin()), 200)


@bp.delete("/tickets/<int:ticket_id>")
def delete_ticket(ticket_id: int) -> Response:
    twin().desk.delete(find(ticket_id), origin())
    return nothing()


@bp.put("/tickets/<int:ticket_id>/comments/<int:comment_id>/make_private")
def make_private(ticket_id: int, comment_id: int) -> Response:
    ticket, comment = _find_comment(ticket_id, comment_id)
    comment.public = False
    twin().desk.note_comment(ticket, comment, origin(), "make_private")
    return answer("")


@bp.put("/tickets/<int:ticket_id>/comments/<int:comment_id>/redact")
def redact(ticket_id: int, comment_id: int) -> Response:
    """Take a text out of a comment for good; each of its characters becomes a block."""
    ticket, comment = _find_comment(ticket_id, comment_id)
    text = str(body().get("text") or "")
    if not text or text not in comment.body or ticket.status == "closed":
        raise invalid("base", "Redaction: the text is not in the comment, or the ticket is closed")
    twin().desk.redact(ticket, comment, text, origin())
    return answer({"comment": wire.comment(comment)})


def _find_comment(ticket_id: int, comment_id: int) -> tuple[Ticket, Comment]:
    ticket = find(ticket_id)
    comment = next((row for row in ticket.comments if row.id == comment_id), None)
    if comment is None:
        raise not_found()
    return ticket, comment


def _written(ticket: Ticket, audit: Audit, status: int) -> Response:
    shown = show_ticket(ticket)
    headers = {"Location": shown["url"]} if status == 201 else {}
    return answer({"ticket": shown, "audit": wire.audit(audit)}, status, headers)


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
    ticket_body.check_stamp(ticket, values)
    given = values.get("tags", [])
    tags = combine(set(ticket.tags), {str(tag) for tag in (given.split() if isinstance(given, str) else given)})
    twin().desk.update(ticket, origin(), {"tags": sorted(tags)})
    return answer({"tags": ticket.tags}, status)
