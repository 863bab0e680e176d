"""Intercom's JSON of one conversation and its people -> our nouns. Pure; vendor words end here.

Ids become text. A field that is missing, null or of an odd type becomes the noun's empty value, never a crash; what
decides whether a requester is written to (visibility, audience, draft) falls to the careful side instead.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from integrations.helpdesk import Attachment, Flag, Message, Organization, Person, Rating, Role, Status, Tagging, Ticket
from integrations.intercom.markup import fingerprint, is_markup, plain
from integrations.intercom.values import VENDOR, Json, identity, listed, mapping, moment, rows, words
from integrations.intercom.writes import REPLIES, REPLY

# What Intercom says of a conversation that Fin still has; every other word means that it has given it up.
_FINS = frozenset({"", "assumed_resolution", "confirmed_resolution"})
_NOTE_MARK = re.compile(r"\[Deskhand (\S{1,60})\]\s*$")
_CONTACTS = frozenset({"user", "lead", "contact", "visitor"})
# Parts by anybody but a contact whose text the contact sees. Text in any other part counts as a note.
_PUBLIC = frozenset({"comment", "quick_reply", "assignment", "assign_and_reopen", "close", "open", "participant_added"})
_MACHINES = frozenset({"campaign_initiated", "operator_initiated", "automated"})
_STATE = {"open": Status.OPEN, "closed": Status.SOLVED, "snoozed": Status.ON_HOLD}
_PRIORITIES = {"low": "low", "medium": "normal", "high": "high", "urgent": "urgent", "priority": "high"}
_CHANNELS = {"conversation": "messenger", "phone_call": "voice", "phone_switch": "voice"}
# A comment written through the API may never arrive in these.
_CHATS = frozenset({"facebook", "instagram", "twitter", "whatsapp", "sms", "voice", "push"})


@dataclass(frozen=True, slots=True)
class Home:
    """What every reading needs to know: who we are, where staff open a conversation, what tags are called."""

    bot_id: str
    inbox_url: str = ""
    tag_names: Mapping[str, str] = field(default_factory=dict)
    seatless: frozenset[str] = frozenset()  # teammates who may not speak to a contact
    colleagues: Mapping[str, str] = field(default_factory=dict)  # names of teammates, whom a tag names by id only


def channel(raw: Json) -> str:
    """Return one word for where a conversation takes place; the newest API tells of a change of it."""
    told = words(mapping(raw.get("channel")).get("current")) or words(mapping(raw.get("source")).get("type"))
    return _CHANNELS.get(told.lower(), told.lower())


# --- people ----------------------------------------------------------------------------------------------------------


def bot(me: Json) -> Person | None:
    """Return the teammate a token acts as; None if it is none, or is Operator, whose replies are not mailed."""
    me_id, email = identity(me.get("id")), words(me.get("email"))
    if not me_id or me.get("type") != "admin" or email.startswith("operator+"):
        return None
    return Person(me_id, words(me.get("name")), Role.BOT, email=email)


def requester_id(raw: Json) -> str:
    """Return the contact who asks: who began the conversation, else the first contact in it."""
    author = mapping(mapping(raw.get("source")).get("author"))
    if words(author.get("type")) in _CONTACTS and identity(author.get("id")):
        return identity(author.get("id"))
    return next(filter(None, (identity(row.get("id")) for row in listed(raw.get("contacts"), "contacts"))), "")


def requester(contact: Json, contact_id: str, tag_names: Mapping[str, str]) -> Person:
    """Return the contact who asks, from an empty object if Intercom no longer has it.

    A lead has only claimed who it is.
    """
    companies = listed(contact.get("companies"), "data")
    tags = (tag_names.get(identity(row.get("id")), "") for row in listed(contact.get("tags"), "data"))
    return Person(
        id=contact_id,
        name=words(contact.get("name")),
        role=Role.REQUESTER,
        email=words(contact.get("email")),
        locale=words(contact.get("language_override")) or words(contact.get("browser_language")),
        tags=tuple(filter(None, tags)),
        organization_id=next(filter(None, (identity(row.get("id")) for row in companies)), ""),
        is_verified=contact.get("role") == "user",
        created_at=moment(contact.get("created_at")),
        fields=_fields(contact),
    )


def _fields(contact: Json) -> dict[str, str]:
    given = {**mapping(contact.get("custom_attributes")), "external_id": contact.get("external_id")}
    plain_ones = ((name, value) for name, value in given.items() if isinstance(value, str | int | float))
    return {str(name): words(str(value)) for name, value in plain_ones if str(value).strip()}


def _author(raw: Json, asker: Person, home: Home) -> Person:
    """Return who wrote a part. Bots, Fin, Operator and campaigns are the system: nobody learns from them."""
    author_id, kind = identity(raw.get("id")), words(raw.get("type"))
    name, email = words(raw.get("name")), words(raw.get("email"))
    if kind in _CONTACTS:
        if author_id and author_id == asker.id:
            return asker
        return Person(author_id, name, Role.PARTICIPANT, email=email, is_verified=kind == "user")
    if author_id and author_id == home.bot_id:
        return Person(author_id, name, Role.BOT, email=email)
    is_machine = raw.get("from_ai_agent") is True or raw.get("is_ai_answer") is True or email.startswith("operator+")
    role = Role.STAFF if kind == "admin" and author_id and not is_machine else Role.SYSTEM
    name = name or home.colleagues.get(author_id, "")
    return Person(author_id, name, role, email=email, may_act=author_id not in home.seatless)


def seatless(admins: Iterable[Json]) -> frozenset[str]:
    """Return the teammates without a seat in the inbox. One of whom nothing is said has one."""
    return frozenset(identity(row.get("id")) for row in admins if row.get("has_inbox_seat") is False)


def colleagues(admins: Iterable[Json]) -> dict[str, str]:
    return {identity(row.get("id")): words(row.get("name")) for row in admins}


def tagging(raw: Json, tag: str, home: Home) -> Tagging | None:
    """Return who put a tag on a conversation, as its list of tags says; None if it does not."""
    for row in listed(raw.get("tags"), "tags"):
        at = moment(row.get("applied_at"))
        if words(row.get("name")).lower() == tag.lower() and at is not None:
            return Tagging(_author(mapping(row.get("applied_by")), Person("", "", Role.REQUESTER), home), at)
    return None


# --- tickets ---------------------------------------------------------------------------------------------------------


def ticket(raw: Json, contact: Json, home: Home) -> Ticket:
    """Put a whole conversation together. `contact` is the requester as read, empty if gone."""
    ticket_id, source = identity(raw.get("id")), mapping(raw.get("source"))
    created_at = moment(raw.get("created_at")) or datetime.fromtimestamp(0, UTC)
    updated_at = moment(raw.get("updated_at")) or created_at
    asker = _with_source(requester(contact, requester_id(raw), home.tag_names), mapping(source.get("author")))
    messages = _messages(raw, asker, home, created_at)
    where = channel(raw)
    return Ticket(
        vendor=VENDOR,
        id=ticket_id,
        subject=plain(words(source.get("subject"))) or words(raw.get("title")),
        status=_status(raw, messages),
        requester=asker,
        messages=messages,
        created_at=created_at,
        updated_at=updated_at,
        stamp=str(int(updated_at.timestamp())),
        channel=where,
        priority=_PRIORITIES.get(words(raw.get("priority")), ""),
        tags=tuple(filter(None, (words(row.get("name")) for row in listed(raw.get("tags"), "tags")))),
        organization=_organization(raw, asker),
        assignee_id=_assignee(raw, home),
        group_id=identity(raw.get("team_assignee_id")),
        submitter_id=identity(mapping(source.get("author")).get("id")),
        locale=asker.locale,
        url=f"{home.inbox_url}/conversation/{ticket_id}" if home.inbox_url else "",
        rating=_rating(mapping(raw.get("conversation_rating")), ticket_id),
        is_messaging=where in _CHATS,
        is_with_ai_agent=_is_with_fin(raw, messages),
    )


def _rating(given: Json, ticket_id: str) -> Rating | None:
    """Return what was rated, 1 to 5; three is neither praise nor blame."""
    stars = given.get("rating")
    if not isinstance(stars, int) or isinstance(stars, bool):
        return None
    return Rating(ticket_id, stars > 2, words(given.get("remark")))


def _with_source(asker: Person, author: Json) -> Person:
    """Fill in what a contact that is gone has left on its first message."""
    is_theirs = bool(asker.id) and identity(author.get("id")) == asker.id
    name = words(author.get("name")) if is_theirs else ""
    email = words(author.get("email")) if is_theirs else ""
    return replace(asker, name=asker.name or name, email=asker.email or email)


def _messages(raw: Json, asker: Person, home: Home, created_at: datetime) -> tuple[Message, ...]:
    """Return the first message and every part with words or files, oldest first; a redacted one stays, emptied."""
    found = [] if (first := _first(raw, asker, home, created_at)) is None else [first]
    for part in listed(raw.get("conversation_parts"), "conversation_parts"):
        if said := _part(part, asker, home, channel(raw), created_at):
            found.append(said)
    ordered = sorted(found, key=lambda message: (message.created_at, message.id.zfill(20)))
    if first is not None:
        ordered = [first, *(message for message in ordered if message is not first)]
    return _marked(ordered, words(mapping(raw.get("custom_attributes")).get(REPLIES)))


def _first(raw: Json, asker: Person, home: Home, created_at: datetime) -> Message | None:
    source = mapping(raw.get("source"))
    author = _author(mapping(source.get("author")), asker, home)
    if words(source.get("delivered_as")) in _MACHINES and author.role is Role.STAFF:
        author = replace(author, role=Role.SYSTEM)
    has_subject = bool(words(source.get("subject"))) and source.get("redacted") is not True
    return _said(source, author, channel(raw), created_at, identity(raw.get("id")), is_public=True, is_kept=has_subject)


def _part(part: Json, asker: Person, home: Home, where: str, created_at: datetime) -> Message | None:
    author = _author(mapping(part.get("author")), asker, home)
    kind = words(part.get("part_type"))
    is_contact = author.role in (Role.REQUESTER, Role.PARTICIPANT)
    is_public = kind != "note" and (is_contact or kind in _PUBLIC)
    return _said(part, author, where, moment(part.get("created_at")) or created_at, "", is_public=is_public)


def _said(
    raw: Json,
    author: Person,
    where: str,
    created_at: datetime,
    default_id: str,
    *,
    is_public: bool,
    is_kept: bool = False,
) -> Message | None:
    """Return a message, or None for a part that only says that something was done.

    `is_kept`: it counts without a word of its own. A mail may be its subject alone.
    """
    is_redacted = raw.get("redacted") is True
    body = "" if is_redacted else words(raw.get("body"))
    text, html = plain(body), body if is_markup(body) else ""
    attachments = () if is_redacted else tuple(_attachment(row) for row in rows(raw.get("attachments")))
    if not (text or attachments or is_kept or (is_redacted and is_public)):
        return None
    mail_id = words(mapping(raw.get("email_message_metadata")).get("message_id"))
    own_note = _NOTE_MARK.search(text) if author.role is Role.BOT and not is_public else None
    return Message(
        id=identity(raw.get("id")) or default_id,
        author=author,
        is_public=is_public,
        text=text,
        created_at=created_at,
        html=html,
        channel=where,
        attachments=attachments,
        flags=frozenset({Flag.REDACTED}) if is_redacted else frozenset(),
        mark=own_note[1] if own_note else "",
        headers={"Message-ID": mail_id} if mail_id else {},
    )


def _attachment(row: Json) -> Attachment:
    size, kind = row.get("filesize"), words(row.get("content_type"))
    url = words(row.get("url"))
    return Attachment(url, words(row.get("name")), kind, size if isinstance(size, int) and size > 0 else 0, url)


def _marked(messages: Sequence[Message], replies: str) -> tuple[Message, ...]:
    """Give public replies, our own and those in a colleague's name, the marks entered for their author and words.

    The same words may have been said twice: a reply answers the newest message before it that one of the marks names.
    """
    kept = REPLY.findall(replies)
    found: list[Message] = []
    seen: dict[str, int] = {}
    for message in messages:
        if message.author.role in (Role.BOT, Role.STAFF) and message.is_public and message.text:
            print_ = fingerprint(message.html or message.text, message.author.id)
            marks = [mark for mark, one in kept if one == print_]
            placed = [(seen.get(_question(mark), -1), order, mark) for order, mark in enumerate(marks)]
            message = replace(message, mark=max(placed, default=(-1, -1, ""))[2])
        seen[message.id] = len(seen)
        found.append(message)
    return tuple(found)


def _question(mark: str) -> str:
    """Return the id of the message that a mark (`dh-45700000011`, `dh-45700000011-send`) is about."""
    return mark.partition("-")[2].partition("-")[0]


def _status(raw: Json, messages: Sequence[Message]) -> Status:
    """Return the state; an open conversation is new before anybody answered, and pending while we wait for words."""
    state = status(raw)
    public = [message for message in messages if message.is_public]
    if state is not Status.OPEN or not public:
        return state
    if all(message.author.role in (Role.REQUESTER, Role.PARTICIPANT) for message in public):
        return Status.NEW
    is_ours = public[-1].author.role in (Role.STAFF, Role.BOT)
    return Status.PENDING if is_ours and not raw.get("waiting_since") else Status.OPEN


def status(raw: Json) -> Status:
    """Read the state alone, as lists have it; an unknown one counts as open, so that somebody looks at it."""
    return _STATE.get(words(raw.get("state")), Status.OPEN)


def _assignee(raw: Json, home: Home) -> str:
    """Return the teammate who has it. We ourselves do not count: an inbox may assign to whoever replied first."""
    given = identity(raw.get("admin_assignee_id"))
    return given if given != home.bot_id else ""


def _is_with_fin(raw: Json, messages: Sequence[Message]) -> bool:
    """Say whether Fin answers here: it took part, has not handed over, and no teammate has it or spoke after it."""
    state = words(mapping(raw.get("ai_agent")).get("resolution_state"))
    if raw.get("ai_agent_participated") is not True or state not in _FINS or identity(raw.get("admin_assignee_id")):
        return False
    ours = [m for m in messages if m.is_public and m.author.role in (Role.STAFF, Role.BOT, Role.SYSTEM)]
    return not ours or ours[-1].author.role is Role.SYSTEM


def _organization(raw: Json, asker: Person) -> Organization | None:
    company = mapping(raw.get("company"))
    company_id = identity(company.get("id"))
    if company_id:
        tags = (words(row.get("name")) for row in listed(company.get("tags"), "tags"))
        return Organization(company_id, words(company.get("name")), tuple(filter(None, tags)), _fields(company))
    return Organization(asker.organization_id, "") if asker.organization_id else None
