"""The stand-in for the Messages API: its wire format, alone and through the real SDK and our client."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import pytest
import requests
from flask.testing import FlaskClient

from config.policy import Answering, Intent, Models, Policy, Price
from config.prompts import load_prompt
from integrations.anthropic.client import AnthropicModel
from integrations.llm import ModelOutcome
from kb.domain import Passage, Source
from scripts.sandbox.model import create_model_app
from scripts.sandbox.server import run_app
from workers.domain import MessageKind, Reading
from workers.stages.ask_classify import ask_classify
from workers.stages.check import check
from workers.stages.draft import Brief, draft

HEADERS = {"x-api-key": "sk-any", "anthropic-version": "2023-06-01"}
PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def body(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


@pytest.fixture
def api() -> FlaskClient:
    return create_model_app().test_client()


@pytest.fixture
def url() -> Iterator[str]:
    server = run_app("model", create_model_app())
    yield server.url
    server.stop()


def test_a_message_has_the_shape_of_the_api(api: FlaskClient) -> None:
    """Content blocks, stop reason, usage and a request id."""
    response = api.post("/v1/messages", json=body(), headers=HEADERS)
    message = response.get_json()
    assert response.status_code == 200
    assert response.headers["request-id"].startswith("req_")
    assert (message["type"], message["role"], message["stop_reason"]) == ("message", "assistant", "end_turn")
    assert message["content"][0]["type"] == "text"
    assert message["usage"]["input_tokens"] > 0
    assert message["usage"]["output_tokens"] > 0


def test_a_stream_has_the_events_of_the_api(api: FlaskClient) -> None:
    """Start, block, deltas, end; the pieces make the whole text."""
    response = api.post("/v1/messages", json=body(stream=True), headers=HEADERS)
    assert response.content_type.startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    text = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
    assert text == api.post("/v1/messages", json=body(), headers=HEADERS).get_json()["content"][0]["text"]


@pytest.mark.parametrize(
    ("changes", "kind", "status"),
    [
        ({"model": None}, "invalid_request_error", 400),
        ({"max_tokens": None}, "invalid_request_error", 400),
        ({"max_tokens": 0}, "invalid_request_error", 400),
        ({"messages": []}, "invalid_request_error", 400),
        ({"messages": [{"role": "system", "content": "x"}]}, "invalid_request_error", 400),
        ({"messages": [{"role": "user", "content": " "}]}, "invalid_request_error", 400),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "invalid_request_error", 400),
        ({"temperature": 0}, "invalid_request_error", 400),
        ({"output_config": {"format": {"type": "json_object"}}}, "invalid_request_error", 400),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}}},
            "invalid_request_error",
            400,
        ),
    ],
)
def test_a_malformed_request_is_refused(api: FlaskClient, changes: dict[str, Any], kind: str, status: int) -> None:
    """Errors have the API's shape and name."""
    response = api.post("/v1/messages", json=body(**changes), headers=HEADERS)
    error = response.get_json()
    assert response.status_code == status
    assert (error["type"], error["error"]["type"]) == ("error", kind)
    assert error["request_id"] == response.headers["request-id"]


def test_what_is_not_json_is_refused(api: FlaskClient) -> None:
    """Bytes that are no JSON get a 400."""
    assert api.post("/v1/messages", data=b"{", headers=HEADERS).status_code == 400


def test_without_a_key_nobody_is_let_in(api: FlaskClient) -> None:
    """A missing key is 401, on every path of the API."""
    for path in ("/v1/models", "/v1/messages"):
        response = api.get(path)
        assert response.status_code == 401
        assert response.get_json()["error"]["type"] == "authentication_error"


def test_an_unknown_path_is_not_found(api: FlaskClient) -> None:
    """The API's shape also for what it does not have."""
    response = api.get("/v1/nothing", headers=HEADERS)
    assert (response.status_code, response.get_json()["error"]["type"]) == (404, "not_found_error")


def test_bounds_in_a_schema_are_refused(api: FlaskClient) -> None:
    """Structured output takes no bounds; the product must not rely on them."""
    schema = {**SCHEMA, "properties": {"city": {"type": "string", "maxLength": 5}}}
    response = api.post(
        "/v1/messages", json=body(output_config={"format": {"type": "json_schema", "schema": schema}}), headers=HEADERS
    )
    assert response.status_code == 400
    assert "maxLength" in response.get_json()["error"]["message"]


def test_an_unknown_schema_gets_the_smallest_value(api: FlaskClient) -> None:
    """What the simulated model does not understand is answered by the smallest valid object."""
    schema = {
        **SCHEMA,
        "properties": {
            "city": {"type": "string"},
            "kind": {"enum": ["a", "b"]},
            "many": {"type": "array", "items": {"type": "integer"}},
            "sure": {"$ref": "#/$defs/Sure"},
        },
        "$defs": {"Sure": {"type": "boolean"}},
    }
    response = api.post(
        "/v1/messages", json=body(output_config={"format": {"type": "json_schema", "schema": schema}}), headers=HEADERS
    )
    text = response.get_json()["content"][0]["text"]
    assert json.loads(text) == {"city": "", "kind": "a", "many": [], "sure": False}


def test_a_long_answer_is_cut_at_max_tokens(api: FlaskClient) -> None:
    """The stop reason says so, as the API's does."""
    message = api.post("/v1/messages", json=body(max_tokens=2), headers=HEADERS).get_json()
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 2


@pytest.mark.parametrize(("words", "is_cached"), [(4000, True), (20, False)])
def test_a_marked_prefix_is_cached_if_it_is_long_enough(api: FlaskClient, words: int, *, is_cached: bool) -> None:
    """Written the first time, read the second; too short a one is neither; tokens are counted once."""
    system = [{"type": "text", "text": "rule " * words, "cache_control": {"type": "ephemeral"}}]
    first, second = (
        api.post("/v1/messages", json=body(system=system), headers=HEADERS).get_json()["usage"] for _ in range(2)
    )
    assert (first["cache_creation_input_tokens"] > 0) == is_cached
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"]
    for usage in (first, second):
        whole = sum(usage[f"{part}input_tokens"] for part in ("", "cache_creation_", "cache_read_"))
        assert whole == pytest.approx((words * 5 + 5) / 4, abs=2)


@pytest.mark.real
@pytest.mark.enable_socket
def test_the_real_sdk_talks_to_it(url: str) -> None:
    """Plain and streamed messages, models and errors, all read by the SDK itself."""
    client = anthropic.Anthropic(api_key="sk-any", base_url=url, max_retries=0)
    asked: Any = {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    plain = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    assert [block.text for block in streamed.content if block.type == "text"] == [
        block.text for block in plain.content if block.type == "text"
    ]
    assert "claude-haiku-5-5" in [model.id for model in client.models.list()]
    with pytest.raises(anthropic.BadRequestError) as error:
        client.messages.create(**{**asked, "messages": []})
    assert error.value.request_id


@pytest.mark.real
@pytest.mark.enable_socket
def test_a_stream_is_said_as_it_comes(url: str) -> None:
    """The first words are there while the rest is still to be said, for hours at this speed."""
    requests.post(f"{url}/_control/model", json={"tokens_per_second": 0.001}, timeout=30).raise_for_status()
    with requests.post(f"{url}/v1/messages", json=body(stream=True), headers=HEADERS, stream=True, timeout=30) as said:
        assert said.headers["Transfer-Encoding"] == "chunked"
        assert next(said.iter_lines()) == b"event: message_start"


@pytest.mark.real
@pytest.mark.enable_socket
def test_a_question_is_classified_drafted_and_checked_over_http(url: str) -> None:
    """The whole way: our prompts, our client, the SDK, the simulated model, and a clean check of its draft."""
    policy = Policy(
        models=Models(
            classify="claude-haiku-5-5",
            draft="claude-sonnet-5-5",
            prices={"claude-sonnet-5-5": Price(input=Decimal(3), output=Decimal(15))},
        ),
        answering=Answering(company="Tidemark"),
        intents={
            "shift_swap": Intent(description="Swapping shifts.", examples=("How do I swap a shift?",)),
            "payroll_export": Intent(description="Exporting hours to payroll.", examples=("Export hours",)),
        },
    )
    text = (
        "Staff can swap shifts without a manager.\n\nTo offer a shift to a colleague:\n\n"
        "- Open the shift in the app.\n\n- Tap Offer swap.\n\n- Choose a colleague and tap Send.\n\n"
        "A swap is final once the colleague accepts it."
    )
    passages = [Passage("c1", "d1", Source.ARTICLE, "Swap a shift", ("Swap a shift",), text, "", 0.9)]
    message = "Hi! How do I swap my Friday shift with a colleague?"
    reading = Reading("m1", MessageKind.QUESTION, "Swap a shift", message, message, (message,), "en", ())
    llm = AnthropicModel("sk-any", url, policy.models.prices)

    found, _ = ask_classify(reading, (), load_prompt(PROMPTS, "classify"), llm, policy)
    assert found is not None
    assert found.intent == "shift_swap"

    prompt = load_prompt(PROMPTS, "draft")
    made, first = draft(Brief(reading, passages), prompt, llm, policy)
    assert first.outcome is ModelOutcome.OK
    assert "Tap Offer swap." in made.text
    assert made.asks_covered == (0,)
    assert check(made, passages, reading, policy).is_clean
    _, second = draft(Brief(reading, passages), prompt, llm, policy)
    assert second.cache_read_tokens == first.cache_write_tokens > 0
