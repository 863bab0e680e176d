"""Proposing a reply: what is asked of the model in which order, and which of two drafts is kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import TransientError
from integrations.llm import ModelOutcome
from kb.domain import Filter, Query
from tests.fakes.services import POLICY, drafted, judged, take
from workers import facts
from workers.account import Account
from workers.domain import Action, Classification, Code, Stage
from workers.reading import read
from workers.stages.propose import Question, propose
from workers.store.tables import model_call, reading

LABEL = Classification("swap_shift", 0.95, Stage.TWO)
GOOD = "Open the schedule, choose the shift and press Offer swap."
INVENTED = drafted("A manager approves the swap within 48 hours.")
GIVES_UP = {"sentences": [], "asks_covered": [], "escalate": "The passages do not say how long it takes."}


@pytest.fixture
def question(services, desk):
    """The question about swapping shifts, understood and with its passage found."""
    opened = desk.open_ticket()
    lease = take(services, opened.id)
    case = services.ledger.open_case(lease, opened.messages[0].id, now=services.now())
    ticket = desk.ticket(opened.id)
    reading = read(ticket)
    triaging = facts.for_triage(reading, LABEL, (), POLICY, has_model=True)
    found = services.kb.search(Query(reading.topic, reading.newest), Filter(), 3)
    return Question(case, ticket, reading, LABEL, triaging, found, Account(), services.now() + timedelta(seconds=90))


def asked(llm):
    return [prompt.name for prompt in llm.asked]


def test_a_good_draft_is_read_twice_and_sent(question, services, llm):
    """Drafted, checked, judged: one call each."""
    proposal = propose(question, services)
    assert (proposal.decision.action, asked(llm)) == (Action.SEND, ["draft", "judge"])
    assert proposal.findings.judgement.relevance == 1.0
    assert proposal.facts.judge_outcome == "ok"


def test_a_flawed_draft_is_repaired_once(question, services, llm):
    """The faults go back to the model with its draft, and what comes of it is checked and judged anew."""
    llm.say("draft", INVENTED, drafted())
    proposal = propose(question, services)
    assert (proposal.decision.action, asked(llm)) == (Action.SEND, ["draft", "draft", "judge"])
    again = llm.asked[1].user
    assert "<earlier>\n1. A manager approves the swap within 48 hours." in again
    assert "48" in again.split("What is wrong with it:")[1]


def test_there_is_one_repair_only(question, services, llm):
    """A model that repeats itself is not asked a third time; a person gets it."""
    llm.say("draft", INVENTED)
    proposal = propose(question, services)
    assert (proposal.decision.action, asked(llm)) == (Action.ASSIST, ["draft", "draft"])


def test_what_the_judge_doubts_is_repaired(question, services, llm):
    """A draft beside the question gets one more try, with the judge's words."""
    llm.say("judge", judged(relevance=0.2, reason="It answers how to offer, not how to take back."), judged())
    proposal = propose(question, services)
    assert (proposal.decision.action, asked(llm)) == (Action.SEND, ["draft", "judge", "draft", "judge"])
    assert "not how to take back" in llm.asked[2].user


def test_a_repair_that_gives_up_replaces_a_draft_nobody_could_use(question, services, llm):
    """Better no start for a reply than one that answers something else."""
    llm.say("draft", drafted(), GIVES_UP)
    llm.say("judge", judged(relevance=0.2))
    proposal = propose(question, services)
    assert proposal.draft.sentences == ()
    assert Code.MODEL_ESCALATED in {reason.code for reason in proposal.decision.reasons}


def test_a_repair_that_gives_up_does_not_replace_a_draft_that_a_person_can_send(question, services, llm):
    """Half an answer in a draft is worth more than none."""
    llm.say("draft", drafted(), GIVES_UP)
    llm.say("judge", judged(relevance=0.6))
    proposal = propose(question, services)
    assert (proposal.decision.action, bool(proposal.draft.sentences)) == (Action.DRAFT, True)


@pytest.mark.parametrize("outcome", [one for one in ModelOutcome if one is not ModelOutcome.OK])
def test_a_repair_that_fails_leaves_the_first_draft(question, services, llm, outcome):
    """However the second call ends, what was there is kept, and nothing is put off for it."""
    llm.say("draft", INVENTED, outcome)
    proposal = propose(question, services)
    assert proposal.draft.sentences[0].text.startswith("A manager approves")
    assert proposal.decision.action is Action.ASSIST


@pytest.mark.parametrize("outcome", [one for one in ModelOutcome if one is not ModelOutcome.OK])
def test_without_a_second_reader_nothing_is_sent(question, services, llm, outcome):
    """A judge that cannot be had leaves the draft to a person, and is named."""
    llm.say("judge", outcome)
    proposal = propose(question, services)
    assert proposal.decision.action is Action.DRAFT
    assert [str(reason) for reason in proposal.decision.reasons] == [f"unjudged:{outcome.value}"]


def test_faults_that_are_not_the_drafts_own_are_not_repaired(question, services, llm):
    """Where policy allows no more anyway, a second draft would cost and change nothing."""
    llm.say("draft", INVENTED)
    planned = replace(question, triaging=replace(question.triaging, autonomy="shadow"))
    propose(planned, services)
    assert asked(llm) == ["draft"]


def test_policy_decides_how_many_are_judged_and_whether_one_is_repaired(question, services, llm):
    """A share of 0 judges none; without repair the first draft stands."""
    checking = POLICY.checking.model_copy(update={"judge_sends": 0.0, "repair": False})
    frugal = replace(services, policy=POLICY.model_copy(update={"checking": checking}))
    assert propose(question, frugal).decision.action is Action.SEND
    llm.say("draft", INVENTED)
    propose(question, frugal)
    assert asked(llm) == ["draft", "draft"]


def test_when_time_is_short_nothing_is_read_twice(question, services, llm):
    """The case is decided in its time: no judge, so a person sends; and no repair."""
    late = replace(question, until=services.now() + timedelta(seconds=2))
    proposal = propose(late, services)
    assert (proposal.decision.action, asked(llm)) == (Action.DRAFT, ["draft"])
    llm.say("draft", INVENTED)
    propose(late, services)
    assert asked(llm) == ["draft", "draft"]


def test_a_struggling_model_is_waited_for(question, services, llm):
    """The first draft of an early attempt is worth a later try of the whole ticket."""
    llm.say("draft", ModelOutcome.OVERLOADED)
    with pytest.raises(TransientError):
        propose(question, services)


def test_every_call_is_on_record(question, services, llm, engine):
    """Both drafts and both judgements count."""
    llm.say("judge", judged(relevance=0.2), judged())
    propose(question, services)
    with reading(engine) as connection:
        calls = connection.execute(
            select(model_call.c.prompt).where(model_call.c.case_id == question.case.id)
        ).scalars()
        assert list(calls) == ["draft", "judge", "draft", "judge"]
