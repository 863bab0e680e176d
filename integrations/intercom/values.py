"""Intercom's small values: ids, words, times, lists. Pure.

What is missing, null or of an odd type becomes the empty value, never a crash.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

VENDOR = "intercom"
Json = Mapping[str, Any]
_ID = re.compile(r"[0-9A-Za-z-]{1,40}")


def identity(value: object) -> str:
    """Return an id as text; "" for everything Intercom uses for "nobody" (0, null, "") and for what is no id."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value).strip()
    return text if _ID.fullmatch(text) and text.strip("0-") else ""


def words(value: object) -> str:
    """Return text that any database and any encoder takes: no NUL, no lone surrogates; "" for anything but text."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def moment(value: object) -> datetime | None:
    """Read Unix seconds, or the ISO 8601 of older API versions, as aware UTC; None if it is neither."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC) if value > 0 else None
        if not isinstance(value, str):
            return None
        if value.strip().isdecimal():
            return moment(int(value))
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def listed(value: object, name: str) -> list[Json]:
    return rows(mapping(value).get(name))
