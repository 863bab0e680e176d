"""The port of the language model: a rendered prompt goes in, a validated answer and its usage come out."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


class ModelOutcome(StrEnum):
    """How one call ended. Everything but OK is a known outcome that callers treat by name, never a crash."""

    OK = "ok"
    TRUNCATED = "truncated"  # max_tokens reached
    REFUSED = "refused"
    MALFORMED = "malformed"  # not JSON, or not of the schema
    EMPTY = "empty"
    OVERLOADED = "overloaded"  # 429, 529, 5xx
    TIMED_OUT = "timed_out"  # our own total deadline
    REJECTED = "rejected"  # 400, 413: this request will never be taken
    DENIED = "denied"  # 401, 402, 403, 404, a spent limit: no request is taken until a person mends it
    UNREACHABLE = "unreachable"
    RESTING = "resting"  # not asked at all: the model is failing for everybody


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """One prompt, ready to send. `system` is byte-identical over tickets so that the API can cache it."""

    name: str
    hash: str
    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call took, for the ledger. Tokens are counts, `cost_usd` follows the prices in policy."""

    prompt: str
    prompt_hash: str
    model: str
    outcome: ModelOutcome
    latency_seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    request_id: str = ""
    attempts: int = 1
    detail: str = ""  # the error in words, without any text of the ticket
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[T]):
    """`value` is None unless `usage.outcome` is OK."""

    value: T | None
    usage: Usage = field(repr=False)


class LanguageModel(Protocol):
    def ask(
        self,
        prompt: RenderedPrompt,
        answer: type[T],
        *,
        model: str,
        max_tokens: int,
        deadline_seconds: float,
    ) -> ModelAnswer[T]:
        """Ask once, with our own retries inside `deadline_seconds`. Never raises for anything the API does."""
