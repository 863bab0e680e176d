"""A local stand-in for Anthropic's Messages API, on its wire format: plain and streamed, with cache figures and errors.

What it answers comes from a `Character`; the default one reads the prompt it was sent and nothing else.
"""

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import flask

from scripts.sandbox.model_mind import answer_honestly

# Answers a request: JSON schema wanted (None: free text), system text, text of the newest user message.
Character = Callable[[dict[str, Any] | None, str, str], Any]

CACHE_SECONDS = 300.0
CACHE_MINIMUM_TOKENS = 1024  # the API caches no shorter prefix
CHARACTERS_PER_TOKEN = 4
DELTA_CHARACTERS = 400
MAX_BODY_BYTES = 32 * 1024 * 1024
MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5")

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "not_found_error": 404,
    "request_too_large": 413,
    "api_error": 500,
}
# Bounds the API's structured output does not take.
_UNSUPPORTED = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
)


class ApiError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class PromptCache:
    """Remembers marked prefixes for five minutes after their last use, as the API does."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, model: str, prefix: str) -> tuple[int, int]:
        """Return (tokens written, tokens read) for a marked prefix; (0, 0) if it is too short to be cached."""
        tokens = count_tokens(prefix)
        if tokens < CACHE_MINIMUM_TOKENS:
            return 0, 0
        key = hashlib.sha256(f"{model}\0{prefix}".encode()).hexdigest()
        now = time.monotonic()
        with self._lock:
            is_known = self._seen.get(key, 0.0) > now
            self._seen[key] = now + CACHE_SECONDS
        return (0, tokens) if is_known else (tokens, 0)


def count_tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def create_model_app(latency_seconds: float = 0.0, character: Character = answer_honestly) -> flask.Flask:
    """Make the app. Each answer takes `latency_seconds` before its first byte, as a model would think."""
    app = flask.Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    cache = PromptCache()
    numbers = itertools.count(1)

    @app.before_request
    def name_the_request() -> None:
        flask.g.request_id = f"req_sandbox_{next(numbers):08d}"
        if flask.request.path.startswith("/v1/"):
            _check_headers(flask.request.headers)

    @app.after_request
    def show_the_name(response: flask.Response) -> flask.Response:
        response.headers["request-id"] = flask.g.request_id
        return response

    @app.errorhandler(ApiError)
    def refuse(error: ApiError) -> tuple[flask.Response, int]:
        body = {"type": "error", "error": {"type": error.kind, "message": str(error)}, "request_id": flask.g.request_id}
        return flask.jsonify(body), _STATUS[error.kind]

    @app.errorhandler(404)
    def not_here(_: Exception) -> tuple[flask.Response, int]:
        return refuse(ApiError("not_found_error", f"{flask.request.path}: not found"))

    @app.errorhandler(413)
    def too_large(_: Exception) -> tuple[flask.Response, int]:
        return refuse(ApiError("request_too_large", "Request exceeds the maximum size"))

    @app.get("/v1/models")
    def list_models() -> dict[str, Any]:
        data = [_model_info(name) for name in MODELS]
        return {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}

    @app.get("/v1/models/<name>")
    def one_model(name: str) -> dict[str, Any]:
        if name not in MODELS:
            raise ApiError("not_found_error", f"model: {name}")
        return _model_info(name)

    @app.post("/v1/messages")
    def create_message() -> flask.Response:
        request = _read_request(flask.request)
        time.sleep(latency_seconds)
        message = _answer(request, character, cache)
        if not request.get("stream"):
            return flask.jsonify(message)
        return flask.Response(_events(message), content_type="text/event-stream; charset=utf-8")

    return app


def _check_headers(headers: Any) -> None:
    authorization = headers.get("authorization", "")
    if not (headers.get("x-api-key") or authorization.lower().startswith("bearer ")):
        raise ApiError("authentication_error", "x-api-key header is required")
    if not headers.get("anthropic-version"):
        raise ApiError("invalid_request_error", "anthropic-version: header is required")


def _read_request(request: flask.Request) -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError("invalid_request_error", "The request body is not valid JSON")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise ApiError("invalid_request_error", "model: Field required")
    max_tokens = body.get("max_tokens")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise ApiError("invalid_request_error", "max_tokens: must be an integer of at least 1")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ApiError("invalid_request_error", "messages: at least one message is required")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise ApiError("invalid_request_error", f"messages.{number}.role: must be user or assistant")
        if not text_of(message.get("content")).strip():
            raise ApiError("invalid_request_error", f"messages.{number}.content: text content is required")
    if messages[-1]["role"] != "user":
        raise ApiError("invalid_request_error", "messages: the last message must be of the user")
    if "temperature" in body or "output_format" in body:
        raise ApiError("invalid_request_error", "temperature, output_format: Extra inputs are not permitted")
    _check_schema(wanted_schema(body))
    return body


def wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the JSON schema the answer must follow, None for free text."""
    output_format = (body.get("output_config") or {}).get("format")
    if output_format is None:
        return None
    if output_format.get("type") != "json_schema" or not isinstance(output_format.get("schema"), dict):
        raise ApiError("invalid_request_error", "output_config.format: type must be json_schema, with a schema")
    schema: dict[str, Any] = output_format["schema"]
    return schema


def _check_schema(schema: Any, path: str = "output_config.format.schema") -> None:
    if isinstance(schema, list):
        for part in schema:
            _check_schema(part, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise ApiError("invalid_request_error", f"{path}: for 'object', additionalProperties must be set to false")
    for key, part in schema.items():
        if key in ("properties", "$defs"):
            for name, inner in part.items():
                _check_schema(inner, f"{path}.{key}.{name}")
        elif key in _UNSUPPORTED:
            raise ApiError("invalid_request_error", f"{path}: property '{key}' is not supported")
        else:
            _check_schema(part, f"{path}.{key}")


def text_of(content: Any) -> str:
    """Return the text of a content field, which is a string or a list of blocks."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))


def _marked_prefix(system: Any) -> str:
    """Return the system text up to its last block marked for the cache."""
    blocks = system if isinstance(system, list) else []
    marked = [number for number, block in enumerate(blocks) if block.get("cache_control")]
    return text_of(blocks[: marked[-1] + 1]) if marked else ""


def _answer(request: dict[str, Any], character: Character, cache: PromptCache) -> dict[str, Any]:
    system, user = text_of(request.get("system")), text_of(request["messages"][-1]["content"])
    everything = system + "".join(text_of(message["content"]) for message in request["messages"])
    value = character(wanted_schema(request), system, user)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    is_cut = count_tokens(text) > request["max_tokens"]
    if is_cut:
        text = text[: request["max_tokens"] * CHARACTERS_PER_TOKEN]
    written, read = cache.count(request["model"], _marked_prefix(request.get("system")))
    return {
        "id": f"msg_{flask.g.request_id}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [{"type": "text", "text": text, "citations": None}],
        "stop_reason": "max_tokens" if is_cut else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": count_tokens(everything) - written - read,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": count_tokens(text),
            "service_tier": "standard",
        },
    }


def _events(message: dict[str, Any]) -> Iterator[str]:
    """Yield the message as the API streams it."""
    text = message["content"][0]["text"]
    begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    yield _event({"type": "message_start", "message": begun})
    yield _event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    yield _event({"type": "ping"})
    for start in range(0, len(text), DELTA_CHARACTERS):
        piece = {"type": "text_delta", "text": text[start : start + DELTA_CHARACTERS]}
        yield _event({"type": "content_block_delta", "index": 0, "delta": piece})
    yield _event({"type": "content_block_stop", "index": 0})
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    usage = {"output_tokens": message["usage"]["output_tokens"]}
    yield _event({"type": "message_delta", "delta": ending, "usage": usage})
    yield _event({"type": "message_stop"})


def _event(data: dict[str, Any]) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _model_info(name: str) -> dict[str, Any]:
    display = name.replace("-", " ").title()
    return {
        "type": "model",
        "id": name,
        "display_name": f"{display} (simulated)",
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }
