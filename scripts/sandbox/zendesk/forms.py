"""Ticket forms over the API: which fields a ticket shows, in what order; one form is the default."""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.records import TicketForm
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.zendesk.calls import answer, body, ids_asked, listing, need_admin, nothing, twin

bp = Blueprint("forms", __name__, url_prefix="/api/v2")

_FLAGS = ("active", "end_user_visible", "in_all_brands")
_CONDITIONS = ("agent_conditions", "end_user_conditions")


def show_form(row: TicketForm) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"{twin().world.base_url}/api/v2/ticket_forms/{row.id}.json",
        "name": row.name,
        "raw_name": row.name,
        "display_name": row.display_name,
        "raw_display_name": row.display_name,
        "position": row.position,
        "active": row.active,
        "default": row.default,
        "end_user_visible": row.end_user_visible,
        "in_all_brands": row.in_all_brands,
        "restricted_brand_ids": [],
        "ticket_field_ids": row.ticket_field_ids,
        "agent_conditions": row.agent_conditions,
        "end_user_conditions": row.end_user_conditions,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _form(form_id: int) -> TicketForm:
    row = twin().world.ticket_forms.get(form_id)
    if row is None:
        raise not_found()
    return row


def _picked(rows: list[TicketForm]) -> Response:
    """List forms by position, picked by `active` and `end_user_visible`."""
    for name in ("active", "end_user_visible"):
        if (flag := request.args.get(name)) is not None:
            rows = [row for row in rows if getattr(row, name) == (flag == "true")]
    return listing("ticket_forms", sorted(rows, key=lambda row: (row.position, row.id)), show_form, is_whole=True)


@bp.get("/ticket_forms")
def list_forms() -> Response:
    return _picked(list(twin().world.ticket_forms.values()))


@bp.get("/ticket_forms/show_many")
def show_many_forms() -> Response:
    return _picked([row for key in ids_asked() if (row := twin().world.ticket_forms.get(key))])


@bp.get("/ticket_forms/<int:form_id>")
def show_one_form(form_id: int) -> Response:
    return answer({"ticket_form": show_form(_form(form_id))})


@bp.post("/ticket_forms")
def create_form() -> Response:
    need_admin()
    return _created(body("ticket_form"), 201)


@bp.post("/ticket_forms/<int:form_id>/clone")
def clone_form(form_id: int) -> Response:
    """Make another form with the same fields; it is never the default one."""
    need_admin()
    row = _form(form_id)
    return _created({**show_form(row), "name": f"{row.name} (copy)", "default": False, "position": None}, 200)


def _created(values: dict[str, Any], status: int) -> Response:
    world = twin().world
    stamp = world.stamp()
    row = TicketForm(world.next_id(), "", position=len(world.ticket_forms), created_at=stamp)
    _fill(row, values)
    world.ticket_forms[row.id] = row
    shown = show_form(row)
    return answer({"ticket_form": shown}, status, {"Location": shown["url"]})


@bp.put("/ticket_forms/<int:form_id>")
def update_form(form_id: int) -> Response:
    need_admin()
    row = _form(form_id)
    _fill(row, body("ticket_form"))
    return answer({"ticket_form": show_form(row)})


@bp.put("/ticket_forms/reorder")
def reorder_forms() -> Response:
    need_admin()
    for place, key in enumerate(body().get("ticket_form_ids") or ()):
        _form(int(key)).position = place
    return list_forms()


@bp.delete("/ticket_forms/<int:form_id>")
def delete_form(form_id: int) -> Response:
    """Delete a form; its tickets get the default one, which stays."""
    need_admin()
    row, world = _form(form_id), twin().world
    if row.default:
        raise invalid("base", "Ticket form: the default form cannot be deleted")
    del world.ticket_forms[row.id]
    for ticket in world.tickets.values():
        if ticket.ticket_form_id == row.id:
            ticket.ticket_form_id = world.account.ticket_form_id
    return nothing()


def _fill(row: TicketForm, values: dict[str, Any]) -> None:
    """Set what a body gives; refuse what cannot be, with nothing changed."""
    world = twin().world
    name = str(values.get("name", row.name) or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    fields = [int(key) for key in values.get("ticket_field_ids", row.ticket_field_ids) or ()]
    if unknown := [key for key in fields if key not in world.ticket_fields]:
        raise invalid("ticket_field_ids", f"Ticket field {unknown[0]} does not exist")
    if row.default and (values.get("default") is False or values.get("active") is False):
        raise invalid("base", "Ticket form: the default form stays active and default until another is")
    row.name, row.ticket_field_ids = name, fields or _of_the_system()
    row.display_name = str(values.get("display_name") or row.display_name or name)
    for flag in _FLAGS:
        setattr(row, flag, bool(values.get(flag, getattr(row, flag))))
    for conditions in _CONDITIONS:
        setattr(row, conditions, list(values.get(conditions, getattr(row, conditions)) or ()))
    if values.get("position") is not None:
        row.position = int(values["position"])
    if values.get("default") is True:
        _make_default(row)
    row.updated_at = world.stamp()


def _of_the_system() -> list[int]:
    return [field.id for field in twin().world.ticket_fields.values() if field.is_system]


def _make_default(row: TicketForm) -> None:
    """Make this the form of new tickets that name none."""
    world = twin().world
    for other in world.ticket_forms.values():
        other.default = False
    row.default = row.active = True
    world.account.ticket_form_id = row.id
