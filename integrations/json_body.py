"""Read JSON that somebody else wrote. Everything odd is a ValueError, so that one except clause is enough."""

import json
import math
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_IDS = 5


def read_json(raw: bytes, *, is_trusted: bool = False) -> Any:
    """Return the value, or raise ValueError on anything that a later step could choke on.

    Refused: not UTF-8, a byte order mark, NaN and infinities, doubled keys, numbers beyond 4,300 digits, lone
    surrogates, NUL characters, depth over 64, more than 200,000 values. `is_trusted` suits long answers of a
    vendor we called: doubled keys are let through and the walk over all values (depth, size, text) is left out.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=None if is_trusted else _unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not is_trusted:
        _walk(value)
    return value


def ids_in(raw: bytes, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return the ids that stand where the pattern's groups say, in what may be no JSON at all; each once, a few.

    An id too many costs one read, an id too few a requester: what is not sure counts.
    """
    text = raw.decode("utf-8", "replace")
    found = (next(group for group in match.groups() if group) for match in pattern.finditer(text))
    return tuple(islice(dict.fromkeys(found), MAX_IDS))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _walk(value: Any) -> None:
    """Raise ValueError if there is too much, too deep, or text that cannot be stored. Level by level, no recursion."""
    level, count = [value], 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        if count > MAX_NODES:
            raise ValueError("too many values")
        for item in level:
            if isinstance(item, dict):
                _check_text("".join(item))
            elif isinstance(item, str):
                _check_text(item)
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ValueError("nested too deep")


def _children(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("a NUL character in a text")
    text.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
