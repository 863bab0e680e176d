"""The control API under `/_control/`: load, act, spoil, look into the books. This machine only, no password."""

from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import acts, faults
from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.zendesk.calls import answer, twin

bp = Blueprint("control", __name__, url_prefix="/_control")

_MAX_ENTRIES = 10_000


@bp.before_request
def _only_here() -> None:
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - compared, not bound
        raise RefusedError(403, {"error": "the control API answers this machine only"})


@bp.errorhandler(ValueError)
@bp.errorhandler(TypeError)
@bp.errorhandler(KeyError)
def _wrong_input(error: Exception) -> Response:
    text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return answer({"error": text}, 400)


def _given() -> dict[str, Any]:
    values = request.get_json(force=True, silent=True)
    if not isinstance(values, dict):
        raise ValueError("the body must be a JSON object")
    return values


@bp.get("/ready")
def ready() -> Response:
    return answer({"ready": True, "zendesk": twin().world.base_url})


@bp.post("/load")
def load() -> Response:
    return answer({"loaded": acts.load(twin(), _given())})


@bp.get("/state")
def state() -> Response:
    return answer(twin().world.to_dict())


@bp.post("/reset")
def reset() -> Response:
    twin().reset()
    return answer({"reset": True})


@bp.get("/books")
def books() -> Response:
    """Return entries after `since`, at most `limit`; `kind` picks request, write or webhook."""
    since, limit = request.args.get("since", 0, type=int), request.args.get("limit", 1000, type=int)
    entries, newest = twin().books.since(since, min(limit, _MAX_ENTRIES))
    next_since = entries[-1]["seq"] if entries else newest
    if kind := request.args.get("kind"):
        entries = [entry for entry in entries if entry["kind"] == kind]
    idle = twin().sender.is_idle()
    return answer({"entries": entries, "next_since": next_since, "newest": newest, "webhooks_idle": idle})


@bp.post("/faults")
def set_faults() -> Response:
    """Replace the list of faults by the one given; an empty list ends them."""
    rows = [faults.parse(row) for row in _given().get("faults", [])]
    twin().faults.replace(rows)
    return answer({"faults": len(rows)})


@bp.get("/switches")
def show_switches() -> Response:
    return answer(twin().switches())


@bp.post("/switches")
def set_switches() -> Response:
    twin().switch(_given())
    return answer(twin().switches())


@bp.post("/messages")
def write_message() -> Response:
    ticket, comment_id = acts.message(twin(), _given())
    return answer({"ticket_id": ticket.id, "comment_id": comment_id, "status": ticket.status}, 201)


@bp.post("/staff")
def act_as_staff() -> Response:
    ticket, comment_id = acts.staff(twin(), _given())
    return answer({"ticket_id": ticket.id, "comment_id": comment_id, "status": ticket.status})


@bp.post("/suspend")
def suspend_mail() -> Response:
    """Let a mail wait among the suspended tickets: requester, subject, body, cause."""
    return answer({"suspended_ticket_id": acts.suspend(twin(), _given()).id}, 201)


@bp.post("/ratings")
def rate() -> Response:
    """Rate a ticket as its requester: ticket_id, score, comment, reason."""
    return answer({"rating_id": acts.rate(twin(), _given()).id}, 201)


@bp.post("/age")
def close_by_age() -> Response:
    """Close a solved ticket as the system does after weeks: no trigger, no webhook."""
    ticket = twin().world.live_ticket(int(_given()["ticket_id"]))
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
    given = _given()
    units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
    unknown = set(given) - units.keys()
    if unknown or not all(type(value) in (int, float) for value in given.values()):
        raise ValueError(f"give numbers of {', '.join(units)}")
    closed = twin().advance(sum(units[name] * value for name, value in given.items()))
    return answer({"now": twin().world.stamp(), "ahead_seconds": twin().clock.ahead_seconds, "closed": closed})
