"""Custom ticket statuses over the API: several for each category, one of them the default."""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.records import CustomStatus
from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.zendesk.calls import answer, body, need_admin, twin

bp = Blueprint("statuses", __name__, url_prefix="/api/v2")

_CATEGORIES = ("new", "open", "pending", "hold", "solved")
_TEXTS = ("agent_label", "end_user_label", "description", "end_user_description")


def show_status(row: CustomStatus) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"{twin().world.base_url}/api/v2/custom_statuses/{row.id}.json",
        "status_category": row.status_category,
        "agent_label": row.agent_label,
        "raw_agent_label": row.agent_label,
        "end_user_label": row.end_user_label,
        "raw_end_user_label": row.end_user_label,
        "description": row.description,
        "raw_description": row.description,
        "end_user_description": row.end_user_description,
        "raw_end_user_description": row.end_user_description,
        "active": row.active,
        "default": row.default,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.get("/custom_statuses")
def list_statuses() -> Response:
    """List them whole, picked by category, `active` or `default`."""
    rows = list(twin().world.custom_statuses.values())
    if wanted := request.args.get("status_categories"):
        rows = [row for row in rows if row.status_category in wanted.split(",")]
    for name in ("active", "default"):
        if (flag := request.args.get(name)) is not None:
            rows = [row for row in rows if getattr(row, name) == (flag == "true")]
    return answer({"custom_statuses": [show_status(row) for row in rows]})


@bp.get("/custom_statuses/<int:status_id>")
def show_one_status(status_id: int) -> Response:
    return answer({"custom_status": show_status(_status(status_id))})


def _status(status_id: int) -> CustomStatus:
    row = twin().world.custom_statuses.get(status_id)
    if row is None:
        raise not_found()
    return row


@bp.post("/custom_statuses")
def create_status() -> Response:
    need_admin()
    world, values = twin().world, body("custom_status")
    category, label = values.get("status_category"), str(values.get("agent_label") or "").strip()
    if category not in _CATEGORIES:
        raise invalid("status_category", "Status category: is not included in the list", "InvalidValue")
    if not label or len(label) > 48:
        raise invalid("agent_label", "Agent label: must have 1 to 48 characters", "BlankValue")
    stamp = world.stamp()
    row = CustomStatus(world.next_id(), category, label, created_at=stamp, updated_at=stamp)
    row.end_user_label = label
    _set(row, values)
    world.custom_statuses[row.id] = row
    shown = show_status(row)
    return answer({"custom_status": shown}, 201, {"Location": shown["url"]})


@bp.put("/custom_statuses/<int:status_id>")
def update_status(status_id: int) -> Response:
    """Change words and whether it is active; its category stays, and a default one stays active."""
    need_admin()
    row, values = _status(status_id), body("custom_status")
    if row.default and values.get("active") is False:
        raise invalid("active", "Active: a default status cannot be deactivated", "InvalidValue")
    _set(row, values)
    row.updated_at = twin().world.stamp()
    return answer({"custom_status": show_status(row)})


def _set(row: CustomStatus, values: dict[str, Any]) -> None:
    for name in _TEXTS:
        if name in values:
            setattr(row, name, str(values[name] or ""))
    row.active = bool(values.get("active", row.active))


@bp.put("/custom_status/default")
def change_defaults() -> Response:
    """Make each of the statuses named by `ids` the default of its category."""
    need_admin()
    given = str(request.args.get("ids") or (request.get_json(silent=True) or {}).get("ids") or "")
    chosen = [_status(int(part)) for part in given.split(",") if part.strip().isdigit()]
    if not chosen:
        raise RefusedError(400, {"error": "InvalidValue", "description": "ids of custom statuses are required"})
    for row in twin().world.custom_statuses.values():
        if any(row.status_category == one.status_category for one in chosen):
            row.default = row in chosen
    return answer({})
