"""Pure: what a vendor's rate-limit headers say is left of a budget, whatever they are called.

Known forms (read 2026-11-20): Zendesk's `ratelimit-*`, `rate-limit-*`, `X-Rate-Limit*` for the account and
`zendesk-ratelimit-<name>: total=100; remaining=99; resets=41` for an endpoint; Intercom's `X-RateLimit-*`, whose reset
is a time of day.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

ACCOUNT = "account"
_ENDPOINT = re.compile(r"zendesk-rate-?limit-([a-z0-9-]{1,60})")
_PART = re.compile(r"(total|remaining|resets)\s*=\s*(\d{1,12})")
_TIME_OF_DAY = 1_000_000_000  # a reset from here on is a moment, not a number of seconds
_LONGEST_WINDOW_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of one budget. `resets_seconds`: when its window ends, None if the vendor does not tell."""

    name: str  # ACCOUNT, or the endpoint's
    total: int
    remaining: int
    resets_seconds: float | None = None

    @property
    def is_spent(self) -> bool:
        return self.remaining <= 0

    @property
    def is_of_one_ticket(self) -> bool:
        """Tell whether it is about one ticket or user and says nothing of the others."""
        return self.name.startswith("per-")


def read_limits(headers: Mapping[str, str], *, now: datetime) -> tuple[Limit, ...]:
    """Return every budget that the headers (lower-case names) tell of; one whose rest is not told is left out."""
    found = [limit for limit in (_account(headers, now),) if limit]
    for name, value in headers.items():
        if endpoint := _ENDPOINT.fullmatch(name):
            parts = {key: int(number) for key, number in _PART.findall(value)}
            if "total" in parts and "remaining" in parts:
                resets = float(parts["resets"]) if "resets" in parts else None
                found.append(Limit(endpoint[1], parts["total"], parts["remaining"], resets))
    return tuple(found)


def _account(headers: Mapping[str, str], now: datetime) -> Limit | None:
    for total, stem in (
        ("ratelimit-limit", "ratelimit"),
        ("rate-limit", "rate-limit"),
        ("x-ratelimit-limit", "x-ratelimit"),
        ("x-rate-limit", "x-rate-limit"),
    ):
        limit, left = _number(headers.get(total)), _number(headers.get(f"{stem}-remaining"))
        if limit is not None and left is not None:
            return Limit(ACCOUNT, limit, left, _resets(_number(headers.get(f"{stem}-reset")), now))
    return None


def _resets(value: int | None, now: datetime) -> float | None:
    if value is None:
        return None
    seconds = value - now.timestamp() if value >= _TIME_OF_DAY else float(value)
    return min(max(seconds, 0.0), _LONGEST_WINDOW_SECONDS)


def _number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) <= 12 else None
