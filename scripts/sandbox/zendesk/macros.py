"""Macros over the API: their life, and the preview of what applying one would change."""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import macro_actions
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import Macro
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, me, nothing, twin
from scripts.sandbox.zendesk.tickets import find, show_ticket

bp = Blueprint("macros", __name__, url_prefix="/api/v2")


def show_macro(row: Macro) -> dict[str, Any]:
    return wire.macro(row, twin().world)


def _rows() -> list[Macro]:
    return sorted(twin().world.macros.values(), key=lambda row: (row.position, row.id))


@bp.get("/macros")
def list_macros() -> Response:
    wanted = request.args.get("active")
    return listing("macros", [r for r in _rows() if wanted is None or r.active == (wanted == "true")], show_macro)


@bp.get("/macros/active")
def list_active_macros() -> Response:
    return listing("macros", [row for row in _rows() if row.active], show_macro)


@bp.get("/macros/search")
def search_macros() -> Response:
    words = request.args.get("query", "").lower()
    return listing("macros", [row for row in _rows() if words in row.title.lower()], show_macro)


@bp.get("/macros/categories")
def list_macro_categories() -> Response:
    """List the first parts of titles like `Billing::Refund`."""
    names = {row.title.partition("::")[0] for row in _rows() if "::" in row.title}
    return answer({"categories": sorted(names)})


@bp.get("/macros/<int:macro_id>")
def show_one_macro(macro_id: int) -> Response:
    return answer({"macro": show_macro(_macro(macro_id))})


def _macro(macro_id: int) -> Macro:
    macro = twin().world.macros.get(macro_id)
    if macro is None:
        raise not_found()
    return macro


@bp.post("/macros")
def create_macro() -> Response:
    values, world = body("macro"), twin().world
    _check(values.get("title"), values.get("actions"))
    stamp = world.stamp()
    macro = Macro(world.next_id(), str(values["title"]).strip(), list(values["actions"]), values.get("description"))
    macro.created_at = macro.updated_at = stamp
    macro.restriction = values.get("restriction")
    macro.active = bool(values.get("active", True))
    macro.position = len(world.macros)
    world.macros[macro.id] = macro
    shown = show_macro(macro)
    return answer({"macro": shown}, 201, {"Location": shown["url"]})


def _check(title: Any, actions: Any) -> None:
    is_list = isinstance(actions, list) and all(isinstance(a, dict) and a.get("field") for a in actions)
    if not str(title or "").strip() or not actions or not is_list:
        details = {"base": [{"description": "Title and actions: cannot be blank", "error": "BlankValue"}]}
        raise RefusedError(
            422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
        )


@bp.put("/macros/<int:macro_id>")
def update_macro(macro_id: int) -> Response:
    """Change a macro; its actions are replaced whole."""
    macro, values = _macro(macro_id), body("macro")
    _check(values.get("title", macro.title), values.get("actions", macro.actions))
    for name in ("title", "actions", "description", "active", "restriction", "position"):
        if name in values:
            setattr(macro, name, values[name])
    macro.updated_at = twin().world.stamp()
    return answer({"macro": show_macro(macro)})


@bp.delete("/macros/<int:macro_id>")
def delete_macro(macro_id: int) -> Response:
    del twin().world.macros[_macro(macro_id).id]
    return nothing()


# -- previews


@bp.get("/macros/<int:macro_id>/apply")
def preview(macro_id: int) -> Response:
    """Show what the macro alone would set."""
    return answer({"result": {"ticket": macro_actions.changes(_macro(macro_id), None, me(), twin().world)}})


@bp.get("/tickets/<int:ticket_id>/macros/<int:macro_id>/apply")
def preview_on_ticket(ticket_id: int, macro_id: int) -> Response:
    """Show the whole ticket as it would be; nothing is changed."""
    ticket = find(ticket_id)
    shown = {name: value for name, value in show_ticket(ticket).items() if name != "fields"}
    changes = macro_actions.changes(_macro(macro_id), ticket, me(), twin().world)
    return answer({"result": {"ticket": {**shown, **changes}}})
