"""One outcome on the ticket for each requester message, whatever happens between our read and our write."""

from dataclasses import replace

import pytest

from integrations.errors import ConflictError, PermanentError, TransientError
from integrations.helpdesk import Status, TicketWrite
from tests.fakes.helpdesk import GRACE, UNLOCKED, FakeHelpdesk
from tests.fakes.services import (
    INTENT_OF,
    POLICY,
    classified,
    make_services,
    outcome_of,
    scripted,
    shelve_swap,
    take,
    take_again,
)
from workers import pipeline
from workers.domain import Action, Classification, Code, Decision, MessageKind, Reading, Reason, Stage, Urgency, mark_of
from workers.letter import Package
from workers.protocol import find_own
from workers.stages.conclude import compose, conclude
from workers.store.ledger import Case
from workers.store.tables import action, reading
from workers.store.tickets import LeaseLostError

OUTCOMES = tuple(INTENT_OF)
REASONS = {
    "send": ["confident"],
    "draft": ["autonomy_draft"],
    "assist": ["autonomy_off"],
    "hand_off": ["intent_ceiling:hand_off"],
}


def outbox(engine):
    """Every row of the outbox: state, what was written, and the message it became."""
    with reading(engine) as connection:
        return [(row.state, row.write["action"], row.message_id) for row in connection.execute(action.select())]


@pytest.fixture
def asked(desk):
    """A ticket that has been quiet for a minute."""
    ticket = desk.open_ticket()
    desk.tick()
    return ticket


@pytest.fixture(params=OUTCOMES)
def outcome(request, llm):
    """Each of the four outcomes that write, with the model saying what leads there."""
    llm.say("classify", classified(INTENT_OF[request.param]))
    return request.param


# --- answers lost, late and held up


def test_an_outcome_is_written_once_and_recorded(services, desk, asked, outcome, engine):
    """Message, outbox and case say the same."""
    pipeline.work(take(services, asked.id), services)
    (own,) = desk.own_messages(asked.id)
    assert own.is_public is (outcome == "send")
    assert own.mark == mark_of(asked.messages[0].id)
    assert outcome_of(services, asked.messages[0].id) == (outcome, REASONS[outcome])
    assert outbox(engine) == [("done", outcome, own.id)]


def test_a_write_whose_answer_was_lost_is_found_and_not_repeated(services, desk, asked, outcome, engine):
    """The next worker finds the mark and records what was done, with its reasons."""
    desk.lose_answers(1, done=True)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    desk.tick(10)
    pipeline.work(take_again(services, asked.id), services)
    (own,) = desk.own_messages(asked.id)
    assert desk.write_attempts == 1
    assert outcome_of(services, asked.messages[0].id) == (outcome, REASONS[outcome])
    assert outbox(engine) == [("done", outcome, own.id)]


def test_a_write_that_never_arrived_is_written_once_on_the_next_try(services, desk, asked, outcome, engine):
    """Without the mark on the ticket it was not done."""
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    assert outbox(engine) == [("sending", outcome, "")]
    desk.tick(10)
    pipeline.work(take_again(services, asked.id), services)
    (own,) = desk.own_messages(asked.id)
    assert desk.write_attempts == 2
    assert outbox(engine) == [("done", outcome, own.id)]


def test_a_write_that_was_held_up_is_refused_after_the_second_one(services, desk, asked, outcome):
    """The stamp lets only the first to arrive through."""
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    desk.tick(10)
    pipeline.work(take_again(services, asked.id), services)
    assert desk.release_writes() == 0
    assert len(desk.own_messages(asked.id)) == 1


def test_a_write_that_was_held_up_arrives_just_before_the_second_one(services, desk, asked, outcome, engine):
    """The second one is refused, reads again, finds the first, and takes it as the outcome."""
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    desk.tick(10)
    desk.before_write(desk.release_writes)
    pipeline.work(take_again(services, asked.id), services)
    (own,) = desk.own_messages(asked.id)
    assert outcome_of(services, asked.messages[0].id) == (outcome, REASONS[outcome])
    assert outbox(engine) == [("done", outcome, own.id)]


def test_a_note_is_recorded_as_a_note_whatever_was_begun_after_it(services, desk, llm, asked):
    """The second try set out to send and died; what stands on the ticket is the first one's draft."""
    llm.say("classify", classified("plan_shift"))
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    llm.say("classify", classified("swap_shift"))
    desk.lose_answers(1, done=False)
    desk.tick(10)
    with pytest.raises(TransientError):
        pipeline.work(take_again(services, asked.id), services)
    desk.release_writes()
    desk.tick(10)
    pipeline.work(take_again(services, asked.id), services)
    assert outcome_of(services, asked.messages[0].id) == ("draft", REASONS["draft"])


def test_what_the_requester_can_see_is_recorded_as_sent(services, desk, llm, asked):
    """The second try would have left a draft; the first one's reply, arriving late, is what happened."""
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    llm.say("classify", classified("plan_shift"))
    desk.tick(10)
    desk.before_write(desk.release_writes)
    pipeline.work(take_again(services, asked.id), services)
    assert [own.is_public for own in desk.own_messages(asked.id)] == [True]
    assert outcome_of(services, asked.messages[0].id) == ("send", REASONS["send"])


def test_our_answer_without_a_record_of_it_is_left_alone(services, desk, asked):
    """With the database lost, the mark on the ticket still keeps us from a second note."""
    desk.write(asked, TicketWrite(mark=mark_of(asked.messages[0].id), html="<p>An earlier note</p>"))
    desk.tick()
    pipeline.work(take(services, asked.id), services)
    assert len(desk.own_messages(asked.id)) == 1
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["already_settled"])


# --- somebody else is faster

FASTER = {
    "staff replies": (lambda d, t: d.staff_writes(t.id, "I have it."), "ignore", "staff_answered"),
    "staff writes a note": (lambda d, t: d.staff_writes(t.id, "Hm.", is_public=False), "draft", "staff_at_work"),
    "staff takes it": (lambda d, t: d.change(t.id, assignee_id=GRACE.id), "draft", "staff_at_work"),
    "staff waits": (lambda d, t: d.change(t.id, status=Status.PENDING), "draft", "status_changed:pending"),
    "staff solves it": (lambda d, t: d.change(t.id, status=Status.SOLVED), "ignore", "status_changed:solved"),
    "it is closed": (lambda d, t: d.change(t.id, status=Status.CLOSED), "ignore", "status_changed:closed"),
    "it is deleted": (lambda d, t: d.delete(t.id), "ignore", "ticket_gone"),
    "staff silences us": (lambda d, t: d.change(t.id, tags=("deskhand_stop",)), "ignore", "silenced"),
    "the requester goes on": (lambda d, t: d.requester_writes(t.id, "And Sunday?"), "ignore", "newer_message"),
    "a rule adds a tag": (lambda d, t: d.change(t.id, tags=("vip",)), "send", "confident"),
}


@pytest.mark.parametrize("moment", ["before our second read", "before our write"])
@pytest.mark.parametrize("name", FASTER)
def test_never_over_a_person(services, desk, asked, name, moment):
    """What happened in the meantime lowers or calls off the reply, and is its first reason."""
    act, expected, reason = FASTER[name]
    if moment == "before our write":
        desk.before_write(lambda: act(desk, asked))
    else:
        desk.before_read(lambda: None)
        desk.before_read(lambda: act(desk, asked))
    pipeline.work(take(services, asked.id), services)
    done, reasons = outcome_of(services, asked.messages[0].id)
    if name == "it is closed" and moment == "before our write":
        reason = "write_refused:zendesk write: HTTP 422: ClosedTicket"
    assert (done, reasons[0]) == (expected, reason)
    written = {"ignore": [], "draft": [False], "send": [True]}[expected]
    assert [own.is_public for own in desk.own_messages(asked.id)] == written


def test_a_message_that_came_in_between_is_answered_with_the_older_one(services, desk, asked):
    """The case of the first message is called off; the next one reads both and replies once."""
    desk.before_write(lambda: desk.requester_writes(asked.id, "And how do I swap on Sunday?"))
    lease = take(services, asked.id)
    services.tickets.wake("zendesk", asked.id, now=services.now())
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))
    desk.tick()
    pipeline.work(take_again(services, asked.id), services)
    newest = desk.peek(asked.id).messages[1].id
    assert outcome_of(services, asked.messages[0].id)[0] == "ignore"
    assert outcome_of(services, newest)[0] == "send"
    assert len(desk.own_messages(asked.id)) == 1


def test_a_ticket_that_moves_four_times_still_gets_its_reply(services, desk, asked):
    """Each conflict is answered by reading and deciding again."""
    for number in range(4):
        desk.before_write(lambda n=number: desk.change(asked.id, tags=(f"t{n}",)))
    pipeline.work(take(services, asked.id), services)
    assert len(desk.own_messages(asked.id, is_public=True)) == 1
    assert set(desk.peek(asked.id).tags) >= {"t3", "deskhand_send"}


def test_a_ticket_that_never_stands_still_is_left_for_later(services, desk, asked):
    """After five conflicts nothing was written and nothing is settled; a calmer moment comes."""
    desk.refuse_writes(ConflictError("HTTP 409"), 5)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    assert (desk.written, outcome_of(services, asked.messages[0].id)) == ([], None)
    desk.tick(10)
    pipeline.work(take_again(services, asked.id), services)
    assert len(desk.own_messages(asked.id)) == 1


# --- attempts that failed, and what came after


def test_a_case_that_staff_answered_meanwhile_is_settled(services, desk, asked, engine):
    """After an attempt that failed, staff's reply is the end of it, and that is on record."""
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    desk.staff_writes(asked.id, "Press Offer swap.")
    desk.tick()
    pipeline.work(take_again(services, asked.id), services)
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["staff_answered"])
    assert desk.own_messages(asked.id) == []
    assert outbox(engine) == [("cancelled", "send", "")]


def test_a_case_that_a_newer_message_took_in_is_settled(services, desk, asked):
    """After an attempt that failed, one reply answers both messages and both cases end."""
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    newer = desk.requester_writes(asked.id, "How do I swap a shift on Sunday?")
    desk.tick()
    pipeline.work(take_again(services, asked.id), services)
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["newer_message"])
    assert outcome_of(services, newer.id)[0] == "send"
    assert len(desk.own_messages(asked.id)) == 1


def test_a_note_that_did_arrive_before_a_newer_message_is_recorded_as_itself(services, desk, llm, asked):
    """The older case is not taken for overtaken when its note stands on the ticket."""
    llm.say("classify", classified("plan_shift"))
    desk.lose_answers(1, done=True)
    with pytest.raises(TransientError):
        pipeline.work(take(services, asked.id), services)
    newer = desk.requester_writes(asked.id, "How do I swap a shift on Sunday?")
    desk.tick()
    pipeline.work(take_again(services, asked.id), services)
    assert outcome_of(services, asked.messages[0].id)[0] == "draft"
    assert outcome_of(services, newer.id)[0] == "draft"
    assert len({own.mark for own in desk.own_messages(asked.id)}) == 2


# --- a helpdesk that keeps nothing from arriving twice


@pytest.fixture
def loose(engine, llm):
    """Services over a helpdesk without a lock, and its ticket that has been quiet for a minute."""
    desk = FakeHelpdesk(abilities=UNLOCKED)
    made = make_services(engine, desk, llm=llm)
    shelve_swap(made)
    opened = desk.open_ticket()
    desk.tick()
    return made, desk, opened


def later(services, desk, ticket_id, seconds):
    """Let time pass, and let another worker take the ticket."""
    desk.tick(seconds)
    return pipeline.work(take_again(services, ticket_id), services)


def test_without_a_lock_a_lost_reply_is_waited_out_and_found(loose, engine):
    """Nobody asks a model or writes anything before the longest flight is over, or the reply is seen."""
    services, desk, opened = loose
    desk.hold_writes()
    with pytest.raises(TransientError) as caught:
        pipeline.work(take(services, opened.id), services)
    assert caught.value.retry_after_seconds == 88
    calls = len(services.llm.asked)
    with pytest.raises(TransientError, match="may still arrive"):
        later(services, desk, opened.id, 30)
    assert (len(services.llm.asked), desk.write_attempts) == (calls, 1)
    desk.release_writes()
    later(services, desk, opened.id, 10)
    (own,) = desk.own_messages(opened.id)
    assert outbox(engine) == [("done", "send", own.id)]
    assert outcome_of(services, opened.messages[0].id) == ("send", ["confident"])


def test_without_a_lock_a_reply_that_never_showed_becomes_a_persons(loose, engine):
    """The note has the draft and the warning; the reply that comes in after all stays the only one."""
    services, desk, opened = loose
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, opened.id), services)
    later(services, desk, opened.id, 90)
    (note,) = desk.own_messages(opened.id)
    assert not note.is_public
    assert "may still appear: look before you reply" in note.text
    assert outcome_of(services, opened.messages[0].id) == ("draft", ["in_doubt", "confident"])
    assert outbox(engine) == [("done", "draft", note.id)]
    desk.release_writes()
    services.tickets.wake("zendesk", opened.id, now=desk.now)
    later(services, desk, opened.id, 90)
    assert [own.is_public for own in desk.own_messages(opened.id)] == [False, True]


def test_without_a_lock_a_note_that_never_showed_is_written_again(loose, llm):
    """A person hears of it, in the worst case twice."""
    services, desk, opened = loose
    llm.say("classify", classified("plan_shift"))
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        pipeline.work(take(services, opened.id), services)
    later(services, desk, opened.id, 90)
    assert [own.is_public for own in desk.own_messages(opened.id)] == [False]
    assert outcome_of(services, opened.messages[0].id) == ("draft", ["autonomy_draft"])


def test_without_a_lock_a_newer_message_waits_for_the_lost_reply(loose):
    """Two replies would follow each other otherwise, the older one last."""
    services, desk, opened = loose
    desk.hold_writes()
    with pytest.raises(TransientError):
        pipeline.work(take(services, opened.id), services)
    newer = desk.requester_writes(opened.id, "How do I swap a shift on Sunday?")
    with pytest.raises(TransientError, match="may still arrive"):
        later(services, desk, opened.id, 20)
    desk.release_writes()
    later(services, desk, opened.id, 70)
    assert outcome_of(services, opened.messages[0].id) == ("send", ["confident"])
    assert outcome_of(services, newer.id)[0] == "draft"  # the same words again, and they have just been said
    assert [own.mark for own in desk.own_messages(opened.id)] == [mark_of(opened.messages[0].id), mark_of(newer.id)]


def test_without_a_lock_what_was_surely_not_sent_is_sent_again(loose):
    """Turned away is not lost: the reply goes out with the next attempt."""
    services, desk, opened = loose
    desk.refuse_writes(TransientError("HTTP 429", retry_after_seconds=7))
    with pytest.raises(TransientError) as caught:
        pipeline.work(take(services, opened.id), services)
    assert caught.value.retry_after_seconds == 7
    later(services, desk, opened.id, 9)
    assert [own.is_public for own in desk.own_messages(opened.id)] == [True]


def test_without_a_lock_the_reconciler_asks_again_for_what_crossed(loose):
    """What came in between our look and our reply is older than the reply, and has not been seen."""
    services, desk, opened = loose
    desk.before_write(lambda: (desk.tick(1), desk.requester_writes(opened.id, "And Sunday?"), desk.tick(1)))
    seen_at = pipeline.work(take(services, opened.id), services)
    assert seen_at < desk.peek(opened.id).messages[1].created_at


# --- leases


def test_a_worker_that_slept_before_its_call_looks_again(services, desk, asked, engine):
    """Its lease held, but a person has answered since it looked."""

    class Sleepy:
        """A ledger whose commit takes longer than a lease."""

        def __getattr__(self, name):
            return getattr(ledger, name)

        def begin(self, *args, **named):
            intent = ledger.begin(*args, **named)
            desk.tick(9)
            desk.staff_writes(asked.id, "I have it.")
            desk.tick(9)
            return intent

    ledger = services.ledger
    pipeline.work(take(services, asked.id), replace(services, ledger=Sleepy()))
    assert desk.write_attempts == 0
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["staff_answered", "confident"])
    assert outbox(engine) == [("cancelled", "send", "")]


def test_a_lease_lost_before_the_write_writes_nothing_anywhere(services, desk, asked, engine):
    """The fence is looked at when the outbox is written, before the helpdesk is called."""
    desk.before_read(lambda: None)
    desk.before_read(lambda: (desk.tick(9), take_again(services, asked.id)))
    with pytest.raises(LeaseLostError):
        pipeline.work(take(services, asked.id), services)
    assert desk.write_attempts == 0
    assert outbox(engine) == []
    assert outcome_of(services, asked.messages[0].id) is None


def test_a_lease_lost_during_the_write_leaves_its_end_to_the_new_owner(services, desk, asked, engine):
    """The sleeper's reply arrived; it records nothing more, and the new owner finds the reply."""
    new = []
    desk.before_write(lambda: (desk.tick(9), new.append(take_again(services, asked.id))))
    with pytest.raises(LeaseLostError):
        pipeline.work(take(services, asked.id), services)
    assert outbox(engine) == [("sending", "send", "")]
    assert outcome_of(services, asked.messages[0].id) is None
    pipeline.work(new[0], services)
    assert len(desk.own_messages(asked.id)) == 1
    assert outcome_of(services, asked.messages[0].id) == ("send", ["confident"])


# --- refused for good


def test_a_reply_the_helpdesk_refuses_becomes_a_note_that_says_so(services, desk, asked, engine):
    """A person gets the draft and the reason; nothing else is touched."""
    desk.refuse_writes(PermanentError("HTTP 422: RecordInvalid"))
    pipeline.work(take(services, asked.id), services)
    (own,) = desk.own_messages(asked.id)
    assert not own.is_public
    assert "Draft reply, not sent" in own.text
    assert "the helpdesk refused the update (HTTP 422: RecordInvalid)" in own.text
    done, reasons = outcome_of(services, asked.messages[0].id)
    assert (done, reasons[0]) == ("draft", "write_refused:HTTP 422: RecordInvalid")
    assert outbox(engine) == [("done", "draft", own.id)]
    assert desk.peek(asked.id).status is Status.NEW


def test_a_ticket_that_takes_no_note_either_is_on_record(services, desk, asked, engine):
    """Refused twice, the case ends with that reason instead of being tried for ever."""
    desk.refuse_writes(PermanentError("HTTP 403"), 2)
    pipeline.work(take(services, asked.id), services)
    done, reasons = outcome_of(services, asked.messages[0].id)
    assert (done, reasons[0]) == ("ignore", "write_refused:HTTP 403")
    assert outbox(engine) == [("refused", "draft", "")]


# --- the moment of the read


def test_a_ticket_that_moved_this_second_is_read_again_later(services, desk):
    """The stamp cannot tell two changes of one second apart, so it is given time to settle."""
    ticket = desk.open_ticket()
    before = desk.now
    pipeline.work(take(services, ticket.id), services)
    assert (desk.now - before).total_seconds() == POLICY.timing.stamp_settle_seconds
    assert desk.reads == 3
    assert len(desk.own_messages(ticket.id)) == 1


def test_a_quiet_ticket_is_not_waited_for(services, desk, asked):
    """One read to decide, one to write."""
    before = desk.now
    pipeline.work(take(services, asked.id), services)
    assert (desk.now, desk.reads) == (before, 2)


def test_to_stay_quiet_needs_no_call(services, desk, asked):
    """Ignoring is a record and nothing else."""
    lease = take(services, asked.id)
    case = services.ledger.open_case(lease, "m", now=services.now())
    decision = Decision(Action.IGNORE, (Reason(Code.THANKS_ONLY),))
    package = Package(asked, Reading("m", MessageKind.THANKS, "", "", "", (), "", ()))
    assert conclude(case, lease, decision, package, services, {"question": "Thanks"}).decision == decision
    assert (desk.reads, desk.write_attempts) == (0, 0)


# --- what one write says


def composed(engine, desk, ticket, action_, *, team="support", urgency=Urgency.NORMAL, policy=POLICY):
    services = make_services(engine, desk, policy=policy)
    label = Classification("refund", 0.9, Stage.ONE)
    package = Package(ticket, Reading("m", MessageKind.QUESTION, "S", "Q", "Q", ("Q",), "en", ()), label)
    case = Case(1, "zendesk", ticket.id, "m", False, 1)
    return compose(Decision(action_, (Reason(Code.NO_MODEL),), team, urgency), package, case, services)


def test_a_hand_off_moves_the_ticket_and_names_its_intent(engine, desk, asked):
    """Group, tags and mark travel with the note in one write."""
    write = composed(engine, desk, asked, Action.HAND_OFF, team="billing")
    assert (write.group_id, write.is_public, write.status) == ("12", False, None)
    assert write.add_tags == ("deskhand", "deskhand_hand_off", "deskhand_intent_refund")
    assert write.mark == "dh-m"


def test_a_ticket_somebody_has_is_not_moved(engine, desk, asked):
    """The person who works on it keeps it."""
    taken = desk.change(asked.id, assignee_id=GRACE.id)
    assert composed(engine, desk, taken, Action.HAND_OFF, team="billing").group_id is None


def test_a_team_without_a_group_falls_back(engine, desk, asked):
    """The helpdesk has no group of that name: the fallback team's it is, or where it stands."""
    elsewhere = desk.change(asked.id, group_id="12")
    assert composed(engine, desk, elsewhere, Action.HAND_OFF, team="legal").group_id == "11"
    assert composed(engine, desk, asked, Action.HAND_OFF, team="legal").group_id is None
    nobody = POLICY.model_copy(update={"answering": POLICY.answering.model_copy(update={"fallback_team": ""})})
    assert composed(engine, desk, elsewhere, Action.HAND_OFF, team="legal", policy=nobody).group_id is None


@pytest.mark.parametrize(
    ("priority", "urgency", "wanted"),
    [
        ("", Urgency.NORMAL, None),
        ("", Urgency.HIGH, "high"),
        ("normal", Urgency.CRITICAL, "urgent"),
        ("urgent", Urgency.HIGH, None),
        ("high", Urgency.HIGH, None),
        ("odd", Urgency.HIGH, "high"),
    ],
)
def test_priority_is_raised_and_never_lowered(engine, desk, asked, priority, urgency, wanted):
    """What a person or a rule has set stands, unless the case is more urgent."""
    ticket = replace(asked, priority=priority)
    assert composed(engine, desk, ticket, Action.ASSIST, urgency=urgency).priority == wanted


def test_the_text_stays_on_the_ticket_and_out_of_the_outbox(services, desk, asked, engine):
    """The outbox keeps what changes, and the length of the text."""
    pipeline.work(take(services, asked.id), services)
    with reading(engine) as connection:
        (row,) = connection.execute(action.select())
    assert "html" not in row.write
    assert row.write["letters"] == len(desk.own_messages(asked.id)[0].html)
    assert "Ada" not in str(row.write)


def test_a_mark_names_one_message(asked):
    """Another message's mark is not ours."""
    assert find_own(asked, asked.messages[0].id) is None
    own = replace(asked.messages[0], id="9", mark="dh-7")
    marked = replace(asked, messages=(*asked.messages, own))
    assert find_own(marked, "7") == own
    assert find_own(marked, "70") is None


def test_two_tickets_at_once_do_not_touch_each_other(engine, desk):
    """Outcomes go to the ticket they were made for."""
    services = make_services(engine, desk, llm=scripted())
    shelve_swap(services)
    first, second = desk.open_ticket(), desk.open_ticket()
    desk.tick()
    one, two = take(services, first.id), take(services, second.id, owner="b")
    pipeline.work(two, services)
    pipeline.work(one, services)
    assert [len(desk.own_messages(ticket.id)) for ticket in (first, second)] == [1, 1]
