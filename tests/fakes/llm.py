"""ScriptedLLM: a language model that answers by the name of the prompt, from a script, in every way a call can end."""

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from integrations.llm import ModelAnswer, ModelOutcome, RenderedPrompt, Usage

T = TypeVar("T", bound=BaseModel)
Line = Mapping[str, Any] | ModelOutcome


class ScriptedLLM:
    """Fills `LanguageModel`. A script is a list of lines for one prompt; the last line is said for ever.

    A line is the fields of a good answer, or the outcome of a call that failed. `asked` keeps every prompt.
    """

    def __init__(self, *, retry_after_seconds: float | None = None, **scripts: Sequence[Line]) -> None:
        self.asked: list[RenderedPrompt] = []
        self.retry_after_seconds = retry_after_seconds
        self._scripts = {name: deque(lines) for name, lines in scripts.items()}

    def say(self, prompt: str, *lines: Line) -> None:
        """Put a new script in place of the old one."""
        self._scripts[prompt] = deque(lines)

    def ask(
        self, prompt: RenderedPrompt, answer: type[T], *, model: str, max_tokens: int, deadline_seconds: float
    ) -> ModelAnswer[T]:
        self.asked.append(prompt)
        script = self._scripts[prompt.name]
        line = script.popleft() if len(script) > 1 else script[0]
        outcome = line if isinstance(line, ModelOutcome) else ModelOutcome.OK
        usage = Usage(
            prompt.name,
            prompt.hash,
            model,
            outcome,
            latency_seconds=0.1,
            input_tokens=100,
            output_tokens=20,
            cost_usd=Decimal("0.001"),
            retry_after_seconds=None if outcome is ModelOutcome.OK else self.retry_after_seconds,
        )
        return ModelAnswer(None if isinstance(line, ModelOutcome) else answer.model_validate(line), usage)
