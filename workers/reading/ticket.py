"""A whole ticket -> one masked Reading of what its requester says now. Pure: no network, clock or environment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from integrations.helpdesk import Flag, Message, Role, Ticket
from workers.domain import MessageKind, Reading, Turn, mark_of, send_key_of
from workers.reading.asks import asks
from workers.reading.kinds import kind_of, real_attachments
from workers.reading.language import detect
from workers.reading.language import language_of as choose_language
from workers.reading.mail import own_words, with_reference
from workers.reading.screen import suspicions
from workers.reading.visible import CUT, visible
from workers.redact import kinds, mask

MAX_NEWEST = 12_000
MAX_TURN = 3_000
MAX_TURNS = 20
_UNVERIFIED = frozenset({Flag.UNTRUSTED, Flag.NOT_SIGNED_IN, Flag.ON_BEHALF})
_OURS = (Role.STAFF, Role.BOT)


@dataclass(frozen=True, slots=True)
class _Part:
    """One message of the burst, read but not yet masked."""

    message: Message
    kind: MessageKind
    own: str
    full: str
    hidden: str
    is_forward: bool = False


def read(ticket: Ticket, *, parent: Ticket | None = None, language_of: Callable[[str], str] | None = None) -> Reading:
    """Return what the requester says now: all public messages since the last public one of staff or bot, as one.

    Everything in the Reading is masked with one vault. Without such a message `message_id` is "" and the kind EMPTY.
    `parent` is the closed ticket that this one follows up: it is thread and nothing else.
    `language_of` takes the place of the language detector: text -> ISO 639-1 code, "" if unsure.
    """
    public = _public(ticket)
    earlier, burst = _split(public)
    before = _public(parent) if parent else []
    parts = _worth_reading(
        [_part(ticket, message, earlier, is_first=not earlier and not place) for place, message in enumerate(burst)]
    )
    vault: dict[str, str] = {}
    names = _names(ticket, (*before, *public))

    def masked(text: str) -> str:
        return mask(text, vault=vault, known_names=names)

    newest = "\n\n".join(dict.fromkeys(part.own for part in parts if part.own))
    full = newest if all(part.own == part.full for part in parts) else "\n\n".join(part.full for part in parts)
    kind = parts[-1].kind if parts else MessageKind.EMPTY
    if kind is MessageKind.QUESTION and not newest:
        newest = ticket.subject
    newest = masked(_cut(newest, MAX_NEWEST))
    thread = tuple(_turn(message, masked) for message in (*before, *earlier)[-MAX_TURNS:])
    return Reading(
        message_id=parts[-1].message.id if parts else "",
        kind=kind,
        subject=masked(visible(ticket.subject[:500]).text),
        newest=newest,
        full=newest if full == newest else masked(_cut(full, MAX_NEWEST)),
        asks=asks(newest) if kind is MessageKind.QUESTION else (),
        language=_language(ticket, newest, thread, language_of or detect),
        thread=thread,
        attachments=tuple(masked(a.name) for part in parts for a in real_attachments(part.message.attachments)),
        enclosed=tuple(a.id for part in parts for a in real_attachments(part.message.attachments)),
        written_at=parts[-1].message.created_at if parts else None,
        is_participant=any(part.message.author.role is not Role.REQUESTER for part in parts),
        is_forwarded=any(part.is_forward for part in parts),
        is_verified=_is_verified(ticket, parts),
        has_injection=_has_injection(ticket, parts, thread),
        bot_replies=sum(1 for m in public if m.mark or m.author.role is Role.BOT),
        unanswered_messages=len(parts),
        masked_kinds=kinds(vault),
        vault=vault,
    )


def _public(ticket: Ticket) -> list[Message]:
    return [m for m in ticket.messages if m.is_public and m.author.role is not Role.SYSTEM]


def _split(public: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Return (earlier, burst): the burst is everything after the last message of staff or bot.

    A reply of ours names the message that it answers. What the requester wrote after that one, and before the reply
    arrived, is not answered: where a helpdesk has no lock, the two can cross.
    """
    last_ours = max((place for place, m in enumerate(public) if m.author.role in _OURS), default=-1)
    if last_ours < 0:
        return [], list(public)
    crossed = [m for m in public[_last_answered(public, last_ours) + 1 : last_ours] if m.author.role not in _OURS]
    return [m for m in public[: last_ours + 1] if m not in crossed], crossed + list(public[last_ours + 1 :])


def _last_answered(public: Sequence[Message], last_ours: int) -> int:
    """Return the place of the newest message that has been answered, or of the answer itself if it does not tell."""
    mark = public[last_ours].mark
    marks = ((mark_of(m.id), mark_of(send_key_of(m.id))) for m in public)
    answered = next((place for place, both in enumerate(marks) if mark in both), last_ours)
    staff = max((place for place, m in enumerate(public[:last_ours]) if m.author.role is Role.STAFF), default=-1)
    return max(answered, staff)


def _part(ticket: Ticket, message: Message, earlier: Sequence[Message], *, is_first: bool) -> _Part:
    seen = visible(message.text, message.html)
    own = own_words(seen.text)
    asked_before = bool(earlier) and "?" in own_words(visible(earlier[-1].text, earlier[-1].html).text).text[-300:]
    kind = kind_of(message, own.text, seen.text, subject=ticket.subject, is_first=is_first, asked_before=asked_before)
    return _Part(message, kind, with_reference(own), seen.text, seen.hidden, own.is_forward)


def _worth_reading(parts: list[_Part]) -> list[_Part]:
    """Return the parts that make up what is said: questions if there are any, else the newest part alone.

    An absence note of a CC after a question does not make the question an absence note; a "thanks!" neither.
    """
    questions = [part for part in parts if part.kind is MessageKind.QUESTION]
    if not questions:
        return parts[-1:]
    # A file or a word sent right after belongs to the question.
    kept = [p for p in parts if p.kind in (MessageKind.QUESTION, MessageKind.THANKS, MessageKind.ATTACHMENT_ONLY)]
    last = kept[-1]
    if last.kind is not MessageKind.QUESTION:
        kept[-1] = replace(last, kind=MessageKind.QUESTION)
    return kept


def _turn(message: Message, masked: Callable[[str], str]) -> Turn:
    """Return an earlier message as its writer's own words; the whole text where nothing else is left."""
    seen = visible(message.text[: 4 * MAX_TURN], message.html[: 20 * MAX_TURN]).text
    return Turn(message.author.role.value, masked(_cut(own_words(seen).text or seen, MAX_TURN)), message.created_at)


def _names(ticket: Ticket, public: Iterable[Message]) -> tuple[str, ...]:
    """Return the names of the people who ask; staff sign with theirs on purpose."""
    asking = (m.author.name for m in public if m.author.role in (Role.REQUESTER, Role.PARTICIPANT))
    return tuple(dict.fromkeys(name for name in (ticket.requester.name, *asking) if name and "@" not in name))


def _language(ticket: Ticket, newest: str, thread: Sequence[Turn], detect: Callable[[str], str]) -> str:
    said = [turn.text for turn in reversed(thread) if turn.role in (Role.REQUESTER.value, Role.PARTICIPANT.value)]
    answered = [turn.text for turn in reversed(thread) if turn.role in (Role.STAFF.value, Role.BOT.value)]
    return choose_language(newest, (*said, *answered), (ticket.locale, ticket.requester.locale), detect)


def _is_verified(ticket: Ticket, parts: Iterable[_Part]) -> bool:
    return ticket.requester.is_verified and all(
        part.message.author.is_verified and _UNVERIFIED.isdisjoint(part.message.flags) for part in parts
    )


def _has_injection(ticket: Ticket, parts: Sequence[_Part], thread: Sequence[Turn]) -> bool:
    """Screen all that the messages show and hide, with quotations, the subject and the earlier words of who asks."""
    earlier = (turn.text for turn in thread if turn.role in (Role.REQUESTER.value, Role.PARTICIPANT.value))
    return (
        bool(suspicions(ticket.subject))
        or any(suspicions(part.full, part.hidden) for part in parts)
        or any(suspicions(text) for text in earlier)
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + CUT
