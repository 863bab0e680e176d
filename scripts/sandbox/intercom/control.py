"""The workspace's part of the control API under `/_control/`: load, act, move the clock, set up the webhook."""

from flask import Blueprint, Response

from scripts.sandbox import control_shared
from scripts.sandbox.intercom import acts
from scripts.sandbox.intercom.calls import answer, html_of, twin
from scripts.sandbox.intercom.contacts import merge
from scripts.sandbox.intercom.refusals import words
from scripts.sandbox.intercom.seed import DEFAULT_CLIENT_SECRET
from scripts.sandbox.refusals import RefusedError

bp = Blueprint("control", __name__, url_prefix="/_control")

control_shared.guard(bp)
control_shared.add_common(bp, twin, acts.load, answer)


@bp.errorhandler(RefusedError)
def refused(error: RefusedError) -> Response:
    return answer({"error": words(error)}, error.status)


@bp.get("/ready")
def ready() -> Response:
    return answer({"ready": True, "intercom": twin().world.base_url})


@bp.post("/messages")
def write_message() -> Response:
    row, number = acts.message(twin(), control_shared.given())
    return answer({"ticket_id": row.id, "comment_id": number, "status": row.state}, 201)


@bp.post("/staff")
def act_as_staff() -> Response:
    row, number = acts.staff(twin(), control_shared.given())
    return answer({"ticket_id": row.id, "comment_id": number, "status": row.state})


@bp.post("/ratings")
def rate() -> Response:
    """Rate as the contact: ticket_id, rating 1 to 5, comment."""
    return answer({"rating": acts.rate(twin(), control_shared.given()).rating}, 201)


@bp.post("/parts")
def side_part() -> Response:
    """Leave a part of any kind without text, also of one that nobody knows: ticket_id, part_type, staff."""
    given = control_shared.given()
    row = acts.find_conversation(twin(), given["ticket_id"])
    actor = twin().desk.actor(acts.find_admin(twin(), given.get("staff")).id)
    part = twin().desk.side_part(row, actor, str(given["part_type"]), given.get("event_details"))
    return answer({"ticket_id": row.id, "comment_id": part.id}, 201)


@bp.post("/bot")
def act_as_bot() -> Response:
    """Answer as the workspace's own bot (Operator, Fin): ticket_id, body."""
    given = control_shared.given()
    row = acts.find_conversation(twin(), given["ticket_id"])
    actor = twin().desk.actor(twin().world.account.operator_id)
    part = twin().desk.reply(row, actor, html_of(given["body"]))
    return answer({"ticket_id": row.id, "comment_id": part.id}, 201)


@bp.post("/fin")
def set_fin() -> Response:
    """Say what Fin did in a conversation: ticket_id, and the fields of `ai_agent`; null takes it back."""
    given = control_shared.given()
    row = acts.find_conversation(twin(), given["ticket_id"])
    row.ai_agent = given["ai_agent"]
    twin().desk.set_head(row)
    return answer({"ticket_id": row.id, "ai_agent": row.ai_agent})


@bp.post("/merge_contacts")
def merge_contacts() -> Response:
    """Merge a lead into a user: from and into, by id."""
    given, people = control_shared.given(), twin().world.contacts
    return answer({"contact_id": merge(twin(), people[given["from"]], people[given["into"]]).id})


@bp.post("/token")
def change_token() -> Response:
    """Give the app another access token; the old one is 401 from now on."""
    twin().world.account.access_token = str(control_shared.given()["token"])
    return answer({"changed": True})


# -- the Developer Hub


@bp.get("/webhook")
def show_webhook() -> Response:
    held = twin().sender.subscription
    return answer({"url": held.url, "status": held.status, "topics": sorted(held.topics)})


@bp.post("/webhook")
def save_webhook() -> Response:
    """Save the address: it must answer HEAD. `topics` are all by default; `secret` signs."""
    given = control_shared.given()
    topics = frozenset(given["topics"]) if "topics" in given else None
    twin().sender.set_up(str(given["url"]), str(given.get("secret") or DEFAULT_CLIENT_SECRET), topics)
    return show_webhook()


save_webhook.takes_no_lock = True  # type: ignore[attr-defined]  # the receiver may ask us something while it answers


@bp.post("/ping")
def ping() -> Response:
    twin().notices.ping()
    return answer({"sent": True})


@bp.get("/clock")
def show_clock() -> Response:
    return answer({"now": twin().world.stamp(), "ahead_seconds": twin().clock.ahead_seconds})


@bp.post("/clock")
def advance_clock() -> Response:
    """Move the clock of all stand-ins ahead by `seconds`, `minutes`, `hours` and `days`; tell which snoozes ended."""
    given = control_shared.given()
    units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
    if set(given) - units.keys() or not all(type(value) in (int, float) for value in given.values()):
        raise ValueError(f"give numbers of {', '.join(units)}")
    woken = twin().advance(sum(units[name] * value for name, value in given.items()))
    return answer({"now": twin().world.stamp(), "ahead_seconds": twin().clock.ahead_seconds, "woken": woken})
