"""Every fault of the model's stand-in, through the real SDK and our client: each ends in its named outcome."""

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import anthropic
import pytest
import requests
from pydantic import BaseModel

from config.policy import Price
from integrations.anthropic.client import AnthropicModel
from integrations.llm import ModelAnswer, ModelOutcome, RenderedPrompt
from scripts.sandbox.model import create_model_app
from scripts.sandbox.model_room import ModelRoom
from scripts.sandbox.server import run_app

pytestmark = [pytest.mark.real, pytest.mark.enable_socket]

MODEL = "claude-sonnet-5-5"
PRICES = {MODEL: Price(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"), cache_write=Decimal("3.75"))}


class City(BaseModel):
    city: str


@pytest.fixture(scope="module")
def room() -> ModelRoom:
    held = ModelRoom()
    held.start(0.0, lambda *_: {"city": "Paris"})
    return held


@pytest.fixture(scope="module")
def url(room: ModelRoom) -> Iterator[str]:
    server = run_app("model", create_model_app(room=room))
    yield server.url
    server.stop()


Meet = Callable[..., ModelAnswer[City]]


@pytest.fixture
def meet(url: str, room: ModelRoom) -> Iterator[Meet]:
    """Set one fault by the control API and ask; without one, only ask."""

    def ask(deadline: float = 1.5, system: str = "You know capitals.", **fault: Any) -> ModelAnswer[City]:
        rows = [{"path": "/v1/messages", **fault}] if fault else []
        requests.post(f"{url}/_control/faults", json={"faults": rows}, timeout=5).raise_for_status()
        llm = AnthropicModel("sk-any", url, PRICES, first_wait_seconds=0.02)
        rendered = RenderedPrompt("capital", "h", system, "Capital of France?")
        return llm.ask(rendered, City, model=MODEL, max_tokens=50, deadline_seconds=deadline)

    yield ask
    room.reset()


FAULTS: list[tuple[dict[str, Any], ModelOutcome, int]] = [
    ({"status": 400}, ModelOutcome.REJECTED, 1),
    ({"status": 401}, ModelOutcome.DENIED, 1),
    ({"status": 402}, ModelOutcome.DENIED, 1),
    ({"status": 403}, ModelOutcome.DENIED, 1),
    ({"status": 404}, ModelOutcome.DENIED, 1),
    ({"status": 413}, ModelOutcome.REJECTED, 1),
    ({"status": 429, "headers": {"Retry-After": "0"}}, ModelOutcome.OVERLOADED, 5),
    ({"status": 429, "error_code": "enforced_spend_limit_reached"}, ModelOutcome.DENIED, 1),
    ({"status": 500}, ModelOutcome.OVERLOADED, 5),
    ({"status": 502, "body": "<html>bad gateway</html>"}, ModelOutcome.OVERLOADED, 5),
    ({"status": 504}, ModelOutcome.OVERLOADED, 5),
    ({"status": 529}, ModelOutcome.OVERLOADED, 5),
    ({"answer": "truncated"}, ModelOutcome.TRUNCATED, 1),
    ({"answer": "context_full"}, ModelOutcome.TRUNCATED, 1),
    ({"answer": "refused"}, ModelOutcome.REFUSED, 1),
    ({"answer": "invalid_json"}, ModelOutcome.MALFORMED, 1),
    ({"answer": "wrong_schema"}, ModelOutcome.MALFORMED, 1),
    ({"answer": "no_content"}, ModelOutcome.EMPTY, 1),
    ({"answer": "blank"}, ModelOutcome.EMPTY, 1),
    ({"answer": "error_event"}, ModelOutcome.OVERLOADED, 5),
    ({"reset_mid_body": True}, ModelOutcome.UNREACHABLE, 5),
    ({"drop_answer": True}, ModelOutcome.UNREACHABLE, 5),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "attempts"), FAULTS, ids=[json.dumps(fault, separators=(",", ":")) for fault, _, _ in FAULTS]
)
def test_each_fault_has_its_outcome(meet: Meet, fault: dict[str, Any], outcome: ModelOutcome, attempts: int) -> None:
    """Named, with as many tries as it is worth; once the fault is cleared the same question is answered."""
    answer = meet(**fault)
    assert (answer.usage.outcome, answer.usage.attempts) == (outcome, attempts)
    assert answer.value is None
    if "status" in fault or "answer" in fault:
        assert answer.usage.request_id.startswith("req_sandbox_") or "body" in fault
    assert meet().value == City(city="Paris")


@pytest.mark.parametrize("fault", [{"delay_before": 90}, {"stall_seconds": 90}, {"drip_seconds": 90}])
def test_slowness_ends_at_the_deadline(meet: Meet, fault: dict[str, Any]) -> None:
    """Silence, half an answer and a drip cost no more than the caller gave."""
    began = time.monotonic()
    assert meet(deadline=0.4, **fault).usage.outcome is ModelOutcome.TIMED_OUT
    assert time.monotonic() - began < 30  # a busy machine takes its time, but not the fault's


def test_a_stream_that_breaks_off_is_no_answer(meet: Meet) -> None:
    """Half of the events under a good status and length: never taken for the whole."""
    assert meet(wrong_json=True).usage.outcome in (ModelOutcome.MALFORMED, ModelOutcome.UNREACHABLE)


@pytest.mark.parametrize(
    ("retry_after", "told"),
    [("60", 60.0), ("3600", 300.0), ("4294967295", 300.0), ("inf", 300.0), ("soon", None), ("-5", None), ("nan", None)],
)
def test_absurd_waits_are_not_waited_for(meet: Meet, retry_after: str, told: float | None) -> None:
    """Five minutes at most come back for the caller to put the ticket off; nonsense is as if it were not there."""
    began = time.monotonic()
    usage = meet(deadline=0.5, status=429, headers={"Retry-After": retry_after}).usage
    assert (usage.outcome, usage.retry_after_seconds) == (ModelOutcome.OVERLOADED, told)
    assert time.monotonic() - began < 30  # a busy machine takes its time, but not the fault's


def test_a_fault_passes_when_it_is_used_up(meet: Meet) -> None:
    """Two bad answers, then a good one: our own retries get there, and the books show all three."""
    usage = meet(status=529, times=2).usage
    assert (usage.outcome, usage.attempts) == (ModelOutcome.OK, 3)


def test_the_books_show_faults_and_figures(meet: Meet, url: str) -> None:
    """Each call with its status, and tokens where there was an answer; not a word of it."""
    since = requests.get(f"{url}/_control/books", timeout=5).json()["newest"]
    meet(status=529, times=1)
    entries = requests.get(f"{url}/_control/books?since={since}&service=model", timeout=5).json()["entries"]
    assert [(entry["status"], entry["fault"]) for entry in entries] == [(529, True), (200, False)]
    assert entries[1]["output_tokens"] > 0
    assert "Paris" not in json.dumps(entries)


def test_the_rate_limit_is_met_by_its_retry_after(meet: Meet, room: ModelRoom) -> None:
    """With the limits on, one request too many says how long to wait."""
    room.switch({"limits": True, "requests_per_minute": 1})
    room.limits.clear()
    assert meet().usage.outcome is ModelOutcome.OK
    usage = meet(deadline=0.5).usage
    assert usage.outcome is ModelOutcome.OVERLOADED
    assert usage.retry_after_seconds is not None
    assert 50 < usage.retry_after_seconds <= 61


def test_a_stable_prefix_is_paid_once(meet: Meet) -> None:
    """The system text is written to the cache, then read from it, and a ticket's own words never are."""
    first, second = (meet(system="You know capitals. " * 400).usage for _ in range(2))
    assert first.cache_write_tokens == second.cache_read_tokens > 1024
    assert first.cache_read_tokens == second.cache_write_tokens == 0
    assert second.cost_usd < first.cost_usd / 4


def test_the_sdk_runs_a_tool(url: str) -> None:
    """The official SDK gets a tool's use with its input, streamed, and the answer after the result."""
    requests.post(f"{url}/_control/reset", timeout=5)
    requests.post(f"{url}/_control/model", json={"character": "honest"}, timeout=5)
    client = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
    schema = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    tool: Any = {"name": "order_status", "description": "Look up the status of an order.", "input_schema": schema}
    asked: Any = [{"role": "user", "content": "What is the status of my order A-1009?"}]
    fixed = SimpleNamespace(model=MODEL, max_tokens=200)
    with client.messages.stream(**vars(fixed), messages=asked, tools=[tool]) as stream:
        message = stream.get_final_message()
    use = message.content[0]
    assert message.stop_reason == "tool_use"
    assert use.type == "tool_use"
    assert use.input == {"order_id": "A-1009"}
    result: Any = {"type": "tool_result", "tool_use_id": use.id, "content": "shipped"}
    asked += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    assert client.messages.create(**vars(fixed), messages=asked, tools=[tool]).stop_reason == "end_turn"
