"""Stage two of classification: the language model says what stage one was unsure of (prompt: classify.md)."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from config.policy import Policy
from config.prompts import Prompt
from integrations.llm import LanguageModel, RenderedPrompt, Usage
from workers.domain import Candidate, Classification, Reading, Sentiment, Stage, Urgency
from workers.intent_model import OOS
from workers.stages.material import fence, message_part, neutralise, thread_part

THREAD_TOKENS = 300
EXAMPLES = 2
SHOWN = 4  # candidates whose examples are shown; the others go by their descriptions
DESCRIPTION = 90  # letters of an intent's description
NONE = "none"


class IntentAnswer(BaseModel):
    """What the model fills in. `intent` is a name of the taxonomy or "none"."""

    reasoning: str
    intent: str
    second_intents: list[str]
    confidence: float = Field(allow_inf_nan=False)
    urgency: Literal["low", "normal", "high", "critical"]
    sentiment: Literal["calm", "unhappy", "frustrated"]
    needs_action: bool
    wants_person: bool
    summary: str


def ask_classify(
    reading: Reading, candidates: Sequence[Candidate], prompt: Prompt, llm: LanguageModel, policy: Policy
) -> tuple[Classification | None, Usage]:
    """Ask the model what the message is about; None if no answer came, and the usage says how that ended.

    A name outside the taxonomy, made up or "none", is out of scope: the model is never trusted to extend the list.
    """
    answer = llm.ask(
        _render(reading, candidates, prompt, policy),
        IntentAnswer,
        model=policy.models.classify,
        max_tokens=policy.models.classify_max_tokens,
        deadline_seconds=policy.timing.model_seconds,
    )
    if answer.value is None:
        return None, answer.usage
    said = answer.value
    intent = _known(said.intent, policy)
    seconds = dict.fromkeys(name for name in (_known(one, policy) for one in said.second_intents) if name)
    classification = Classification(
        intent=intent,
        confidence=min(max(said.confidence, 0.0), 1.0),
        stage=Stage.TWO,
        is_out_of_scope=not intent,
        second_intents=tuple(name for name in seconds if name != intent),
        urgency=Urgency(said.urgency),
        sentiment=Sentiment(said.sentiment),
        needs_action=said.needs_action,
        wants_person=said.wants_person,
        summary=" ".join(said.summary.split())[:200],
        reasoning=" ".join(said.reasoning.split())[:300],
        candidates=tuple(candidates),
        model_outcome=answer.usage.outcome.value,
    )
    return classification, answer.usage


def _known(name: str, policy: Policy) -> str:
    plain = name.strip().strip("`\"'").lower()
    return plain if plain in policy.intents and plain != OOS else ""


def _render(reading: Reading, candidates: Sequence[Candidate], prompt: Prompt, policy: Policy) -> RenderedPrompt:
    message, _ = message_part(reading, policy.limits.message_tokens)
    thread, _ = thread_part(reading.thread, policy.limits.turns, THREAD_TOKENS)
    shown = candidates[:SHOWN]
    believed = "\n".join(f"{one.intent or NONE}: {one.probability:.2f}" for one in shown)
    system, user = prompt.render(
        {
            "company": policy.answering.company,
            "product": policy.answering.product or policy.answering.company,
            "intents": taxonomy(policy),
            "candidates": fence("candidates", believed or "no opinion"),
            "examples": fence("examples", examples([one.intent for one in shown], policy) or "none"),
            "thread": thread,
            "message": message,
        }
    )
    return RenderedPrompt(prompt.name, prompt.hash, system, user)


def taxonomy(policy: Policy) -> str:
    """Return the intents as the prompt lists them: the same text for the same policy, so that it is cached."""
    known = sorted((name, entry.description) for name, entry in policy.intents.items() if name != OOS)
    # `oos` is not an intent but the lack of one: the prompt calls it "none".
    return "\n".join(neutralise(f"- {name}: {shortened(description)}") for name, description in known)


def shortened(description: str) -> str:
    """Return a description up to the last clause that fits; names and examples say the rest."""
    flat = " ".join(description.split())
    if len(flat) <= DESCRIPTION:
        return flat
    clauses = re.split(r"(?<=[,;:.])\s", flat[: DESCRIPTION + 1])
    kept = " ".join(clauses[:-1] or clauses)[:DESCRIPTION]
    return kept.rstrip(",;:. ") + ", ..."


def examples(names: Iterable[str], policy: Policy) -> str:
    """Return a few examples of each of these intents: they tell apart what stage one could not."""
    lines = []
    for name in names:
        entry = policy.intents.get(name)
        if entry and entry.examples and name != OOS:
            shown = "; ".join(f'"{" ".join(example.split())}"' for example in entry.examples[:EXAMPLES])
            lines.append(f"- {name}: {shown}")
    return "\n".join(lines)
