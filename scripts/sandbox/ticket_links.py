"""What a ticket says of other tickets and people, of its status and form: problems, copies, custom statuses.

Completes and checks what is wanted of a ticket before anything is set. Changes nothing but `wanted`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scripts.sandbox.records import CustomStatus
from scripts.sandbox.refusals import invalid
from scripts.sandbox.state import Ticket, User, World

MAX_COPIES = 48
_UNSOLVED = ("new", "open", "pending", "hold")


def prepare(world: World, ticket: Ticket, wanted: dict[str, Any]) -> None:
    """Refuse what does not fit together; let a status follow from a custom one, and links from the type."""
    _prepare_status(world, wanted)
    _prepare_form(world, wanted)
    kind = wanted.get("type", ticket.type)
    problem_id = wanted.get("problem_id")
    if kind != "incident" and (problem_id is not None or ticket.problem_id is not None):
        wanted["problem_id"] = None
    elif problem_id is not None:
        problem = world.live_ticket(problem_id)
        if problem is None or problem.type != "problem" or problem.id == ticket.id:
            raise invalid("problem", "Problem is invalid")
    if kind != "task" and (wanted.get("due_at") or ticket.due_at):
        wanted["due_at"] = None
    elif wanted.get("due_at") and not _is_time(wanted["due_at"]):
        raise invalid("due_at", "Due date is invalid")
    if len(wanted.get("email_cc_ids") or ()) > MAX_COPIES:
        raise invalid("base", f"Email CCs: at most {MAX_COPIES} are allowed", "TooManyValues")


def _prepare_status(world: World, wanted: dict[str, Any]) -> None:
    number = wanted.get("custom_status_id")
    if number is None:
        wanted.pop("custom_status_id", None)
        return
    chosen = world.custom_statuses.get(number)
    if chosen is None or not chosen.active:
        raise invalid("custom_status", "Custom status is invalid")
    if wanted.get("status") not in (None, chosen.status_category):
        raise invalid("custom_status", "Custom status: does not belong to the status category")
    wanted["status"] = chosen.status_category
    wanted["custom_status_id"] = None if chosen.default else chosen.id


def _prepare_form(world: World, wanted: dict[str, Any]) -> None:
    number = wanted.get("ticket_form_id")
    if number is None:
        wanted.pop("ticket_form_id", None)
    elif (form := world.ticket_forms.get(number)) is None or not form.active:
        raise invalid("ticket_form", "Ticket form is invalid")


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def status_of(world: World, ticket: Ticket) -> CustomStatus | None:
    """Return the custom status a ticket is in: its own, else the default one of its category."""
    if own := world.custom_statuses.get(ticket.custom_status_id or 0):
        return own
    category = {"closed": "solved", "deleted": "new"}.get(ticket.status, ticket.status)
    rows = (row for row in world.custom_statuses.values() if row.status_category == category)
    return next((row for row in rows if row.default), None)


def incidents_of(world: World, ticket: Ticket) -> list[Ticket]:
    return [row for row in world.tickets.values() if row.problem_id == ticket.id and row.status != "deleted"]


def to_solve_with(world: World, ticket: Ticket) -> list[Ticket]:
    """Return the incidents that are solved when this problem is."""
    is_solved_problem = ticket.type == "problem" and ticket.status == "solved"
    return [row for row in incidents_of(world, ticket) if row.status in _UNSOLVED] if is_solved_problem else []


def changed_people(present: Iterable[int], given: Iterable[tuple[User, str]]) -> list[int]:
    """Return who is on a list after each was put on it or taken off."""
    ids = dict.fromkeys(present)
    for user, action in given:
        if action == "delete":
            ids.pop(user.id, None)
        else:
            ids[user.id] = None
    return list(ids)


def people_event(world: World, name: str, value: Iterable[int], before: Iterable[int]) -> dict[str, Any]:
    """Return what an audit says of a change of copies or followers."""
    kind, words = ("EmailCcChange", "email_ccs") if name == "email_cc_ids" else ("FollowerChange", "followers")
    return {
        "type": kind,
        f"current_{words}": list(_addresses(world, value)),
        f"previous_{words}": list(_addresses(world, before)),
    }


def _addresses(world: World, ids: Iterable[int]) -> Iterator[str]:
    for number in ids:
        if user := world.users.get(number):
            yield user.email or user.name


def events(ticket: Ticket, before: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the webhook events of changed links: kind and content."""
    for name, kind in (("problem_id", "problem_link_changed"), ("custom_status_id", "custom_status_changed")):
        now, was = getattr(ticket, name), before[name]
        if now != was:
            yield kind, {"current": now and str(now), "previous": was and str(was)}
    for name, kind in (("email_cc_ids", "email_ccs_changed"), ("follower_ids", "followers_changed")):
        added, removed = set(getattr(ticket, name)) - set(before[name]), set(before[name]) - set(getattr(ticket, name))
        if added or removed:
            yield kind, {"users_added": sorted(map(str, added)), "users_removed": sorted(map(str, removed))}
