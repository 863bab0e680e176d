"""What a conversation becomes when it is converted: a ticket with type, state and the same thread."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from scripts.sandbox.intercom import wire
from scripts.sandbox.intercom.calls import answer, body, conversation, style, twin, wanted
from scripts.sandbox.intercom.refusals import invalid, not_found
from scripts.sandbox.intercom.state import Ticket, TicketState, TicketType
from scripts.sandbox.intercom.twin import IntercomTwin
from scripts.sandbox.intercom.wire import Style

bp = Blueprint("tickets", __name__)


def _show_state(row: TicketState) -> dict[str, Any]:
    return {
        "type": "ticket_state",
        "id": row.id,
        "category": row.category,
        "internal_label": row.internal_label,
        "external_label": row.external_label,
    }


def _show_type(row: TicketType, held: IntercomTwin) -> dict[str, Any]:
    account = held.world.account
    states = [_show_state(state) for state in held.world.ticket_states.values()]
    return {
        "type": "ticket_type",
        "id": row.id,
        "category": row.category,
        "name": row.name,
        "description": row.description,
        "icon": "🎟️",
        "workspace_id": account.app_id,
        "ticket_type_attributes": {"type": "list", "ticket_type_attributes": []},
        "ticket_states": {"type": "list", "data": states},
        "archived": False,
        "created_at": account.created_at,
        "updated_at": account.created_at,
    }


def show(row: Ticket, held: IntercomTwin, how: Style) -> dict[str, Any]:
    """Return a ticket. Its parts are those of the conversation, under ids of their own."""
    world = held.world
    source = world.conversations[row.conversation_id]
    seen = wire.conversation(source, world, how)
    parts = [_as_ticket_part(part) for part in seen["conversation_parts"]["conversation_parts"]]
    kind, state = world.ticket_types[row.type_id], world.ticket_states[row.state_id]
    return {
        "type": "ticket",
        "id": row.id,
        "ticket_id": row.number,
        "category": kind.category,
        "ticket_attributes": row.attributes,
        "ticket_state": _show_state(state) if how.version >= (2, 12) else state.category,
        "ticket_type": _show_type(kind, held),
        "contacts": seen["contacts"],
        "admin_assignee_id": source.admin_assignee_id,
        "team_assignee_id": source.team_assignee_id,
        "created_at": row.created_at,
        "updated_at": max(row.updated_at, source.updated_at),
        "open": source.state != "closed",
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ticket_parts": {"type": "ticket_part.list", "ticket_parts": parts, "total_count": len(parts)},
        "is_shared": True,
    }


def _as_ticket_part(part: Mapping[str, Any]) -> dict[str, Any]:
    names = ("part_type", "body", "created_at", "updated_at", "assigned_to", "author", "attachments", "redacted")
    shown = {name: part[name] for name in names if part[name] is not None or name == "body"}
    return {"type": "ticket_part", "id": f"9{part['id']}", **shown}


@bp.post("/conversations/<conversation_id>/convert")
def convert(conversation_id: str) -> Response:
    """Make a ticket for customers of a conversation."""
    held, values, row = twin(), body(), conversation(conversation_id)
    kind = held.world.ticket_types.get(str(wanted(values, "ticket_type_id")))
    if kind is None:
        raise not_found("Ticket type")
    if kind.category != "Customer":
        raise invalid("Ticket type is not a customer ticket type", "ticket_type_id")
    if row.is_ticket:
        raise invalid("Conversation is already a ticket")
    state = str(values.get("ticket_state_id") or min(held.world.ticket_states))
    if state not in held.world.ticket_states:
        raise invalid("ticket_state_id is not known", "ticket_state_id")
    ticket = _add(held, row.id, kind.id, state, values.get("attributes") or {})
    row.ticket_id = ticket.id
    how = Style(held.app_version, is_plain=held.app_version >= (2, 15), is_webhook=True)
    held.desk.side_part(row, held.desk.actor(held.world.account.owner_id, is_api=True), "ticket_state_updated_by_admin")
    held.notices.ticket("ticket.created", lambda: show(ticket, held, how), row.id)
    return answer(show(ticket, held, style()))


def _add(held: IntercomTwin, conversation_id: str, kind: str, state: str, attributes: dict[str, Any]) -> Ticket:
    number, now = held.world.take("ticket"), held.world.stamp()
    row = Ticket(str(215470100000000 + number), str(number), conversation_id, kind, state, attributes, now, now)
    held.world.tickets[row.id] = row
    return row


@bp.get("/tickets/<ticket_id>")
def show_ticket(ticket_id: str) -> Response:
    row = twin().world.tickets.get(ticket_id)
    if row is None or row.conversation_id not in twin().world.conversations:
        raise not_found()
    return answer(show(row, twin(), style()))


@bp.get("/ticket_types")
def list_types() -> Response:
    rows = [_show_type(row, twin()) for row in twin().world.ticket_types.values()]
    return answer({"type": "list", "data": rows})


@bp.get("/ticket_states")
def list_states() -> Response:
    rows = [{**_show_state(row), "archived": False} for row in twin().world.ticket_states.values()]
    return answer({"type": "list", "data": rows})
