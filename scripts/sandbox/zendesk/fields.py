"""Ticket fields over the API. Drop-downs keep their options by the rules that lose options to the careless."""

from typing import Any

from flask import Blueprint, Response

from scripts.sandbox.records import FieldOption, TicketField
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.zendesk.calls import answer, body, listing, need_admin, nothing, twin, whole_number

bp = Blueprint("fields", __name__, url_prefix="/api/v2")

TYPES = (
    "text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "partialcreditcard", "multiselect",
    "tagger", "lookup",
)  # fmt: skip
_WITH_OPTIONS = ("tagger", "multiselect")
_MAX_OPTIONS = 2000
_IN_PORTAL = ("visible_in_portal", "editable_in_portal", "required_in_portal", "title_in_portal")


def show_field(row: TicketField) -> dict[str, Any]:
    portal = {"visible_in_portal": row.is_system, "editable_in_portal": row.is_system, "required_in_portal": False}
    shown = {
        "url": f"{twin().world.base_url}/api/v2/ticket_fields/{row.id}.json",
        "id": row.id,
        "type": row.type,
        "title": row.title,
        "raw_title": row.title,
        "description": row.description,
        "raw_description": row.description,
        "position": row.position,
        "active": row.active,
        "required": row.required,
        "collapsed_for_agents": False,
        "regexp_for_validation": row.regexp,
        "title_in_portal": row.title,
        "raw_title_in_portal": row.title,
        **portal,
        **row.in_portal,
        "tag": row.tag,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "removable": not row.is_system,
        "agent_description": row.agent_description,
    }
    if row.type in _WITH_OPTIONS:
        shown["custom_field_options"] = [_show_option(row, option) for option in row.options]
    elif row.is_system and row.options:
        shown["system_field_options"] = [{"name": option.name, "value": option.value} for option in row.options]
    return shown


def _show_option(row: TicketField, option: FieldOption) -> dict[str, Any]:
    base = f"{twin().world.base_url}/api/v2/ticket_fields/{row.id}/options"
    return {
        "id": option.id,
        "url": f"{base}/{option.id}.json",
        "name": option.name,
        "raw_name": option.name,
        "value": option.value,
        "position": row.options.index(option),
    }


def _field(field_id: int) -> TicketField:
    row = twin().world.ticket_fields.get(field_id)
    if row is None:
        raise not_found()
    return row


@bp.get("/ticket_fields")
def list_fields() -> Response:
    """List every field; without a page size the whole list comes at once."""
    return listing("ticket_fields", list(twin().world.ticket_fields.values()), show_field, is_whole=True)


@bp.get("/ticket_fields/<int:field_id>")
def show_one_field(field_id: int) -> Response:
    return answer({"ticket_field": show_field(_field(field_id))})


@bp.post("/ticket_fields")
def create_field() -> Response:
    need_admin()
    values, world = body("ticket_field"), twin().world
    kind = str(values.get("type") or "text")
    if kind not in TYPES:
        raise invalid("type", f"Type: {kind} is invalid")
    stamp = world.stamp()
    row = TicketField(world.next_id(), "", kind, position=len(world.ticket_fields), created_at=stamp)
    if kind in _WITH_OPTIONS and not values.get("custom_field_options"):
        raise invalid("custom_field_options", "Field options: cannot be blank", "BlankValue")
    _fill(row, values)
    world.ticket_fields[row.id] = row
    shown = show_field(row)
    return answer({"ticket_field": shown}, 201, {"Location": shown["url"]})


@bp.put("/ticket_fields/<int:field_id>")
def update_field(field_id: int) -> Response:
    """Change a field. Its type stays; options that are given replace all, so what is left out is deleted."""
    need_admin()
    row, values = _field(field_id), body("ticket_field")
    if values.get("type", row.type) != row.type:
        raise invalid("type", "Type: cannot be changed")
    _fill(row, values)
    return answer({"ticket_field": show_field(row)})


@bp.delete("/ticket_fields/<int:field_id>")
def delete_field(field_id: int) -> Response:
    need_admin()
    row = _field(field_id)
    if row.is_system:
        raise invalid("base", "System fields cannot be deleted")
    del twin().world.ticket_fields[row.id]
    return nothing()


def _fill(row: TicketField, values: dict[str, Any]) -> None:
    title = str(values.get("title", row.title)).strip()
    if not title:
        raise invalid("title", "Title: cannot be blank", "BlankValue")
    if row.type in _WITH_OPTIONS and "custom_field_options" in values:
        row.options = _options(row, list(values["custom_field_options"] or ()))
    row.title = title
    for name in ("description", "agent_description", "active", "required", "position", "tag", "regexp"):
        given = "regexp_for_validation" if name == "regexp" else name
        if given in values:
            setattr(row, name, values[given])
    row.in_portal.update({name: values[name] for name in _IN_PORTAL if name in values})
    row.updated_at = twin().world.stamp()


def _options(row: TicketField, given: list[dict[str, Any]]) -> list[FieldOption]:
    if len(given) > _MAX_OPTIONS:
        raise invalid("custom_field_options", f"Field options: more than {_MAX_OPTIONS}")
    by_value = {option.value: option for option in row.options}
    options: list[FieldOption] = []
    for values in given:
        option = _option(row, values, options)
        known = by_value.get(option.value)
        options.append(FieldOption(known.id, option.name, option.value) if known else option)
    return options


def _option(row: TicketField, values: dict[str, Any], before: list[FieldOption]) -> FieldOption:
    """Return an option; its value, which is a tag, must not be in use by any field."""
    name, value = str(values.get("name") or "").strip(), str(values.get("value") or "").strip()
    if not name or not value:
        raise invalid("custom_field_options", "Field options: name and value cannot be blank", "BlankValue")
    others = (o for other in twin().world.ticket_fields.values() if other is not row for o in other.options)
    is_taken = any(option.value == value for option in others if not row.is_system)
    if is_taken or any(option.value == value for option in before):
        raise invalid("custom_field_options", f"Field options: {value} is already in use", "DuplicateValue")
    return FieldOption(whole_number(values.get("id")) or twin().world.next_id(), name, value)


# -- single options


@bp.get("/ticket_fields/<int:field_id>/options")
def list_options(field_id: int) -> Response:
    row = _field(field_id)
    return listing("custom_field_options", row.options, lambda option: _show_option(row, option))


@bp.post("/ticket_fields/<int:field_id>/options")
def save_option(field_id: int) -> Response:
    """Add an option, or change the one whose id is given."""
    need_admin()
    row, values = _field(field_id), body("custom_field_option")
    old = next((option for option in row.options if option.id == whole_number(values.get("id"))), None)
    option = _option(row, values, [other for other in row.options if other is not old])
    if old:
        old.name, old.value = option.name, option.value
    else:
        row.options.append(option)
    return answer({"custom_field_option": _show_option(row, old or option)}, 200 if old else 201)


@bp.delete("/ticket_fields/<int:field_id>/options/<int:option_id>")
def delete_option(field_id: int, option_id: int) -> Response:
    need_admin()
    row = _field(field_id)
    if all(option.id != option_id for option in row.options):
        raise not_found()
    row.options = [option for option in row.options if option.id != option_id]
    return nothing()
