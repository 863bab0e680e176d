"""How each object looks over the API: dataclass in, JSON values out, in the words of the version asked for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.sandbox import richtext
from scripts.sandbox.intercom.state import Conversation, Part, Ref, World
from scripts.sandbox.intercom.wire_people import basic_tag, company

MAX_PARTS = 500
PREVIEW = (99, 0)
NEWEST = (2, 16)
_REDACTED = "<p><i>This message was deleted</i></p>"
_THINGS = ((re.compile(r"(?i)<img\b[^>]*>"), "[Image]"), (re.compile(r"(?i)<video\b[^>]*>.*?</video>"), "[Video]"))
_LINK = re.compile(r'(?is)<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>')


@dataclass(frozen=True, slots=True)
class Style:
    """How to render: the API version as a pair of numbers, plain text or HTML, as webhook or as answer."""

    version: tuple[int, int] = NEWEST
    is_plain: bool = False
    is_webhook: bool = False


def plain(html: str | None) -> str | None:
    """Return the plain text of a body: pictures as [Image], links as `label (url)`."""
    if html is None:
        return None
    for pattern, word in _THINGS:
        html = pattern.sub(word, html)
    html = _LINK.sub(lambda m: m.group(2) if m.group(1) == m.group(2) else f"{m.group(2)} ({m.group(1)})", html)
    return richtext.to_text(html)


def _body(html: str | None, style: Style) -> str | None:
    return plain(html) if style.is_plain else html


# -- conversations


def author(ref: Ref, world: World, style: Style) -> dict[str, Any]:
    """Return an author with name and address; whoever is gone keeps type and id."""
    name: str | None = None
    email: str | None = None
    if ref["type"] in ("user", "lead"):
        person = world.contacts.get(ref["id"])
        name, email = (person.name, person.email) if person else (None, None)
    else:
        mate = world.admins.get(int(ref["id"]))
        name, email = (mate.name, mate.email) if mate else (None, None)
    shown: dict[str, Any] = {"type": ref["type"], "id": ref["id"], "name": name, "email": email or ""}
    if style.version >= (2, 14):
        shown |= {"from_ai_agent": ref.get("ai") == "yes", "is_ai_answer": ref.get("ai") == "yes"}
    return shown


def source(row: Conversation, world: World, style: Style) -> dict[str, Any]:
    held = row.source
    who = author(held.author, world, Style((2, 13)))
    mail = {"email_message_metadata": {"message_id": f"<{held.id}@mail.example>", "subject": held.subject,
                                       "email_address_headers": [], "history": ""}}  # fmt: skip
    return {
        "type": held.type,
        "id": held.id,
        "delivered_as": held.delivered_as,
        "subject": plain(held.subject) or "",
        "body": _body(_REDACTED if held.redacted else held.html, style),
        "author": who,
        "attachments": [] if held.redacted else held.attachments,
        "url": held.url,
        "redacted": held.redacted,
        **(mail if held.type == "email" else {}),
    }


def part(row: Part, world: World, style: Style) -> dict[str, Any]:
    empty: dict[str, Any] | None = {} if style.is_webhook else None
    html = _REDACTED if row.redacted else row.html
    shown = {
        "type": "conversation_part",
        "id": row.id,
        "part_type": row.part_type,
        "body": _body(html, style),
        "created_at": row.created_at,
        "updated_at": row.updated_at or row.created_at,
        "notified_at": row.created_at,
        "assigned_to": row.assigned_to,
        "author": author(row.author, world, style),
        "attachments": [] if row.redacted else row.attachments,
        "external_id": row.external_id,
        "redacted": row.redacted,
        "metadata": {},
        "email_message_metadata": None,
    }
    if style.version >= (2, 13):
        tags = [basic_tag(world.tags[one]) for one in row.tag_ids if one in world.tags]
        shown |= {"state": row.state, "tags": tags, "app_package_code": row.app_package_code}
        shown["event_details"] = row.event_details or empty
    return shown


def _statistics(row: Conversation, style: Style) -> dict[str, Any] | None:
    if not row.statistics:
        return None
    values = {"type": "conversation_statistics", **row.statistics, "count_conversation_parts": len(row.parts) + 1}
    if style.is_webhook and style.version < (2, 15):  # ISO in those
        values = {
            name: datetime.fromtimestamp(value, UTC).isoformat() if name.endswith("_at") and value else value
            for name, value in values.items()
        }
    return values


def _priority(row: Conversation, style: Style) -> str:
    if style.version >= (2, 16):
        return row.priority
    return "priority" if row.priority in ("high", "urgent") else "not_priority"


def _teammates(row: Conversation) -> dict[str, Any] | None:
    rows = [{"type": "admin", "id": str(number)} for number in row.teammate_ids]
    return {"type": "admin.list", "teammates": rows} if rows else None


def conversation_tags(row: Conversation, world: World) -> dict[str, Any]:
    tags = [
        {**basic_tag(world.tags[tag["id"]]), "applied_at": tag["applied_at"], "applied_by": tag["applied_by"]}
        for tag in row.tags
        if tag["id"] in world.tags
    ]
    return {"type": "tag.list", "tags": tags}


def head(row: Conversation, world: World, style: Style) -> dict[str, Any]:
    """Return a conversation without its parts, as lists and searches have it."""
    people = [world.contacts[one] for one in row.contact_ids if one in world.contacts]
    contacts = [{"type": "contact", "id": one.id, "external_id": one.external_id} for one in people]
    first = row.statistics.get("first_contact_reply_at")
    shown = {
        "type": "conversation",
        "id": row.id,
        "title": row.title,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "waiting_since": row.waiting_since,
        "snoozed_until": row.snoozed_until,
        "source": source(row, world, style),
        "contacts": {"type": "contact.list", "contacts": contacts},
        "first_contact_reply": {"created_at": first, "type": "conversation", "url": None} if first else None,
        "admin_assignee_id": row.admin_assignee_id,
        "team_assignee_id": row.team_assignee_id,
        "open": row.state != "closed",
        "state": row.state,
        "read": row.read,
        "tags": conversation_tags(row, world),
        "priority": _priority(row, style),
        "sla_applied": None,
        "statistics": _statistics(row, style),
        "conversation_rating": row.rating,
        "teammates": _teammates(row),
        "custom_attributes": row.custom_attributes,
        "linked_objects": _linked(row),
        "ai_agent": row.ai_agent,
        "ai_agent_participated": row.ai_agent is not None,
    }
    if style.version >= (2, 15) and row.company_id in world.companies:
        shown["company"] = company(world.companies[row.company_id], world)
    if style.version >= (2, 16):
        channel = "messenger" if row.source.type == "conversation" else row.source.type
        shown["channel"] = {"initial": channel, "current": channel}
    return shown


def _linked(row: Conversation) -> dict[str, Any]:
    ids = [("ticket", row.ticket_id), ("conversation", row.merged_into)]
    category = {"ticket": "Customer", "conversation": None}
    rows = [{"type": kind, "id": number, "category": category[kind]} for kind, number in ids if number]
    return {"type": "list", "data": rows, "total_count": len(rows), "has_more": False}


def conversation(row: Conversation, world: World, style: Style, parts: list[Part] | None = None) -> dict[str, Any]:
    """Return a conversation with its newest 500 parts, or with the parts given; `total_count` counts what is shown.

    An answer counts all parts of the thread, a webhook those it brings.
    """
    chosen = row.parts[-MAX_PARTS:] if parts is None else parts
    rows = [part(one, world, style) for one in chosen]
    count = len(row.parts) if parts is None else len(rows)
    held = {"type": "conversation_part.list", "conversation_parts": rows, "total_count": count}
    return {**head(row, world, style), "conversation_parts": held}
