"""Mails that a trigger's action would send: noted in the audit with those who get them. Nothing is sent."""

from typing import Any

from scripts.sandbox import triggers
from scripts.sandbox.state import Trigger, World


def event(name: str, value: list[Any], update: triggers.Update, world: World, rule: Trigger) -> dict[str, Any]:
    """Return the audit's event of one notification."""
    whom, subject, body = (str(part) for part in value)
    origin = {"id": rule.id, "title": rule.title}
    return {
        "type": "Notification",
        "via": {"channel": "rule", "source": {"from": origin, "to": {}, "rel": "trigger"}},
        "subject": triggers.render(subject, update, world),
        "body": triggers.render(body, update, world),
        "recipients": _group(whom, update, world) if name == "notification_group" else _people(whom, update),
    }


def _people(whom: str, update: triggers.Update) -> list[int]:
    """Return who is meant, without whoever made the update: nobody is told what they did themselves."""
    ticket = update.ticket
    found: dict[str, list[int | None]] = {
        "requester_id": [ticket.requester_id],
        "requester_and_ccs": [ticket.requester_id, *ticket.email_cc_ids],
        "assignee_id": [ticket.assignee_id],
        "current_user": [update.actor.id],
    }
    people = found.get(whom, [int(whom)] if whom.isdigit() else [])
    return [number for number in people if number and (number != update.actor.id or whom == "current_user")]


def _group(whom: str, update: triggers.Update, world: World) -> list[int]:
    number = update.ticket.group_id if whom == "group_id" else int(whom) if whom.isdigit() else 0
    group = world.groups.get(number or 0)
    return list(group.member_ids) if group else []
