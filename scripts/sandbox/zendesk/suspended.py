"""Suspended tickets over the API: mail that waits to be recovered or deleted, and is no ticket until then."""

from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import acts
from scripts.sandbox.records import SuspendedTicket
from scripts.sandbox.refusals import not_found
from scripts.sandbox.zendesk.calls import answer, ids_asked, listing, me, nothing, twin
from scripts.sandbox.zendesk.tickets import show_ticket

bp = Blueprint("suspended", __name__, url_prefix="/api/v2")


def show_suspended(row: SuspendedTicket) -> dict[str, Any]:
    return {
        "url": f"{twin().world.base_url}/api/v2/suspended_tickets/{row.id}.json",
        "id": row.id,
        "author": row.author,
        "subject": row.subject,
        "content": row.content,
        "cause": row.cause,
        "cause_id": row.cause_id,
        "message_id": row.message_id,
        "ticket_id": row.ticket_id,
        "recipient": row.recipient,
        "via": row.via,
        "attachments": [],
        "brand_id": twin().world.account.brand_id,
        "error_messages": None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _row(row_id: int) -> SuspendedTicket:
    row = twin().world.suspended_tickets.get(row_id)
    if row is None:
        raise not_found()
    return row


@bp.get("/suspended_tickets")
def list_suspended() -> Response:
    """List the oldest first; `sort_by` takes cause, created_at, author_email or subject."""
    rows = list(twin().world.suspended_tickets.values())
    sort = request.args.get("sort_by", "created_at")
    keys = {"cause": "cause", "created_at": "created_at", "subject": "subject"}
    rows.sort(key=lambda row: (str(getattr(row, keys[sort]) if sort in keys else row.author.get("email")), row.id))
    return listing(
        "suspended_tickets", rows[::-1] if request.args.get("sort_order") == "desc" else rows, show_suspended
    )


@bp.get("/suspended_tickets/<int:row_id>")
def show_one_suspended(row_id: int) -> Response:
    return answer({"suspended_ticket": show_suspended(_row(row_id))})


@bp.put("/suspended_tickets/<int:row_id>/recover")
def recover(row_id: int) -> Response:
    """Make a ticket of it, whose requester is the caller and not who wrote."""
    ticket = acts.recover(twin(), _row(row_id), requester=me())
    return answer({"ticket": [show_ticket(ticket)]})


@bp.put("/suspended_tickets/recover_many")
def recover_many() -> Response:
    """Make tickets of the mails `ids`, each with its own sender; 422 lists those that could not be."""
    held = twin().world.suspended_tickets
    rows = [held[key] for key in ids_asked() if key in held]
    failed = [row for row in rows if not row.author.get("email")]
    tickets = [acts.recover(twin(), row) for row in rows if row not in failed]
    shown: dict[str, Any] = {"tickets": [show_ticket(ticket) for ticket in tickets]}
    if failed:
        return answer({**shown, "suspended_tickets": [show_suspended(row) for row in failed]}, 422)
    return answer(shown)


@bp.delete("/suspended_tickets/<int:row_id>")
def delete_suspended(row_id: int) -> Response:
    del twin().world.suspended_tickets[_row(row_id).id]
    return nothing()


@bp.delete("/suspended_tickets/destroy_many")
def delete_many_suspended() -> Response:
    for key in ids_asked():
        twin().world.suspended_tickets.pop(key, None)
    return nothing()
