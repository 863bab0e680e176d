"""Pure: what staff ask of us on a ticket, and whether it may be done. A note that begins with "/", or a tag.

What counts is who wrote it: only staff are obeyed, never a requester, never a public message, never a note of ours.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from config.policy import Approval
from integrations.helpdesk import Flag, Message, Person, Role, Status, Tagging, Ticket
from workers.domain import mark_of, send_key_of
from workers.reading.visible import visible
from workers.redact import PLACEHOLDER, unmask

_LINE = re.compile(r"\s*/([a-z]{2,12})\b[:,]?[^\S\n]*(.*)", re.IGNORECASE | re.DOTALL)
_NOT_TRUSTED = frozenset({Flag.UNTRUSTED, Flag.NOT_SIGNED_IN, Flag.ON_BEHALF, Flag.AUTOMATIC})
_MOST_WORDS = 1000


class Name(StrEnum):
    SEND = "send"
    WHY = "why"
    SHORTER = "shorter"
    REDO = "redo"
    WRONG = "wrong"
    NEVER = "never"
    STOP = "stop"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """Something staff ask for. `key` names it, and its answer is marked with it.

    A note has its author; of a tag it is not known yet who set it, and `author` is None. `given` is the word they
    wrote where it is none of ours: that is answered with help.
    """

    name: Name
    key: str
    words: str = ""
    author: Person | None = None
    at: datetime | None = None
    message_id: str = ""
    tag: str = ""
    given: str = ""


class Refusal(StrEnum):
    """Why a command is not carried out; the words for it stand in workers/templates/words.*.toml."""

    LIGHT = "light"  # a light or restricted seat
    NOT_STAFF = "not_staff"  # a tag that a requester set
    BY_RULE = "by_rule"  # a tag that a rule of the helpdesk set
    NO_CASE = "no_case"
    NO_DRAFT = "no_draft"
    ONLY_A_START = "only_a_start"
    UNSEEN = "unseen"  # the draft is newer than the command
    NEWER_MESSAGE = "newer_message"
    STAFF_ANSWERED = "staff_answered"
    WE_ANSWERED = "we_answered"
    CLOSED = "closed"
    CHAT = "chat"
    PLACEHOLDER = "placeholder"  # something masked that cannot be filled in again
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"  # by the helpdesk
    NO_MODEL = "no_model"
    MODEL_FAILED = "model_failed"
    NO_TEXT = "no_text"  # the model found nothing to say
    NOTHING_FOUND = "nothing_found"
    NO_INTENT = "no_intent"
    POLICY = "policy"  # policy leaves such a request to people
    WITHDRAWN = "withdrawn"  # the note or tag was taken back before anything was done


def unanswered(ticket: Ticket, approval: Approval, settled: Collection[str], *, now: datetime) -> tuple[Command, ...]:
    """Return what staff ask for and nobody has answered, oldest first; tags come after notes.

    `settled` holds the keys of what is settled on record: a closed ticket takes no answer. What is older than policy's
    `max_age_hours` is history: an account that Deskhand is new to has notes of its own.
    """
    marks = {message.mark for message in ticket.messages if message.mark}
    oldest = now - timedelta(hours=approval.max_age_hours)
    noted = [found for m in ticket.messages if m.created_at > oldest and (found := of_note(m))]
    every = (*noted, *_of_tags(ticket, approval, marks))
    return tuple(one for one in every if mark_of(one.key) not in marks and one.key not in settled)


def of_note(message: Message) -> Command | None:
    """Read a command off a note of staff; None for everything else, whatever it says."""
    if message.is_public or message.mark or message.author.role is not Role.STAFF:
        return None
    if not _NOT_TRUSTED.isdisjoint(message.flags):
        return None
    found = _LINE.match(visible(message.text, message.html).text)
    # A path such as /var/log begins like a command, and is none.
    if found is None or found[2].startswith("/"):
        return None
    word, words = found[1].lower(), " ".join(found[2].split())[:_MOST_WORDS]
    is_known = word in set(Name)
    return Command(
        name=Name(word) if is_known else Name.HELP,
        key=f"c{message.id}",
        words=words if is_known else "",
        author=message.author,
        at=message.created_at,
        message_id=message.id,
        given="" if is_known else word,
    )


def _of_tags(ticket: Ticket, approval: Approval, marks: Collection[str]) -> list[Command]:
    """Return what the tags ask for. The same tag set again later is a new command: earlier answers are counted."""
    found = []
    for name, tag in ((Name.SEND, approval.send_tag), (Name.WRONG, approval.wrong_tag)):
        if tag and tag in ticket.tags:
            stem = f"t{asked_last(ticket)}-{name.value}-"
            times = sum(mark.startswith(mark_of(stem)) for mark in marks)
            found.append(Command(name, f"{stem}{times}", tag=tag))
    return found


def asked_last(ticket: Ticket) -> str:
    """Return the id of the newest public message from outside, "" if there is none."""
    outside = (Role.REQUESTER, Role.PARTICIPANT)
    return next((m.id for m in reversed(ticket.messages) if m.is_public and m.author.role in outside), "")


def may_ask(command: Command, tagging: Tagging | None) -> tuple[Person | None, Refusal | None]:
    """Return who asked and whether they may. A tag of which the helpdesk does not tell who set it is staff's."""
    person = command.author or (tagging.person if tagging else None)
    if person is None:
        return None, None
    if person.role is Role.SYSTEM:
        return None, Refusal.BY_RULE
    if person.role is Role.BOT:
        return person, None  # somebody who uses our own account
    if person.role is not Role.STAFF:
        return person, Refusal.NOT_STAFF
    return person, None if person.may_act else Refusal.LIGHT


@dataclass(frozen=True, slots=True)
class Decided:
    """The record of a case that a command is about; texts are masked. `draft_key` marks the note of its draft."""

    id: int
    message_id: str
    is_settled: bool
    action: str
    intent: str
    team: str
    confidence: float
    stage: str
    reasons: tuple[str, ...]
    question: str
    draft: Mapping[str, Any] | None
    findings: Mapping[str, Any]
    passages: tuple[Mapping[str, Any], ...]
    classification: Mapping[str, Any]
    facts: Mapping[str, Any]
    draft_key: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """What is known of the draft that shall be sent. `text` and `question` are masked; `note_key` marks its note."""

    message_id: str
    note_key: str
    text: str
    question: str
    is_start: bool = False


def why_not_send(ticket: Ticket, command: Command, at: datetime | None, drafted: Drafted) -> Refusal | None:
    """Say why this draft may not go out as the public reply now; None if it may. `at` is when that was asked for."""
    if ticket.status in (Status.CLOSED, Status.DELETED):
        return Refusal.CLOSED
    if ticket.is_messaging:
        return Refusal.CHAT
    if refusal := _answered(ticket, drafted.message_id):
        return refusal
    if drafted.is_start:
        return Refusal.ONLY_A_START
    places = {message.id: place for place, message in enumerate(ticket.messages)}
    note = next((m for m in ticket.messages if m.mark == mark_of(drafted.note_key) and not m.is_public), None)
    if note is None:
        return Refusal.NO_DRAFT
    if command.message_id in places and places[note.id] > places[command.message_id]:
        return Refusal.UNSEEN
    is_later = not command.message_id and at is not None and note.created_at > at
    return Refusal.UNSEEN if is_later else None


def _answered(ticket: Ticket, message_id: str) -> Refusal | None:
    """Say what was said in public after the message that was drafted for."""
    public = [m for m in ticket.messages if m.is_public and m.author.role is not Role.SYSTEM]
    place = next((place for place, m in enumerate(public) if m.id == message_id), None)
    if place is None:
        return Refusal.NO_CASE
    after = [m for m in public[place + 1 :] if Flag.AUTOMATIC not in m.flags]
    own = (mark_of(message_id), mark_of(send_key_of(message_id)))
    if any(m.mark in own for m in after):
        return Refusal.WE_ANSWERED
    if any(m.author.role is Role.STAFF or m.mark for m in after):
        return Refusal.STAFF_ANSWERED
    if any(m.author.role is Role.BOT for m in after):
        return Refusal.WE_ANSWERED
    return Refusal.NEWER_MESSAGE if after else None


def cannot_fill(drafted: Drafted, question: str, vault: dict[str, str]) -> bool:
    """Tell whether the draft holds something masked that the ticket, as read now, does not give back surely.

    The placeholders are numbered over the message: they are the same only while the message is.
    """
    has_any = PLACEHOLDER.search(drafted.text) is not None
    return has_any and (drafted.question != question or PLACEHOLDER.search(unmask(drafted.text, vault)) is not None)
