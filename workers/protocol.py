"""The send step as a pure state machine: what the outbox says of a case, what has happened, and what to do next.

It keeps one promise: a requester's message gets at most one public reply, and never none in silence. No clock, network
or SQL stands here. `workers/stages/conclude.py` and the simulation (tests/simulation) drive the same `Attempt`: they
do what it says and tell it what came of that. docs/adr/0008 explains the states; a test holds table and ADR together.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from integrations.helpdesk import Abilities, Message, Role, Ticket
from workers import facts
from workers.decide import last_look, lowered_for
from workers.domain import Action, Code, Decision, LastLookFacts, Reason, mark_of

TRIES = 5

Judge = Callable[[Ticket, bool], Decision]  # the ticket as it is now, and whether an earlier reply is in doubt


class State(StrEnum):
    """What the outbox (table `action`) records of a case's write."""

    NONE = "none"  # nothing was ever begun: there is no row
    SENDING = "sending"  # the intent is committed; whether its write arrived is not known
    DONE = "done"  # it stands on the ticket
    CANCELLED = "cancelled"  # it did not happen, and a new try may begin
    REFUSED = "refused"  # the vendor will not have it; a bare note may follow
    IN_DOUBT = "in_doubt"  # a public reply that never showed, and that nothing keeps from coming: only notes may follow
    NOTING = "noting"  # in doubt, and the note for a person is on its way


class Event(StrEnum):
    """What happens to a write."""

    BEGUN = "begun"  # the intent was committed under our fence
    APPLIED = "applied"  # the vendor confirmed it
    CONFLICT = "conflict"  # the vendor refused it: the ticket moved
    REFUSED = "refused"  # the vendor refused it for good
    NOT_SENT = "not_sent"  # it surely did nothing: never sent, no connection, or turned away
    NO_ANSWER = "no_answer"  # nobody knows
    FOUND = "found"  # read back: our mark stands on the ticket
    MISSING = "missing"  # read back: it is not there, and need not be feared
    LOST = "lost"  # read back after its longest flight: a public reply is not there, and nothing keeps it from coming


MOVES: dict[tuple[State, Event], State] = {
    (State.NONE, Event.BEGUN): State.SENDING,
    (State.CANCELLED, Event.BEGUN): State.SENDING,
    (State.REFUSED, Event.BEGUN): State.SENDING,
    (State.SENDING, Event.BEGUN): State.SENDING,
    (State.IN_DOUBT, Event.BEGUN): State.NOTING,
    (State.SENDING, Event.APPLIED): State.DONE,
    (State.NOTING, Event.APPLIED): State.DONE,
    (State.SENDING, Event.CONFLICT): State.CANCELLED,
    (State.NOTING, Event.CONFLICT): State.IN_DOUBT,
    (State.SENDING, Event.REFUSED): State.REFUSED,
    (State.NOTING, Event.REFUSED): State.IN_DOUBT,
    (State.SENDING, Event.NOT_SENT): State.CANCELLED,
    (State.NOTING, Event.NOT_SENT): State.IN_DOUBT,
    (State.SENDING, Event.NO_ANSWER): State.SENDING,
    (State.NOTING, Event.NO_ANSWER): State.NOTING,
    (State.SENDING, Event.FOUND): State.DONE,
    (State.CANCELLED, Event.FOUND): State.DONE,
    (State.REFUSED, Event.FOUND): State.DONE,
    (State.IN_DOUBT, Event.FOUND): State.DONE,
    (State.NOTING, Event.FOUND): State.DONE,
    (State.SENDING, Event.MISSING): State.CANCELLED,
    (State.NOTING, Event.MISSING): State.IN_DOUBT,
    (State.SENDING, Event.LOST): State.IN_DOUBT,
}
_ON_ITS_WAY = (State.SENDING, State.NOTING)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is on record of a case's write. `looked_at` is the vendor's time of the read it was based on.

    `set_aside`: notes of ours from before the case was replayed. They bear its mark, and are not what is looked for.
    `lowered_for`: for which of a person's acts a reply had become a draft; one that was lost does not undo the act.
    """

    state: State = State.NONE
    is_public: bool = False
    stamp: str = ""
    looked_at: datetime | None = None
    set_aside: tuple[str, ...] = ()
    lowered_for: str = ""

    def after(self, event: Event) -> "Outbox":
        return replace(self, state=MOVES[self.state, event])


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A write is not made on a look older than `fresh`; a stamp is trusted when `settle` old."""

    fresh_seconds: float
    settle_seconds: float
    stop_tag: str = ""
    yields: bool = False  # to the helpdesk's own AI agent, where that has taken the ticket meanwhile


@dataclass(frozen=True, slots=True)
class Look:
    """Read the whole ticket, after a pause; answer with `looked` or `gone`."""

    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Begin:
    """Commit the intent, only under our own fence; answer with `begun`. `is_bare`: a note and nothing beside it."""

    decision: Decision
    ticket: Ticket
    outbox: Outbox
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """Make the one call that was begun, now; answer with `applied`, `conflicted`, `refused`, `missed` or `gone`."""


@dataclass(frozen=True, slots=True)
class Record:
    """Commit how a try ended; answer with `recorded`."""

    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Settle:
    """The end: commit the outcome, and with it the outbox's state. `own` is the message on the ticket that is it.

    `decision` is None where an earlier try succeeded: what it was stands in the outbox.
    """

    decision: Decision | None
    state: State
    own: Message | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """The end of this attempt: give the ticket back and come again, not before so many seconds have passed."""

    seconds: float
    why: str


Step = Look | Begin | Write | Record | Settle | Later


def find_own(ticket: Ticket, message_id: str, set_aside: Collection[str] = ()) -> Message | None:
    """Return our answer to this message if the ticket has one: the public one, if there is a note as well."""
    mark = mark_of(message_id)
    own = [m for m in ticket.messages if m.mark == mark and (m.is_public or m.id not in set_aside)]
    return next((message for message in own if message.is_public), own[0] if own else None)


def as_found(begun: Action, own: Message) -> Action:
    """Say what an earlier try did, by what stands on the ticket: a later one may have begun something else.

    What is public was sent; a note is what was begun, or a draft if that would have been public.
    """
    if own.is_public:
        return Action.SEND
    return Action.DRAFT if begun is Action.SEND else begun


def is_asked_otherwise(before: Ticket, now: Ticket) -> bool:
    """Tell whether words that a decision rests on were changed, hidden or taken away since, or who asks, or for what
    brand, is another."""
    standing = {message.id: (message.is_public, message.text) for message in now.messages}
    known = [message for message in before.messages if message.is_public]
    is_changed = any(standing.get(message.id) != (True, message.text) for message in known)
    is_moved = (now.requester.id, now.brand_id) != (before.requester.id, before.brand_id)
    return is_changed or is_moved


def overtaken_by(ticket: Ticket, message_id: str) -> Code:
    """Say why an open case that nobody asks about any more ends."""
    public = [message for message in ticket.messages if message.is_public]
    place = next((place for place, message in enumerate(public) if message.id == message_id), None)
    if place is None:
        return Code.NO_REQUESTER_MESSAGE
    is_answered = any(message.author.role is Role.STAFF for message in public[place + 1 :])
    return Code.STAFF_ANSWERED if is_answered else Code.NEWER_MESSAGE


def seconds_in_flight(outbox: Outbox, ticket: Ticket, at: datetime, abilities: Abilities, patience: Patience) -> float:
    """Return for how long what was begun, and is not on the ticket, has still to be reckoned with; 0.0: no more.

    `at` is the time of the read. With a lock, a ticket that moved lets nothing older in; it may have come in before
    that, and not be shown yet.
    """
    if outbox.state not in _ON_ITS_WAY:
        return 0.0
    if abilities.has_lock and ticket.stamp != outbox.stamp:
        most, since = abilities.read_lag_seconds, ticket.updated_at
    else:
        most = patience.fresh_seconds + abilities.longest_flight_seconds + abilities.read_lag_seconds
        since = outbox.looked_at or at
    return min(most, max(0.0, most - (at - since).total_seconds()))


def landed(outbox: Outbox, abilities: Abilities) -> Outbox:
    """Return the outbox once nothing of it is in flight, and it was not found."""
    if outbox.state not in _ON_ITS_WAY:
        return outbox
    is_guarded = abilities.has_lock or abilities.has_keys
    is_feared = outbox.is_public and outbox.state is State.SENDING and not is_guarded
    return outbox.after(Event.LOST if is_feared else Event.MISSING)


def without_ticket(outbox: Outbox) -> Outbox:
    """Return the outbox once the ticket is gone: nothing comes in on it any more."""
    return outbox.after(Event.MISSING) if outbox.state in _ON_ITS_WAY else outbox


def is_waited_out(abilities: Abilities) -> bool:
    """Tell whether a lost write has to be waited out before the next: nothing else keeps it from being a second one."""
    return not (abilities.has_lock or abilities.has_keys)


def arrived(
    outbox: Outbox, ticket: Ticket, message_id: str, abilities: Abilities, patience: Patience, *, at: datetime
) -> Settle | Later | None:
    """Say what an earlier attempt left for the next one, before anything is decided anew; None: nothing in its way."""
    if outbox.state is State.NONE:
        return None
    if own := find_own(ticket, message_id, outbox.set_aside):
        return Settle(None, outbox.after(Event.FOUND).state, own)
    left = seconds_in_flight(outbox, ticket, ticket.read_at or at, abilities, patience)
    return Later(left, "an earlier write may still arrive") if left > 0 and is_waited_out(abilities) else None


class Attempt:
    """One worker's attempt to bring a decision about on a ticket: `next` says what to do, the methods tell what came.

    `before` is the ticket as it was when the decision fell. Whatever happened since lowers the decision or calls it
    off; `judge` takes the place of that rule for what staff have asked for. `at` is our own time, used only where the
    vendor does not tell its own.
    """

    next: Step
    changed: LastLookFacts | None = None  # what the newest look that was judged saw

    def __init__(
        self,
        decision: Decision,
        before: Ticket,
        message_id: str,
        outbox: Outbox,
        abilities: Abilities,
        patience: Patience,
        *,
        at: datetime,
        judge: Judge | None = None,
    ) -> None:
        self._judged = judge or self._last_look
        self._decision = decision
        self._before = before
        self._message_id = message_id
        self._outbox = outbox
        self._abilities = abilities
        self._patience = patience
        self._ticket = before
        self._at = before.read_at or at
        self._looks = self._tries = 0
        self._waited = 0.0
        self._chosen = decision
        self._is_bare = False
        self._is_loose = False  # an earlier try may still come in: how this one ends says nothing of that one
        self._then: Callable[[], Step] = Look
        self.next = self._read_back() if decision.action is Action.IGNORE else Look()

    def looked(self, ticket: Ticket, *, at: datetime) -> None:
        """The ticket was read; `at` is our time of it."""
        if ticket.stamp != self._ticket.stamp:
            self._waited = 0.0
        self._looks += 1
        self._ticket, self._at = ticket, ticket.read_at or at
        self.next = self._read_back()

    def gone(self) -> None:
        """The ticket is not there any more."""
        self._outbox = without_ticket(self._outbox)
        self.next = Settle(_quiet(self._decision, Code.TICKET_GONE), self._outbox.state)

    def begun(self, *, age_seconds: float) -> None:
        """The intent is on record, so long after the look it rests on."""
        if age_seconds > self._patience.fresh_seconds:
            self._end_try(Event.NOT_SENT, "the look was too old", self._look_again)
        else:
            self.next = Write()

    def applied(self) -> None:
        self._outbox = self._outbox.after(Event.APPLIED)
        self.next = Settle(self._chosen, self._outbox.state)

    def conflicted(self) -> None:
        """The ticket moved; with a lock, nothing that rests on an older look can come in any more either."""
        self._is_loose = self._is_loose and not self._abilities.has_lock
        self._end_try(Event.CONFLICT, "the ticket moved", self._look_again)

    def refused(self, words: str) -> None:
        """The vendor will not have it. A bare note is tried, so that a person still hears; then the record remains."""
        if self._is_bare:
            quiet = replace(self._chosen, action=Action.IGNORE)
            self._end_try(Event.REFUSED, words, lambda: self._quietly(quiet))
        else:
            self._chosen, self._is_bare = _lowered(self._chosen, Reason(Code.WRITE_REFUSED, words[:120])), True
            self._end_try(Event.REFUSED, words, self._begin)

    def missed(self, why: str, *, maybe_done: bool, seconds: float = 0.0) -> None:
        """No good answer came; `seconds` is what the vendor asked us to wait."""
        if not maybe_done:
            self._end_try(Event.NOT_SENT, why, lambda: Later(seconds, why))
            return
        self._outbox = self._outbox.after(Event.NO_ANSWER)
        flight = self._patience.fresh_seconds + self._abilities.longest_flight_seconds
        self.next = Later(max(seconds, flight) if is_waited_out(self._abilities) else seconds, why)

    def recorded(self) -> None:
        self.next = self._then()

    def _end_try(self, event: Event, why: str, then: Callable[[], Step]) -> None:
        self._outbox = self._outbox.after(Event.NO_ANSWER if self._is_loose else event)
        self.next, self._then = Record(self._outbox.state, why), then

    def _look_again(self) -> Step:
        return Look() if self._tries < TRIES else Later(0.0, f"the ticket moved {TRIES} times under our hands")

    def _read_back(self) -> Step:
        """Say what a look means: done already, to be waited for, or ours to go on with."""
        own = find_own(self._ticket, self._message_id, self._outbox.set_aside)
        if own is not None and self._outbox.state is not State.NONE:
            return Settle(None, self._outbox.after(Event.FOUND).state, own)
        if own is not None:
            return Settle(_quiet(self._decision, Code.ALREADY_SETTLED), State.NONE)
        self._is_loose = self._left() > 0
        if not is_waited_out(self._abilities) or self._outbox.state not in _ON_ITS_WAY:
            return self._judge()
        if self._is_loose:
            return Later(self._left(), "an earlier write may still arrive")
        self._outbox, self._then = landed(self._outbox, self._abilities), self._judge
        return Record(self._outbox.state, "it never arrived")

    def _left(self) -> float:
        return seconds_in_flight(self._outbox, self._ticket, self._at, self._abilities, self._patience)

    def _judge(self) -> Step:
        if self._decision.action is Action.IGNORE:
            return self._quietly(self._decision)
        if wait := self._seconds_to_settle():
            self._waited += wait
            return Look(wait) if self._looks < 2 * TRIES else Later(wait, "the ticket does not stand still")
        if is_asked_otherwise(self._before, self._ticket):
            return Later(0.0, "what was asked has changed, and is read anew")
        self._chosen, self._is_bare = self._judged(self._ticket, self._outbox.state is State.IN_DOUBT), False
        return self._quietly(self._chosen) if self._chosen.action is Action.IGNORE else self._begin()

    def _last_look(self, ticket: Ticket, is_in_doubt: bool) -> Decision:
        self.changed = facts.for_last_look(
            self._decision.action,
            self._before,
            ticket,
            self._message_id,
            self._patience.stop_tag,
            is_in_doubt=is_in_doubt,
            yields=self._patience.yields,
            lowered_for=self._outbox.lowered_for,
        )
        return last_look(self.changed, self._decision)

    def _seconds_to_settle(self) -> float:
        """Return how long until the stamp can tell the next change from the newest: its resolution is one second.

        A vendor whose clock and stamps disagree is waited for once, by our own clock.
        """
        settle = max(self._patience.settle_seconds, self._abilities.read_lag_seconds)
        if not self._abilities.has_lock or self._waited >= settle:
            return 0.0
        age = (self._at - self._ticket.updated_at).total_seconds()
        return min(settle, max(0.0, settle - age))

    def _quietly(self, decision: Decision) -> Step:
        """End without a write, once nothing that was begun can still come in."""
        left = self._left()
        if left > 0:
            return Later(left, "an earlier write may still arrive")
        return Settle(decision, landed(self._outbox, self._abilities).state)

    def _begin(self) -> Begin:
        self._tries += 1
        self._outbox = replace(
            self._outbox.after(Event.BEGUN),
            is_public=self._chosen.action is Action.SEND,
            stamp=self._ticket.stamp,
            looked_at=self._at,
            lowered_for=lowered_for(self._chosen) or self._outbox.lowered_for,
        )
        return Begin(self._chosen, self._ticket, self._outbox, self._is_bare)


def _quiet(decision: Decision, code: Code) -> Decision:
    if decision.action is Action.IGNORE:
        return decision
    return Decision(Action.IGNORE, (Reason(code), *decision.reasons), decision.team, decision.urgency)


def _lowered(decision: Decision, reason: Reason) -> Decision:
    action = Action.DRAFT if decision.action is Action.SEND else decision.action
    return replace(decision, action=action, reasons=(reason, *decision.reasons))
