"""How the simulated model uses tools: the one whose words and inputs stand in what was asked."""

import re
from typing import Any

from scripts.sandbox.model_text import terms

_ENOUGH_SHARED = 2
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE = re.compile(r"\b(?=[\w-]*\d)[A-Za-z0-9][\w-]{2,}\b")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")


def choose_tool(request: dict[str, Any], user: str) -> dict[str, Any] | None:
    """Return the tool to use for a request, None to answer in words."""
    tools: list[dict[str, Any]] = request.get("tools") or []
    choice = request.get("tool_choice") or {"type": "auto"}
    if not tools or choice["type"] == "none":
        return None
    if choice["type"] == "tool":
        return next(tool for tool in tools if tool["name"] == choice["name"])
    used = _used(request["messages"])
    asked = set(terms(user))
    shares = {tool["name"]: len(asked & set(terms(_words(tool)))) for tool in tools if tool["name"] not in used}
    best = max(shares, key=lambda name: shares[name], default="")
    chosen = next((tool for tool in tools if tool["name"] == best), None)
    if choice["type"] == "any":
        return chosen or tools[0]
    if chosen is None or shares[best] < _ENOUGH_SHARED or not _is_filled(chosen["input_schema"], user):
        return None
    return chosen


def fill(schema: dict[str, Any], user: str) -> dict[str, Any]:
    """Return the inputs of a tool that stand in the text; what is not found is left out."""
    found = {name: _value(name, part, user) for name, part in schema.get("properties", {}).items()}
    return {name: value for name, value in found.items() if value is not None}


def _is_filled(schema: dict[str, Any], user: str) -> bool:
    return set(schema.get("required", ())) <= set(fill(schema, user))


def _value(name: str, schema: dict[str, Any], user: str) -> Any:
    if "enum" in schema:
        return next((one for one in schema["enum"] if str(one).lower() in user.lower()), None)
    kind, words = schema.get("type"), f"{name} {schema.get('description', '')}".lower()
    if kind in ("integer", "number"):
        match = _NUMBER.search(user)
        return None if match is None else int(float(match[0])) if kind == "integer" else float(match[0])
    if kind != "string":
        return None
    if "mail" in words:
        pattern = _ADDRESS
    elif "date" in words or schema.get("format") == "date":
        pattern = _DATE
    elif re.search(r"\b(id|number|code|key|reference)\b|_id\b", words):
        pattern = _CODE
    else:
        return user.strip() if re.search(r"\b(query|text|question|message|reason)\b", words) else None
    match = pattern.search(user)
    return match[0] if match else None


def _words(tool: dict[str, Any]) -> str:
    return f"{str(tool['name']).replace('_', ' ')} {tool.get('description', '')}"


def _used(messages: list[dict[str, Any]]) -> set[str]:
    blocks = [block for one in messages if isinstance(one["content"], list) for block in one["content"]]
    return {block["name"] for block in blocks if block.get("type") == "tool_use"}
