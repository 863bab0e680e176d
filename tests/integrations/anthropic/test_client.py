"""The client against real sockets: the sandbox's model for what works, small rude servers for what does not."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field
from werkzeug.serving import WSGIRequestHandler, make_server

from config.policy import Price
from integrations.anthropic.client import AnthropicModel, answer_schema
from integrations.llm import ModelOutcome, RenderedPrompt
from scripts.sandbox.model import create_model_app

pytestmark = [pytest.mark.real, pytest.mark.enable_socket]

PRICES = {
    "claude-test": Price(
        input=Decimal("3.00"), output=Decimal("15.00"), cache_read=Decimal("0.30"), cache_write=Decimal("3.75")
    )
}
SECRET = "the requester's private words"


class Capital(BaseModel):
    city: str
    sure: bool = True
    tags: list[str] = Field(default_factory=list, max_length=5)


def prompt(system: str = "You know capitals.") -> RenderedPrompt:
    return RenderedPrompt("capital", "abc123", system, f"What is the capital of France? {SECRET}")


@contextmanager
def serving(app: Callable[..., object]) -> Iterator[str]:
    class Keeping(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: object) -> None:
            return

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Keeping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextmanager
def rude(behave: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """Serve raw sockets; `behave` gets each connection, after its request was read, and its number from 1."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def one(connection: socket.socket, number: int) -> None:
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = head.split(b"\r\n\r\n", 1)[1]
            while len(body) < length:
                body += connection.recv(65536)
            try:
                behave(connection, number)
            except OSError:
                return

    def accept() -> None:
        number = 0
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=one, args=(connection, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        listener.close()


def respond(connection: socket.socket, status: int, body: bytes, **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} Status", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def fail(connection: socket.socket, status: int, kind: str, message: str = "no", **headers: str) -> None:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
    respond(connection, status, body, content_type="application/json", request_id="req_err", **headers)


def stream(connection: socket.socket, *events: dict[str, object]) -> None:
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    respond(connection, 200, body.encode(), content_type="text/event-stream", request_id="req_ok")


def answer_events(text: str, stop_reason: str = "end_turn") -> list[dict[str, object]]:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 1},
    }
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ]


GOOD = '{"city": "Paris", "sure": true, "tags": []}'


def ask(url: str, *, deadline: float = 5.0, system: str = "You know capitals.", model: str = "claude-test"):
    llm = AnthropicModel("sk-ant-secret", url, PRICES, first_wait_seconds=0.05)
    began = time.monotonic()
    answer = llm.ask(prompt(system), Capital, model=model, max_tokens=100, deadline_seconds=deadline)
    return answer, time.monotonic() - began


def test_an_answer_comes_back_validated_and_counted() -> None:
    """A whole answer is the value of the schema, with tokens, cost, request id and one attempt."""
    with rude(lambda connection, _: stream(connection, *answer_events(GOOD))) as url:
        answer, _ = ask(url)
    assert answer.value == Capital(city="Paris")
    usage = answer.usage
    assert (usage.outcome, usage.input_tokens, usage.output_tokens) == (ModelOutcome.OK, 100, 20)
    assert usage.cost_usd == (100 * Decimal("3.00") + 20 * Decimal("15.00")) / 1_000_000
    assert (usage.request_id, usage.attempts, usage.prompt, usage.prompt_hash) == ("req_ok", 1, "capital", "abc123")


def test_a_stable_prefix_is_written_once_and_read_after() -> None:
    """The system text is marked for the cache: the second call reads what the first one wrote, and costs less."""
    with serving(create_model_app(character=lambda *_: json.loads(GOOD))) as url:
        first, _ = ask(url, system="A stable rule. " * 400)
        second, _ = ask(url, system="A stable rule. " * 400)
        other, _ = ask(url, system="Another rule. " * 400)
    assert first.usage.cache_write_tokens == second.usage.cache_read_tokens > 1024
    assert first.usage.cache_read_tokens == second.usage.cache_write_tokens == 0
    assert other.usage.cache_read_tokens == 0
    assert second.usage.cost_usd < first.usage.cost_usd


def test_the_schema_has_the_form_the_api_takes() -> None:
    """Objects are closed, every property is required though it has a default, and bounds are gone."""
    schema = answer_schema(Capital)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["city", "sure", "tags"]
    assert "maxItems" not in schema["properties"]["tags"]
    assert "default" not in json.dumps(schema)


class Headed(BaseModel):
    """A docstring for who reads the code."""

    title: str
    lines: list[Capital]


def test_what_is_said_to_readers_is_not_sent() -> None:
    """Titles and docstrings would be paid for with every call; a field called "title" is still a field."""
    schema = answer_schema(Headed)
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["required"] == ["title", "lines"]
    assert "docstring" not in json.dumps(schema)
    assert "title" not in schema | schema["$defs"]["Capital"]


@pytest.mark.parametrize(
    ("text", "stop_reason", "outcome"),
    [
        (GOOD, "max_tokens", ModelOutcome.TRUNCATED),
        (GOOD, "model_context_window_exceeded", ModelOutcome.TRUNCATED),
        ("", "refusal", ModelOutcome.REFUSED),
        ("", "end_turn", ModelOutcome.EMPTY),
        ("  \n", "end_turn", ModelOutcome.EMPTY),
        ("Paris, I think", "end_turn", ModelOutcome.MALFORMED),
        ('{"town": "Paris"}', "end_turn", ModelOutcome.MALFORMED),
        (GOOD, "pause_turn", ModelOutcome.MALFORMED),
    ],
)
def test_every_ending_has_a_name(text: str, stop_reason: str, outcome: ModelOutcome) -> None:
    """What is not a whole answer of the schema has no value, but its tokens are counted."""
    with rude(lambda connection, _: stream(connection, *answer_events(text, stop_reason))) as url:
        answer, _ = ask(url)
    assert answer.value is None
    assert (answer.usage.outcome, answer.usage.output_tokens, answer.usage.attempts) == (outcome, 20, 1)
    assert "Paris" not in answer.usage.detail


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_key_that_is_not_let_in_is_not_tried_again(status: int) -> None:
    """Only a person mends it; the API's own words are kept for that person."""
    with rude(lambda connection, _: fail(connection, status, "some_error", "buy credits")) as url:
        answer, _ = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts) == (ModelOutcome.DENIED, 1)
    assert "buy credits" in answer.usage.detail


def test_an_unpaid_bill_may_come_as_a_bad_request() -> None:
    """The API says so in words under a 400."""
    words = "Your credit balance is too low to access the API."
    with rude(lambda connection, _: fail(connection, 400, "invalid_request_error", words)) as url:
        answer, _ = ask(url)
    assert answer.usage.outcome is ModelOutcome.DENIED


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_will_not_get_better_is_not_tried_again(status: int) -> None:
    """A refusal of the request itself ends at once, and what the API quotes of a bad request is not kept."""
    with rude(lambda connection, _: fail(connection, status, "some_error", f"in {SECRET!r}" * (status == 400))) as url:
        answer, _ = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts) == (ModelOutcome.REJECTED, 1)
    assert answer.usage.request_id == "req_err"
    assert SECRET not in answer.usage.detail


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_a_busy_api_is_tried_again(status: int) -> None:
    """Overload passes: the third try succeeds, and all three are counted."""

    def behave(connection: socket.socket, number: int) -> None:
        if number < 3:
            fail(connection, status, "overloaded_error")
        else:
            stream(connection, *answer_events(GOOD))

    with rude(behave) as url:
        answer, _ = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts) == (ModelOutcome.OK, 3)


def test_an_error_inside_the_stream_is_tried_again_and_paid_for() -> None:
    """An overload that comes after the first words has cost its input already."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}

    def behave(connection: socket.socket, number: int) -> None:
        if number == 1:
            stream(connection, answer_events(GOOD)[0], error)
        else:
            stream(connection, *answer_events(GOOD))

    with rude(behave) as url:
        answer, _ = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts, answer.usage.input_tokens) == (ModelOutcome.OK, 2, 200)


def test_a_retry_after_that_fits_is_waited_for() -> None:
    """The API's own wish is kept if there is time for it."""

    def behave(connection: socket.socket, number: int) -> None:
        if number == 1:
            fail(connection, 429, "rate_limit_error", retry_after="1")
        else:
            stream(connection, *answer_events(GOOD))

    with rude(behave) as url:
        answer, seconds = ask(url)
    assert answer.usage.outcome is ModelOutcome.OK
    assert seconds >= 1.0


def test_a_retry_after_that_does_not_fit_frees_the_worker() -> None:
    """An hour is not waited for: a bearable time is handed back, so that the ticket can be put off."""
    with rude(lambda connection, _: fail(connection, 429, "rate_limit_error", retry_after="3600")) as url:
        answer, seconds = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts) == (ModelOutcome.OVERLOADED, 1)
    assert answer.usage.retry_after_seconds == 300
    assert seconds < 2


def test_a_spent_budget_is_not_tried_again() -> None:
    """A 429 that names a spend limit will not clear by waiting."""
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "x", "details": {}}}
    body["error"]["details"] = {"error_code": "enforced_spend_limit_reached"}  # type: ignore[index]
    with rude(lambda connection, _: respond(connection, 429, json.dumps(body).encode())) as url:
        answer, _ = ask(url)
    assert (answer.usage.outcome, answer.usage.attempts) == (ModelOutcome.DENIED, 1)


def test_a_closed_port_is_unreachable() -> None:
    """Nobody listens: tried again a few times, then named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    answer, _ = ask(url, deadline=1.0)
    assert answer.usage.outcome is ModelOutcome.UNREACHABLE
    assert answer.usage.attempts > 1


def test_a_connection_that_breaks_is_unreachable_or_whole() -> None:
    """An answer cut off in the middle is never taken for a whole one."""

    def behave(connection: socket.socket, _: int) -> None:
        event = json.dumps(answer_events(GOOD)[0])
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99999\r\n\r\n"
        connection.sendall(head + f"event: message_start\ndata: {event}\n\n".encode())

    with rude(behave) as url:
        answer, _ = ask(url, deadline=1.0)
    assert answer.value is None
    assert answer.usage.outcome is ModelOutcome.UNREACHABLE


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>busy</html>", b"event: message_start\ndata: {broken\n\n", b"event: message_start\ndata: 7\n\n"],
)
def test_an_answer_of_another_shape_is_malformed(body: bytes) -> None:
    """A proxy's page or broken events are a known outcome, never an exception."""
    with rude(lambda connection, _: respond(connection, 200, body, content_type="text/event-stream")) as url:
        answer, _ = ask(url, deadline=2.0)
    assert answer.value is None
    assert answer.usage.outcome is ModelOutcome.MALFORMED


@pytest.mark.parametrize("place", ["headers", "inside an event", "between events", "silence"])
def test_the_deadline_is_a_total(place: str) -> None:
    """A server that drips one byte at a time, anywhere, cannot hold a worker longer than the deadline."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_drip\r\n\r\n"

    def behave(connection: socket.socket, _: int) -> None:
        drip = {
            "headers": b"x-slow: 1\r\n",
            "inside an event": b"data: {",
            "between events": b"event: ping\ndata: {}\n\n",
        }
        if place == "silence":
            time.sleep(4)
            return
        connection.sendall(head if place != "headers" else b"HTTP/1.1 200 OK\r\n")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for byte in drip[place] if place != "between events" else [drip[place]]:
                connection.sendall(byte if isinstance(byte, bytes) else bytes([byte]))
                time.sleep(0.05)

    with rude(behave) as url:
        answer, seconds = ask(url, deadline=1.0)
    assert answer.usage.outcome is ModelOutcome.TIMED_OUT
    assert 0.9 <= seconds < 2.5


def test_an_abandoned_call_ends_its_thread() -> None:
    """After the deadline the connection is shut, so that no thread is left reading drops."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"

    def behave(connection: socket.socket, _: int) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b":")
            time.sleep(0.05)

    with rude(behave) as url:
        ask(url, deadline=0.5)
        end = time.monotonic() + 4
        while any("_receive" in thread.name for thread in threading.enumerate()) and time.monotonic() < end:
            time.sleep(0.05)
        assert not [thread for thread in threading.enumerate() if "_receive" in thread.name]


def test_one_client_serves_many_threads() -> None:
    """Ten threads share the client without mixing answers up."""

    def echo(_: object, __: str, user: str) -> dict[str, object]:
        return {"city": user.split("|")[1], "sure": True, "tags": []}

    with serving(create_model_app(0.05, character=echo)) as url:
        llm = AnthropicModel("sk-ant-secret", url, PRICES)
        cities: dict[int, str] = {}

        def work(number: int) -> None:
            asked = RenderedPrompt("capital", "h", "s", f"echo |city {number}|")
            answer = llm.ask(asked, Capital, model="claude-test", max_tokens=100, deadline_seconds=10)
            cities[number] = answer.value.city if answer.value else ""

        threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert cities == {number: f"city {number}" for number in range(10)}


def test_a_model_on_this_machine_is_reached_around_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company's proxy in the environment does not stand between us and the sandbox."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with rude(lambda connection, _: stream(connection, *answer_events(GOOD))) as url:
        answer, _ = ask(url)
    assert answer.usage.outcome is ModelOutcome.OK


def test_an_unknown_price_costs_nothing_but_is_counted() -> None:
    """A model without a price in policy still answers; its tokens are there for whoever adds the price."""
    with rude(lambda connection, _: stream(connection, *answer_events(GOOD))) as url:
        answer, _ = ask(url, model="claude-unknown")
    assert (answer.usage.cost_usd, answer.usage.input_tokens) == (Decimal(0), 100)


def test_nothing_of_the_ticket_is_logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures are logged by name; the prompt and the key are in none of it."""
    with rude(lambda connection, _: fail(connection, 400, "invalid_request_error", SECRET)) as url:
        ask(url)
    shown = caplog.text + "".join(capsys.readouterr())
    assert "model_call_failed" in shown
    assert SECRET not in shown
    assert "sk-ant-secret" not in shown
