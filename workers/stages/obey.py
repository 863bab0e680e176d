"""Carry out what staff ask of us on a ticket: each command once, each answered by a note.

What is asked stands on record before anything is done. Writes go through `errand`, so that a crash at any step, or a
second worker, finds on the ticket what was done already.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from config.logs import get_logger
from integrations.helpdesk import Person, Role, Status, Tagging, Ticket, TicketWrite
from workers import ladder
from workers.command_notes import help_note, said, why_note
from workers.commands import (
    Command,
    Decided,
    Drafted,
    Name,
    Refusal,
    cannot_fill,
    may_ask,
    unanswered,
    why_not_send,
)
from workers.domain import Action, mark_of, send_key_of
from workers.letter import Package, approved_reply
from workers.notes import draft_note
from workers.protocol import State
from workers.redact import mask
from workers.services import Services
from workers.stages import errand
from workers.stages.redo import Redone, again, draft_of, passages_of, reading_of, redo
from workers.store.orders import Order
from workers.store.tickets import Lease
from workers.words import spoken

log = get_logger(__name__)

MOST = 10  # commands in one go; what is left is done the next time the ticket is due
DONE = "done"
_SHORTER = "Make it clearly shorter: what is needed to act on it, and nothing else."


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the note to a command says, and what changes with it. `result` is "done", or why not."""

    html: str
    result: str = DONE
    add_tags: tuple[str, ...] = ()


def obey(ticket: Ticket, lease: Lease, services: Services) -> Ticket:
    """Carry out what stands unanswered; return the ticket as it is then.

    Raises TransientError as `conclude` does, and NotFoundError if the ticket went away meanwhile.
    """
    for _ in range(MOST):
        command = _next(ticket, lease, services)
        if command is None:
            break
        _Obeying(command, ticket, lease, services).carry_out()
        ticket = services.helpdesks[lease.vendor].ticket(lease.ticket_id)
    return ticket


def _next(ticket: Ticket, lease: Lease, services: Services) -> Command | None:
    """Return what to do next: first what was begun before, so that nothing stays half done."""
    known = services.orders.of_ticket(lease.vendor, lease.ticket_id)
    settled = {order.key for order in known if order.is_settled}
    waiting = unanswered(ticket, services.policy.approval, settled, now=ticket.read_at or services.now())
    for order in known:
        if order.is_settled:
            continue
        found = next((one for one in waiting if one.key == order.key), None)
        if found is None and _is_over(order, ticket, lease, services):
            continue
        return found or Command(Name(order.name), order.key, order.words, at=order.asked_at, tag=order.tag)
    return waiting[0] if waiting and ticket.status not in (Status.CLOSED, Status.DELETED) else None


def _is_over(order: Order, ticket: Ticket, lease: Lease, services: Services) -> bool:
    """Settle a command that was begun and does not stand on the ticket any more; tell whether nothing is left to do.

    Its answer stands there, or it was taken back. Only a reply that may have gone out still wants its note.
    """
    begun = services.orders.begun(lease.vendor, lease.ticket_id, order.key)
    is_answered = any(message.mark == mark_of(order.key) for message in ticket.messages)
    if is_answered:
        result = (begun.result if begun else "") or DONE
        _settle(order, result, lease, services)
        return True
    if services.orders.has_begun_another(order):
        return False
    _settle(order, Refusal.WITHDRAWN.value, lease, services)
    return True


def _settle(order: Order, result: str, lease: Lease, services: Services) -> None:
    services.orders.settle(
        lease, order, result, now=services.now(), replace_draft=result == DONE and order.made is not None
    )
    log.info("obeyed", vendor=lease.vendor, ticket=lease.ticket_id, command=order.name, result=result)


class _Obeying:
    """One command on one ticket."""

    def __init__(self, command: Command, ticket: Ticket, lease: Lease, services: Services) -> None:
        self._command = command
        self._ticket = ticket
        self._lease = lease
        self._services = services
        self._case = _case_of(command, ticket, services)
        self._words = spoken(self._case.team if self._case else "", services.policy)
        self._tagging: Tagging | None = None
        self._person = command.author
        self._order = self._open()

    def carry_out(self) -> None:
        answer = self._answer()
        command = self._command

        def compose(ticket: Ticket) -> TicketWrite:
            off = (command.tag,) if command.tag in ticket.tags else ()
            return TicketWrite(mark=mark_of(command.key), html=answer.html, add_tags=answer.add_tags, remove_tags=off)

        ended = errand.run(
            command.key, compose, self._ticket, self._order, self._lease, self._services, result=answer.result
        )
        is_shown = ended.is_done and answer.result == DONE  # what nobody saw replaces no draft
        order = replace(self._order, made=self._order.made if is_shown else None)
        _settle(order, ended.result or answer.result, self._lease, self._services)

    def _open(self) -> Order:
        """Write down what is asked, and by whom; staff's words are masked like anybody's."""
        reading = reading_of(self._ticket, self._case.message_id) if self._case else None
        people = {self._ticket.requester.name, *(m.author.name for m in self._ticket.messages)} - {""}
        vault = dict(reading.vault) if reading else {}
        kept = mask(self._command.words, vault=vault, known_names=sorted(people))
        return self._services.orders.open(
            self._lease,
            self._command,
            words=kept,
            case_id=self._case.id if self._case else None,
            now=self._services.now(),
        )

    def _answer(self) -> _Answer:
        """Do what is asked, and return what to say of it."""
        command = self._command
        if command.tag:
            self._tagging = self._services.helpdesks[self._lease.vendor].tagged(self._ticket, command.tag)
        self._person, refusal = may_ask(command, self._tagging)
        if command.tag:
            self._services.orders.asked_by(self._lease, self._order, self._person)
        if refusal:
            return self._refuse(refusal)
        does: dict[Name, Callable[[], _Answer]] = {
            Name.SEND: self._send,
            Name.WHY: self._why,
            Name.SHORTER: self._redo,
            Name.REDO: self._redo,
            Name.WRONG: self._wrong,
            Name.NEVER: self._never,
            Name.STOP: self._stop,
            Name.HELP: lambda: _Answer(help_note(command, self._words, self._services.policy)),
        }
        return does[command.name]()

    def _refuse(self, refusal: Refusal, **values: str) -> _Answer:
        return _Answer(said(self._words, f"refusal.{refusal.value}", **values), refusal.value)

    # --- sending a draft

    def _send(self) -> _Answer:
        """Make the newest draft the public reply, unless something speaks against it at the moment of writing."""
        decided = self._case
        if decided is None:
            return self._refuse(Refusal.NO_CASE)
        key = send_key_of(decided.message_id)
        begun = self._services.orders.begun(self._lease.vendor, self._lease.ticket_id, key)
        if begun and begun.outbox.state is State.DONE:
            return self._sent() if begun.command_id == self._order.id else self._refuse(Refusal.WE_ANSWERED)
        refused: list[Refusal] = []

        def may(ticket: Ticket, is_in_doubt: bool) -> bool:
            refused[:] = [found] if (found := self._why_not(ticket, decided, is_in_doubt=is_in_doubt)) else []
            return not refused

        ended = errand.run(
            key,
            lambda ticket: self._public(ticket, decided),
            self._ticket,
            self._order,
            self._lease,
            self._services,
            result=DONE,
            may=may,
            is_public=True,
        )
        if ended.is_done:
            return self._sent()
        if ended.refused:
            return self._refuse(Refusal.REFUSED, why=ended.refused[:200])
        # Neither written nor refused: it stands there already, and the record of it is lost.
        return self._refuse(refused[0] if refused else Refusal.WE_ANSWERED)

    def _sent(self) -> _Answer:
        author = self._author()
        told = said(self._words, "command.sent", name=author.name) if author else None
        return _Answer(told or said(self._words, "command.sent_by_us"))

    def _author(self) -> Person | None:
        return self._person if self._person and self._person.role is Role.STAFF else None

    def _why_not(self, ticket: Ticket, decided: Decided, *, is_in_doubt: bool) -> Refusal | None:
        if is_in_doubt:
            return Refusal.IN_DOUBT
        if self._command.tag and self._command.tag not in ticket.tags:
            return Refusal.WITHDRAWN
        draft = decided.draft or {}
        is_start = decided.draft_key == decided.message_id and decided.action != Action.DRAFT
        text = "\n".join(str(one.get("text", "")) for one in draft.get("sentences") or ())
        drafted = Drafted(decided.message_id, decided.draft_key, text, decided.question, is_start)
        asked_at = self._tagging.at if self._tagging else None
        if refusal := why_not_send(ticket, self._command, asked_at, drafted):
            return refusal
        reading = reading_of(ticket, decided.message_id)
        if not text or reading is None:
            return Refusal.NO_DRAFT
        return Refusal.PLACEHOLDER if cannot_fill(drafted, reading.newest, dict(reading.vault)) else None

    def _public(self, ticket: Ticket, decided: Decided) -> TicketWrite:
        reading = reading_of(ticket, decided.message_id)
        assert reading is not None
        assert decided.draft is not None
        policy = self._services.policy
        package = Package(ticket, reading, passages=passages_of(decided.passages), draft=draft_of(decided.draft))
        author = self._author()
        gone = ("deskhand_draft", "deskhand_assist", self._command.tag)
        return TicketWrite(
            mark=mark_of(send_key_of(decided.message_id)),
            html=approved_reply(package, policy),
            is_public=True,
            status=None if ticket.status is Status.SOLVED else Status(policy.answering.status_after_reply),
            add_tags=("deskhand", "deskhand_approved"),
            remove_tags=tuple(tag for tag in gone if tag in ticket.tags),
            author_id=author.id if author else "",
        )

    # --- the others

    def _why(self) -> _Answer:
        if self._case is None:
            return self._refuse(Refusal.NO_CASE)
        return _Answer(why_note(self._case, self._words, self._services.policy))

    def _redo(self) -> _Answer:
        """Write another draft, or show the one that was made before a crash."""
        if self._case is None:
            return self._refuse(Refusal.NO_CASE)
        wish = self._order.words
        if self._command.name is Name.SHORTER:
            wish = f"{_SHORTER} {wish}".strip()
        made = self._order.made
        redone = again(made, self._case, self._ticket) if made else redo(self._case, self._ticket, wish, self._services)
        if redone.refusal:
            return self._refuse(redone.refusal, why=redone.why)
        assert redone.made is not None
        if made is None:
            self._services.orders.keep_made(self._lease, self._order, redone.made)
            self._order = replace(self._order, made=redone.made)
        return _Answer(self._shown(redone, self._case))

    def _shown(self, redone: Redone, decided: Decided) -> str:
        assert redone.package is not None
        assert redone.decision is not None
        asked = self._words["command.redone_words"].format(words=self._command.words) if self._command.words else ""
        shown = redone.package.draft
        is_same = shown is not None and shown.text == draft_of(decided.draft or {}).text
        head = said(self._words, "command.redone_same" if is_same else "command.redone", words=asked)
        is_late = decided.action == Action.SEND
        late = said(self._words, "command.redone_after") if is_late else ""
        return f"{head}{late}{draft_note(redone.package, redone.decision, self._services.policy)}"

    def _wrong(self) -> _Answer:
        """Write the correction down; the tag lets the record, the articles and the autonomy hear of it."""
        decided = self._case
        if decided is None:
            return self._refuse(Refusal.NO_CASE)
        services, order = self._services, self._order
        was_sent = decided.action == Action.SEND or self._was_sent(decided)
        services.orders.correct(self._lease, order, decided, was_sent=was_sent, now=services.now())
        for item in services.reviews.of_ticket(self._lease.vendor, self._lease.ticket_id):
            if item.message_id == decided.message_id and not item.use:
                services.reviews.put(item, use="contested", now=services.now())
        quoted = self._words["command.wrong_words"].format(words=self._command.words) if self._command.words else ""
        tag = services.policy.answering.wrong_tag
        parts = [
            said(self._words, "command.wrong_thanks", words=quoted),
            said(self._words, "command.wrong_sent" if was_sent else "command.wrong_draft"),
            said(self._words, "command.wrong_tag", tag=tag),
        ]
        return _Answer("".join(parts), add_tags=(tag,))

    def _was_sent(self, decided: Decided) -> bool:
        marks = (mark_of(decided.message_id), mark_of(send_key_of(decided.message_id)))
        return any(m.is_public and m.mark in marks for m in self._ticket.messages)

    def _never(self) -> _Answer:
        decided, services = self._case, self._services
        if decided is None or not decided.intent:
            return self._refuse(Refusal.NO_INTENT)
        before = ladder.standing(decided.intent, decided.message_id, services).autonomy
        by, ticket_id = self._order.asked_by, self._lease.ticket_id
        is_new = services.orders.hold(decided.intent, before=before, by=by, ticket_id=ticket_id, now=services.now())
        name = "command.never_done" if is_new else "command.never_before"
        return _Answer(said(self._words, name, intent=decided.intent))

    def _stop(self) -> _Answer:
        tag = self._services.policy.answering.stop_tag
        return _Answer(said(self._words, "command.stopped", stop_tag=tag), add_tags=(tag,))


def _case_of(command: Command, ticket: Ticket, services: Services) -> Decided | None:
    """Return the case that a command is about: the newest that was settled; for its reasons, also one of no outcome."""
    is_any = command.name is Name.WHY
    return services.orders.case_of(ticket.vendor, ticket.id, is_any=is_any)
