"""The incremental export of tickets and the simple search."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.refusals import RefusedError, invalid
from scripts.sandbox.state import Ticket
from scripts.sandbox.zendesk.calls import answer, decode_cursor, encode_cursor, included, listing, need_admin, twin
from scripts.sandbox.zendesk.people import show_user, side_loads
from scripts.sandbox.zendesk.tickets import show_ticket

bp = Blueprint("exports", __name__, url_prefix="/api/v2")

_MAX_PAGE = 1000
_MAX_RESULTS = 1000
_WITHHELD = timedelta(seconds=60)


def _start_time() -> int:
    """Return `start_time`; too recent a one is refused while the newest minute is withheld."""
    start = request.args.get("start_time", type=int)
    if start is None:
        raise RefusedError(400, {"error": "InvalidValue", "description": "start_time is required"})
    latest = twin().world.now() - _WITHHELD
    if twin().withholds_last_minute and start > latest.timestamp():
        raise RefusedError(
            400,
            {
                "error": "StartTimeTooRecent",
                "description": "Too recent start_time. Use a start_time older than 60 seconds",
            },
        )
    return start


@bp.get("/incremental/tickets/cursor")
def export_by_cursor() -> Response:
    """List tickets in the order they changed; the cursor stays good at the end of the stream."""
    need_admin()
    world = twin().world
    if cursor := request.args.get("cursor"):
        try:
            start = world.place_of(decode_cursor(cursor))
        except ValueError as error:
            raise RefusedError(400, {"error": "InvalidCursor", "description": "cursor is invalid"}) from error
    else:
        start = world.first_change(_start_time())
    size = min(_MAX_PAGE, max(1, request.args.get("per_page", _MAX_PAGE, type=int)))
    before = int((world.now() - _WITHHELD).timestamp()) if twin().withholds_last_minute else None
    rows, following, is_last = world.changed_tickets(start, size, before)
    if request.args.get("exclude_deleted") == "true":
        rows = [row for row in rows if row.status != "deleted"]
    after = encode_cursor(world.cursor_at(following))
    url = f"{world.base_url}/api/v2/incremental/tickets/cursor.json?cursor={after}"
    extra = {
        "after_url": url,
        "after_cursor": after,
        "before_url": None,
        "before_cursor": None,
        "end_of_stream": is_last,
    }
    users = {i for row in rows for i in (row.requester_id, row.submitter_id, row.assignee_id)}
    ids = {"users": users, "groups": {row.group_id for row in rows}}
    return answer({"tickets": [show_ticket(row) for row in rows], **side_loads(included(), ids), **extra})


@bp.get("/incremental/tickets")
def export_by_time() -> Response:
    """List tickets changed since a time; the next call starts at `end_time`, so rows at the border come again."""
    need_admin()
    world, start = twin().world, _start_time()
    before = int((world.now() - _WITHHELD).timestamp()) if twin().withholds_last_minute else None
    rows, _, is_last = world.changed_tickets(world.first_change(start), _MAX_PAGE, before)
    end = rows[-1].generated_timestamp if rows else start
    url = f"{world.base_url}/api/v2/incremental/tickets.json?start_time={end}"
    shown = [show_ticket(row) for row in rows]
    return answer({"tickets": shown, "count": len(rows), "next_page": url, "end_time": end, "end_of_stream": is_last})


@bp.get("/search")
def search() -> Response:
    """Find tickets or users by words and by `type: status: tags: requester: updated> created>` and the like."""
    terms = request.args.get("query", "").split()
    kinds = {term.partition(":")[2] for term in terms if term.startswith("type:")}
    if kinds == {"user"}:
        words = [term.lower() for term in terms if not term.startswith("type:")]
        users = [u for u in twin().world.users.values() if all(_in_user(word, u) for word in words)]
        return listing("results", users, lambda row: {**show_user(row), "result_type": "user"})
    page, size = request.args.get("page", 1, type=int), request.args.get("per_page", 100, type=int)
    if page * size > _MAX_RESULTS and page > 1:
        raise invalid("base", "Requested response size was greater than Search Response Limits")
    rows = [row for row in twin().world.tickets.values() if row.status != "deleted" and _matches(row, terms)]
    sort = request.args.get("sort_by", "created_at")
    if sort in ("created_at", "updated_at", "status", "priority"):
        rows.sort(key=lambda row: (str(getattr(row, sort) or ""), row.id), reverse=_is_descending())
    return listing("results", rows, _result)


def _is_descending() -> bool:
    return request.args.get("sort_order", "desc") != "asc"


def _result(row: Ticket) -> dict[str, Any]:
    return {**show_ticket(row), "result_type": "ticket"}


def _in_user(word: str, user: Any) -> bool:
    name, colon, value = word.partition(":")
    if colon and name in ("email", "role"):
        return str(getattr(user, name) or "").lower() == value
    return word in user.name.lower() or word in (user.email or "").lower()


def _matches(ticket: Ticket, terms: list[str]) -> bool:
    return all(_term(ticket, term) for term in terms)


def _term(ticket: Ticket, term: str) -> bool:
    if term.startswith("-"):
        return not _term(ticket, term[1:])
    for sign in (">", "<"):
        name, found, value = term.partition(sign)
        if found and name in ("updated", "created"):
            stamp = getattr(ticket, f"{name}_at")[: len(value)]
            return bool(stamp > value if sign == ">" else stamp < value)
        if found and name == "status":
            order = ("new", "open", "pending", "hold", "solved", "closed")
            if value not in order:
                return False
            gap = order.index(ticket.status) - order.index(value)
            return gap > 0 if sign == ">" else gap < 0
    name, colon, value = term.partition(":")
    if not colon:
        words = term.lower().strip('"')
        return words in ticket.subject.lower() or any(words in c.plain_body.lower() for c in ticket.comments)
    return _field(ticket, name, value.strip('"'))


def _field(ticket: Ticket, name: str, value: str) -> bool:
    world = twin().world
    if name == "type":
        return value in ("ticket", ticket.type)
    if name in ("tags", "tag"):
        return value in ticket.tags
    if name in ("requester", "assignee", "submitter"):
        person = world.users.get(getattr(ticket, f"{name}_id") or 0)
        if value in ("none", "me"):
            return value == "none" and person is None
        return person is not None and value.lower() in (
            str(person.id),
            (person.email or "").lower(),
            person.name.lower(),
        )
    if name == "group":
        group = world.groups.get(ticket.group_id or 0)
        return group is not None and value.lower() in (str(group.id), group.name.lower())
    attributes = {
        "status": ticket.status,
        "priority": ticket.priority,
        "subject": ticket.subject.lower(),
        "external_id": ticket.external_id,
        "ticket_type": ticket.type,
        "via": ticket.via["channel"],
    }
    return attributes.get(name) == value.lower()
