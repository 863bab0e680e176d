"""The switches of the model's stand-in and what it remembers: character, latency, limits, cache, faults, books."""

import time
from collections.abc import Callable
from typing import Any

from scripts.sandbox.books import Books
from scripts.sandbox.faults import Faults
from scripts.sandbox.model_cache import PromptCache
from scripts.sandbox.model_characters import Character, character_of
from scripts.sandbox.model_latency import Latency, is_seconds
from scripts.sandbox.model_limits import ModelLimits

SERVICE = "model"


class ModelRoom:
    """One simulated model. Faults and books may be those of the helpdesk beside it, so that one order shows in both."""

    def __init__(
        self,
        books: Books | None = None,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_alone = books is None and faults is None
        self.books = books or Books()
        self.faults = faults or Faults()
        self.cache = PromptCache(clock)
        self.limits = ModelLimits(clock)
        self.start(0.0, "honest")

    def start(self, latency: Any, character: str | Character) -> None:
        """Set what holds from the start and after a reset; raise ValueError for an unknown name or description."""
        self._first = (latency, character)
        self._set(latency, character)

    def _set(self, latency: Any, character: str | Character) -> None:
        found = character_of(character) if isinstance(character, str) else character
        self.latency = Latency(latency)
        self.character = found
        self.character_name = character if isinstance(character, str) else "custom"
        self.tokens_per_second = 0.0

    def seconds_to_say(self, tokens: int) -> float:
        """Return how long a stream of so many tokens takes, from its first event to its last."""
        return tokens / self.tokens_per_second if self.tokens_per_second else 0.0

    def reset(self) -> None:
        """Go back to the start: switches, cache and counts; books and faults too, unless they are shared."""
        self._set(*self._first)
        self.limits.enforced = False
        self.limits.clear()
        self.cache.clear()
        if self._is_alone:
            self.books.clear()
            self.faults.replace([])

    def switches(self) -> dict[str, Any]:
        return {
            "character": self.character_name,
            "latency": self.latency.given,
            "tokens_per_second": self.tokens_per_second,
            "limits": self.limits.enforced,
            **{f"{name}_per_minute": total for name, total in self.limits.per_minute.items()},
        }

    def switch(self, wanted: dict[str, Any]) -> None:
        """Set switches by name; raise ValueError, and set none, at an unknown name or a value of the wrong kind."""
        known = self.switches()
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"unknown switch {name}; known are {', '.join(sorted(known))}")
            if name == "limits" and not isinstance(value, bool):
                raise ValueError("limits wants true or false")
            if name.endswith("_per_minute") and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                raise ValueError(f"{name} wants a whole number")
            if name == "tokens_per_second" and not is_seconds(value):
                raise ValueError("tokens_per_second wants a number, 0 for at once")
        latency = Latency(wanted["latency"]) if "latency" in wanted else self.latency
        if "character" in wanted:
            self.character = character_of(str(wanted["character"]))
            self.character_name = str(wanted["character"])
        self.latency = latency
        self.tokens_per_second = wanted.get("tokens_per_second", self.tokens_per_second)
        self.limits.enforced = wanted.get("limits", self.limits.enforced)
        for name in self.limits.per_minute:
            self.limits.per_minute[name] = wanted.get(f"{name}_per_minute", self.limits.per_minute[name])
