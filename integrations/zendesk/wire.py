"""Zendesk's JSON -> our nouns, and our writes -> Zendesk's JSON. Pure; vendor words end here.

Ids become text. A field that is missing, null or of an odd type becomes the noun's empty value, never a crash; what
decides whether a requester is written to (visibility, restriction, draft) falls to the careful side instead.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from integrations.helpdesk import (
    Applied,
    Article,
    Attachment,
    Changes,
    EarlierTicket,
    Flag,
    Message,
    Organization,
    Person,
    Rating,
    Role,
    Status,
    Team,
    Ticket,
    TicketRef,
    TicketWrite,
)

VENDOR = "zendesk"
MARK_KEY = "deskhand"
MAX_HTML_BYTES = 64 * 1024  # Zendesk cuts a longer comment silently

Json = Mapping[str, Any]

_ID = re.compile(r"[0-9]{1,20}")
_STATUS = {
    "new": Status.NEW,
    "open": Status.OPEN,
    "pending": Status.PENDING,
    "hold": Status.ON_HOLD,
    "solved": Status.SOLVED,
    "closed": Status.CLOSED,
    "archived": Status.CLOSED,
    "deleted": Status.DELETED,
    "scrubbed": Status.DELETED,
}
_STATUS_WORD = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.PENDING: "pending",
    Status.ON_HOLD: "hold",
    Status.SOLVED: "solved",
    Status.CLOSED: "closed",
}
_FLAGS = {
    0: Flag.UNTRUSTED,
    2: Flag.NOT_IN_CONVERSATION,
    3: Flag.NOT_SIGNED_IN,
    4: Flag.AUTOMATIC,
    11: Flag.ON_BEHALF,
}
# REST names, the via-type names of events, and numeric via codes, brought to one word each. Others pass as they are.
_CHANNELS = {
    "mail": "email",
    "web_form": "web",
    "web_service": "api",
    "native_messaging": "messaging",
    "helpcenter": "help_center",
    "mobile_sdk": "mobile",
    **dict.fromkeys(("phone", "voicemail", "voice_inbound", "voice_outbound"), "voice"),
    **dict.fromkeys(("phone_call_inbound", "phone_call_outbound", "33", "34", "35"), "voice"),
    "0": "web",
    "4": "email",
    "5": "api",
    "8": "rule",
    "27": "closed_ticket",
    "29": "chat",
    "31": "ticket_sharing",
    **dict.fromkeys(("38", "41"), "facebook"),
    "48": "web_widget",
    "50": "help_center",
    "55": "any_channel",
    **dict.fromkeys(("49", "56"), "mobile"),
    "57": "sms",
    "72": "line",
    "73": "wechat",
    "74": "whatsapp",
}
# A public comment written through the Tickets API may never arrive in these.
_CHATS = frozenset(
    {"messaging", "chat", "sms", "facebook", "twitter", "instagram", "whatsapp", "line", "wechat", "any_channel"}
)
_SIDE_CONVERSATION = "side_conversation"
_REDACTED = "▇"  # stands for each letter that was redacted
_MERGED_TAG = "closed_by_merge"
_LIGHT_AGENT = 1  # a `role_type`


# --- small values ----------------------------------------------------------------------------------------------------


def identity(value: object) -> str:
    """Return an id as text; "" for everything Zendesk uses for "unset" and for what is no id at all."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value).strip()
    return str(int(text)) if _ID.fullmatch(text) and text.strip("0") else ""


def words(value: object) -> str:
    """Return text that any database and any encoder takes: no NUL, no lone surrogates; "" for anything but text."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time as aware UTC; None if it is not one."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def status(value: object) -> Status:
    """Read a status in either case; an unknown one counts as open, so that somebody looks at it."""
    return _STATUS.get(str(value).strip().lower(), Status.OPEN)


def channel(via: object) -> str:
    """Return one word for a `via` object, whichever of Zendesk's three vocabularies it uses."""
    name = mapping(via).get("channel")
    if isinstance(name, bool) or not isinstance(name, str | int):
        return ""
    word = re.sub(r"[\s-]+", "_", words(str(name)).strip().lower())
    return _CHANNELS.get(word, word)


def mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def texts(value: object) -> tuple[str, ...]:
    return tuple(words(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()


# --- people ----------------------------------------------------------------------------------------------------------


def person(user: Json, *, requester_id: str = "", bot_id: str = "") -> Person:
    """Return a user with the role they have on one ticket.

    A staff member who asks is still STAFF: the caller sees from `Ticket.requester.role` that the ticket is internal.
    """
    user_id = identity(user.get("id"))
    return Person(
        id=user_id,
        name=words(user.get("name")),
        role=_role(user_id, words(user.get("role")), requester_id=requester_id, bot_id=bot_id),
        email=words(user.get("email")),
        locale=words(user.get("locale")),
        tags=texts(user.get("tags")),
        organization_id=identity(user.get("organization_id")),
        is_suspended=user.get("suspended") is True,
        is_verified=user.get("verified") is not False,
        may_act=user.get("only_private_comments") is not True and user.get("role_type") != _LIGHT_AGENT,
        created_at=moment(user.get("created_at")),
        fields=_fields(user.get("user_fields")),
    )


def _fields(value: object) -> dict[str, str]:
    """Return the fields of an account that hold one plain value, as text."""
    plain = ((name, given) for name, given in mapping(value).items() if isinstance(given, str | int | float))
    return {str(name): words(str(given)) for name, given in plain if str(given).strip()}


def _role(user_id: str, role: str, *, requester_id: str, bot_id: str) -> Role:
    if not user_id:
        return Role.SYSTEM
    if user_id == bot_id:
        return Role.BOT
    if role in ("agent", "admin"):
        return Role.STAFF
    return Role.REQUESTER if user_id == requester_id else Role.PARTICIPANT


def _unknown(user_id: str, *, requester_id: str, bot_id: str) -> Person:
    """Stand in for an author whom Zendesk no longer knows: nobody whose identity we would rely on."""
    role = _role(user_id, "", requester_id=requester_id, bot_id=bot_id)
    return Person(user_id, "", role, is_verified=role in (Role.BOT, Role.SYSTEM))


SYSTEM = Person("", "", Role.SYSTEM)


def is_staff_account(user: Json) -> bool:
    """Say whether `/users/me` names a real agent: without usable credentials it answers 200 with an anonymous user."""
    return bool(identity(user.get("id"))) and user.get("role") in ("agent", "admin")


# --- tickets ---------------------------------------------------------------------------------------------------------


def authors(ticket: Json, comments: Iterable[Json]) -> set[str]:
    """Return the ids of everybody the thread needs."""
    found = {identity(comment.get("author_id")) for comment in comments}
    return (found | {identity(ticket.get("requester_id"))}) - {""}


def is_gone(ticket: Json) -> bool:
    """Say whether a ticket that can still be read is deleted, or was merged into another one."""
    state = status(ticket.get("status"))
    return state is Status.DELETED or (state is Status.CLOSED and _MERGED_TAG in texts(ticket.get("tags")))


def ticket(
    raw: Json,
    comments: Iterable[Json],
    users: Mapping[str, Json],
    organizations: Iterable[Json] = (),
    *,
    bot_id: str,
    site_url: str,
) -> Ticket:
    """Put a whole ticket together. `users` is keyed by id as text; authors missing there become unknown people."""
    ticket_id = identity(raw.get("id"))
    requester_id = identity(raw.get("requester_id"))
    updated_at = moment(raw.get("updated_at")) or moment(raw.get("created_at")) or datetime.fromtimestamp(0, UTC)
    created_at = moment(raw.get("created_at")) or updated_at

    comments = list(comments)
    people = {
        user_id: person(users[user_id], requester_id=requester_id, bot_id=bot_id)
        if user_id in users
        else _unknown(user_id, requester_id=requester_id, bot_id=bot_id)
        for user_id in authors(raw, comments)
    }
    requester = people.get(requester_id, Person("", "", Role.REQUESTER, is_verified=False))
    ticket_channel = channel(raw.get("via"))
    messages = [message(comment, people, default_time=created_at) for comment in comments]
    if ticket_channel != _SIDE_CONVERSATION:
        messages = [replace(m, is_public=m.is_public and m.channel != _SIDE_CONVERSATION) for m in messages]
    organization_id = identity(raw.get("organization_id"))
    return Ticket(
        vendor=VENDOR,
        id=ticket_id,
        subject=words(raw.get("raw_subject")) or words(raw.get("subject")),
        status=status(raw.get("status")),
        requester=requester,
        messages=tuple(sorted(messages, key=lambda m: m.created_at)),
        created_at=created_at,
        updated_at=updated_at,
        stamp=words(raw.get("updated_at")),
        channel=ticket_channel,
        priority=words(raw.get("priority")).lower(),
        tags=texts(raw.get("tags")),
        organization=_organization(organization_id, organizations),
        assignee_id=identity(raw.get("assignee_id")),
        group_id=identity(raw.get("group_id")),
        brand_id=identity(raw.get("brand_id")),
        submitter_id=identity(raw.get("submitter_id")),
        recipient=words(raw.get("recipient")),
        copies=_ids(raw.get("email_cc_ids"), but=requester_id),
        locale=requester.locale,
        url=f"{site_url}/agent/tickets/{ticket_id}",
        is_messaging=raw.get("from_messaging_channel") is True or ticket_channel in _CHATS,
        is_shared=bool(raw.get("sharing_agreement_ids")),
        followup_of=_followup_of(mapping(raw.get("via"))),
        rating=_rating(mapping(raw.get("satisfaction_rating"))),
    )


def _ids(value: object, *, but: str) -> tuple[str, ...]:
    found = (identity(item) for item in value) if isinstance(value, list) else ()
    return tuple(one for one in found if one and one != but)


def _organization(organization_id: str, organizations: Iterable[Json]) -> Organization | None:
    for row in organizations:
        if organization_id and identity(row.get("id")) == organization_id:
            fields = _fields(row.get("organization_fields"))
            return Organization(organization_id, words(row.get("name")), texts(row.get("tags")), fields)
    return None


def _rating(given: Json) -> Rating | None:
    """Return what was rated; an offer that nobody has answered is none."""
    score = words(given.get("score")).partition("_")[0]
    if score not in ("good", "bad") or not identity(given.get("id")):
        return None
    return Rating(identity(given.get("id")), score == "good", words(given.get("comment")))


def _followup_of(via: Json) -> str:
    source = mapping(via.get("source"))
    if source.get("rel") == "follow_up" or channel(via) == "closed_ticket":
        return identity(mapping(source.get("from")).get("ticket_id"))
    return ""


def message(comment: Json, people: Mapping[str, Person], *, default_time: datetime) -> Message:
    """Return one comment. A comment whose visibility is not said counts as a note: notes are never quoted outward."""
    metadata = mapping(comment.get("metadata"))
    via = mapping(comment.get("via"))
    author = people.get(identity(comment.get("author_id")), SYSTEM)
    if _is_by_rule(via):
        author = SYSTEM
    # The body of a call says only when it was and how long; what was said is in the recording.
    is_call, call = comment.get("type") == "VoiceComment", mapping(comment.get("data"))
    spoken = words(call.get("transcription_text"))
    written = words(comment.get("plain_body")).replace("&nbsp;", " ") or words(comment.get("body"))
    files = [_attachment(row) for row in rows(comment.get("attachments")) if not row.get("deleted")]
    return Message(
        id=identity(comment.get("id")),
        author=author,
        is_public=comment.get("public") is True,
        text=spoken if is_call else written,
        created_at=moment(comment.get("created_at")) or default_time,
        html="" if is_call else words(comment.get("html_body")),
        channel=channel(via),
        attachments=(*files, *((_recording(call),) if is_call else ())),
        flags=_flags(metadata.get("flags"))
        | ({Flag.MERGED} if _is_merge(via) else frozenset())
        | ({Flag.REDACTED} if _REDACTED in written else frozenset()),
        mark=words(mapping(metadata.get("custom")).get(MARK_KEY)),
        headers=_headers(mapping(metadata.get("system"))),
    )


def _recording(call: Json) -> Attachment:
    return Attachment("", "recording of the call", "audio/mpeg", 0, words(call.get("recording_url")))


def _is_by_rule(via: Json) -> bool:
    """Say whether a trigger, an automation or a merge wrote this, in whoever's name it stands."""
    return channel(via) in ("rule", "system") or _is_merge(via)


def _is_merge(via: Json) -> bool:
    return mapping(via.get("source")).get("rel") == "merge"


def _attachment(row: Json) -> Attachment:
    size = row.get("size")
    return Attachment(
        id=identity(row.get("id")),
        name=words(row.get("file_name")),
        content_type=words(row.get("content_type")),
        size_bytes=size if isinstance(size, int) and size > 0 else 0,
        url=words(row.get("content_url")),
        is_inline=row.get("inline") is True,
    )


def _flags(value: object) -> frozenset[Flag]:
    numbers = [int(text) for item in value if (text := str(item)).isdecimal()] if isinstance(value, list) else []
    return frozenset(_FLAGS[number] for number in numbers if number in _FLAGS)


def _headers(system: Json) -> dict[str, str]:
    message_id = words(system.get("message_id"))
    return {"Message-ID": message_id} if message_id else {}


# --- writes ----------------------------------------------------------------------------------------------------------


def update(ticket: Ticket, write: TicketWrite) -> dict[str, Any]:
    """Return the body of the one PUT that carries out a write. Raise ValueError on what Zendesk has no word for.

    `public` always stands there: Zendesk's default is a public comment. Tags are sent as the whole set, because a PUT
    replaces it; the lock on `updated_stamp` makes that safe.
    """
    change: dict[str, Any] = {"safe_update": True, "updated_stamp": ticket.stamp}
    if write.mark:
        change["metadata"] = {MARK_KEY: write.mark}
    if write.html:
        change["comment"] = {"html_body": neutral(write.html), "public": write.is_public}
        if write.author_id:
            change["comment"]["author_id"] = number(write.author_id)
    if write.status is not None:
        if write.status not in _STATUS_WORD:
            raise ValueError(f"no update leads to the status {write.status.value}")
        change["status"] = _STATUS_WORD[write.status]
    if write.priority is not None:
        change["priority"] = write.priority or None
    if write.group_id is not None:
        change["group_id"] = number(write.group_id)
    if write.unassign:
        change["assignee_id"] = None
    tags = [*ticket.tags, *(tag for tag in write.add_tags if tag not in ticket.tags)]
    tags = [tag for tag in dict.fromkeys(tags) if tag not in write.remove_tags]
    if tags != list(ticket.tags):
        change["tags"] = tags
    return {"ticket": change}


def neutral(html: str) -> str:
    """Return HTML in which Zendesk finds no Liquid placeholder; a reader sees the same characters."""
    return re.sub(r"\{(?=[{%])", "&#123;", words(html))


def number(text: str) -> int | None:
    """Return an id as Zendesk wants it; "" is null. Raise ValueError if it is no Zendesk id."""
    if not text:
        return None
    if not identity(text):
        raise ValueError("not a Zendesk id")
    return int(text)


def applied(answer: Json, *, request_id: str = "") -> Applied:
    """Read the answer to an update: the audit names the new comment, the ticket carries the new stamp."""
    events = rows(mapping(answer.get("audit")).get("events"))
    comments = [identity(event.get("id")) for event in events if event.get("type") == "Comment"]
    stamp = words(mapping(answer.get("ticket")).get("updated_at"))
    return Applied(comments[0] if comments else "", stamp, request_id, moment(stamp))


def tagging(audit: Json, tag: str) -> tuple[str, datetime, bool] | None:
    """Read who put a tag on in this change, when, and whether a rule did; None if the tag was not put on in it.

    Tags come as lists or as one text with blanks between.
    """
    at = moment(audit.get("created_at"))
    for event in rows(audit.get("events")):
        if event.get("field_name") != "tags" or at is None:
            continue
        if tag in _tag_list(event.get("value")) and tag not in _tag_list(event.get("previous_value")):
            return identity(audit.get("author_id")), at, _is_by_rule(mapping(event.get("via")))
    return None


def _tag_list(value: object) -> tuple[str, ...]:
    return tuple(words(value).split()) if isinstance(value, str) else texts(value)


# --- lists -----------------------------------------------------------------------------------------------------------


def team(group: Json) -> Team | None:
    """Return a group, or None if it is deleted or has no id."""
    group_id = identity(group.get("id"))
    return Team(group_id, words(group.get("name"))) if group_id and group.get("deleted") is not True else None


def earlier_ticket(row: Json) -> EarlierTicket | None:
    """Read a ticket of a listing; None for one that is gone or says neither whose it is nor of when."""
    ticket_id, requester_id = identity(row.get("id")), identity(row.get("requester_id"))
    created = moment(row.get("created_at"))
    if not ticket_id or not requester_id or created is None or is_gone(row):
        return None
    return EarlierTicket(ticket_id, requester_id, words(row.get("subject")), status(row.get("status")), created)


def changes(page: Json, cursor: str) -> Changes:
    """Read a page of the incremental export. Without a new cursor the old one stays and the stream counts as ended."""
    refs = [
        TicketRef(ticket_id, status(row.get("status")), when)
        for row in rows(page.get("tickets"))
        if (ticket_id := identity(row.get("id"))) and (when := moment(row.get("updated_at")) or _stamped(row))
    ]
    after = words(page.get("after_cursor"))
    return Changes(tuple(refs), after or cursor, is_last=page.get("end_of_stream") is not False or not after)


def _stamped(row: Json) -> datetime | None:
    seconds = row.get("generated_timestamp")
    if isinstance(seconds, int) and 0 < seconds < 2**40:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def article(raw: Json, shelf: Mapping[str, tuple[str, ...]]) -> Article | None:
    """Return an article, or None without an id. `shelf` maps a section's id to (category, section).

    Public only if restriction and draft are both plainly denied: a missing field counts as restricted.
    """
    article_id = identity(raw.get("id"))
    if not article_id:
        return None
    is_open = raw.get("user_segment_id", "unknown") is None and not raw.get("user_segment_ids")
    is_draft = raw.get("draft") is not False
    updated_at = moment(raw.get("updated_at")) or moment(raw.get("edited_at")) or moment(raw.get("created_at"))
    return Article(
        id=article_id,
        title=words(raw.get("title")) or words(raw.get("name")),
        html=words(raw.get("body")),
        url=words(raw.get("html_url")),
        locale=words(raw.get("locale")).lower(),
        is_public=is_open and not is_draft,
        is_draft=is_draft,
        updated_at=updated_at or datetime.fromtimestamp(0, UTC),
        section=shelf.get(identity(raw.get("section_id")), ()),
        labels=texts(raw.get("label_names")),
        brand_id=identity(raw.get("brand_id")),
    )


def shelf(sections: Iterable[Json], categories: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    """Return section id -> (category, section ..., section), parents first, however sections are nested."""
    names = {identity(row.get("id")): words(row.get("name")) for row in categories}
    by_id = {identity(row.get("id")): row for row in sections}

    def path(section_id: str, seen: frozenset[str]) -> tuple[str, ...]:
        row = by_id.get(section_id)
        if row is None or section_id in seen:
            return ()
        parent = identity(row.get("parent_section_id"))
        category = names.get(identity(row.get("category_id")), "")
        above = path(parent, seen | {section_id}) if parent else (category,) if category else ()
        return (*above, words(row.get("name")))

    return {section_id: path(section_id, frozenset()) for section_id in by_id}
