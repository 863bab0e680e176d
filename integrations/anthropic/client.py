"""The language model behind Anthropic's Messages API. The only module that knows the SDK.

Every call ends in a named outcome within its deadline, whatever the API does, and is counted with its tokens and cost.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import anthropic
import httpx2
import tenacity
from pydantic import BaseModel, ValidationError

from config.logs import get_logger
from config.policy import Price
from integrations.llm import ModelAnswer, ModelOutcome, RenderedPrompt, Usage

T = TypeVar("T", bound=BaseModel)

CONNECT_SECONDS = 3.0
SILENCE_SECONDS = 15.0  # the API pings while it works; a connection silent for so long is dead
MAX_ATTEMPTS = 5
WORTH_STARTING = 0.9  # a try in the last tenth of the deadline would be paid for and cut off
MAX_RETRY_AFTER_SECONDS = 300.0  # the API may ask for an hour, or a year; we look again before
MILLION = Decimal(1_000_000)

_RETRYABLE_STATUS = frozenset({408, 409, 429})
_BUSY_TYPES = frozenset({"overloaded_error", "rate_limit_error", "api_error", "timeout_error"})

_FOR_READERS = frozenset({"default", "title", "description"})  # keys of a schema that say nothing of its form
_NAMED_PARTS = frozenset({"properties", "$defs"})

_log = get_logger(__name__)


@dataclass(slots=True)
class _Reply:
    """What has come in of one answer. Filled by the receiving thread, read by the caller when done or out of time."""

    text: list[str] = field(default_factory=list)
    stop_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    response: httpx2.Response | None = None
    fault: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)
    is_abandoned: bool = False

    def take(self, event: anthropic.types.RawMessageStreamEvent) -> None:
        if event.type == "message_start":
            self._count(event.message.usage)
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self.text.append(event.delta.text)
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason or ""
            self._count(event.usage)

    def _count(self, usage: anthropic.types.Usage | anthropic.types.MessageDeltaUsage) -> None:
        """Counts of the later event are cumulative; those it leaves out stand as they were."""
        self.input_tokens = usage.input_tokens or self.input_tokens
        self.output_tokens = usage.output_tokens or self.output_tokens
        self.cache_read_tokens = usage.cache_read_input_tokens or self.cache_read_tokens
        self.cache_write_tokens = usage.cache_creation_input_tokens or self.cache_write_tokens

    def hang_up(self) -> None:
        """Send the receiving thread home, also out of a read that may never end; closing alone would not."""
        self.is_abandoned = True
        if self.response is None:
            return
        stream = self.response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream is not None else None
        if connection is not None:
            try:
                connection.shutdown(2)
            except OSError:
                return  # it ended by itself in this moment


@dataclass(frozen=True, slots=True)
class _Attempt:
    reply: _Reply
    outcome: ModelOutcome
    detail: str = ""
    is_retryable: bool = False
    retry_after_seconds: float | None = None
    request_id: str = ""


class AnthropicModel:
    """Fills `LanguageModel`. One instance serves all threads of a process; connections are pooled."""

    def __init__(
        self, api_key: str, base_url: str, prices: Mapping[str, Price], *, first_wait_seconds: float = 1.0
    ) -> None:
        """`base_url` "" is the SDK's own default. `first_wait_seconds` doubles with each retry, up to 8 s."""
        self._client = anthropic.Anthropic(
            api_key=api_key, base_url=base_url or None, max_retries=0, http_client=_http_client(base_url)
        )
        self._prices = dict(prices)
        self._first_wait_seconds = first_wait_seconds

    def ask(
        self,
        prompt: RenderedPrompt,
        answer: type[T],
        *,
        model: str,
        max_tokens: int,
        deadline_seconds: float,
    ) -> ModelAnswer[T]:
        """Ask once, with retries inside `deadline_seconds`, which holds for everything together.

        A Retry-After that does not fit in what is left is not waited for: it comes back in the usage, so that the
        caller can put the ticket off. Cost and tokens are the sum over all attempts.
        """
        began = time.monotonic()
        params = _params(prompt, answer, model, max_tokens)
        attempts: list[_Attempt] = []

        def attempt() -> _Attempt:
            attempts.append(self._attempt(params, began + deadline_seconds - time.monotonic()))
            return attempts[-1]

        # The callback gives back the last attempt instead of tenacity's own error when there is no time for another.
        last: _Attempt = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda one: one.is_retryable),
            wait=self._wait_seconds,
            stop=tenacity.stop_after_attempt(MAX_ATTEMPTS)
            | tenacity.stop_before_delay(deadline_seconds * WORTH_STARTING),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )(attempt)

        value, outcome, detail = None, last.outcome, last.detail
        if outcome is ModelOutcome.OK:
            value, outcome, detail = _read("".join(last.reply.text), answer)
        usage = Usage(
            prompt=prompt.name,
            prompt_hash=prompt.hash,
            model=model,
            outcome=outcome,
            latency_seconds=time.monotonic() - began,
            input_tokens=sum(one.reply.input_tokens for one in attempts),
            output_tokens=sum(one.reply.output_tokens for one in attempts),
            cache_read_tokens=sum(one.reply.cache_read_tokens for one in attempts),
            cache_write_tokens=sum(one.reply.cache_write_tokens for one in attempts),
            cost_usd=sum((self._cost_usd(model, one.reply) for one in attempts), Decimal(0)),
            request_id=last.request_id,
            attempts=len(attempts),
            detail=detail,
            retry_after_seconds=last.retry_after_seconds,
        )
        if outcome is not ModelOutcome.OK:
            _log.warning(
                "model_call_failed",
                prompt=prompt.name,
                model=model,
                outcome=outcome.value,
                detail=detail,
                request_id=usage.request_id,
                attempts=usage.attempts,
            )
        return ModelAnswer(value, usage)

    def _attempt(self, params: dict[str, Any], seconds_left: float) -> _Attempt:
        """Make one call. It runs in a thread of its own: timeouts of a socket are per read, and a name look-up has
        none, so that only a second thread can promise a total.
        """
        reply = _Reply()
        threading.Thread(target=self._receive, args=(params, reply, seconds_left), daemon=True).start()
        if not reply.done.wait(max(seconds_left, 0.0)):
            reply.hang_up()
            return _Attempt(
                reply, ModelOutcome.TIMED_OUT, "no whole answer within the deadline", request_id=_request_id(reply)
            )
        if reply.fault is not None:
            return _failed(reply, reply.fault)
        outcome, detail = _ending(reply)
        return _Attempt(reply, outcome, detail, request_id=_request_id(reply))

    def _receive(self, params: dict[str, Any], reply: _Reply, seconds_left: float) -> None:
        seconds = max(min(seconds_left, SILENCE_SECONDS), 0.001)
        timeout = httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        try:
            with self._client.messages.create(**params, stream=True, timeout=timeout) as stream:
                reply.response = stream.response
                for event in stream:
                    if reply.is_abandoned:
                        return
                    reply.take(event)
        except Exception as error:  # what the API sent can trip the SDK anywhere; `_failed` names it
            reply.fault = error
        finally:
            reply.done.set()

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        asked = state.outcome.result().retry_after_seconds if state.outcome else None
        backoff = tenacity.wait_exponential_jitter(
            multiplier=self._first_wait_seconds, max=8.0, jitter=self._first_wait_seconds
        )
        return max(asked or 0.0, backoff(state))

    def _cost_usd(self, model: str, reply: _Reply) -> Decimal:
        price = self._prices.get(model)
        if price is None:
            _log.warning("model_has_no_price", model=model)
            return Decimal(0)
        return (
            reply.input_tokens * price.input
            + reply.output_tokens * price.output
            + reply.cache_read_tokens * price.cache_read
            + reply.cache_write_tokens * price.cache_write
        ) / MILLION


def _http_client(base_url: str) -> httpx2.Client | None:
    """Return None for the SDK's own client; on this machine (the sandbox), one that goes around any proxy."""
    if httpx2.URL(base_url).host not in ("127.0.0.1", "localhost", "::1"):
        return None
    return anthropic.DefaultHttpxClient(transport=httpx2.HTTPTransport())


def _params(prompt: RenderedPrompt, answer: type[BaseModel], model: str, max_tokens: int) -> dict[str, Any]:
    """Build the request. The mark on the system text lets the API cache everything up to it."""
    return {
        "model": model,
        "max_tokens": max_tokens,
        "system": [{"type": "text", "text": prompt.system, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": prompt.user}],
        "output_config": {"format": {"type": "json_schema", "schema": answer_schema(answer)}},
    }


@cache
def answer_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema in the form the API accepts: objects closed, every property required, no bounds.

    What the fields mean stands in the prompt. Titles and docstrings would be paid for with every call once more.
    """
    return anthropic.transform_schema(_all_required(answer.model_json_schema()))


def _all_required(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_all_required(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _all_required(part) for key, part in schema.items() if key not in _FOR_READERS}
    for name in _NAMED_PARTS & closed.keys():  # here the keys are names of ours, and one of them may be "title"
        closed[name] = {key: _all_required(part) for key, part in schema[name].items()}
    if isinstance(closed.get("properties"), dict):
        closed["required"] = list(closed["properties"])
    return closed


def _ending(reply: _Reply) -> tuple[ModelOutcome, str]:
    """Name how a call ended that broke nowhere on the way."""
    match reply.stop_reason:
        case "end_turn" | "stop_sequence":
            is_empty = not "".join(reply.text).strip()
            return (ModelOutcome.EMPTY, "the answer has no text") if is_empty else (ModelOutcome.OK, "")
        case "max_tokens" | "model_context_window_exceeded":
            return ModelOutcome.TRUNCATED, f"stopped by {reply.stop_reason}"
        case "refusal":
            return ModelOutcome.REFUSED, "the model declined"
        case other:
            return ModelOutcome.MALFORMED, f"ended with {other}" if other else "the answer broke off"


def _read(text: str, answer: type[T]) -> tuple[T | None, ModelOutcome, str]:
    try:
        return answer.model_validate_json(text), ModelOutcome.OK, ""
    except ValidationError as error:
        faults = sorted({fault["type"] for fault in error.errors(include_input=False, include_url=False)})
        return None, ModelOutcome.MALFORMED, f"not of the schema {answer.__name__}: {', '.join(faults)}"


def _failed(reply: _Reply, error: Exception) -> _Attempt:
    """Name what went wrong. The API's own words are kept only where they cannot quote the request."""
    if isinstance(error, anthropic.APIStatusError):
        return _status(reply, error)
    request_id = _request_id(reply)
    name = type(error.__cause__ or error).__name__
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        is_silence = isinstance(error, httpx2.ReadTimeout) or isinstance(error.__cause__, httpx2.ReadTimeout)
        outcome = ModelOutcome.TIMED_OUT if is_silence else ModelOutcome.UNREACHABLE
        return _Attempt(reply, outcome, name, is_retryable=True, request_id=request_id)
    return _Attempt(reply, ModelOutcome.MALFORMED, f"an answer the SDK cannot read: {name}", request_id=request_id)


def _status(reply: _Reply, error: anthropic.APIStatusError) -> _Attempt:
    status, code = error.status_code, error.error_code or ""
    detail = " ".join(part for part in (str(status), error.type, code) if part)
    if status in (401, 402, 403, 404) and error.api_message:
        detail += f": {error.api_message[:200]}"
    is_busy = status in _RETRYABLE_STATUS or status >= 500 or error.type in _BUSY_TYPES
    if _needs_person(error, code):
        return _Attempt(reply, ModelOutcome.DENIED, detail, request_id=error.request_id or "")
    if not is_busy:
        return _Attempt(reply, ModelOutcome.REJECTED, detail, request_id=error.request_id or "")
    return _Attempt(
        reply,
        ModelOutcome.OVERLOADED,
        detail,
        is_retryable=error.response.headers.get("x-should-retry") != "false",
        retry_after_seconds=_retry_after(error.response.headers),
        request_id=error.request_id or "",
    )


def _needs_person(error: anthropic.APIStatusError, code: str) -> bool:
    """Tell what no waiting mends: a key, a right, a model's name, or money. The last comes as a 402, 400 or 429."""
    is_about_money = "spend_limit" in code or "credit balance" in (error.api_message or "").lower()
    return error.status_code in (401, 402, 403, 404) or is_about_money


def _retry_after(headers: httpx2.Headers) -> float | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if seconds >= 0 else None


def _request_id(reply: _Reply) -> str:
    return reply.response.headers.get("request-id", "") if reply.response is not None else ""
