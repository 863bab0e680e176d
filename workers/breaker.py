"""Pure: when a model, or a helpdesk, that struggles is left alone, how it is tried again, and what is done meanwhile.

Closed: every call is made. Open: none is, until a pause is over. Half open: one worker probes; an answer closes the
breaker, a failure doubles the pause. What only a person can mend (the key, the bill) opens it at once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from config.policy import Breaking
from integrations.llm import ModelOutcome

REMEMBERED = 20  # newest calls that are looked at
# Outcomes that say something about the model's health. Refused, cut off or not taken: that was about one request.
STRUGGLES = frozenset(
    {
        ModelOutcome.OVERLOADED,
        ModelOutcome.TIMED_OUT,
        ModelOutcome.UNREACHABLE,
        ModelOutcome.MALFORMED,
        ModelOutcome.EMPTY,
    }
)
_PROBE_TAKES_SECONDS = 5.0
_SILENT = frozenset({ModelOutcome.REJECTED, ModelOutcome.RESTING})


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class ModelPath(StrEnum):
    """The rungs between a model that is fine and people without any help of one."""

    FULL = "full"
    CHEAP = "cheap"  # the small model writes the draft
    NONE = "none"  # nothing is written; passages are quoted


@dataclass(frozen=True, slots=True)
class Breaker:
    """What all workers together know of one model or helpdesk. Times are seconds of the epoch, 0.0 for none."""

    recent: tuple[tuple[float, bool], ...] = ()  # (when, whether it struggled), oldest first
    open_until: float = 0.0
    opened_at: float = 0.0
    times: int = 0  # openings in a row without a good answer
    probe_until: float = 0.0  # somebody is probing until then
    outcome: str = ""  # what opened it
    needs_person: bool = False

    def state(self, now: datetime) -> State:
        if not self.opened_at:
            return State.CLOSED
        return State.OPEN if now.timestamp() < self.open_until else State.HALF_OPEN

    @property
    def is_quiet(self) -> bool:
        """Tell whether a good answer changes nothing: healthy traffic costs no write."""
        return not self.opened_at and not any(failed for _, failed in self.recent)

    def wait_seconds(self, now: datetime) -> float:
        """Return how long until it is worth asking again: the end of the pause, or that of somebody's probe."""
        if not self.opened_at:
            return 0.0
        probing = min(self.probe_until - now.timestamp(), _PROBE_TAKES_SECONDS)
        return max(self.open_until - now.timestamp(), probing, 0.0)

    def open_seconds(self, now: datetime) -> float:
        """Return for how long it has been open; 0.0 if it is not."""
        return now.timestamp() - self.opened_at if self.opened_at else 0.0


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """The model's part of the facts that the overload ladder is decided from."""

    path: ModelPath = ModelPath.FULL
    outcome: str = ""  # name of the ModelOutcome that opened the breaker
    needs_person: bool = False  # the key, the bill or a model's name: it will not get better by itself
    seconds: float = 0.0  # how long it has been so


def admit(breaker: Breaker, policy: Breaking, *, now: datetime) -> Breaker | None:
    """Return the breaker as it stands when one more call is made, None if it may not be made."""
    match breaker.state(now):
        case State.CLOSED:
            return breaker
        case State.OPEN:
            return None
    if now.timestamp() < breaker.probe_until:
        return None
    return replace(breaker, probe_until=now.timestamp() + policy.probe_seconds)


def heard(
    breaker: Breaker,
    outcome: ModelOutcome,
    policy: Breaking,
    *,
    now: datetime,
    retry_after_seconds: float | None = None,
) -> Breaker:
    """Return the breaker after one call ended so."""
    if outcome in _SILENT:
        return replace(breaker, probe_until=0.0)
    if outcome is ModelOutcome.DENIED:
        return _opened(breaker, outcome, policy.person_pause_seconds, now)
    struggled = outcome in STRUGGLES
    oldest = now.timestamp() - policy.window_seconds
    recent = (*(one for one in breaker.recent if one[0] >= oldest), (now.timestamp(), struggled))[-REMEMBERED:]
    if breaker.opened_at:
        if not struggled:
            return Breaker()
        if breaker.state(now) is State.OPEN:
            return replace(breaker, recent=recent)  # a call that had begun before it opened
        return _opened(replace(breaker, recent=recent), outcome, _pause(breaker, policy, retry_after_seconds), now)
    breaker = replace(breaker, recent=recent)
    asked_to_wait = (retry_after_seconds or 0.0) > policy.window_seconds
    if struggled and (asked_to_wait or _is_too_much(recent, policy)):
        return _opened(breaker, outcome, _pause(breaker, policy, retry_after_seconds), now)
    return breaker


def _is_too_much(recent: tuple[tuple[float, bool], ...], policy: Breaking) -> bool:
    failed = sum(struggled for _, struggled in recent)
    return failed >= policy.failures and failed >= policy.share * len(recent)


def _pause(breaker: Breaker, policy: Breaking, retry_after_seconds: float | None) -> float:
    """Return the pause: doubled each time, or what the API asks for, and never longer than policy allows."""
    doubled = policy.pause_seconds * 2.0 ** min(breaker.times, 16)
    return min(max(doubled, retry_after_seconds or 0.0), policy.longest_pause_seconds)


def _opened(breaker: Breaker, outcome: ModelOutcome, pause_seconds: float, now: datetime) -> Breaker:
    return replace(
        breaker,
        open_until=now.timestamp() + pause_seconds,
        opened_at=breaker.opened_at or now.timestamp(),
        times=breaker.times + 1,
        probe_until=0.0,
        outcome=outcome.value,
        needs_person=outcome is ModelOutcome.DENIED,
    )


def health(small: Breaker, large: Breaker, *, now: datetime) -> ModelHealth:
    """Say which path is left, from the breakers of the model that classifies and the one that writes."""
    if not large.opened_at:
        return ModelHealth()
    is_cheap = not small.opened_at and small is not large
    return ModelHealth(
        ModelPath.CHEAP if is_cheap else ModelPath.NONE,
        large.outcome,
        large.needs_person,
        large.open_seconds(now),
    )


def to_json(breaker: Breaker) -> dict[str, Any]:
    return asdict(breaker)


def from_json(values: Mapping[str, Any]) -> Breaker:
    recent = tuple((float(when), bool(failed)) for when, failed in values.get("recent", ()))
    return Breaker(**{**values, "recent": recent})


def is_worth_waiting(breaker: Breaker, policy: Breaking, *, now: datetime) -> bool:
    """Tell whether tickets should wait for this model a little longer, rather than go on without it."""
    return not breaker.needs_person and breaker.open_seconds(now) < policy.patience_seconds
