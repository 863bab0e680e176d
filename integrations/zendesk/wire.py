"""Zendesk's JSON of one ticket and its people -> our nouns. Pure; vendor words end here.

Ids become text. A field that is missing, null or of an odd type becomes the noun's empty value, never a crash; what
decides whether a requester is written to (visibility, restriction, draft) falls to the careful side instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from integrations.helpdesk import Attachment, Flag, Message, Organization, Person, Rating, Role, Status, Ticket
from integrations.zendesk.values import (
    MARK_KEY,
    VENDOR,
    Json,
    channel,
    identity,
    mapping,
    moment,
    rows,
    status,
    texts,
    words,
)

_FLAGS = {
    0: Flag.UNTRUSTED,
    2: Flag.NOT_IN_CONVERSATION,
    3: Flag.NOT_SIGNED_IN,
    4: Flag.AUTOMATIC,
    11: Flag.ON_BEHALF,
}
# A public comment written through the Tickets API may never arrive in these.
_CHATS = frozenset(
    {"messaging", "chat", "sms", "facebook", "twitter", "instagram", "whatsapp", "line", "wechat", "any_channel"}
)
_SIDE_CONVERSATION = "side_conversation"
_REDACTED = "▇"  # stands for each letter that was redacted
_MERGED_TAG = "closed_by_merge"
_LIGHT_AGENT = 1  # a `role_type`


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
