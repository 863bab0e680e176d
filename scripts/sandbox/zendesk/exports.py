"""The incremental exports: tickets by cursor and by time, their events, users and organizations. Admins only."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.state import Audit, Organization, User
from scripts.sandbox.triggers import VIA_TITLES
from scripts.sandbox.zendesk.calls import answer, decode_cursor, encode_cursor, included, need_admin, twin, unix
from scripts.sandbox.zendesk.people import show_organization, show_user, side_loads
from scripts.sandbox.zendesk.tickets import show_ticket

bp = Blueprint("exports", __name__, url_prefix="/api/v2")

Row = TypeVar("Row", User, Organization)
_MAX_PAGE = 1000
_SAMPLE = 50
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
    before = _newest()
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
    return _tickets_since(_MAX_PAGE)


@bp.get("/incremental/tickets/sample")
def export_sample() -> Response:
    """List the first fifty of the export, for testing."""
    return _tickets_since(_SAMPLE)


def _tickets_since(size: int) -> Response:
    need_admin()
    start = _start_time()
    rows, _, is_last = twin().world.changed_tickets(twin().world.first_change(start), size, _newest())
    times = [row.generated_timestamp for row in rows]
    return _timed("tickets", [show_ticket(row) for row in rows], times, start, is_last)


def _newest() -> int | None:
    """Return the last second that is shown, while the newest minute is withheld."""
    return int((twin().world.now() - _WITHHELD).timestamp()) if twin().withholds_last_minute else None


def _timed(key: str, shown: list[Any], times: list[int], start: int, is_last: bool) -> Response:
    """Answer in the time-based form: the next call starts at `end_time`."""
    end = times[-1] if times else start
    url = f"{twin().world.base_url}{request.path}.json?start_time={end}"
    return answer({key: shown, "count": len(shown), "next_page": url, "end_time": end, "end_of_stream": is_last})


def _since(timed: Iterable[tuple[int, int, Any]], start: int) -> tuple[list[Any], list[int], bool]:
    """Return a page of rows (given with second and id) from `start` on, oldest first; no second is split over pages."""
    before = _newest()
    fitting = sorted((t for t in timed if t[0] >= start and (before is None or t[0] <= before)), key=lambda t: t[:2])
    end = _MAX_PAGE
    while end < len(fitting) and fitting[end][0] == fitting[end - 1][0]:
        end += 1
    page = fitting[:end]
    return [row for _, _, row in page], [when for when, _, _ in page], end >= len(fitting)


def _updated(rows: Iterable[Row]) -> Iterable[tuple[int, int, Row]]:
    return ((unix(row.updated_at), row.id, row) for row in rows)


@bp.get("/incremental/users")
def export_users() -> Response:
    need_admin()
    start = _start_time()
    rows, times, is_last = _since(_updated(twin().world.users.values()), start)
    return _timed("users", [show_user(row) for row in rows], times, start, is_last)


@bp.get("/incremental/users/cursor")
def export_users_by_cursor() -> Response:
    """List users by cursor, which names the second to go on from."""
    need_admin()
    cursor = request.args.get("cursor")
    text = decode_cursor(cursor) if cursor else str(_start_time())
    if not text.isdigit():
        raise RefusedError(400, {"error": "InvalidCursor", "description": "cursor is invalid"})
    rows, times, is_last = _since(_updated(twin().world.users.values()), int(text))
    after = encode_cursor(times[-1] + 1 if times else int(text))
    url = f"{twin().world.base_url}/api/v2/incremental/users/cursor.json?cursor={after}"
    places = {"after_url": url, "after_cursor": after, "before_url": None, "before_cursor": None}
    return answer({"users": [show_user(row) for row in rows], **places, "end_of_stream": is_last})


@bp.get("/incremental/organizations")
def export_organizations() -> Response:
    need_admin()
    start = _start_time()
    rows, times, is_last = _since(_updated(twin().world.organizations.values()), start)
    return _timed("organizations", [show_organization(row) for row in rows], times, start, is_last)


@bp.get("/incremental/ticket_events")
def export_ticket_events() -> Response:
    """List what happened to tickets, one row an audit; with `include=comment_events` also what was written."""
    need_admin()
    start = _start_time()
    audits = (audit for ticket in twin().world.tickets.values() for audit in ticket.audits)
    rows, times, is_last = _since(((unix(audit.created_at), audit.id, audit) for audit in audits), start)
    with_comments = "comment_events" in included()
    shown = [_event(audit, when, with_comments) for audit, when in zip(rows, times, strict=True)]
    return _timed("ticket_events", shown, times, start, is_last)


def _event(audit: Audit, when: int, with_comments: bool) -> dict[str, Any]:
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "timestamp": when,
        "created_at": audit.created_at,
        "updater_id": audit.author_id,
        "via": _via_word(audit.via),
        "system": audit.metadata["system"],
        "metadata": {"custom": audit.metadata["custom"]},
        "event_type": "Audit",
        "child_events": [_child(row, audit) for row in audit.events if with_comments or row["type"] != "Comment"],
    }


def _via_word(via: Mapping[str, Any]) -> str:
    channel = str(via["channel"])
    return VIA_TITLES.get(channel, channel.replace("_", " ").title())


def _child(row: Mapping[str, Any], audit: Audit) -> dict[str, Any]:
    """Return one part of an audit: a comment whole, a change under the name of what changed."""
    base = {"id": row["id"], "via": _via_word(row.get("via", audit.via)), "event_type": row["type"]}
    if row["type"] == "Comment":
        return {**row, **base, "comment_present": True, "comment_public": row["public"]}
    if "field_name" not in row:
        return base
    previous = {"previous_value": row["previous_value"]} if "previous_value" in row else {}
    return {**base, row["field_name"]: row["value"], **previous}
