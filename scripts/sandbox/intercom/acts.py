"""What people do in the sandboxed workspace: a contact writes, teammates answer, old things are loaded.

Control and inbox share it. Wrong input raises ValueError with words for whoever sent it; what the workspace refuses
raises RefusedError. The caller holds the workspace's lock. Names are those of the other stand-ins' control API:
a ticket is a conversation here, a comment a part, a group a team, an organization a company.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.sandbox import richtext
from scripts.sandbox.intercom.articles import add_article, add_collection
from scripts.sandbox.intercom.calls import html_of, keep_file
from scripts.sandbox.intercom.contacts import add_contact, find_company
from scripts.sandbox.intercom.desk import Actor
from scripts.sandbox.intercom.state import CHANNELS, PRIORITIES, Admin, Article, Contact, Conversation, Part, Team
from scripts.sandbox.intercom.twin import IntercomTwin

_CHANNELS = {
    "web": "conversation", "web_widget": "conversation", "native_messaging": "conversation",
    "messenger": "conversation", "chat": "conversation", "api": "conversation", "sample_ticket": "conversation",
    "any_channel": "conversation", "voice": "phone_call", "mail": "email",
}  # fmt: skip
_PRIORITIES = {"low": "low", "normal": "medium", "medium": "medium", "high": "high", "urgent": "urgent", "": "none",
               "none": "none"}  # fmt: skip


def message(twin: IntercomTwin, values: Mapping[str, Any]) -> tuple[Conversation, str]:
    """Write as the contact: a new conversation, or with `ticket_id` a reply. Returns it and the message's id.

    With `opened_by` "staff" a new conversation is one that a teammate began with the contact.
    """
    number = values.get("ticket_id", values.get("conversation_id"))
    held = [_attachment(twin, row) for row in values.get("attachments") or ()]
    html = str(values.get("html") or "") or html_of(values.get("body"))
    if number is not None:
        row = find_conversation(twin, number)
        if not html and not held:
            raise ValueError("the message is empty: give body or html")
        person = _writer(twin, values, row)
        return row, twin.desk.contact_reply(row, person, html, held).id
    if values.get("requester") is None:
        raise ValueError("a new conversation needs a requester with name and email")
    if not html and not held and not values.get("subject"):
        raise ValueError("the message is empty: give body or html")
    person, opener = find_contact(twin, values["requester"]), _opener(twin, values)
    if values.get("organization"):
        join(twin, person, values["organization"])
    channel = channel_of(values.get("channel"))
    # Only mail has a subject; in a chat people say it in the first words.
    subject, html = _subject(str(values.get("subject") or ""), html, channel)
    row = twin.desk.create(person, html, opener=opener, subject=subject, channel=channel, files=held)
    _tag_all(twin, row, opener or twin.desk.actor(twin.world.account.operator_id), values.get("tags") or ())
    return row, row.source.id


def channel_of(name: Any) -> str:
    """Return the workspace's word for a channel; raise ValueError for one that nobody has."""
    wanted = str(name or "email")
    channel = _CHANNELS.get(wanted, wanted)
    if channel not in CHANNELS:
        raise ValueError(f"channel is one of {', '.join((*CHANNELS, *_CHANNELS))}")
    return channel


def _subject(subject: str, html: str, channel: str) -> tuple[str, str]:
    if channel == "email" or not subject:
        return subject, html
    if subject.lower().startswith("re:"):  # nobody types that in a chat
        return "", html
    said = richtext.to_text(html)
    return "", html if subject.strip().lower() in said.lower() else html_of(subject) + html


def _opener(twin: IntercomTwin, values: Mapping[str, Any]) -> Actor | None:
    opened_by = values.get("opened_by") or "requester"
    if opened_by not in ("requester", "staff"):
        raise ValueError("opened_by is requester or staff")
    return twin.desk.actor(find_admin(twin, values.get("staff")).id) if opened_by == "staff" else None


def _writer(twin: IntercomTwin, values: Mapping[str, Any], row: Conversation) -> Contact:
    if values.get("requester") is None:
        return twin.world.contacts[row.contact_ids[0]]
    person = find_contact(twin, values["requester"])
    if person.id not in row.contact_ids:
        row.contact_ids.append(person.id)
    return person


def _attachment(twin: IntercomTwin, values: Mapping[str, Any]) -> dict[str, Any]:
    name = str(values.get("file_name") or values.get("name") or "file.txt")
    kind, size = str(values.get("content_type") or "text/plain"), int(values.get("size") or 0)
    return keep_file(twin, name, kind, str(values.get("content") or "").encode(), size)


# -- teammates


def staff(twin: IntercomTwin, values: Mapping[str, Any]) -> tuple[Conversation, str | None]:
    """Act as a teammate in the inbox: reply or note, state, team, assignee, priority, tags, attributes, or delete.

    A reply that also closes is one part, `close`, with the text in it, as the inbox makes it.
    """
    row = find_conversation(twin, values.get("ticket_id", values.get("conversation_id")))
    person = find_admin(twin, values.get("staff"))
    actor = twin.desk.actor(person.id)
    if values.get("delete"):
        twin.desk.delete(row)
        return row, None
    if values.get("redact"):
        return row, twin.desk.redact_part(row, str(values["redact"])).id
    state = _state(values.get("status"))
    _assign(twin, row, actor, values)
    _describe(twin, row, actor, values)
    part = _write(twin, row, actor, values, closes=state == "closed")
    closing = _move(twin, row, actor, state, values)
    made = part or closing
    return row, made.id if made else None


def _state(status: Any) -> str:
    """Return the state a status means; Zendesk's words are understood too."""
    words = {"solved": "closed", "pending": "", "hold": "", "new": "", "open": "open", "closed": "closed",
             "snoozed": "snoozed", "": ""}  # fmt: skip
    if (status or "") not in words:
        raise ValueError("status is one of open, closed, snoozed")
    return words[status or ""]


def _write(
    twin: IntercomTwin, row: Conversation, actor: Actor, values: Mapping[str, Any], *, closes: bool
) -> Part | None:
    html = str(values.get("html") or "") or html_of(values.get("body"))
    held = [_attachment(twin, file) for file in values.get("attachments") or ()]
    if not html and not held:
        return None
    if not values.get("public", True):
        return twin.desk.note(row, actor, html, held)
    if closes and row.state != "closed":
        return twin.desk.close(row, actor, html, held)
    return twin.desk.reply(row, actor, html, held)


def _assign(twin: IntercomTwin, row: Conversation, actor: Actor, values: Mapping[str, Any]) -> None:
    for name in ("group", "team"):
        if name in values:
            number = find_team(twin, values[name]).id if values[name] else 0
            if number != row.team_assignee_id:
                twin.desk.assign(row, actor, "team", number)
    if "assignee" in values:
        wanted = values["assignee"]
        number = int(actor.ref["id"]) if wanted == "me" else find_admin(twin, wanted).id if wanted else 0
        if number != row.admin_assignee_id:
            twin.desk.assign(row, actor, "admin", number)


def _describe(twin: IntercomTwin, row: Conversation, actor: Actor, values: Mapping[str, Any]) -> None:
    if "priority" in values:
        if str(values["priority"] or "") not in _PRIORITIES:
            raise ValueError(f"priority is one of {', '.join(PRIORITIES)}")
        twin.desk.set_priority(row, actor, _PRIORITIES[str(values["priority"] or "")])
    if "attributes" in values:
        twin.desk.set_attributes(row, actor, values["attributes"])
    held = {twin.world.tags[tag["id"]].name for tag in row.tags}
    wanted = _names(values["tags"]) if "tags" in values else held
    wanted = (wanted | _names(values.get("add_tags"))) - _names(values.get("remove_tags"))
    _tag_all(twin, row, actor, sorted(wanted - held))
    for name in sorted(held - wanted):
        twin.desk.untag(row, actor, twin.world.tag_for(name).id)


def _names(given: Any) -> set[str]:
    rows = given.replace(",", " ").split() if isinstance(given, str) else given or ()
    return {str(row).strip() for row in rows if str(row).strip()}


def _tag_all(twin: IntercomTwin, row: Conversation, actor: Actor, names: Any) -> None:
    for name in names:
        twin.desk.tag(row, actor, twin.world.tag_for(str(name)).id)


def _move(twin: IntercomTwin, row: Conversation, actor: Actor, state: str, values: Mapping[str, Any]) -> Part | None:
    if state == "closed" and row.state != "closed":
        return twin.desk.close(row, actor)
    if state == "open" and row.state != "open":
        return twin.desk.open(row, actor)
    if state == "snoozed":
        return twin.desk.snooze(row, actor, int(values.get("snoozed_until") or twin.world.stamp() + 86_400))
    return None


# -- finding and making people


def find_conversation(twin: IntercomTwin, number: Any) -> Conversation:
    row = twin.world.conversations.get(str(number))
    if row is None:
        raise ValueError(f"no conversation {number}")
    return row


def find_contact(twin: IntercomTwin, given: Mapping[str, Any] | str) -> Contact:
    """Return the contact with this address, made or brought up to date. `role` may be lead."""
    values: Mapping[str, Any] = {"email": given} if isinstance(given, str) else given
    email = str(values.get("email") or "").strip() or None
    name = str(values.get("name") or (email or "").partition("@")[0]).strip()
    row = twin.world.contact_by("email", email) or twin.world.contact_by("external_id", values.get("external_id"))
    if row is None:
        if not name:
            raise ValueError("a person needs a name or an email")
        row = add_contact(twin, {"name": name, "email": email, "role": values.get("role") or "user",
                                 "external_id": values.get("external_id")})  # fmt: skip
    row.name, row.blocked = name or row.name, bool(values.get("suspended", row.blocked))
    row.language = values.get("locale", row.language)
    for tag in values.get("tags") or ():
        number = twin.world.tag_for(str(tag)).id
        row.tag_ids = list(dict.fromkeys((*row.tag_ids, number)))
    if values.get("organization"):
        join(twin, row, values["organization"])
    return row


def join(twin: IntercomTwin, person: Contact, given: Mapping[str, Any] | str) -> None:
    """Put a contact into a company, made by name if it is new."""
    values: Mapping[str, Any] = {"name": given} if isinstance(given, str) else given
    if not str(values.get("name") or "").strip():
        raise ValueError("an organization needs a name")
    row = find_company(twin, str(values["name"]))
    for tag in values.get("tags") or ():
        twin.world.tag_for(str(tag))
        row.tags = list(dict.fromkeys((*row.tags, str(tag))))
    if row.id not in person.company_ids:
        person.company_ids.append(row.id)


def find_admin(twin: IntercomTwin, name: Any) -> Admin:
    """Return the teammate with this address, id or name (also the first name); without one, the first."""
    people = twin.world.staff()
    if name in (None, ""):
        return people[0]
    wanted = str(name).lower()
    for row in (*people, *twin.world.admins.values()):
        if wanted in (str(row.id), row.email.lower(), row.name.lower(), row.name.split(" ")[0].lower()):
            return row
    raise ValueError(f"nobody of the staff is {name}")


def find_team(twin: IntercomTwin, name: Any, *, may_create: bool = False) -> Team:
    world = twin.world
    for row in world.teams.values():
        if str(name).lower() in (str(row.id), row.name.lower()):
            return row
    if not may_create:
        raise ValueError(f"no team {name}")
    row = Team(world.take("row"), str(name))
    world.teams[row.id] = row
    return row


def rate(twin: IntercomTwin, values: Mapping[str, Any]) -> Conversation:
    """Rate as the contact: `rating` 1 to 5, or `score` good or bad."""
    row = find_conversation(twin, values.get("ticket_id", values.get("conversation_id")))
    rating = values.get("rating", {"good": 5, "bad": 1}.get(str(values.get("score"))))
    if rating not in (1, 2, 3, 4, 5):
        raise ValueError("rating is a number from 1 to 5")
    twin.desk.rate(row, int(rating), str(values.get("comment") or ""))
    return row


# -- loading


def load(twin: IntercomTwin, values: Mapping[str, Any]) -> dict[str, int]:
    """Load companies, teams, people, articles and old conversations, telling nobody. Returns how many of each."""
    twin.notices.is_quiet = True
    try:
        for row in values.get("organizations") or ():
            find_company(twin, str(row["name"] if isinstance(row, Mapping) else row))
        for row in values.get("groups") or ():
            find_team(twin, row["name"] if isinstance(row, Mapping) else row, may_create=True)
        for row in values.get("users") or ():
            _load_user(twin, row)
        for row in values.get("articles") or ():
            load_article(twin, row)
        for row in values.get("tickets") or ():
            _load_conversation(twin, row)
    finally:
        twin.notices.is_quiet = False
    return {name: len(values.get(name) or ()) for name in ("organizations", "groups", "users", "articles", "tickets")}


def _load_user(twin: IntercomTwin, values: Mapping[str, Any]) -> None:
    """Load a teammate with the teams they are in, or a contact."""
    if values.get("role", "end-user") not in ("agent", "admin"):
        find_contact(twin, {**values, "role": values["role"] if values.get("role") == "lead" else "user"})
        return
    world, email = twin.world, str(values.get("email") or "")
    row = next((one for one in world.admins.values() if one.email.lower() == email.lower()), None)
    if row is None:
        row = Admin(max(world.admins) + 1, str(values.get("name") or email), email)
        world.admins[row.id] = row
    row.has_inbox_seat = not values.get("is_light")
    for name in values.get("groups") or ():
        team = find_team(twin, name, may_create=True)
        if row.id not in team.admin_ids:
            team.admin_ids.append(row.id)
            row.team_ids.append(team.id)


def load_article(twin: IntercomTwin, values: Mapping[str, Any]) -> Article:
    """Put an article into the help centre; `restricted` shows it to signed-in people alone, or to "staff" alone.

    `body` may be HTML or plain text with `#` headings; `translations` are by locale, each with its state.
    """
    if not values.get("title"):
        raise ValueError("an article needs a title")
    world, author = twin.world, twin.world.account.owner_id
    html = richtext.article_html(str(values.get("body") or values.get("html") or ""))
    state = "draft" if values.get("draft") else "published"
    given = {"body": html, "state": state, "parent_id": _collection(twin, values)}
    row = add_article(twin, str(values["title"]), author, given)
    row.locale = str(values.get("locale") or "en").partition("-")[0].lower()
    row.audience = "restricted" if values.get("restricted") else "everyone"
    row.is_internal = values.get("restricted") == "staff"
    row.tag_ids = [world.tag_for(str(one)).id for one in values.get("labels") or values.get("label_names") or ()]
    others = values.get("translations") or {}
    row.translations = {locale: {"state": "published", **text} for locale, text in others.items()}
    if values.get("updated_at"):
        row.created_at = row.updated_at = seconds(values["updated_at"])
    return row


def _collection(twin: IntercomTwin, values: Mapping[str, Any]) -> int:
    """Return the collection of an article: one in another, made by name where they are missing."""
    parent: int | None = None
    for name in (values.get("category") or "Guides", values.get("section")):
        if not name:
            continue
        rows = twin.world.collections.values()
        row = next((one for one in rows if one.name == name and one.parent_id == parent), None)
        parent = (row or add_collection(twin, str(name), parent)).id
    return int(parent or 0)


def seconds(stamp: Any) -> int:
    """Return the Unix second of a time given as such or in ISO 8601."""
    if isinstance(stamp, int):
        return stamp
    moment = datetime.fromisoformat(str(stamp))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _load_conversation(twin: IntercomTwin, values: Mapping[str, Any]) -> Conversation:
    """Load an old conversation: `comments` (body or html, public, `staff`, created_at) and how it ended."""
    comments = list(values.get("comments") or [{"body": values.get("body"), "html": values.get("html")}])
    row, _ = message(twin, {**{k: v for k, v in values.items() if k != "status"}, **comments[0]})
    began = comments[0].get("created_at") or values.get("created_at")
    if began:
        row.created_at = seconds(began)
    for given in comments[1:]:
        act = staff if given.get("staff") else message
        _, number = act(twin, {**given, "ticket_id": row.id})
        part = next(one for one in row.parts if one.id == number)
        if given.get("created_at"):
            part.created_at = part.updated_at = seconds(given["created_at"])
    end = {name: values[name] for name in ("status", "group", "assignee", "priority") if values.get(name)}
    if end:
        staff(twin, {"ticket_id": row.id, "staff": values.get("assignee"), **end})
    last = values.get("updated_at") or (row.parts[-1].created_at if row.parts else row.created_at)
    row.updated_at = seconds(last)
    twin.index.note(row)
    return row
