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
    add_run,
    add_ticket,
)
from workers.domain import Code
from workers.store.schedule import Schedule
from workers.store.story import PAGE_SIZE, CaseFilter, Spread, Story, percentile, told
from workers.store.tables import delivery, open_engine

DAY = timedelta(days=1)


@pytest.fixture
def story(engine):
    return Story(engine)


def test_a_period_counts_what_was_settled_in_it(engine, story, now):
    """Outcomes, intents, reasons and cost of the period, and nothing from outside it."""
    for number, (action, reasons) in enumerate(
        [
            ("send", ["confident"]),
            ("send", ["confident"]),
            ("draft", ["language:de", "frustrated"]),
            ("ignore", ["survey"]),
        ]
    ):
        case_id = add_case(engine, now=now, ticket_id=str(number), action=action, reasons=reasons)
        add_call(engine, case_id, now=now, cost_usd="0.01")
    add_case(engine, now=now - 2 * DAY, ticket_id="old")
    add_case(engine, now=now, ticket_id="open", state="open", settled_at=None, action="")
    found = story.period(now - DAY, now + DAY)
    assert found.by_action == {"send": 2, "draft": 1, "ignore": 1}
    assert (found.settled, found.worked_on, found.sent) == (4, 3, 2)
    assert {told.code: count for told, count in found.reasons} == {
        "confident": 2,
        "language": 1,
        "frustrated": 1,
        "survey": 1,
    }
    assert found.intents == [("shift_swap", {"send": 2, "draft": 1, "ignore": 1})]
    assert (found.calls, found.cost_usd) == (4, Decimal("0.04"))
    assert found.cost_per_case_usd == Decimal("0.04") / 3


def test_tokens_and_cost_of_a_reply_count_its_own_calls(engine, story, now):
    """What a model read from the cache was read too; a hand-over's calls are not a reply's."""
    usual = {"input_tokens": 300, "cache_read_tokens": 1000, "cache_write_tokens": 0, "cost_usd": "0.02"}
    for action in ("send", "draft", "assist"):
        case_id = add_case(engine, now=now, ticket_id=action, action=action)
        add_call(engine, case_id, now=now, **usual)
        add_call(engine, case_id, now=now, **usual)
    found = story.period(now - DAY, now + DAY)
    assert (found.input_tokens, found.cached_tokens) == (7800, 6000)
    assert (found.tokens_per_answer, found.cost_per_reply_usd) == (2600, Decimal("0.04"))


def test_an_empty_period_has_no_figures(story, now):
    """Nothing settled gives zeros and no percentile, not an error."""
    found = story.period(now - DAY, now)
    assert (found.settled, found.cost_per_case_usd, found.tokens_per_answer) == (0, None, None)
    assert found.first_response == Spread(0, None, None)


def test_the_first_response_is_the_first_reply_sent_on_a_ticket(engine, story, now):
    """A second reply on the same ticket and outcomes that sent nothing do not count."""
    add_case(engine, now=now, ticket_id="1", message_id="a", asked_at=now - timedelta(seconds=10))
    add_case(engine, now=now, ticket_id="1", message_id="b", asked_at=now - timedelta(seconds=500))
    add_case(engine, now=now, ticket_id="2", action="draft", asked_at=now - timedelta(seconds=700))
    found = story.period(now - DAY, now + DAY)
    assert found.first_response == Spread(1, 10.0, 10.0)
    assert found.outcome.count == 3


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([], 0.5, None), ([3.0], 0.95, 3.0), ([1.0, 2.0], 0.5, 1.0), (list(range(1, 101)), 0.95, 95)],
)
def test_percentiles_are_of_the_nearest_rank(values, share, wanted):
    """The percentile is one of the values; of none there is none."""
    assert percentile(values, share) == wanted


def test_reasons_are_read_in_every_form_and_said_in_words():
    """Text and tables are read alike; a code of another release is shown as it stands."""
    assert told("out_of_office").words == "the message is an out-of-office reply"
    assert told({"code": "rule", "detail": "chargeback"}) == told("rule:chargeback")
    assert told("newly_made:x").words == "newly made x"


def test_every_reason_has_words():
    """No code of this release is shown bare."""
    assert [code.value for code in Code if told(code.value).words == code.value.replace("_", " ")] == []


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
    assert story.figures(now=now).doubtful_writes == {"in_doubt": 0, "noting": 0, "refused": 0} | {state: 1}


def test_a_case_whose_reply_may_yet_appear_stays_in_sight(engine, story, now):
    """The warning note was written, so the write is done; the doubt is not over."""
    add_case(engine, now=now, ticket_id="7", reasons=["in_doubt", "confident"])
    assert [line.ticket_id for line in story.attention(now=now).in_doubt] == ["7"]


def test_waiting_work_is_counted_with_its_age(engine, story, now):
    """Deliveries nobody handled and tickets that are due, each with the age of the oldest."""
    add_delivery(engine, "d1", now=now - timedelta(seconds=30), state="new")
    add_delivery(engine, "d2", now=now - timedelta(seconds=10), state="new")
    add_delivery(engine, "d3", now=now - timedelta(seconds=90))
    add_ticket(engine, ticket_id="1", due_at=now - timedelta(seconds=5), waiting_since=now - timedelta(seconds=40))
    add_ticket(engine, ticket_id="2", due_at=now + timedelta(seconds=5), waiting_since=now - timedelta(seconds=80))
    found = story.waiting(now=now)
    assert (found.deliveries, found.oldest_delivery_seconds) == (2, 30.0)
    assert (found.due, found.in_work, found.oldest_due_seconds) == (1, 0, 40.0)


def test_the_model_s_state_is_of_the_last_quarter_of_an_hour(engine, story, now):
    """Older failures are forgotten, the last call is named."""
    case_id = add_case(engine, now=now)
    add_call(engine, case_id, now=now - timedelta(minutes=20), outcome="timed_out")
    add_call(engine, case_id, now=now - timedelta(minutes=3))
    add_call(engine, case_id, now=now, outcome="overloaded")
    found = story.model_state(now=now)
    assert (found.calls, found.failed, found.last_outcome) == (2, 1, "overloaded")


def test_figures_add_up_by_their_labels(engine, story, now):
    """Totals for Prometheus, open cases under their own name."""
    case_id = add_case(engine, now=now, reasons=["frustrated", "rule:legal"], action="hand_off")
    add_case(engine, now=now, ticket_id="2", reasons=["rule:press"], action="hand_off")
    add_case(engine, now=now, ticket_id="3", state="open", action="", intent="", settled_at=None, reasons=[])
    add_call(engine, case_id, now=now)
    add_call(engine, case_id, now=now, outcome="timed_out")
    add_delivery(engine, "d1", now=now, state="failed")
    found = story.figures(now=now + timedelta(seconds=1))
    assert found.cases == {("hand_off", "shift_swap"): 2, ("open", ""): 1}
    assert found.reasons == {"frustrated": 1, "rule": 2}
    assert found.calls == {("claude-sonnet-5-5", "ok"): 1, ("claude-sonnet-5-5", "timed_out"): 1}
    assert found.tokens["claude-sonnet-5-5", "input"] == 3620
    assert found.cost_usd["claude-sonnet-5-5"] == pytest.approx(0.009284)
    assert found.deliveries == {"failed": 1}
    assert found.outcome.p50 == 120.0


def test_runs_and_the_kill_switch_are_told(engine, story, now):
    """The newest run comes first, and pause is seen."""
    add_run(engine, "reindex", 1, now=now, is_ok=True, report={"added": 3})
    add_run(engine, "reconcile", 1, now=now, is_ok=False, report={})
    assert [(run.name, run.is_ok) for run in story.runs()] == [("reconcile", False), ("reindex", True)]
    assert not story.is_paused()
    Schedule(engine).set_value("paused", "yes", now=now)
    assert story.is_paused()


def test_a_database_without_our_tables_is_not_up(engine, story, tmp_path):
    """Reachable means that the inbox can be read."""
    assert story.is_up()
    delivery.drop(engine)
    assert not story.is_up()
    assert not Story(open_engine(f"sqlite:///{tmp_path}/none/none.sqlite3")).is_up()
