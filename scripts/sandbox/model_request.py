"""What a request to the Messages API must be like, and what can be read out of it."""

from typing import Any

import flask

from scripts.sandbox.model_errors import ApiError

# Bounds the API's structured output does not take.
_UNSUPPORTED = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
)
_CHOICES = ("auto", "any", "tool", "none")


def _bad(message: str) -> ApiError:
    return ApiError("invalid_request_error", message)


def check_headers(headers: Any) -> None:
    """Raise ApiError for a call without a key or without the API's version."""
    authorization = headers.get("authorization", "")
    if not (headers.get("x-api-key") or authorization.lower().startswith("bearer ")):
        raise ApiError("authentication_error", "x-api-key header is required")
    if not headers.get("anthropic-version"):
        raise _bad("anthropic-version: header is required")


def read_request(request: flask.Request) -> dict[str, Any]:
    """Return the body of a call; raise ApiError with what is wrong with it."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise _bad("The request body is not valid JSON")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise _bad("model: Field required")
    max_tokens = body.get("max_tokens")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise _bad("max_tokens: must be an integer of at least 1")
    _check_messages(body.get("messages"))
    if "temperature" in body or "output_format" in body:
        raise _bad("temperature, output_format: Extra inputs are not permitted")
    check_schema(wanted_schema(body))
    _check_tools(body.get("tools") or [], body.get("tool_choice"))
    return body


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise _bad("messages: at least one message is required")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise _bad(f"messages.{number}.role: must be user or assistant")
        content = message.get("content")
        has_blocks = isinstance(content, list) and any(_is_other_block(block) for block in content)
        if not has_blocks and not text_of(content).strip():
            raise _bad(f"messages.{number}.content: text content is required")
    if messages[-1]["role"] != "user":
        raise _bad("messages: the last message must be of the user")


def _is_other_block(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") not in (None, "text")


def _check_tools(tools: Any, choice: Any) -> None:
    if not isinstance(tools, list):
        raise _bad("tools: must be a list")
    names = []
    for number, tool in enumerate(tools):
        schema = tool.get("input_schema") if isinstance(tool, dict) else None
        if not isinstance(schema, dict) or schema.get("type") != "object" or not tool.get("name"):
            raise _bad(f"tools.{number}: a name and an input_schema of type object are required")
        names.append(tool["name"])
    if len(set(names)) < len(names):
        raise _bad("tools: Tool names must be unique.")
    if choice is None:
        return
    if not isinstance(choice, dict) or choice.get("type") not in _CHOICES or not tools:
        raise _bad(f"tool_choice: type must be one of {', '.join(_CHOICES)}, and may only be given with tools")
    if choice["type"] == "tool" and choice.get("name") not in names:
        raise _bad(f"tool_choice: Tool '{choice.get('name')}' not found in provided tools")


def wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the JSON schema the answer must follow, None for free text."""
    output_format = (body.get("output_config") or {}).get("format")
    if output_format is None:
        return None
    if output_format.get("type") != "json_schema" or not isinstance(output_format.get("schema"), dict):
        raise _bad("output_config.format: type must be json_schema, with a schema")
    schema: dict[str, Any] = output_format["schema"]
    return schema


def check_schema(schema: Any, path: str = "output_config.format.schema") -> None:
    """Raise ApiError for a schema that structured output does not take."""
    if isinstance(schema, list):
        for part in schema:
            check_schema(part, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise _bad(f"{path}: for 'object', additionalProperties must be set to false")
    for key, part in schema.items():
        if key in ("properties", "$defs"):
            for name, inner in part.items():
                check_schema(inner, f"{path}.{key}.{name}")
        elif key in _UNSUPPORTED:
            raise _bad(f"{path}: property '{key}' is not supported")
        else:
            check_schema(part, f"{path}.{key}")


def text_of(content: Any) -> str:
    """Return the text of a content field, which is a string or a list of blocks; a tool's result is text too."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    blocks = [block for block in content if isinstance(block, dict)]
    return "\n".join(str(block.get("text", "")) or text_of(block.get("content")) for block in blocks)


def newest_text(messages: list[dict[str, Any]]) -> str:
    """Return what the user said last; where that is only a tool's result, with the question before it."""
    newest = messages[-1]["content"]
    is_result = isinstance(newest, list) and all(block.get("type") == "tool_result" for block in newest)
    if not is_result:
        return text_of(newest)
    asked = [text_of(one["content"]) for one in messages[:-1] if one["role"] == "user"]
    return "\n\n".join((*asked, text_of(newest)))
