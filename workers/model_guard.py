"""The language model behind its breaker: while it fails for everybody it is not asked, and says so at once."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from integrations.llm import LanguageModel, ModelAnswer, ModelOutcome, RenderedPrompt, Usage
from workers.store.breakers import Breakers

T = TypeVar("T", bound=BaseModel)


class GuardedModel:
    """Fills `LanguageModel`. A call that is not made ends as RESTING, with the seconds until one may be."""

    def __init__(self, model: LanguageModel, breakers: Breakers, now: Callable[[], datetime]) -> None:
        self._model = model
        self._breakers = breakers
        self._now = now

    def ask(
        self, prompt: RenderedPrompt, answer: type[T], *, model: str, max_tokens: int, deadline_seconds: float
    ) -> ModelAnswer[T]:
        wait = self._breakers.admit(model, now=self._now())
        if wait is not None:
            return ModelAnswer(None, _not_asked(prompt, model, wait))
        said = self._model.ask(prompt, answer, model=model, max_tokens=max_tokens, deadline_seconds=deadline_seconds)
        self._breakers.heard(
            model, said.usage.outcome, now=self._now(), retry_after_seconds=said.usage.retry_after_seconds
        )
        return said


def _not_asked(prompt: RenderedPrompt, model: str, wait_seconds: float) -> Usage:
    return Usage(
        prompt=prompt.name,
        prompt_hash=prompt.hash,
        model=model,
        outcome=ModelOutcome.RESTING,
        latency_seconds=0.0,
        attempts=0,
        retry_after_seconds=wait_seconds,
    )
