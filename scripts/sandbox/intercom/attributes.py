"""Fields: of conversations by their own calls (from 2.16 on), of contacts and companies as data attributes."""

from typing import Any

from flask import Blueprint, Response, g, request

from scripts.sandbox.intercom import wire_people as wire
from scripts.sandbox.intercom.calls import answer, body, needs_version, twin, wanted
from scripts.sandbox.intercom.refusals import invalid, refuse
from scripts.sandbox.intercom.state import Attribute, DataAttribute

bp = Blueprint("attributes", __name__)

TYPES = ("string", "integer", "list", "decimal", "boolean", "datetime", "relationship", "files")
_DATA_TYPES = {"options": "string", "string": "string", "integer": "integer", "float": "float",
               "boolean": "boolean", "datetime": "date", "date": "date"}  # fmt: skip


def _attribute(number: int) -> Attribute:
    needs_version(16)
    row = twin().world.attributes.get(number)
    if row is None:
        raise refuse(404, "conversation_attribute_not_found", "Conversation attribute not found")
    return row


def _unfit(message: str, field: str) -> Exception:
    return refuse(422, "parameter_invalid", message, field)


@bp.get("/conversations/attributes")
def list_attributes() -> Response:
    needs_version(16)
    everything = request.args.get("include_archived") == "true"
    rows = [row for row in twin().world.attributes.values() if everything or not row.archived]
    return answer({"type": "list", "data": [wire.attribute(row) for row in rows]})


@bp.post("/conversations/attributes")
def make_attribute() -> Response:
    needs_version(16)
    values, world = body(), twin().world
    name, kind = str(wanted(values, "name")), values.get("data_type")
    if kind not in TYPES:
        raise _unfit(f"data_type must be one of {', '.join(TYPES)}", "data_type")
    if any(row.name == name and not row.archived for row in world.attributes.values()):
        raise _unfit("An attribute with this name already exists", "name")
    if kind == "list" and not values.get("options"):
        raise _unfit("options are required for a list", "options")
    now = world.stamp()
    row = Attribute(world.take("row"), name, kind, created_at=now, updated_at=now)
    _change(row, values)
    for option in values.get("options") or ():
        _add_option(row, option)
    world.attributes[row.id] = row
    return answer(wire.attribute(row))


def _change(row: Attribute, values: dict[str, Any]) -> None:
    for name in ("name", "description", "multiline", "required", "visible_to_team_ids"):
        if name in values:
            setattr(row, name, values[name])
    row.updated_at = twin().world.stamp()


def _add_option(row: Attribute, option: Any) -> None:
    label = str(wanted(option if isinstance(option, dict) else {}, "label"))
    if any(one["label"] == label for one in row.options):
        raise _unfit("An option with this label already exists", "label")
    row.options.append({"id": str(twin().world.take("row")), "label": label, "archived": False})


@bp.get("/conversations/attributes/<int:number>")
def show_attribute(number: int) -> Response:
    return answer(wire.attribute(_attribute(number)))


@bp.put("/conversations/attributes/<int:number>")
def update_attribute(number: int) -> Response:
    row = _attribute(number)
    _change(row, body())
    return answer(wire.attribute(row))


@bp.delete("/conversations/attributes/<int:number>")
def archive_attribute(number: int) -> Response:
    row = _attribute(number)
    row.archived, row.updated_at = True, twin().world.stamp()
    return answer(wire.attribute(row))


@bp.post("/conversations/attributes/<int:number>/options")
def add_option(number: int) -> Response:
    row = _attribute(number)
    if row.data_type != "list":
        raise _unfit("Only a list has options", "data_type")
    _add_option(row, body())
    return answer(wire.attribute(row))


@bp.put("/conversations/attributes/<int:number>/options/<option_id>")
def rename_option(number: int, option_id: str) -> Response:
    row = _attribute(number)
    _option(row, option_id)["label"] = str(wanted(body(), "label"))
    return answer(wire.attribute(row))


@bp.delete("/conversations/attributes/<int:number>/options/<option_id>")
def archive_option(number: int, option_id: str) -> Response:
    row = _attribute(number)
    _option(row, option_id)["archived"] = True
    return answer(wire.attribute(row))


def _option(row: Attribute, option_id: str) -> dict[str, Any]:
    for option in row.options:
        if option["id"] == option_id:
            return option
    raise refuse(404, "conversation_attribute_option_not_found", "Conversation attribute option not found")


# -- contacts and companies


@bp.get("/data_attributes")
def list_data_attributes() -> Response:
    """List fields of contacts and companies; those of conversations stand here below 2.16 alone."""
    model, world = request.args.get("model"), twin().world
    if model == "conversation" and g.version < (2, 16):
        rows = [_as_data(row) for row in world.attributes.values() if not row.archived]
        return answer({"type": "list", "data": rows})
    if model not in (None, "contact", "company"):
        raise refuse(422, "parameter_invalid", "model must be contact or company", "model")
    everything = request.args.get("include_archived") == "true"
    held = [r for r in world.data_attributes.values() if model in (None, r.model) and (everything or not r.archived)]
    return answer({"type": "list", "data": [wire.data_attribute(row, world) for row in held]})


def _as_data(row: Attribute) -> dict[str, Any]:
    twin_row = DataAttribute(row.id, row.name, "conversation", row.data_type, row.description)
    twin_row.options = [option["label"] for option in row.options if not option["archived"]]
    return wire.data_attribute(twin_row, twin().world)


@bp.post("/data_attributes")
def make_data_attribute() -> Response:
    values, world = body(), twin().world
    name, model, kind = str(wanted(values, "name")), values.get("model"), values.get("data_type")
    if model not in ("contact", "company"):
        raise invalid("model must be contact or company", "model")
    if kind not in _DATA_TYPES:
        raise invalid("data_type is not known", "data_type")
    if any(row.name == name and row.model == model for row in world.data_attributes.values()):
        raise invalid(f"You already have '{name}' in your {model} data", "name")
    now = world.stamp()
    row = DataAttribute(world.take("row"), name, model, _DATA_TYPES[kind], created_at=now, updated_at=now)
    row.options = [str(option["value"]) for option in values.get("options") or ()]
    row.description = str(values.get("description") or "")
    world.data_attributes[row.id] = row
    return answer(wire.data_attribute(row, world))


@bp.put("/data_attributes/<int:number>")
def update_data_attribute(number: int) -> Response:
    row = twin().world.data_attributes.get(number)
    if row is None:
        raise refuse(404, "field_not_found", "We couldn't find that data attribute to update")
    values = body()
    row.archived = bool(values.get("archived", row.archived))
    row.description = values.get("description", row.description)
    row.updated_at = twin().world.stamp()
    return answer(wire.data_attribute(row, twin().world))
