"""Search: words and fields over tickets, users, organizations and groups, by page, by cursor, or counted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from scripts.sandbox.refusals import RefusedError, invalid
from scripts.sandbox.state import Group, Organization, Ticket, User
from scripts.sandbox.zendesk.calls import answer, decode_cursor, encode_cursor, listing, twin
from scripts.sandbox.zendesk.people import show_group, show_organization, show_user
from scripts.sandbox.zendesk.tickets import show_ticket

bp = Blueprint("searches", __name__, url_prefix="/api/v2")

_MAX_RESULTS = 1000
_MAX_EXPORT_PAGE = 1000
_CURSOR_SECONDS = 3600
_KINDS = ("ticket", "user", "organization", "group")


@bp.get("/search")
def search() -> Response:
    """Find by words and by `type: status: tags: requester: updated> created>` and the like; 1,000 rows at most."""
    page, size = request.args.get("page", 1, type=int), request.args.get("per_page", 100, type=int)
    if page * size > _MAX_RESULTS and page > 1:
        raise invalid("base", "Requested response size was greater than Search Response Limits")
    return listing("results", _found(request.args.get("query", "")), _result, side=lambda _: {"facets": None})


@bp.get("/search/count")
def count() -> Response:
    return answer({"count": len(_found(request.args.get("query", "")))})


@bp.get("/search/export")
def export() -> Response:
    """List everything found of one kind by cursors that are good for an hour; nothing is sorted."""
    kind = request.args.get("filter[type]", "")
    if kind not in _KINDS:
        raise RefusedError(400, {"error": "InvalidValue", "description": f"filter[type] is one of {', '.join(_KINDS)}"})
    now, start = int(twin().world.clock.monotonic()), 0
    if after := request.args.get("page[after]"):
        place, _, given_at = decode_cursor(after).partition("-")
        if not (place.isdigit() and given_at.isdigit()) or now - int(given_at) > _CURSOR_SECONDS:
            raise RefusedError(400, {"error": "InvalidCursor", "description": "cursor is invalid or has expired"})
        start = int(place)
    size = min(_MAX_EXPORT_PAGE, max(1, request.args.get("page[size]", 100, type=int)))
    rows = sorted(_of_kind(kind, request.args.get("query", "").split()), key=lambda row: row.id)
    page = rows[start : start + size]
    cursor = encode_cursor(f"{start + len(page)}-{now}") if page else None
    meta = {"has_more": start + size < len(rows), "after_cursor": cursor, "before_cursor": None}
    asked = {name: value for name, value in request.args.items() if name != "page[after]"}
    base = f"{twin().world.base_url}{request.path}.json?"
    links = {"prev": None, "next": base + urlencode({**asked, "page[after]": cursor}) if cursor else None}
    return answer({"results": [_result(row) for row in page], "facets": None, "meta": meta, "links": links})


def _found(query: str) -> list[Any]:
    terms = query.split()
    kinds = {term.partition(":")[2] for term in terms if term.startswith("type:")} & set(_KINDS)
    rows = [row for kind in sorted(kinds or {"ticket"}) for row in _of_kind(kind, terms)]
    sort = request.args.get("sort_by", "created_at")
    if sort in ("created_at", "updated_at", "status", "priority"):
        rows.sort(key=lambda row: (str(getattr(row, sort, "") or ""), row.id), reverse=_is_descending())
    return rows


def _of_kind(kind: str, terms: list[str]) -> list[Any]:
    """Return the rows of one kind that all terms fit, those left out that only name a kind."""
    terms = [term for term in terms if not (term.startswith("type:") and term.removeprefix("type:") in _KINDS)]
    world = twin().world
    if kind == "ticket":
        return [row for row in world.tickets.values() if row.status != "deleted" and _matches(row, terms)]
    words = [term.lower() for term in terms]
    if kind == "user":
        return [row for row in world.users.values() if all(_in_user(word, row) for word in words)]
    others: list[Any] = list((world.organizations if kind == "organization" else world.groups).values())
    return [row for row in others if all(word.removeprefix("name:") in row.name.lower() for word in words)]


_SHOWN: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    Ticket: show_ticket,
    User: show_user,
    Organization: show_organization,
    Group: show_group,
}


def _result(row: Any) -> dict[str, Any]:
    return {**_SHOWN[type(row)](row), "result_type": type(row).__name__.lower()}


def _is_descending() -> bool:
    return request.args.get("sort_order", "desc") != "asc"


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
