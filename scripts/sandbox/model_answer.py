"""Answers on the wire: a message of text or of a tool's use, whole or as a stream, and the ways one can go wrong."""

import json
from collections.abc import Iterator
from typing import Any

from scripts.sandbox.model_cache import Counted, count_tokens
from scripts.sandbox.model_errors import error_body

DELTA_CHARACTERS = 400
_CHARACTERS_PER_TOKEN = 4


def text_block(text: str) -> list[dict[str, Any]]:
    """Return the content for a text; the API sends no block for none."""
    return [{"type": "text", "text": text, "citations": None}] if text else []


def tool_block(name: str, values: Any, request_id: str) -> list[dict[str, Any]]:
    number = request_id.rsplit("_", 1)[-1]
    return [{"type": "tool_use", "id": f"toolu_sandbox_{number}", "name": name, "input": values}]


def make_message(
    request: dict[str, Any], content: list[dict[str, Any]], counted: Counted, request_id: str, answer: str = ""
) -> dict[str, Any]:
    """Return the API's message; `answer` names a way to go wrong."""
    content, stop_reason, stop_sequence = _end(request, content)
    stop_details = None
    text = "".join(block.get("text", "") for block in content)
    match answer:
        case "truncated" | "context_full":
            content = text_block(text[: max(1, len(text) // 2)])
            stop_reason = "max_tokens" if answer == "truncated" else "model_context_window_exceeded"
        case "refused":
            content, stop_reason = [], "refusal"
            stop_details = {"type": "refusal", "category": None, "explanation": "Declined on order of a fault."}
        case "invalid_json":
            content = text_block("{" + text[: len(text) * 2 // 3])
        case "wrong_schema":
            content = text_block('{"unexpected": true}')
        case "no_content":
            content = []
        case "blank":
            content = text_block("\n \n")
    return {
        "id": f"msg_{request_id.removeprefix('req_')}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": stop_sequence,
        "stop_details": stop_details,
        "usage": _usage(counted, content, stop_reason, request["max_tokens"]),
    }


def _end(request: dict[str, Any], content: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str, str | None]:
    """Cut a text where the request says so, and name what ended it."""
    if any(block["type"] == "tool_use" for block in content):
        return content, "tool_use", None
    text = "".join(block["text"] for block in content)
    places = {word: text.find(word) for word in request.get("stop_sequences") or () if word in text}
    stop_sequence = min(places, key=lambda word: places[word], default=None)
    if stop_sequence is not None:
        text = text[: places[stop_sequence]]
    if count_tokens(text) > request["max_tokens"]:
        return text_block(text[: request["max_tokens"] * _CHARACTERS_PER_TOKEN]), "max_tokens", None
    return text_block(text), "stop_sequence" if stop_sequence is not None else "end_turn", stop_sequence


def _usage(counted: Counted, content: list[dict[str, Any]], stop_reason: str, max_tokens: int) -> dict[str, Any]:
    said = "".join(block.get("text") or json.dumps(block.get("input", "")) for block in content)
    return {
        "input_tokens": counted.input_tokens,
        "cache_creation_input_tokens": sum(counted.written.values()),
        "cache_read_input_tokens": counted.read_tokens,
        "cache_creation": {f"ephemeral_{life}_input_tokens": tokens for life, tokens in counted.written.items()},
        "output_tokens": max_tokens if stop_reason == "max_tokens" else max(1, count_tokens(said)),
        "service_tier": "standard",
    }


def events(message: dict[str, Any], answer: str = "", request_id: str = "") -> Iterator[str]:
    """Yield the message as the API streams it; with the answer "error_event" it breaks off with an error half-way."""
    begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    yield _event({"type": "message_start", "message": {**begun, "stop_sequence": None, "stop_details": None}})
    for index, block in enumerate(message["content"]):
        is_text = block["type"] == "text"
        empty = {"type": "text", "text": ""} if is_text else {**block, "input": {}}
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        yield _event({"type": "ping"})
        said = block["text"] if is_text else json.dumps(block["input"], ensure_ascii=False)
        for start in range(0, len(said), DELTA_CHARACTERS):
            piece = said[start : start + DELTA_CHARACTERS]
            delta = (
                {"type": "text_delta", "text": piece}
                if is_text
                else {"type": "input_json_delta", "partial_json": piece}
            )
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
            if answer == "error_event":
                yield f"event: error\ndata: {json.dumps(error_body('overloaded_error', request_id))}\n\n"
                return
        yield _event({"type": "content_block_stop", "index": index})
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield _event({"type": "message_delta", "delta": ending, "usage": _last_usage(message["usage"])})
    yield _event({"type": "message_stop"})


def _last_usage(usage: dict[str, Any]) -> dict[str, Any]:
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    return {name: usage[name] for name in names}


def _event(data: dict[str, Any]) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
