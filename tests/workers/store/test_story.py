"""The record as people read it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.record import (
    FULL_STORY,
    add_act,
    add_attention,
    add_call,
    add_case,
    add_delivery,
    add_lesson,
    add_ticket,
)
from workers.store.story import PAGE_SIZE, CaseFilter, Story

DAY = timedelta(days=1)


@pytest.fixture
def story(engine):
    return Story(engine)


def test_cases_are_filtered_and_paged(engine, story, now):
    """Newest first; every filter restricts; an underscore in a reason is no wildcard; odd pages are the nearest."""
    for number in range(PAGE_SIZE + 3):
        add_case(engine, now=now, ticket_id=f"9{number:03}")
    add_case(engine, now=now, ticket_id="77", action="draft", intent="export", reasons=["low_confidence:0.4"])
    add_case(engine, now=now, ticket_id="78", action="", state="open", settled_at=None, reasons=[])
    everything = story.cases(CaseFilter())
    assert (everything.total, everything.pages, len(everything.lines)) == (PAGE_SIZE + 5, 2, PAGE_SIZE)
    assert everything.lines[0].ticket_id == "78"
    assert len(story.cases(CaseFilter(), 2).lines) == 5
    assert story.cases(CaseFilter(), 99).number == 2
    assert story.cases(CaseFilter(), -1).number == 1
    for wanted in (
        CaseFilter(action="draft"),
        CaseFilter(intent="export"),
        CaseFilter(reason="low_confidence"),
        CaseFilter(ticket_id="77"),
    ):
        assert [line.ticket_id for line in story.cases(wanted).lines] == ["77"]
    assert [line.ticket_id for line in story.cases(CaseFilter(action="open")).lines] == ["78"]
    assert story.cases(CaseFilter(reason="low.confidence")).total == 0
    assert story.cases(CaseFilter(reason="low_conf")).total == 0
    assert story.cases(CaseFilter(ticket_id="%")).total == 0
    assert story.intents() == ("export", "shift_swap")


def test_a_ticket_s_story_has_everything_recorded(engine, story, now):
    """Case, classification, passages, draft, findings, facts, action, calls, lesson and deliveries stand together."""
    case_id = add_case(engine, now=now, **FULL_STORY)
    add_call(engine, case_id, now=now)
    add_call(engine, case_id, now=now, prompt="classify")
    add_act(engine, case_id, now=now, tries=2)
    add_lesson(engine, now=now)
    add_ticket(engine, due_at=now)
    add_delivery(engine, "d1", now=now)
    add_delivery(engine, "d2", now=now, note="message 47110 trigger solved", ticket_id="47110")
    other = add_case(engine, now=now, ticket_id="4712")
    add_call(engine, other, now=now)
    found = story.ticket("zendesk", "4711")
    [case] = found.cases
    assert case.classification["candidates"][0]["probability"] == 0.62
    assert [passage["score"] for passage in case.passages] == [0.8123, 0.5521]
    assert case.draft["sentences"][1]["passages"] == ["P1"]
    assert case.findings["findings"][0]["code"] == "unsupported_number"
    assert case.facts["route"]["best_score"] == 0.81
    assert [(act.state, act.tries) for act in case.acts] == [("done", 2)]
    assert [call.prompt for call in case.calls] == ["draft", "classify"]
    assert case.cost_usd == Decimal("0.009284")
    assert found.lesson.state == "live"
    assert found.row.due_at == now
    assert [line.key for line in found.deliveries] == ["d1"]


def test_a_case_that_has_just_been_opened_has_a_story(engine, story, now):
    """Empty columns are empty tables, not errors."""
    add_case(engine, now=now, state="open", settled_at=None, action="", reasons=[], confidence=None, tier=None)
    [case] = story.ticket("zendesk", "4711").cases
    assert (case.classification, case.draft, case.findings, case.facts) == ({}, {}, {}, {})
    assert (case.passages, case.calls, case.cost_usd) == ((), (), 0)


def test_a_ticket_nobody_heard_of_is_none(story):
    """There is no story to tell."""
    assert story.ticket("zendesk", "1") is None


def test_what_needs_attention_is_collected(engine, story, now):
    """Each kind of trouble is found, and what goes well is not."""
    assert story.attention(now=now).count == 0
    fine = add_case(engine, now=now, ticket_id="fine")
    add_act(engine, fine, now=now, state="sending", begun_at=now - timedelta(seconds=20), finished_at=None)
    assert story.attention(now=now).count == 0
    add_attention(engine, now=now)
    found = story.attention(now=now)
    assert [line.key for line in found.failed_deliveries] == ["event:broken"]
    assert [line.ticket_id for line in found.open_too_long] == ["6001"]
    assert [line.ticket_id for line in found.gave_up] == ["6002"]
    assert [line.ticket_id for line in found.failing_tickets] == ["6001"]
    assert [(line.ticket_id, act.state) for line, act in found.doubtful_acts] == [("6002", "refused")]
    assert [run.name for run in found.failed_runs] == ["reindex"]
    assert found.count == 6


def test_a_write_begun_long_ago_without_an_end_is_doubtful(engine, story, now):
    """Sending for more than five minutes is a reason to look."""
    case_id = add_case(engine, now=now)
    add_act(engine, case_id, now=now, state="sending", begun_at=now - timedelta(minutes=6), finished_at=None)
    assert len(story.attention(now=now).doubtful_acts) == 1


@pytest.mark.parametrize("state", ["in_doubt", "noting"])
def test_a_reply_that_may_yet_appear_needs_attention_at_once(engine, story, now, state):
    """Nobody knows whether it comes: it is shown with the others, and counted."""
    case_id = add_case(engine, now=now)
    add_act(engine, case_id, now=now, state=state, begun_at=now - timedelta(seconds=90))
    assert [act.state for _, act in story.attention(now=now).doubtful_acts] == [state]
    assert story.overview.figures(now=now).doubtful_writes == {"in_doubt": 0, "noting": 0, "refused": 0} | {state: 1}


def test_a_case_whose_reply_may_yet_appear_stays_in_sight(engine, story, now):
    """The warning note was written, so the write is done; the doubt is not over."""
    add_case(engine, now=now, ticket_id="7", reasons=["in_doubt", "confident"])
    assert [line.ticket_id for line in story.attention(now=now).in_doubt] == ["7"]
