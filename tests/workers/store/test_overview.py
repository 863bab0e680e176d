"""The record in figures."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import BaseModel

from config.policy import Price
from integrations.anthropic.client import AnthropicModel
from integrations.llm import RenderedPrompt
from scripts.sandbox.faults import parse
from scripts.sandbox.model import create_model_app
from scripts.sandbox.server import run_app
from tests.fakes.record import (
    add_call,
    add_case,
    add_delivery,
    add_run,
    add_ticket,
)
from workers.store.ledger import Ledger
from workers.store.overview import Overview, Spread, percentile
from workers.store.schedule import Schedule
from workers.store.tables import delivery, open_engine

DAY = timedelta(days=1)


@pytest.fixture
def overview(engine):
    return Overview(engine)


def test_a_period_counts_what_was_settled_in_it(engine, overview, now):
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
    found = overview.period(now - DAY, now + DAY)
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


def test_tokens_and_cost_of_a_reply_count_its_own_calls(engine, overview, now):
    """What a model read from the cache was read too; a hand-over's calls are not a reply's."""
    usual = {"input_tokens": 300, "cache_read_tokens": 1000, "cache_write_tokens": 0, "cost_usd": "0.02"}
    for action in ("send", "draft", "assist"):
        case_id = add_case(engine, now=now, ticket_id=action, action=action)
        add_call(engine, case_id, now=now, **usual)
        add_call(engine, case_id, now=now, **usual)
    found = overview.period(now - DAY, now + DAY)
    assert (found.input_tokens, found.cached_tokens) == (7800, 6000)
    assert (found.tokens_per_answer, found.cost_per_reply_usd) == (2600, Decimal("0.04"))


def test_an_empty_period_has_no_figures(overview, now):
    """Nothing settled gives zeros and no percentile, not an error."""
    found = overview.period(now - DAY, now)
    assert (found.settled, found.cost_per_case_usd, found.tokens_per_answer) == (0, None, None)
    assert found.first_response == Spread(0, None, None)


def test_the_first_response_is_the_first_reply_sent_on_a_ticket(engine, overview, now):
    """A second reply on the same ticket and outcomes that sent nothing do not count."""
    add_case(engine, now=now, ticket_id="1", message_id="a", asked_at=now - timedelta(seconds=10))
    add_case(engine, now=now, ticket_id="1", message_id="b", asked_at=now - timedelta(seconds=500))
    add_case(engine, now=now, ticket_id="2", action="draft", asked_at=now - timedelta(seconds=700))
    found = overview.period(now - DAY, now + DAY)
    assert found.first_response == Spread(1, 10.0, 10.0)
    assert found.outcome.count == 3


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([], 0.5, None), ([3.0], 0.95, 3.0), ([1.0, 2.0], 0.5, 1.0), (list(range(1, 101)), 0.95, 95)],
)
def test_percentiles_are_of_the_nearest_rank(values, share, wanted):
    """The percentile is one of the values; of none there is none."""
    assert percentile(values, share) == wanted


def test_waiting_work_is_counted_with_its_age(engine, overview, now):
    """Deliveries nobody handled and tickets that are due, each with the age of the oldest."""
    add_delivery(engine, "d1", now=now - timedelta(seconds=30), state="new")
    add_delivery(engine, "d2", now=now - timedelta(seconds=10), state="new")
    add_delivery(engine, "d3", now=now - timedelta(seconds=90))
    add_ticket(engine, ticket_id="1", due_at=now - timedelta(seconds=5), waiting_since=now - timedelta(seconds=40))
    add_ticket(engine, ticket_id="2", due_at=now + timedelta(seconds=5), waiting_since=now - timedelta(seconds=80))
    found = overview.waiting(now=now)
    assert (found.deliveries, found.oldest_delivery_seconds) == (2, 30.0)
    assert (found.due, found.in_work, found.oldest_due_seconds) == (1, 0, 40.0)


def test_the_model_s_state_is_of_the_last_quarter_of_an_hour(engine, overview, now):
    """Older failures are forgotten, the last call is named."""
    case_id = add_case(engine, now=now)
    add_call(engine, case_id, now=now - timedelta(minutes=20), outcome="timed_out")
    add_call(engine, case_id, now=now - timedelta(minutes=3))
    add_call(engine, case_id, now=now, outcome="overloaded")
    found = overview.model_state(now=now)
    assert (found.calls, found.failed, found.last_outcome) == (2, 1, "overloaded")


def test_figures_add_up_by_their_labels(engine, overview, now):
    """Totals for Prometheus, open cases under their own name."""
    case_id = add_case(engine, now=now, reasons=["frustrated", "rule:legal"], action="hand_off")
    add_case(engine, now=now, ticket_id="2", reasons=["rule:press"], action="hand_off")
    add_case(engine, now=now, ticket_id="3", state="open", action="", intent="", settled_at=None, reasons=[])
    add_call(engine, case_id, now=now)
    add_call(engine, case_id, now=now, outcome="timed_out")
    add_delivery(engine, "d1", now=now, state="failed")
    found = overview.figures(now=now + timedelta(seconds=1))
    assert found.cases == {("hand_off", "shift_swap"): 2, ("open", ""): 1}
    assert found.reasons == {"frustrated": 1, "rule": 2}
    assert found.calls == {("claude-sonnet-5-5", "ok"): 1, ("claude-sonnet-5-5", "timed_out"): 1}
    assert found.tokens["claude-sonnet-5-5", "input"] == 3620
    assert found.cost_usd["claude-sonnet-5-5"] == pytest.approx(0.009284)
    assert found.deliveries == {"failed": 1}
    assert found.outcome.p50 == 120.0


def test_runs_and_the_kill_switch_are_told(engine, overview, now):
    """The newest run comes first, and pause is seen."""
    add_run(engine, "reindex", 1, now=now, is_ok=True, report={"added": 3})
    add_run(engine, "reconcile", 1, now=now, is_ok=False, report={})
    assert [(run.name, run.is_ok) for run in overview.runs()] == [("reconcile", False), ("reindex", True)]
    assert not overview.is_paused()
    Schedule(engine).set_value("paused", "yes", now=now)
    assert overview.is_paused()


def test_a_database_without_our_tables_is_not_up(engine, overview, tmp_path):
    """Reachable means that the inbox can be read."""
    assert overview.is_up()
    delivery.drop(engine)
    assert not overview.is_up()
    assert not Overview(open_engine(f"sqlite:///{tmp_path}/none/none.sqlite3")).is_up()


PRICE = Price(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"), cache_write=Decimal("3.75"))


class Answer(BaseModel):
    city: str


@pytest.mark.real
@pytest.mark.enable_socket
def test_the_figures_agree_with_the_apis_own_books(engine, overview, now):
    """Tokens and dollars of the record are what the API counted, cached parts and a call that was tried twice too."""
    app = create_model_app()
    room = app.extensions["room"]
    server = run_app("model", app)
    model = AnthropicModel("key", server.url, {"claude-sonnet-5-5": PRICE}, first_wait_seconds=0.01)
    asked = RenderedPrompt("draft", "hash", "A rule that stays as it is. " * 200, "What is the capital of France?")
    try:
        for number in range(4):
            if number == 2:
                room.faults.replace([parse({"status": 529, "times": 1}, "model")])
            case_id = add_case(engine, now=now, message_id=f"m{number}", action="send" if number else "assist")
            said = model.ask(asked, Answer, model="claude-sonnet-5-5", max_tokens=100, deadline_seconds=30.0)
            Ledger(engine).record_calls(case_id, (said.usage,), now=now)
    finally:
        server.stop()
    billed = [entry for entry in room.books.since(0)[0] if "output_tokens" in entry]
    counts = {name: sum(entry[name] for entry in billed) for name in billed[0] if name.endswith("_tokens")}
    read = sum(count for name, count in counts.items() if name != "output_tokens")
    dollars = sum(counts[f"{name}_tokens"] * price for name, price in PRICE.model_dump().items()) / 1_000_000
    period = overview.period(now - DAY, now + DAY)
    assert len(billed) == 4
    assert min(counts.values()) > 0
    assert (period.input_tokens, period.output_tokens) == (read, counts["output_tokens"])
    assert abs(period.cost_usd - dollars) <= len(billed) * Decimal("0.0000005")  # each call stands in millionths
    replied = billed[1:]
    assert period.tokens_per_answer == round(
        sum(entry[name] for entry in replied for name in counts if name != "output_tokens") / 3
    )
