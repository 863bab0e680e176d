"""The helpdesk's part of the control API under `/_control/`: load, act, move the clock. No password."""

from flask import Blueprint, Response

from scripts.sandbox import acts, control_shared
from scripts.sandbox.zendesk.calls import answer, twin

bp = Blueprint("control", __name__, url_prefix="/_control")

control_shared.guard(bp)
control_shared.add_common(bp, twin, acts.load, answer)


@bp.get("/ready")
def ready() -> Response:
    return answer({"ready": True, "zendesk": twin().world.base_url})


@bp.post("/messages")
def write_message() -> Response:
    ticket, comment_id = acts.message(twin(), control_shared.given())
    return answer({"ticket_id": ticket.id, "comment_id": comment_id, "status": ticket.status}, 201)


@bp.post("/staff")
def act_as_staff() -> Response:
    ticket, comment_id = acts.staff(twin(), control_shared.given())
    return answer({"ticket_id": ticket.id, "comment_id": comment_id, "status": ticket.status})


@bp.post("/suspend")
def suspend_mail() -> Response:
    """Let a mail wait among the suspended tickets: requester, subject, body, cause."""
    return answer({"suspended_ticket_id": acts.suspend(twin(), control_shared.given()).id}, 201)


@bp.post("/ratings")
def rate() -> Response:
    """Rate a ticket as its requester: ticket_id, score, comment, reason."""
    return answer({"rating_id": acts.rate(twin(), control_shared.given()).id}, 201)


@bp.post("/age")
def close_by_age() -> Response:
    """Close a solved ticket as the system does after weeks: no trigger, no webhook."""
    ticket = twin().world.live_ticket(int(control_shared.given()["ticket_id"]))
    if ticket is None or ticket.status != "solved":
        raise ValueError("give the ticket_id of a solved ticket")
    twin().desk.close_old(ticket)
    return answer({"ticket_id": ticket.id, "status": ticket.status})


@bp.get("/clock")
def show_clock() -> Response:
    return answer({"now": twin().world.stamp(), "ahead_seconds": twin().clock.ahead_seconds})


@bp.post("/clock")
def advance_clock() -> Response:
    """Move the account's time ahead by `seconds`, `minutes`, `hours` and `days`; tell which tickets that closed."""
    given = control_shared.given()
    units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
    unknown = set(given) - units.keys()
    if unknown or not all(type(value) in (int, float) for value in given.values()):
        raise ValueError(f"give numbers of {', '.join(units)}")
    closed = twin().advance(sum(units[name] * value for name, value in given.items()))
    return answer({"now": twin().world.stamp(), "ahead_seconds": twin().clock.ahead_seconds, "closed": closed})
