"""Conversations, threads and articles as the shared inbox pages read them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from scripts.sandbox import richtext
from scripts.sandbox.intercom import wire
from scripts.sandbox.intercom.state import Article, Conversation, Part, Ref
from scripts.sandbox.intercom.twin import IntercomTwin

EXCERPT = 140
KINDS = {
    "requester": "Customer",
    "staff": "Reply",
    "bot": "Reply by Deskhand",
    "note": "Note",
    "bot_note": "Note by Deskhand",
}
_TOLD = {
    "close": "closed", "open": "opened", "snoozed": "snoozed", "unsnoozed": "woke",
    "timer_unsnooze": "woke (time is up)",
    "participant_added": "added somebody", "participant_removed": "removed somebody",
    "merged_primary_conversation": "merged another conversation into this one",
    "ticket_state_updated_by_admin": "made a ticket of it",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in the words of the pages."""

    id: str
    subject: str
    status: str
    tags: list[str]
    priority: str
    created_at: str
    updated_at: str
    via: dict[str, str]
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    attachments: list[dict[str, Any]]
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a thread: a message (`comment` set) or a line about what changed (`changes`)."""

    author: str
    kind: str  # requester | staff | bot | note | bot_note | change
    at: str
    comment: Comment | None = None
    html: Markup | None = None
    changes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """An article in the words of the pages."""

    id: int
    title: str
    draft: bool
    user_segment_id: int | None  # set where not everybody may read it
    locale: str
    updated_at: str
    label_names: list[str]
    is_public: bool


def stamp(seconds: int | None) -> str:
    return datetime.fromtimestamp(seconds or 0, UTC).isoformat()


def row(held: IntercomTwin, source: Conversation) -> Row:
    """Return a conversation for a list; what has no subject goes by its first words."""
    tags = [held.world.tags[tag["id"]].name for tag in source.tags if tag["id"] in held.world.tags]
    subject = source.title or source.source.subject or _cut(wire.plain(source.source.html) or "", 60)
    return Row(
        source.id, subject, source.state, tags, source.priority, stamp(source.created_at), stamp(source.updated_at),
        {"channel": source.source.type}, source.custom_attributes,
    )  # fmt: skip


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"


def sides(held: IntercomTwin, source: Conversation) -> dict[str, Any]:
    """Return who and what stands beside a conversation."""
    world = held.world
    person = world.contacts.get(source.contact_ids[0])
    company = world.companies.get(source.company_id or "")
    return {
        "requester": {
            "name": (person.name if person else None) or "Somebody",
            "email": person.email if person else None,
            "suspended": bool(person and person.blocked),
            "role": person.role if person else "gone",
        },
        "assignee": world.admins.get(source.admin_assignee_id),
        "group": world.teams.get(source.team_assignee_id),
        "organization": {"name": company.name, "tags": company.tags} if company else None,
    }


# -- the thread


def name_of(held: IntercomTwin, ref: Ref) -> str:
    shown = wire.author(ref, held.world, wire.Style())
    return str(shown["name"] or shown["email"] or ref["type"])


def kind_of(held: IntercomTwin, author: Ref, *, is_note: bool = False) -> str:
    """Say whose words a message is: the customer's, a teammate's, Deskhand's, or a note of either."""
    if author["type"] in ("user", "lead"):
        return "requester"
    is_ours = author["id"] in (str(held.world.account.owner_id), str(held.world.account.operator_id))
    return ("bot_note" if is_ours else "note") if is_note else ("bot" if is_ours else "staff")


def entries(held: IntercomTwin, source: Conversation) -> list[Entry]:
    """Return the thread in order. A part with text is a message, whatever else it did as well."""
    first = source.source
    shown = "<p><i>This message was deleted</i></p>" if first.redacted else first.html
    opening = Entry(
        name_of(held, first.author), kind_of(held, first.author), stamp(source.created_at),
        Comment(first.id, _files(first.attachments)), _safe(shown),
        labels=(f"Subject: {first.subject}",) if first.subject else (),
    )  # fmt: skip
    return [opening, *(entry for part in source.parts if (entry := _entry(held, part)))]


def _safe(html: str) -> Markup:
    return Markup(richtext.safe(html))  # noqa: S704 - cleaned by nh3 in the same line


def _files(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"content_url": r["url"], "file_name": r["name"], "size": r["filesize"]} for r in rows]


def _entry(held: IntercomTwin, part: Part) -> Entry | None:
    author, at = name_of(held, part.author), stamp(part.created_at)
    if part.html is None and not part.attachments:
        return Entry(author, "change", at, changes=(_told(held, part),))
    labels = [] if part.part_type in ("comment", "note") else [_told(held, part)]
    labels += ["Not mailed"] if part.is_mailed is False else []
    html = "<p><i>This message was deleted</i></p>" if part.redacted else part.html or ""
    kind = kind_of(held, part.author, is_note=part.part_type == "note")
    return Entry(author, kind, at, Comment(part.id, _files(part.attachments)), _safe(html), labels=tuple(labels))


def _told(held: IntercomTwin, part: Part) -> str:
    details = part.event_details or {}
    if part.assigned_to:
        number = part.assigned_to["id"]
        if number is None:
            return "unassigned"
        rows: Any = held.world.teams if part.assigned_to["type"] == "team" else held.world.admins
        known = rows.get(int(number))
        return f"assigned to {known.name if known else number}"
    if part.part_type.startswith("conversation_attribute_updated"):
        return f"{details['attribute']['name']} → {details['value']['name']}"
    return _TOLD.get(part.part_type, part.part_type.replace("_", " "))


def excerpt(held: IntercomTwin, source: Conversation) -> tuple[str, str]:
    """Return whose the newest message is and how it begins."""
    spoken = [part for part in source.parts if part.html]
    if not spoken:
        return kind_of(held, source.source.author), _cut(wire.plain(source.source.html) or "", EXCERPT)
    part = spoken[-1]
    kind = kind_of(held, part.author, is_note=part.part_type == "note")
    return kind, _cut(wire.plain(part.html) or "", EXCERPT)


def page(held: IntercomTwin, source: Article) -> Page:
    labels = [held.world.tags[one].name for one in source.tag_ids if one in held.world.tags]
    is_closed = source.audience != "everyone" or source.is_internal
    return Page(
        source.id, source.title, source.state == "draft", 1 if is_closed else None, source.locale,
        stamp(source.updated_at), labels, source.is_public,
    )  # fmt: skip
