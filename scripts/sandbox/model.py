"""A local stand-in for Anthropic's Messages API, on its wire format: plain and streamed, tools, cache figures, errors.

What it answers comes from a `Character`; the default one reads the prompt it was sent and nothing else.
"""

import itertools
import json
import time
from typing import Any

import flask

from scripts.sandbox import control_shared
from scripts.sandbox.doorman import Doorman
from scripts.sandbox.faults import Fault
from scripts.sandbox.model_answer import events, make_message, text_block, tool_block
from scripts.sandbox.model_cache import blocks_of, family_of
from scripts.sandbox.model_characters import Character
from scripts.sandbox.model_errors import ApiError, error_body, kind_for
from scripts.sandbox.model_mind import answer_honestly
from scripts.sandbox.model_request import check_headers, newest_text, read_request, text_of, wanted_schema
from scripts.sandbox.model_room import SERVICE, ModelRoom
from scripts.sandbox.model_tools import choose_tool

MAX_BODY_BYTES = 32 * 1024 * 1024
MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5")


def create_model_app(
    latency_seconds: Any = 0.0, character: Character | str = answer_honestly, room: ModelRoom | None = None
) -> flask.Flask:
    """Make the app. Each answer takes its latency before the first byte, as a model would think.

    With a `room`, that holds latency and character, and the two first arguments say nothing.
    """
    app = flask.Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    if room is None:
        room = ModelRoom()
        room.start(latency_seconds, "honest" if character is answer_honestly else character)
    app.extensions["room"] = room
    app.register_blueprint(_api(room))
    app.register_blueprint(control_shared.blueprint(SERVICE, room.books, room.faults, room, reset=room.reset))
    app.wsgi_app = Doorman(  # type: ignore[method-assign]
        app.wsgi_app, room.books, room.faults, service=SERVICE, prefixes=("/v1/",), stand_in=_stand_in
    )
    app.register_error_handler(ApiError, _refuse)
    app.register_error_handler(404, _not_here)
    app.register_error_handler(413, _too_large)
    app.after_request(_show_the_name)
    return app


def _api(room: ModelRoom) -> flask.Blueprint:
    bp = flask.Blueprint("messages", __name__, url_prefix="/v1")

    @bp.before_app_request
    def check() -> None:
        if flask.request.path.startswith("/v1/"):
            flask.g.request_id = _next_id()
            check_headers(flask.request.headers)

    @bp.get("/models")
    def list_models() -> dict[str, Any]:
        data = [_model_info(name) for name in MODELS]
        return {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}

    @bp.get("/models/<name>")
    def one_model(name: str) -> dict[str, Any]:
        if name not in MODELS:
            raise ApiError("not_found_error", f"model: {name}")
        return _model_info(name)

    @bp.post("/messages")
    def create_message() -> flask.Response:
        request = read_request(flask.request)
        message = _answer(request, room)
        family, answer = family_of(request["model"]), flask.request.environ.get("sandbox.answer", "")
        room.limits.spend(family, message["usage"]["output_tokens"])
        _note(room, request, message)
        if request.get("stream"):
            stream = events(message, answer, flask.g.request_id)
            response = flask.Response(stream, content_type="text/event-stream; charset=utf-8")
            flask.request.environ["sandbox.stream_seconds"] = room.seconds_to_say(message["usage"]["output_tokens"])
        elif answer == "error_event":
            raise ApiError("overloaded_error")
        else:
            response = flask.jsonify(message)
        response.headers.update(room.limits.headers(family))
        return response

    return bp


_numbers = itertools.count(1)


def _next_id() -> str:
    return f"req_sandbox_{next(_numbers):08d}"


def _answer(request: dict[str, Any], room: ModelRoom) -> dict[str, Any]:
    counted = room.cache.count(request["model"], blocks_of(request))
    room.limits.admit(family_of(request["model"]), counted.input_tokens + sum(counted.written.values()))
    time.sleep(room.latency.next_seconds())
    room.cache.store(counted)
    system, user = text_of(request.get("system")), newest_text(request["messages"])
    if (schema := wanted_schema(request)) is None and (tool := choose_tool(request, user)):
        values = room.character(tool["input_schema"], system, user)
        content = tool_block(tool["name"], values, flask.g.request_id)
    else:
        value = room.character(schema, system, user)
        content = text_block(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    answer = flask.request.environ.get("sandbox.answer", "")
    return make_message(request, content, counted, flask.g.request_id, answer)


def _note(room: ModelRoom, request: dict[str, Any], message: dict[str, Any]) -> None:
    """Put into the books what a call was, without a word of it."""
    usage = message["usage"]
    flask.request.environ["sandbox.note"] = {
        "request_id": flask.g.request_id,
        "model": request["model"],
        "character": room.character_name,
        "stop_reason": message["stop_reason"],
        "input_tokens": usage["input_tokens"],
        "cache_read_tokens": usage["cache_read_input_tokens"],
        "cache_write_tokens": usage["cache_creation_input_tokens"],
        "output_tokens": usage["output_tokens"],
    }


def _stand_in(fault: Fault) -> tuple[dict[str, str], bytes]:
    """Word a fault's status as the API would, unless the fault brings its own body."""
    request_id = _next_id()
    headers = {"Content-Type": "application/json", "request-id": request_id}
    if fault.body:
        return headers, fault.body.encode()
    body = error_body(kind_for(fault.status or 500), request_id, error_code=fault.error_code)
    return headers, json.dumps(body).encode()


def _refuse(error: ApiError) -> tuple[flask.Response, int]:
    flask.g.setdefault("request_id", _next_id())
    response = flask.jsonify(error_body(error.kind, flask.g.request_id, str(error)))
    response.headers.update(error.headers)
    return response, error.status


def _not_here(_: Exception) -> tuple[flask.Response, int]:
    return _refuse(ApiError("not_found_error", f"{flask.request.path}: not found"))


def _too_large(_: Exception) -> tuple[flask.Response, int]:
    return _refuse(ApiError("request_too_large"))


def _show_the_name(response: flask.Response) -> flask.Response:
    if request_id := flask.g.get("request_id"):
        response.headers["request-id"] = request_id
    return response


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
