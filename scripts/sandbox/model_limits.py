"""The API's rate limits per class of model: requests, uncached input and output tokens a minute, refilled all the time.

Shown in headers always; a request over one of them is refused only when `enforced`.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scripts.sandbox.model_errors import ApiError

_NAMES = {"requests": "requests", "input_tokens": "input-tokens", "output_tokens": "output-tokens"}


@dataclass(slots=True)
class _Bucket:
    """Tokens of a bucket that holds a minute's worth and fills steadily; it may be overdrawn once, by an answer."""

    level: float
    at: float


class ModelLimits:
    """Counts calls and tokens. The budgets are those of one organisation, the same for each class of model."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.enforced = False
        self.per_minute = {"requests": 1000, "input_tokens": 400_000, "output_tokens": 80_000}
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, family: str, input_tokens: int) -> None:
        """Take a request and its uncached input; raise ApiError with Retry-After if there is not enough of one."""
        wanted = {"requests": 1, "input_tokens": input_tokens, "output_tokens": 0}
        with self._lock:
            short = {name: need for name, need in wanted.items() if self._level(family, name) < max(need, 1)}
            if self.enforced and short:
                raise self._refusal(family, short)
            for name, need in wanted.items():
                self._buckets[family, name].level -= need

    def spend(self, family: str, output_tokens: int) -> None:
        """Take what an answer was long."""
        with self._lock:
            self._level(family, "output_tokens")
            self._buckets[family, "output_tokens"].level -= output_tokens

    def headers(self, family: str) -> dict[str, str]:
        """Return what the API tells of each budget: its size, what is left, when it is full again."""
        found: dict[str, str] = {}
        now = datetime.now(UTC)
        with self._lock:
            for name, words in _NAMES.items():
                total = self.per_minute[name]
                left = self._level(family, name)
                full = now + timedelta(minutes=max(total - left, 0.0) / max(total, 1))
                found |= {
                    f"anthropic-ratelimit-{words}-limit": str(total),
                    f"anthropic-ratelimit-{words}-remaining": str(max(0, int(left))),
                    f"anthropic-ratelimit-{words}-reset": full.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
        return found

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()

    def _level(self, family: str, name: str) -> float:
        """Return what is in a bucket now. Under the lock."""
        total, now = self.per_minute[name], self._clock()
        bucket = self._buckets.setdefault((family, name), _Bucket(total, now))
        bucket.level = min(total, bucket.level + (now - bucket.at) * total / 60)
        bucket.at = now
        return bucket.level

    def _refusal(self, family: str, short: dict[str, int]) -> ApiError:
        waits = [
            (max(need, 1) - self._buckets[family, name].level) * 60 / max(self.per_minute[name], 1)
            for name, need in short.items()
        ]
        words = ", ".join(f"{self.per_minute[name]} {name.replace('_', ' ')} per minute" for name in short)
        message = f"This request would exceed the rate limit for your organization of {words}"
        return ApiError("rate_limit_error", message, {"Retry-After": str(max(1, math.ceil(max(waits))))})
