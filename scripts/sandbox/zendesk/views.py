"""Views over the API: saved conditions, what they list, and how many that is."""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import triggers
from scripts.sandbox.records import View
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import Ticket
from scripts.sandbox.zendesk.calls import answer, body, ids_asked, listing, me, nothing, twin
from scripts.sandbox.zendesk.people import side_loads
from scripts.sandbox.zendesk.tickets import show_ticket

bp = Blueprint("views", __name__, url_prefix="/api/v2")

# At least one condition that all tickets of a view meet must be on one of these.
_ANCHORS = ("status", "type", "group_id", "assignee_id", "requester_id")
_COLUMNS = {
    "nice_id": "ID", "status": "Status", "subject": "Subject", "description": "Subject", "requester": "Requester",
    "created": "Requested", "updated": "Updated", "assignee": "Assignee", "group": "Group", "priority": "Priority",
    "type": "Type",
}  # fmt: skip
_DEFAULT_COLUMNS = ["subject", "requester", "created"]
_MAX_COLUMNS = 10


def show_view(row: View) -> dict[str, Any]:
    base = twin().world.base_url
    names = row.output.get("columns") or _DEFAULT_COLUMNS
    columns = [{"id": name, "title": _COLUMNS.get(str(name), str(name).title())} for name in names]
    execution = {
        "group_by": row.output.get("group_by"),
        "group_order": row.output.get("group_order", "asc"),
        "sort_by": row.output.get("sort_by", "created"),
        "sort_order": row.output.get("sort_order", "desc"),
        "columns": columns,
        "fields": columns,
        "custom_fields": [],
    }
    return {
        "url": f"{base}/api/v2/views/{row.id}.json",
        "id": row.id,
        "title": row.title,
        "raw_title": row.title,
        "active": row.active,
        "default": False,
        "position": row.position,
        "description": row.description,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "restriction": row.restriction,
        "conditions": row.conditions,
        "execution": execution,
    }


def _view(view_id: int) -> View:
    view = twin().world.views.get(view_id)
    if view is None:
        raise not_found()
    return view


def _rows() -> list[View]:
    return sorted(twin().world.views.values(), key=lambda row: (row.position, row.id))


@bp.get("/views")
def list_views() -> Response:
    return listing("views", _rows(), show_view)


@bp.get("/views/active")
def list_active_views() -> Response:
    return listing("views", [row for row in _rows() if row.active], show_view)


@bp.get("/views/search")
def search_views() -> Response:
    words = request.args.get("query", "").lower()
    return listing("views", [row for row in _rows() if words in row.title.lower()], show_view)


@bp.get("/views/count")
def count_views() -> Response:
    return answer({"count": {"value": len(twin().world.views), "refreshed_at": twin().world.stamp()}})


@bp.get("/views/<int:view_id>")
def show_one_view(view_id: int) -> Response:
    return answer({"view": show_view(_view(view_id))})


@bp.post("/views")
def create_view() -> Response:
    world, stamp = twin().world, twin().world.stamp()
    view = View(world.next_id(), "", {}, {}, position=len(world.views), created_at=stamp)
    _fill(view, body("view"))
    world.views[view.id] = view
    shown = show_view(view)
    return answer({"view": shown}, 201, {"Location": shown["url"]})


@bp.put("/views/<int:view_id>")
def update_view(view_id: int) -> Response:
    """Change a view. Giving any of its conditions replaces all of them."""
    view = _view(view_id)
    _fill(view, body("view"))
    return answer({"view": show_view(view)})


@bp.delete("/views/<int:view_id>")
def delete_view(view_id: int) -> Response:
    del twin().world.views[_view(view_id).id]
    return nothing()


def _fill(view: View, values: dict[str, Any]) -> None:
    title = str(values.get("title", view.title)).strip()
    nested = values.get("conditions")
    given: dict[str, Any] = nested if isinstance(nested, dict) else values
    conditions = view.conditions
    if {"all", "any"} & given.keys():
        conditions = {name: list(given.get(name) or []) for name in ("all", "any")}
    output = {**view.output, **(values.get("output") or {})}
    _check(title, conditions, output)
    view.title, view.conditions, view.output = title, conditions, output
    for name in ("description", "active", "position", "restriction"):
        if name in values:
            setattr(view, name, values[name])
    view.updated_at = twin().world.stamp()


def _check(title: str, conditions: dict[str, list[dict[str, Any]]], output: dict[str, Any]) -> None:
    faults = triggers.faults_in(conditions, [{"field": "status", "value": "open"}]) if conditions else ["Blank view"]
    if not title:
        faults.append("Title: cannot be blank")
    if not any(row.get("field") in _ANCHORS for row in conditions.get("all", ())):
        faults.append(f"Conditions: all must hold one of {', '.join(_ANCHORS)}")
    if len(output.get("columns") or ()) > _MAX_COLUMNS:
        faults.append(f"Output: more than {_MAX_COLUMNS} columns")
    if faults:
        details = {"base": [{"description": fault, "error": "InvalidValue"} for fault in faults]}
        raise RefusedError(
            422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
        )


# -- what a view lists


def _tickets(view: View) -> list[Ticket]:
    """Return the tickets of a view in its order. Tags, words and values are judged as triggers judge them."""
    live = [row for row in twin().world.tickets.values() if row.status != "deleted"]
    found = [row for row in live if triggers.holds(view.conditions, triggers.Update(row, None, me(), "web", None))]
    sort = request.args.get("sort_by") or view.output.get("sort_by", "created")
    order = request.args.get("sort_order") or view.output.get("sort_order", "desc")
    name = {"created": "created_at", "updated": "updated_at", "nice_id": "id"}.get(str(sort), str(sort))
    if name in Ticket.__dataclass_fields__:
        found.sort(key=lambda row: (str(getattr(row, name) or "") if name != "id" else "", row.id))
    return found[::-1] if order == "desc" else found


@bp.get("/views/<int:view_id>/tickets")
def list_view_tickets(view_id: int) -> Response:
    return listing("tickets", _tickets(_view(view_id)), show_ticket)


@bp.get("/views/<int:view_id>/execute")
def execute_view(view_id: int) -> Response:
    """Return the view's rows with the cells of its columns."""
    view = _view(view_id)
    shown = show_view(view)
    columns = shown["execution"]["columns"]

    def users(rows: Any) -> dict[str, Any]:
        ids = {key for row in rows for key in (row.requester_id, row.assignee_id)}
        people = side_loads({"users", "groups"}, {"users": ids, "groups": {row.group_id for row in rows}})
        return {**people, "columns": columns, "groups": people["groups"], "view": shown}

    return listing("rows", _tickets(view), lambda row: _cells(row, [str(c["id"]) for c in columns]), side=users)


def _cells(row: Ticket, names: list[str]) -> dict[str, Any]:
    values = {
        "nice_id": row.id,
        "requester": row.requester_id,
        "requester_id": row.requester_id,
        "assignee": row.assignee_id,
        "assignee_id": row.assignee_id,
        "group": row.group_id,
        "created": row.created_at,
        "updated": row.updated_at,
        "description": row.subject,
    }
    cells = {name: values.get(name, getattr(row, name, None)) for name in names}
    brief = {"id": row.id, "subject": row.subject, "status": row.status, "priority": row.priority, "type": row.type}
    return {**cells, "ticket_id": row.id, "ticket": brief}


@bp.get("/views/<int:view_id>/count")
def count_view(view_id: int) -> Response:
    return answer({"view_count": _count(_view(view_id))})


@bp.get("/views/count_many")
def count_many_views() -> Response:
    views = twin().world.views
    return answer({"view_counts": [_count(views[key]) for key in ids_asked() if key in views]})


def _count(view: View) -> dict[str, Any]:
    number = len(_tickets(view))
    url = f"{twin().world.base_url}/api/v2/views/{view.id}/count.json"
    pretty = str(number) if number < 1000 else f"~{number // 1000},000"
    return {"url": url, "view_id": view.id, "value": number, "pretty": pretty, "fresh": True, "active": view.active}
