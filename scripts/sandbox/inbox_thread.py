"""One ticket as the inbox shows it: its messages, what changed in between, and the form to write with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from scripts.sandbox import macro_actions, richtext
from scripts.sandbox.state import Comment, Macro, Ticket, User
from scripts.sandbox.twin import Twin

EXCERPT = 140
_TOLD = {
    "status": "status", "priority": "priority", "group_id": "group", "assignee_id": "assignee", "tags": "tags",
    "type": "type", "subject": "subject", "problem_id": "problem",
}  # fmt: skip
KINDS = {
    "requester": "Requester",
    "staff": "Public reply",
    "bot": "Public reply by Deskhand",
    "note": "Internal note",
    "bot_note": "Internal note by Deskhand",
}
_PEOPLE_WORDS = {
    "EmailCcChange": ("current_email_ccs", "copies to"),
    "FollowerChange": ("current_followers", "followers"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a thread: a message (`comment` set) or a line about what changed (`changes`)."""

    author: str
    kind: str  # requester | staff | bot | note | bot_note | change
    at: str
    comment: Comment | None = None
    html: Markup | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form: as typed, else as a macro fills it in, else as the ticket is."""

    kind: str  # requester | reply | note
    values: Mapping[str, str]
    macro: Macro | None = None
    macro_words: tuple[str, ...] = field(default=())
    status: str = ""  # the way to submit that is offered first


def entries(held: Twin, ticket: Ticket) -> list[Entry]:
    """Return the thread in order: every audit's message, then the line of what else it changed."""
    comments = {comment.audit_id: comment for comment in ticket.comments}
    found = []
    for audit in ticket.audits:
        if comment := comments.get(audit.id):
            found.append(_message(held, comment))
        told = (_told(held, event) for event in audit.events if _is_told(event))
        if changes := tuple(told):
            actor = held.world.users.get(audit.author_id)
            found.append(Entry(actor.name if actor else "System", "change", audit.created_at, changes=changes))
    return found


def kind_of(held: Twin, comment: Comment) -> str:
    """Say whose words a comment is: requester, staff, bot, or a note of staff or bot."""
    is_bot = comment.author_id == held.world.account.oauth_owner_id
    if not comment.public:
        return "bot_note" if is_bot else "note"
    if is_bot:
        return "bot"
    return "staff" if held.world.users[comment.author_id].is_staff else "requester"


def excerpt(held: Twin, ticket: Ticket) -> tuple[str, str]:
    """Return whose the newest comment is and how it begins."""
    if not ticket.comments:
        return "", ""
    comment = ticket.comments[-1]
    text = " ".join(comment.plain_body.split())
    return kind_of(held, comment), text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0]} …"


def _message(held: Twin, comment: Comment) -> Entry:
    html = Markup(richtext.safe(comment.html_body))  # noqa: S704 - cleaned by nh3 one call before
    author = held.world.users[comment.author_id]
    return Entry(author.name, kind_of(held, comment), comment.created_at, comment, html)


def _is_told(event: Mapping[str, Any]) -> bool:
    return event["type"] in _PEOPLE_WORDS or (event["type"] == "Change" and event["field_name"] in _TOLD)


def _told(held: Twin, event: Mapping[str, Any]) -> str:
    if event["type"] in _PEOPLE_WORDS:
        key, words = _PEOPLE_WORDS[event["type"]]
        return f"{words} → {', '.join(event[key]) or 'nobody'}"
    name, value, before = event["field_name"], event["value"], event["previous_value"]
    world = held.world
    if name == "tags":
        added, removed = set(value) - set(before or []), set(before or []) - set(value)
        parts = [f"tagged {', '.join(sorted(added))}"] if added else []
        parts += [f"untagged {', '.join(sorted(removed))}"] if removed else []
        return " and ".join(parts) or "tags unchanged"
    if name == "group_id" and value:
        value = world.groups[int(value)].name
    if name == "assignee_id" and value:
        value = world.users[int(value)].name
    by_rule = f" (trigger: {event['via']['source']['from']['title']})" if "via" in event else ""
    return f"{_TOLD[name]} → {value or 'none'}{by_rule}"


# -- the form


def form_for(
    held: Twin, ticket: Ticket, typed: Mapping[str, str], macro: Macro | None, person: User | None = None
) -> Form:
    """Return what the form shows. What was typed and refused comes before what a macro says."""
    if typed:
        return Form(typed.get("kind", "reply"), typed, status=typed.get("status", ""))
    if macro is None:
        return Form(_first_kind(held, ticket), {}, status="open")
    found = macro_actions.changes(
        macro, ticket, person or held.world.users[held.world.account.oauth_owner_id], held.world
    )
    comment = found.get("comment", {})
    values = {"body": str(comment.get("body", ""))}
    if "tags" in found:
        values["tags"] = " ".join(found["tags"])
    for name in ("priority", "type"):
        if name in found:
            values[name] = str(found[name] or "")
    for name, key in (("group", "group_id"), ("assignee", "assignee_id")):
        if key in found:
            values[name] = str(found[key] or "")
    words = tuple(macro_actions.words(macro, held.world))
    kind = "note" if comment.get("public") is False else "reply"
    return Form(kind, values, macro, words, str(found.get("status") or ""))


def _first_kind(held: Twin, ticket: Ticket) -> str:
    """Offer to answer whoever spoke last."""
    if ticket.status == "closed" or not ticket.comments:
        return "requester"
    public = [comment for comment in ticket.comments if comment.public]
    return "reply" if public and kind_of(held, public[-1]) == "requester" else "requester"
