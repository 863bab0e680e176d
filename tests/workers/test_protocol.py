"""The send step's states: what each event makes of them, and what a look at the ticket means."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.helpdesk import Abilities, Message, Status, TicketWrite
from tests.fakes.helpdesk import BOT, LOCKED, START, UNLOCKED, FakeHelpdesk
from workers.domain import Action, Code, Decision, Reason
from workers.protocol import (
    MOVES,
    TRIES,
    Attempt,
    Begin,
    Event,
    Later,
    Look,
    Outbox,
    Patience,
    Record,
    Settle,
    State,
    Write,
    find_own,
    overtaken_by,
    seconds_in_flight,
)

ADR = Path(__file__).parents[2] / "docs" / "adr" / "0008-the-send-step.md"
KEYED = Abilities(has_lock=False, has_keys=True, longest_flight_seconds=80.0)
SEND = Decision(Action.SEND, (Reason(Code.CONFIDENT),), "support")
QUIET = Decision(Action.IGNORE, (Reason(Code.THANKS_ONLY),))
PATIENCE = Patience(fresh_seconds=8.0, settle_seconds=2.0, stop_tag="stop")
ASKED = START + timedelta(seconds=60)


@pytest.fixture
def ticket():
    """A ticket that has been quiet for a minute, as read just now."""
    desk = FakeHelpdesk()
    opened = desk.open_ticket(ticket_id="7")
    desk.tick()
    return desk.ticket(opened.id)


def attempt(ticket, outbox=None, abilities=LOCKED, decision=SEND, *, at=ASKED):
    return Attempt(decision, ticket, ticket.messages[0].id, outbox or Outbox(), abilities, PATIENCE, at=at)


def sending(ticket, *, seconds_ago=0.0, state=State.SENDING, is_public=True, stamp=""):
    looked_at = ticket.read_at - timedelta(seconds=seconds_ago)
    return Outbox(state, is_public, stamp or ticket.stamp, looked_at)


def answered(ticket, *, is_public=True):
    asked = ticket.messages[0]
    own = Message("99", BOT, is_public, "Done.", ticket.read_at, mark=f"dh-{asked.id}")
    return replace(ticket, messages=(*ticket.messages, own))


def redacted(ticket):
    return replace(ticket, messages=(replace(ticket.messages[0], text="▇"),))


def hidden(ticket):
    return replace(ticket, messages=(replace(ticket.messages[0], is_public=False),))


def taken_away(ticket):
    return replace(ticket, messages=())


def handed_on(ticket):
    return replace(ticket, requester=replace(ticket.requester, id="777"))


def moved_to_another_brand(ticket):
    return replace(ticket, brand_id="2")


@pytest.mark.parametrize("change", [redacted, hidden, taken_away, handed_on, moved_to_another_brand])
def test_a_ticket_that_asks_something_else_by_now_is_read_anew(ticket, change):
    """Words were redacted, hidden or deleted, or who asks, or which brand, is another: what was decided is no more."""
    going = attempt(ticket)
    going.looked(change(ticket), at=ASKED)
    assert isinstance(going.next, Later)


# --- the states


def test_the_adr_shows_the_very_same_moves():
    """States, events and moves of the decision record are those of the code."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \|", ADR.read_text(encoding="utf-8"), re.MULTILINE)
    shown = {(State(a), Event(b)): State(c) for a, b, c in rows if a in set(State)}
    assert shown == MOVES


def test_every_state_but_the_last_has_a_way_to_the_end():
    """From wherever a case stands, it can still come to an end that is known."""
    ways = {state: {to for (a, _), to in MOVES.items() if a is state} for state in State}
    reached, before = {State.DONE}, set()
    while reached != before:
        before = set(reached)
        reached |= {state for state, to in ways.items() if to & reached}
    assert reached == set(State)
    assert ways[State.DONE] == set()


def test_what_was_called_off_may_still_have_arrived():
    """From every state in which something was begun, our mark on the ticket ends it as done."""
    begun = set(State) - {State.NONE, State.DONE}
    assert {state for state, event in MOVES if event is Event.FOUND} == begun


# --- one good try


def test_a_quiet_ticket_is_looked_at_begun_written_and_settled(ticket):
    """Nothing is begun without a look, nothing written without a commit."""
    trying = attempt(ticket)
    assert trying.next == Look()
    trying.looked(ticket, at=ASKED)
    assert trying.next == Begin(SEND, ticket, Outbox(State.SENDING, True, ticket.stamp, ticket.read_at))
    trying.begun(age_seconds=0.1)
    assert trying.next == Write()
    trying.applied()
    assert trying.next == Settle(SEND, State.DONE)


def test_to_stay_quiet_needs_no_look(ticket):
    """With nothing begun there is nothing to read back."""
    assert attempt(ticket, decision=QUIET).next == Settle(QUIET, State.NONE)


# --- the look is too young or too old


@pytest.mark.parametrize(("age", "wait"), [(0.0, 2.0), (0.5, 1.5), (2.0, 0.0), (-100.0, 2.0)])
def test_a_stamp_is_given_time_by_the_vendors_clock(ticket, age, wait):
    """Within its second the stamp cannot tell two changes apart; our own clock has no say in it."""
    young = replace(ticket, updated_at=ticket.read_at - timedelta(seconds=age))
    trying = attempt(young)
    trying.looked(young, at=ASKED + timedelta(hours=5))
    assert trying.next == Look(wait) if wait else isinstance(trying.next, Begin)


def test_clocks_of_the_vendor_that_disagree_are_waited_for_once(ticket):
    """A stamp that seems to lie in the future has had its time when the same one is read again."""
    ahead = replace(ticket, updated_at=ticket.read_at + timedelta(hours=1))
    trying = attempt(ahead)
    trying.looked(ahead, at=ASKED)
    trying.looked(ahead, at=ASKED)
    assert isinstance(trying.next, Begin)


def test_a_ticket_that_moves_every_second_is_left_for_later(ticket):
    """A worker does not stand before one ticket for ever."""
    trying = attempt(ticket)
    for number in range(2 * TRIES):
        assert isinstance(trying.next, Look)
        trying.looked(replace(ticket, stamp=f"s{number}", updated_at=ticket.read_at), at=ASKED)
    assert isinstance(trying.next, Later)


@pytest.mark.parametrize("abilities", [LOCKED, UNLOCKED])
def test_a_worker_that_slept_after_its_commit_looks_again(ticket, abilities):
    """What it was about to write rests on a look older than a lease."""
    trying = attempt(ticket, abilities=abilities)
    trying.looked(ticket, at=ASKED)
    trying.begun(age_seconds=9.0)
    assert trying.next == Record(State.CANCELLED, "the look was too old")
    trying.recorded()
    assert trying.next == Look()


# --- a lost answer


@pytest.mark.parametrize("abilities", [LOCKED, KEYED])
def test_with_a_lock_or_a_key_a_lost_write_is_simply_made_again(ticket, abilities):
    """The vendor keeps the second one, or the first, from being one too many."""
    trying = attempt(ticket, sending(ticket), abilities)
    trying.looked(ticket, at=ASKED)
    assert isinstance(trying.next, Begin)
    assert trying.next.decision == SEND


def test_without_either_a_lost_write_is_waited_out(ticket):
    """The longest flight is counted by the vendor's clock, from the look that the write rests on."""
    trying = attempt(ticket, sending(ticket, seconds_ago=30), UNLOCKED)
    trying.looked(ticket, at=ASKED + timedelta(hours=5))
    assert trying.next == Later(58.0, "an earlier write may still arrive")


def test_a_public_reply_that_never_showed_is_never_sent_again(ticket):
    """After the longest flight a person gets the draft with a warning."""
    trying = attempt(ticket, sending(ticket, seconds_ago=90), UNLOCKED)
    trying.looked(ticket, at=ASKED)
    assert trying.next == Record(State.IN_DOUBT, "it never arrived")
    trying.recorded()
    assert isinstance(trying.next, Begin)
    assert (trying.next.outbox.state, trying.next.outbox.is_public) == (State.NOTING, False)
    assert trying.next.decision.action is Action.DRAFT
    assert trying.next.decision.reasons[0].code is Code.IN_DOUBT


def test_a_note_that_never_showed_is_written_again(ticket):
    """Two notes are the lesser evil beside none."""
    trying = attempt(ticket, sending(ticket, seconds_ago=90, is_public=False), UNLOCKED)
    trying.looked(ticket, at=ASKED)
    assert trying.next == Record(State.CANCELLED, "it never arrived")
    trying.recorded()
    assert isinstance(trying.next, Begin)
    assert trying.next.decision == SEND


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.NOTING])
def test_doubt_stays_with_a_case(ticket, state):
    """Whatever became of the note: no reply of this case is public any more."""
    trying = attempt(ticket, sending(ticket, seconds_ago=500, state=state), UNLOCKED)
    trying.looked(ticket, at=ASKED)
    if isinstance(trying.next, Record):
        trying.recorded()
    assert trying.next.decision.action is Action.DRAFT
    trying.begun(age_seconds=0)
    trying.missed("timed out", maybe_done=True)
    assert trying.next == Later(88.0, "timed out")


@pytest.mark.parametrize("state", [state for state in State if state not in (State.NONE, State.DONE)])
@pytest.mark.parametrize("abilities", [LOCKED, UNLOCKED, KEYED])
def test_our_mark_on_the_ticket_is_the_end(ticket, state, abilities):
    """Found is done, however the try seemed to have ended."""
    seen = answered(ticket)
    trying = attempt(ticket, sending(ticket, state=state), abilities)
    trying.looked(seen, at=ASKED)
    assert trying.next == Settle(None, State.DONE, seen.messages[-1])


def test_the_reply_counts_before_the_note(ticket):
    """A late reply beside the note that warned of it: the requester saw an answer."""
    both = answered(answered(ticket, is_public=False))
    assert find_own(both, ticket.messages[0].id).is_public


# --- going quiet, and what may still come in


def test_nobody_goes_quiet_while_a_reply_may_still_come_in(ticket):
    """A ticket that has not moved lets the old write in: the record would say nothing was sent."""
    trying = attempt(ticket, sending(ticket, seconds_ago=30), decision=QUIET)
    assert trying.next == Later(58.0, "an earlier write may still arrive")
    moved = replace(ticket, stamp="newer", updated_at=ticket.read_at - timedelta(seconds=30))
    assert attempt(moved, sending(ticket), decision=QUIET).next == Settle(QUIET, State.CANCELLED)


def test_a_refusal_says_nothing_of_an_earlier_try(ticket):
    """The first try may still come in, so the outbox goes on saying so."""
    trying = attempt(ticket, sending(ticket, seconds_ago=5))
    trying.looked(ticket, at=ASKED)
    trying.begun(age_seconds=0)
    trying.missed("HTTP 429", maybe_done=False, seconds=7)
    assert trying.next == Record(State.SENDING, "HTTP 429")
    trying.recorded()
    assert trying.next == Later(7, "HTTP 429")


def test_a_conflict_ends_all_that_rests_on_an_older_look(ticket):
    """With a lock, what moved the ticket keeps the first try out as well."""
    trying = attempt(ticket, sending(ticket, seconds_ago=5))
    trying.looked(ticket, at=ASKED)
    trying.begun(age_seconds=0)
    trying.conflicted()
    assert trying.next == Record(State.CANCELLED, "the ticket moved")


def test_time_in_flight_is_bounded_whatever_the_clocks_say(ticket):
    """A look that seems to lie in the future does not hold a ticket for ever."""
    ahead = sending(ticket, seconds_ago=-3600)
    assert seconds_in_flight(ahead, ticket, ticket.read_at, UNLOCKED, PATIENCE) == 88.0
    assert seconds_in_flight(Outbox(), ticket, ticket.read_at, UNLOCKED, PATIENCE) == 0.0


def test_a_ticket_that_is_gone_takes_nothing_more(ticket):
    """What was under way ends with it."""
    trying = attempt(ticket, sending(ticket), UNLOCKED)
    trying.gone()
    assert trying.next == Settle(
        Decision(Action.IGNORE, (Reason(Code.TICKET_GONE), *SEND.reasons), "support"), State.CANCELLED
    )


# --- refused


def test_refused_twice_only_the_record_remains(ticket):
    """First the reply, then a bare note; the reasons say both."""
    trying = attempt(ticket)
    trying.looked(ticket, at=ASKED)
    trying.begun(age_seconds=0)
    trying.refused("HTTP 422")
    trying.recorded()
    assert isinstance(trying.next, Begin)
    assert (trying.next.is_bare, trying.next.decision.action) == (True, Action.DRAFT)
    trying.begun(age_seconds=0)
    trying.refused("HTTP 422")
    trying.recorded()
    assert isinstance(trying.next, Settle)
    assert (trying.next.state, trying.next.decision.action) == (State.REFUSED, Action.IGNORE)


def test_an_open_case_of_the_past_ends_with_its_reason():
    """Staff answered, the requester went on, or the message is not there any more."""
    desk = FakeHelpdesk()
    first = desk.open_ticket()
    assert overtaken_by(desk.peek(first.id), "gone") is Code.NO_REQUESTER_MESSAGE
    desk.requester_writes(first.id, "And?")
    assert overtaken_by(desk.peek(first.id), first.messages[0].id) is Code.NEWER_MESSAGE
    desk.write(desk.peek(first.id), TicketWrite(mark="dh-x", html="<p>Hm</p>", status=Status.OPEN))
    desk.staff_writes(first.id, "Here.")
    assert overtaken_by(desk.peek(first.id), first.messages[0].id) is Code.STAFF_ANSWERED


def test_a_lost_draft_does_not_become_a_reply(ticket):
    """What a colleague did between our look and our write still counts when that write never arrived."""
    first = attempt(ticket)
    first.looked(replace(ticket, status=Status.PENDING), at=ASKED)
    lost = first.next.outbox.after(Event.MISSING)
    again = attempt(replace(ticket, status=Status.PENDING), lost)
    again.looked(replace(ticket, status=Status.PENDING), at=ASKED)
    assert again.next.decision.action is Action.DRAFT
    assert again.next.decision.reasons[0] == Reason(Code.STATUS_CHANGED)
