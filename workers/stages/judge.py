"""A draft held against its passages and the question by the model, as a second reader (prompt: judge.md)."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from config.policy import Policy
from config.prompts import Prompt
from integrations.llm import LanguageModel, RenderedPrompt, Usage
from kb.domain import Passage
from workers.domain import Draft, Finding, Judgement, Reading
from workers.stages.material import asks_part, excerpt, fence, message_part, passage_part

_MOST_DOUBTS = 10


class DoubtAnswer(BaseModel):
    """`number` counts the reply's sentences from one, as the prompt does."""

    number: int
    words: str


class JudgeAnswer(BaseModel):
    """What the model fills in."""

    doubts: list[DoubtAnswer]
    faithfulness: float
    relevance: float
    safety: float
    reason: str


def judge(
    draft: Draft,
    passages: Sequence[Passage],
    reading: Reading,
    prompt: Prompt,
    llm: LanguageModel,
    policy: Policy,
    *,
    deadline_seconds: float,
) -> tuple[Judgement, Usage]:
    """Ask the model how far the draft stands in its passages, answers the question and is safe to send.

    It sees the cited passages only, named as in the draft, and of each what fits the words said or asked. No answer is
    a known end: `model_outcome` says how the call ended, and the scores are 0, so that nothing is ever let through by a
    call that failed.
    """
    answer = llm.ask(
        _render(draft, passages, reading, prompt, policy),
        JudgeAnswer,
        model=policy.models.judge or policy.models.classify,
        max_tokens=policy.models.judge_max_tokens,
        deadline_seconds=deadline_seconds,
    )
    outcome = answer.usage.outcome.value
    if (said := answer.value) is None:
        return Judgement(0.0, 0.0, 0.0, model_outcome=outcome), answer.usage
    doubts = tuple(
        Finding("judged_unsupported", " ".join(one.words.split())[:200], one.number - 1)
        for one in said.doubts[:_MOST_DOUBTS]
        if 1 <= one.number <= len(draft.sentences)
    )
    reason = " ".join(said.reason.split())[:200]
    scores = _share(said.faithfulness), _share(said.relevance), _share(said.safety)
    return Judgement(*scores, doubts, reason, outcome), answer.usage


def _share(score: float) -> float:
    """Keep a score in 0..1; what is no number counts as nothing."""
    return min(max(score, 0.0), 1.0) if score == score else 0.0


def _render(
    draft: Draft, passages: Sequence[Passage], reading: Reading, prompt: Prompt, policy: Policy
) -> RenderedPrompt:
    pieces = []
    for name, passage in ((f"P{number}", passage) for number, passage in enumerate(passages, 1)):
        if said := [sentence.text for sentence in draft.sentences if name in sentence.passages]:
            text = excerpt(passage.text, (*said, *reading.asks))
            pieces.append(passage_part(replace(passage, text=text, url=""), name, policy.limits.passage_tokens)[0])
    lines = [
        f"{number}. {sentence.text}" + (f" ({', '.join(sentence.passages)})" if sentence.passages else "")
        for number, sentence in enumerate(draft.sentences, 1)
    ]
    system, user = prompt.render(
        {
            "company": policy.answering.company,
            "product": policy.answering.product or policy.answering.company,
            "message": message_part(reading, policy.limits.message_tokens)[0],
            "asks": asks_part(reading),
            "passages": "<passages>\n" + "\n".join(pieces) + "\n</passages>",
            "reply": fence("reply", "\n".join(lines)),
        }
    )
    return RenderedPrompt(prompt.name, prompt.hash, system, user)
