"""The search language: filters with operators, groups of them, and where it says no. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

MAX_FILTERS = 15
MAX_DEPTH = 2
_WORDS = re.compile(r"\w+")

Document = Mapping[str, Any]
Test = Callable[[Document], bool]


class QueryError(ValueError):
    """A query that cannot be meant; `field` is where."""

    def __init__(self, words: str, field: str = "query") -> None:
        super().__init__(words)
        self.field = field


def compile_query(query: Any, fields: frozenset[str], prefixes: tuple[str, ...] = (), depth: int = 1) -> Test:
    """Return what decides whether a document is meant. Raises QueryError."""
    if not isinstance(query, Mapping) or "operator" not in query:
        raise QueryError("query must have field, operator and value")
    if query["operator"] in ("AND", "OR"):
        return _group(query, fields, prefixes, depth)
    field = str(query.get("field"))
    if field not in fields and not field.startswith(prefixes or "\0"):
        raise QueryError(f"Invalid search field: {field}", field)
    return _filter(field, str(query["operator"]), query.get("value"))


def _group(query: Mapping[str, Any], fields: frozenset[str], prefixes: tuple[str, ...], depth: int) -> Test:
    rows = query.get("value")
    if not isinstance(rows, list) or not rows:
        raise QueryError(f"{query['operator']} wants a list of filters")
    if len(rows) > MAX_FILTERS:
        raise QueryError(f"at most {MAX_FILTERS} filters in a group")
    if depth > MAX_DEPTH:
        raise QueryError(f"filters may be nested {MAX_DEPTH} levels deep")
    tests = [compile_query(row, fields, prefixes, depth + 1) for row in rows]
    every = all if query["operator"] == "AND" else any
    return lambda document: every(test(document) for test in tests)


def _filter(field: str, operator: str, wanted: Any) -> Test:
    if operator in ("IN", "NIN") and not isinstance(wanted, list):
        raise QueryError(f"{operator} wants a list of values", field)
    if operator not in _OPERATORS:
        raise QueryError(f"Invalid operator: {operator}", field)
    if operator in ("<", ">", "<=", ">=") and _number(wanted) is None:
        raise QueryError(f"{field} wants a number for {operator}", field)
    test = _OPERATORS[operator]
    return lambda document: test(_values(document, field), wanted)


def _values(document: Document, field: str) -> list[Any]:
    """Return what a field says, as a list. The text of the first message is looked at word by word."""
    value: Any = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if field == "source.body":
        return [word.lower() for word in _WORDS.findall(str(value or ""))]
    return value if isinstance(value, list) else [value]


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return str(value).lower() == str(wanted).lower()
    if value is None or wanted is None:
        return value is None and wanted is None
    return str(value).lower() == str(wanted).lower()


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _above(values: list[Any], wanted: Any) -> bool:
    """Say whether a value is at or above: the vendor's `>` means so."""
    limit = _number(wanted)
    return any((found := _number(value)) is not None and limit is not None and found >= limit for value in values)


def _below(values: list[Any], wanted: Any) -> bool:
    limit = _number(wanted)
    return any((found := _number(value)) is not None and limit is not None and found <= limit for value in values)


def _text(test: Callable[[str, str], bool]) -> Callable[[list[Any], Any], bool]:
    return lambda values, wanted: any(test(str(v).lower(), str(wanted).lower()) for v in values if v is not None)


def _equal(values: list[Any], wanted: Any) -> bool:
    return any(_same(value, wanted) for value in values)


def _among(values: list[Any], wanted: Any) -> bool:
    return any(_same(value, one) for value in values for one in wanted)


_contains = _text(lambda value, wanted: wanted in value)
_OPERATORS: dict[str, Callable[[list[Any], Any], bool]] = {
    "=": _equal,
    "!=": lambda values, wanted: not _equal(values, wanted),
    "IN": _among,
    "NIN": lambda values, wanted: not _among(values, wanted),
    ">": _above,
    ">=": _above,
    "<": _below,
    "<=": _below,
    "~": _contains,
    "!~": lambda values, wanted: not _contains(values, wanted),
    "^": _text(lambda value, wanted: value.startswith(wanted)),
    "$": _text(lambda value, wanted: value.endswith(wanted)),
}
