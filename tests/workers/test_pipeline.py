"""The story of a ticket, told with small real objects: what comes of it, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import PermanentError, TransientError
from integrations.helpdesk import Flag, Role, Status, TicketWrite
from integrations.llm import ModelOutcome
from kb.domain import Audience, Document, Filter, Query, Source
from tests.fakes.helpdesk import ADA, GRACE
from tests.fakes.llm import ScriptedLLM
from tests.fakes.services import (
    INTENT_OF,
    POLICY,
    classified,
    drafted,
    judged,
    make_services,
    outcome_of,
    shelve_swap,
    take,
    take_again,
)
from workers import pipeline
from workers.domain import mark_of
from workers.store.dead import DeadLetters
from workers.store.tables import case, model_call, reading, ticket

LONG_ANSWER = "Open Billing, choose Invoices, press the three dots beside the invoice and pick Download as PDF."


def work(services, ticket_id):
    """Work once on a ticket, as a worker does when nothing goes wrong."""
    lease = take(services, ticket_id)
    seen_at = pipeline.work(lease, services)
    services.tickets.release(lease, now=services.now(), seen_at=seen_at)
    return seen_at


def case_of(engine, message_id):
    with reading(engine) as connection:
        return connection.execute(select(case).where(case.c.message_id == message_id)).one()


# --- an answer


def test_a_question_is_answered_from_the_library(services, desk, engine, llm):
    """The reply stands on the ticket, the ticket waits for the requester, and the record holds how we got there."""
    opened = desk.open_ticket()
    desk.tick()
    seen_at = work(services, opened.id)
    after = desk.peek(opened.id)
    (own,) = desk.own_messages(opened.id)
    assert own.text.startswith("Hi Ada,")
    assert "Open the schedule, choose the shift and press Offer swap." in own.text
    assert (after.status, seen_at) == (Status.PENDING, after.updated_at)
    kept = case_of(engine, opened.messages[0].id)
    assert (kept.action, kept.tier, kept.intent, kept.stage, kept.policy_hash) == (
        "send",
        0,
        "swap_shift",
        "two",
        POLICY.hash,
    )
    assert set(kept.facts) == {"admit", "triage", "route", "last_look"}
    assert kept.passages[0]["title"] == "How to swap a shift"
    assert kept.draft["sentences"][0]["passages"] == ["P1"]
    assert [prompt.name for prompt in llm.asked] == ["classify", "draft", "judge"]


def test_every_model_call_is_on_record(services, desk, engine):
    """Tokens and outcome of both calls belong to the case."""
    opened = desk.open_ticket()
    work(services, opened.id)
    with reading(engine) as connection:
        rows = connection.execute(select(model_call)).all()
    kept = case_of(engine, opened.messages[0].id)
    assert [(row.prompt, row.outcome, row.case_id) for row in rows] == [
        ("classify", "ok", kept.id),
        ("draft", "ok", kept.id),
        ("judge", "ok", kept.id),
    ]
    assert sum(row.input_tokens for row in rows) == 300


def test_a_settled_message_costs_nothing_the_second_time(services, desk, llm):
    """A repeated delivery reads the ticket and finds it done."""
    opened = desk.open_ticket()
    work(services, opened.id)
    asked = len(llm.asked)
    work(services, opened.id)
    assert (len(llm.asked), len(desk.own_messages(opened.id))) == (asked, 1)


def test_a_second_question_on_the_ticket_gets_its_own_reply(engine, desk):
    """One reply for each message, each with its own mark."""
    drafts = [
        drafted("Open the schedule, choose the shift and press Offer swap."),
        drafted("A manager approves the swap."),
    ]
    llm = ScriptedLLM(classify=[classified(), classified()], draft=drafts, judge=[judged(), judged()])
    services = make_services(engine, desk, llm=llm)
    shelve_swap(services)
    opened = desk.open_ticket()
    work(services, opened.id)
    desk.tick()
    desk.requester_writes(opened.id, "And how do I swap a shift of next month?")
    work(services, opened.id)
    assert len({own.mark for own in desk.own_messages(opened.id, is_public=True)}) == 2


def test_personal_data_does_not_reach_model_or_record(services, desk, engine, llm):
    """Prompts and the case hold placeholders."""
    opened = desk.open_ticket(
        "How do I swap a shift? Mail me at ada.private@harbour.example, card 4111 1111 1111 1111."
    )
    work(services, opened.id)
    kept = case_of(engine, opened.messages[0].id)
    for text in (*(prompt.user for prompt in llm.asked), str(kept)):
        assert "ada.private" not in text
        assert "4111" not in text
    assert "[email-1]" in kept.question


# --- people get it


def test_a_rule_hands_over_before_anything_is_generated(services, desk, llm):
    """The rule's word stands in the message: no model is asked, and the rule's team gets it."""
    opened = desk.open_ticket("I will do a chargeback with my bank.")
    work(services, opened.id)
    assert llm.asked == []
    assert outcome_of(services, opened.messages[0].id) == ("hand_off", ["rule:chargeback"])
    assert desk.peek(opened.id).group_id == "12"


def test_without_a_model_staff_gets_the_passages(services, desk, engine):
    """No key: rules and search still work, the note quotes and links what was found, and says why there is no draft."""
    bare = replace(services, llm=None)
    opened = desk.open_ticket()
    work(bare, opened.id)
    (note,) = desk.own_messages(opened.id)
    done, reasons = outcome_of(services, opened.messages[0].id)
    assert (done, "no_model" in reasons) == ("assist", True)
    assert not note.is_public
    assert "no language model is connected, so passages are quoted instead of a draft" in note.text
    assert "Open the schedule, choose the shift and press Offer swap." in note.text
    assert 'href="https://help.example/1"' in note.html


@pytest.mark.parametrize(
    "outcome", [ModelOutcome.REFUSED, ModelOutcome.MALFORMED, ModelOutcome.TRUNCATED, ModelOutcome.REJECTED]
)
def test_a_model_that_gives_nothing_usable_ends_with_a_person_at_once(services, desk, llm, outcome):
    """What will not get better by waiting is not waited for."""
    llm.say("draft", outcome)
    opened = desk.open_ticket()
    work(services, opened.id)
    assert outcome_of(services, opened.messages[0].id) == ("assist", [f"model_failed:{outcome.value}"])


@pytest.mark.parametrize("outcome", [one for one in ModelOutcome if one is not ModelOutcome.OK])
def test_a_failed_classification_never_sends(services, desk, llm, outcome):
    """Nobody was sure what it is about: a person looks, however good the draft."""
    llm.say("classify", outcome)
    opened = desk.open_ticket()
    work(services, opened.id)
    done, reasons = outcome_of(services, opened.messages[0].id)
    assert done in ("draft", "assist")
    assert "out_of_scope" in reasons
    assert desk.own_messages(opened.id, is_public=True) == []


def test_an_overloaded_model_leaves_the_case_open(services, desk, llm):
    """The wait it asks for is handed on, if it is not an absurd one, and nothing is written meanwhile."""
    llm.retry_after_seconds = 9
    llm.say("draft", ModelOutcome.OVERLOADED)
    opened = desk.open_ticket()
    with pytest.raises(TransientError) as caught:
        pipeline.work(take(services, opened.id), services)
    assert caught.value.retry_after_seconds == 9
    assert desk.write_attempts == 0
    assert len(services.ledger.open_cases("zendesk", opened.id)) == 1


def test_an_ungrounded_draft_is_not_sent(services, desk, llm):
    """A number that stands in no passage ends with a person, who is shown the place."""
    llm.say("draft", drafted("A manager approves the swap within 48 hours."))
    opened = desk.open_ticket()
    work(services, opened.id)
    done, reasons = outcome_of(services, opened.messages[0].id)
    assert done == "assist"
    assert any(reason.startswith("ungrounded") for reason in reasons)
    assert "48" in desk.own_messages(opened.id)[0].text


def test_staff_text_never_feeds_an_answer(services, desk, llm):
    """What only staff may read is not even found, so that it reaches neither prompt nor note."""
    secret = Document("zendesk:article:9:en-us", Source.ARTICLE, "Swap a shift: CANARY", "CANARY swap", Audience.STAFF)
    services.kb.put([secret], source=Source.ARTICLE, prefix="zendesk:article:9")
    opened = desk.open_ticket()
    work(services, opened.id)
    assert all("CANARY" not in prompt.user for prompt in llm.asked)
    assert "CANARY" not in desk.own_messages(opened.id)[0].html


# --- staying quiet


QUIET = {
    "thanks": (lambda d: d.open_ticket("Thank you so much!", subject=""), "thanks_only"),
    "automatic": (lambda d: d.open_ticket("Your order", flags=frozenset({Flag.AUTOMATIC})), "automatic_mail"),
    "absence": (lambda d: d.open_ticket("I am out of the office.", subject="Out of office"), "out_of_office"),
    "silenced": (lambda d: d.open_ticket(tags=("deskhand_stop",)), "silenced"),
    "excluded": (lambda d: d.open_ticket(tags=("deskhand_off",)), "excluded:tag deskhand_off"),
    "suspended": (lambda d: d.open_ticket(requester=replace(ADA, is_suspended=True)), "suspended"),
    "outbound": (lambda d: d.open_ticket("Your trial ends soon.", author=GRACE), "outbound"),
    "a colleague asks": (lambda d: d.open_ticket(requester=GRACE), "internal"),
    "a side conversation": (lambda d: d.open_ticket(channel="side_conversation"), "side_conversation"),
    "our own address": (
        lambda d: d.open_ticket(requester=replace(ADA, email="Support@Tidemark.example")),
        "excluded:our own address",
    ),
    "a suspended copy": (
        lambda d: d.open_ticket(author=replace(ADA, id="502", role=Role.PARTICIPANT, is_suspended=True)),
        "suspended",
    ),
    "solved": (lambda d: d.open_ticket(status=Status.SOLVED), "ticket_done:solved"),
    "closed": (lambda d: d.open_ticket(status=Status.CLOSED), "ticket_done:closed"),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_not_ours_to_answer_is_left_alone_with_a_reason(services, desk, llm, name):
    """No model call, no write, and the reason on record."""
    if name == "closed":
        opened = desk.open_ticket()
        opened = desk.change(opened.id, status=Status.CLOSED)
        reason = QUIET[name][1]
    else:
        act, reason = QUIET[name]
        opened = act(desk)
    work(services, opened.id)
    done, reasons = outcome_of(services, opened.messages[0].id)
    assert (done, reason in reasons) == ("ignore", True), reasons
    assert (llm.asked, desk.write_attempts) == ([], 0)


def test_where_staff_spoke_last_there_is_nothing_to_do(services, desk, llm):
    """That staff has answered is on record, and costs no call."""
    opened = desk.open_ticket()
    desk.staff_writes(opened.id, "Press Offer swap.")
    work(services, opened.id)
    assert outcome_of(services, opened.messages[0].id) == ("ignore", ["staff_answered"])
    assert (llm.asked, desk.write_attempts) == ([], 0)


def test_a_robot_between_two_questions_is_not_answered(services, desk):
    """An absence note after our reply gets a reason and no second reply."""
    opened = desk.open_ticket()
    work(services, opened.id)
    desk.tick()
    note = desk.requester_writes(opened.id, "I am out of office until Monday.", flags=frozenset({Flag.AUTOMATIC}))
    work(services, opened.id)
    assert outcome_of(services, note.id)[0] == "ignore"
    assert len(desk.own_messages(opened.id)) == 1


@pytest.mark.parametrize(("who", "is_read"), [(ADA, True), (replace(ADA, id="777"), False)])
def test_a_follow_up_knows_what_was_said_before(services, desk, llm, who, is_read):
    """The closed ticket's thread goes with the question, but only to the person whose ticket it was."""
    closed = desk.open_ticket("The kiosk is dark.")
    desk.staff_writes(closed.id, "Press the RED button.", status=Status.CLOSED)
    opened = desk.open_ticket(subject="Re: A question", requester=who, followup_of=closed.id)
    work(services, opened.id)
    asked = [prompt.user for prompt in llm.asked if prompt.name == "draft"]
    assert asked
    assert ("RED button" in asked[0]) is is_read


def test_a_follow_up_of_a_ticket_that_is_gone_is_read_by_itself(services, desk):
    """Whatever became of the closed one, the new message is not lost."""
    opened = desk.open_ticket(followup_of="4711")
    work(services, opened.id)
    assert outcome_of(services, opened.messages[0].id)[0] == "send"


def test_a_call_that_staff_wrote_down_is_on_record(services, desk, llm):
    """A ticket of notes alone has nobody to answer, and says so."""
    opened = desk.open_ticket("Called, wants a call back.", author=GRACE, is_public=False)
    work(services, opened.id)
    assert outcome_of(services, opened.messages[0].id) == ("ignore", ["no_requester_message"])
    assert (llm.asked, desk.write_attempts) == ([], 0)


def test_what_belongs_to_an_account_is_told_to_no_copies(services, desk, llm):
    """Those who are copied in read the reply as well, so it knows nothing of the plan."""
    asker = replace(ADA, fields={"plan": "Enterprise"})
    for copies in ((), ("502",)):
        opened = desk.open_ticket(f"How do I swap a shift? {len(copies)}", requester=asker, copies=copies)
        work(services, opened.id)
    asked = [prompt.user for prompt in llm.asked if prompt.name == "draft"]
    assert ["Plan: Enterprise" in prompt for prompt in asked] == [True, False]


def test_the_same_mail_to_two_addresses_is_answered_once(services, desk):
    """The younger ticket is left to a person, with the number of the older one."""
    first, second = desk.open_ticket(), desk.open_ticket()
    work(services, second.id)
    work(services, first.id)
    assert outcome_of(services, second.messages[0].id) == ("draft", [f"duplicate:#{first.id}"])
    assert outcome_of(services, first.messages[0].id)[0] == "send"


def test_who_writes_again_and_again_gets_no_more_than_an_hours_replies(services, desk):
    """A machine that opens a ticket for each reply of ours cannot keep us writing."""
    asked = [desk.open_ticket(f"How do I swap shift {n}?", subject=f"Shift {n}") for n in range(4)]
    for one in asked:
        work(services, one.id)
    outcomes = [outcome_of(services, one.messages[0].id) for one in asked]
    assert [action for action, _ in outcomes] == ["send", "send", "send", "draft"]
    assert outcomes[3][1] == ["reply_rate:3"]


# --- waiting, and writing once


def test_what_is_urgent_waits_before_others(services, desk, engine, llm):
    """What the message says is noted as soon as it is known, so that a ticket put off goes on in its order."""
    llm.say("classify", classified(urgency="critical"))
    opened = desk.open_ticket()
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        work(services, opened.id)
    with reading(engine) as connection:
        assert connection.scalar(select(ticket.c.urgency).where(ticket.c.ticket_id == opened.id)) == 3


@pytest.mark.parametrize("outcome", INTENT_OF)
def test_an_outcome_is_one_write(services, desk, llm, outcome):
    """Text, tags, group, priority and status go in one call of the helpdesk."""
    llm.say("classify", classified(INTENT_OF[outcome]))
    opened = desk.open_ticket()
    work(services, opened.id)
    assert (outcome_of(services, opened.messages[0].id)[0], desk.write_attempts) == (outcome, 1)


# --- gone, solved, given up


def test_a_deleted_ticket_ends_its_cases_and_takes_its_lesson_along(services, desk):
    """Nothing of a ticket that is gone is answered or taught any more."""
    opened = desk.open_ticket("How do I download an invoice as a file?", subject="Invoice download")
    desk.staff_writes(opened.id, LONG_ANSWER, status=Status.SOLVED)
    work(services, opened.id)
    desk.tick()
    desk.requester_writes(opened.id, "And the one of last year?")
    desk.lose_answers(1, done=False)
    with pytest.raises(TransientError):
        pipeline.work(take(services, opened.id), services)
    assert services.lessons.live_count() == 1
    desk.delete(opened.id)
    desk.tick(10)
    assert pipeline.work(take_again(services, opened.id), services) == desk.now
    assert services.ledger.open_cases("zendesk", opened.id) == ()
    assert services.lessons.live_count() == 0
    found = services.kb.search(Query("", "download invoice"), Filter(sources=frozenset({Source.LESSON})), 3)
    assert found.passages == ()


def test_a_solved_ticket_teaches(services, desk):
    """What staff wrote is found for the next similar question."""
    opened = desk.open_ticket("How do I download an invoice as a file?", subject="Invoice download")
    desk.staff_writes(opened.id, LONG_ANSWER, status=Status.SOLVED)
    work(services, opened.id)
    found = services.kb.search(Query("", "download an invoice"), Filter(sources=frozenset({Source.LESSON})), 3)
    assert "Download as PDF" in found.passages[0].text


def test_giving_up_reads_what_can_be_read(services, desk, monkeypatch):
    """A ticket that our reader chokes on still reaches a person, without its text."""
    opened = desk.open_ticket("Boo")

    def choke(_):
        raise ValueError("cannot read this")

    monkeypatch.setattr(pipeline, "read", choke)
    pipeline.give_up(take(services, opened.id), "5 attempts, last: ValueError", services)
    (note,) = desk.own_messages(opened.id)
    assert "Deskhand could not finish (5 attempts, last: ValueError)" in note.text
    assert outcome_of(services, opened.messages[0].id)[0] == "assist"


def test_giving_up_where_nobody_waits_writes_nothing(services, desk, monkeypatch):
    """Unreadable, but staff spoke last: nobody is disturbed."""
    opened = desk.open_ticket("Boo")
    desk.staff_writes(opened.id, "Solved by phone.")
    monkeypatch.setattr(pipeline, "read", lambda _: 1 / 0)
    pipeline.give_up(take(services, opened.id), "5 attempts", services)
    assert desk.write_attempts == 0


def test_giving_up_on_a_case_that_is_settled_writes_nothing(services, desk):
    """The outcome came with the last attempt after all."""
    opened = desk.open_ticket("Boo how do I swap a shift?")
    work(services, opened.id)
    pipeline.give_up(take(services, opened.id), "5 attempts", services)
    assert desk.write_attempts == 1


def test_giving_up_finds_an_answer_that_did_arrive(services, desk):
    """The note of an attempt whose answer was lost is the outcome, and there is no second one."""
    services.llm.say("classify", classified("plan_shift"))
    opened = desk.open_ticket()
    desk.lose_answers(1, done=True)
    with pytest.raises(TransientError):
        pipeline.work(take(services, opened.id), services)
    desk.tick(10)
    pipeline.give_up(take_again(services, opened.id), "5 attempts", services)
    assert outcome_of(services, opened.messages[0].id)[0] == "draft"
    assert len(desk.own_messages(opened.id)) == 1


def test_a_ticket_that_was_gone_before_it_was_read_has_an_outcome(services, desk, engine):
    """Its webhook came, its read said that it is not there: that is on record, once, with the reason."""
    opened = desk.open_ticket()
    desk.delete(opened.id)
    for _ in range(2):
        work(services, opened.id)
    with reading(engine) as connection:
        (row,) = connection.execute(select(case).where(case.c.ticket_id == opened.id)).all()
    assert (row.message_id, row.state, row.action, row.reasons) == ("", "settled", "ignore", ["ticket_gone"])


# --- replaying what was given up


def give_up(services, ticket_id):
    lease = take(services, ticket_id)
    pipeline.give_up(lease, "5 attempts, last: KeyError", services)
    services.tickets.release(lease, now=services.now())


def replay(services, engine):
    """Set every case going again that was given up; return how many these were."""
    letters = DeadLetters(engine)
    found = letters.list(since=services.now() - timedelta(days=1))
    return sum(letters.replay(letter, now=services.now()) for letter in found if letter.state == "given_up")


def test_a_case_that_was_given_up_is_answered_after_its_replay(services, desk, engine):
    """The note stays on the ticket, the reply follows it, and a second replay finds nothing to do."""
    opened = desk.open_ticket()
    give_up(services, opened.id)
    desk.tick(60)
    assert replay(services, engine) == 1
    pipeline.work(take_again(services, opened.id), services)
    assert [own.is_public for own in desk.own_messages(opened.id)] == [False, True]
    assert outcome_of(services, opened.messages[0].id)[0] == "send"
    assert replay(services, engine) == 0


def test_a_case_that_is_given_up_again_says_so_again(services, desk, engine):
    """Each time a person hears of it by one note, and it is a dead letter once more."""
    opened = desk.open_ticket()
    for notes in (1, 2, 3):
        give_up(services, opened.id)
        assert len(desk.own_messages(opened.id, is_public=False)) == notes
        desk.tick(60)
        assert replay(services, engine) == 1


def test_a_replay_never_speaks_over_the_person_who_had_it(services, desk, engine):
    """Staff read the note and answered: the replayed case ends quietly, with that reason."""
    opened = desk.open_ticket()
    give_up(services, opened.id)
    desk.staff_writes(opened.id, "Open the schedule.")
    replay(services, engine)
    pipeline.work(take_again(services, opened.id), services)
    assert desk.own_messages(opened.id, is_public=True) == []
    assert outcome_of(services, opened.messages[0].id) == ("ignore", ["staff_answered"])


def test_a_reply_that_arrived_after_all_is_found_by_the_replay(services, desk, engine):
    """A public reply under the case's mark is its outcome, whatever was given up meanwhile."""
    opened = desk.open_ticket()
    give_up(services, opened.id)
    desk.write(desk.ticket(opened.id), TicketWrite(mark=mark_of(opened.messages[0].id), html="Late.", is_public=True))
    desk.tick(60)
    replay(services, engine)
    pipeline.work(take_again(services, opened.id), services)
    assert len(desk.own_messages(opened.id, is_public=True)) == 1


def test_a_case_nobody_could_be_told_of_is_replayed(services, desk, engine):
    """The helpdesk refused every write; when it takes them again the replay answers."""
    opened = desk.open_ticket()
    desk.refuse_writes(PermanentError("HTTP 422"), times=2)
    pipeline.work(take(services, opened.id), services)
    assert outcome_of(services, opened.messages[0].id)[0] == "ignore"
    desk.tick(60)
    assert replay(services, engine) == 1
    pipeline.work(take_again(services, opened.id), services)
    assert len(desk.own_messages(opened.id, is_public=True)) == 1


# --- reconciling


def test_what_no_webhook_told_is_found(services, desk):
    """A ticket that changed and was never heard of is woken; one that is dealt with is not."""
    known, lost = desk.open_ticket(), desk.open_ticket()
    desk.tick()
    for _ in range(2):
        work(services, known.id)
        desk.tick()
    assert pipeline.reconcile("zendesk", services)["woken"] == 1
    assert services.tickets.claim("zendesk", known.id, owner="x", now=desk.now, lease_seconds=8) is None
    assert take_again(services, lost.id)


def test_a_first_start_leaves_old_tickets_alone(services, desk):
    """Nobody wants last week's tickets answered because we were installed."""
    desk.open_ticket()
    desk.tick(7 * 86_400)
    new = desk.open_ticket()
    assert pipeline.reconcile("zendesk", services)["woken"] == 1
    assert take_again(services, new.id)


@pytest.mark.parametrize(("status", "action"), [(Status.OPEN, "draft"), (Status.SOLVED, "send")])
def test_who_is_unhappy_and_waits_elsewhere_gets_a_person(services, desk, status, action):
    """The same words go out where nothing else of theirs is open; a person looks first where something is."""
    desk.open_ticket("The printer is on fire.", status=status)
    desk.tick()
    opened = desk.open_ticket("This is annoying. How do I swap a shift?")
    desk.tick()
    work(services, opened.id)
    decided, reasons = outcome_of(services, opened.messages[0].id)
    assert decided == action
    assert ("frustrated" in reasons) is (action == "draft")


# --- beside the helpdesk's own AI agent


def fin_answers(desk, ticket_id):
    """Let the helpdesk's own agent speak; its words are the system's."""
    said = desk.staff_writes(ticket_id, "Press Offer swap.", author=replace(GRACE, role=Role.SYSTEM))
    desk.change(ticket_id, is_with_ai_agent=True)
    return said


def test_what_the_ai_agent_has_is_left_to_it_and_taken_over_when_it_hands_over(services, desk, engine):
    """A recorded reason and no word of ours; then the same message is answered, once."""
    opened = desk.open_ticket()
    fin_answers(desk, opened.id)
    for _ in range(2):
        desk.tick()
        work(services, opened.id)
    kept = case_of(engine, opened.messages[0].id)
    assert (kept.action, kept.reasons, desk.own_messages(opened.id)) == ("ignore", ["ai_agent"], [])
    desk.change(opened.id, is_with_ai_agent=False)
    for _ in range(2):
        desk.tick()
        work(services, opened.id)
    kept = case_of(engine, opened.messages[0].id)
    assert (kept.action, kept.state, len(desk.own_messages(opened.id))) == ("send", "settled", 1)


def test_an_ai_agent_that_says_nothing_is_waited_for_and_then_answered_for(services, desk):
    """Nobody is left in silence: the ticket is due again when the agent has had its time."""
    opened = desk.open_ticket()
    desk.change(opened.id, is_with_ai_agent=True)
    desk.tick(60)
    work(services, opened.id)
    assert services.tickets.claim("zendesk", opened.id, owner="x", now=services.now(), lease_seconds=60) is None
    desk.tick(60 * POLICY.answering.ai_agent_minutes)
    lease = services.tickets.claim("zendesk", opened.id, owner="x", now=services.now(), lease_seconds=60)
    pipeline.work(lease, services)
    assert len(desk.own_messages(opened.id)) == 1


def test_an_ai_agent_that_answers_while_we_write_is_not_talked_over(services, desk, engine):
    """Our last look sees it, and nothing is sent."""
    opened = desk.open_ticket()
    desk.tick()
    desk.before_read(lambda: None)
    desk.before_read(lambda: fin_answers(desk, opened.id))
    work(services, opened.id)
    kept = case_of(engine, opened.messages[0].id)
    assert (kept.action, kept.reasons[0], desk.own_messages(opened.id)) == ("ignore", "ai_agent", [])
