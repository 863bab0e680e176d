"""Reading and passages -> Draft, each sentence with the passages that support it (prompt: draft.md)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel

from config.policy import Policy
from config.prompts import Prompt
from integrations.llm import LanguageModel, ModelOutcome, RenderedPrompt, Usage
from kb.domain import Passage
from workers.domain import Block, Draft, Findings, Reading, Sentence
from workers.stages.material import asks_part, cut, earlier_part, fence, message_part, passage_part, thread_part

THREAD_TOKENS = 600


class SentenceAnswer(BaseModel):
    text: str
    passages: list[str]
    block: Literal["paragraph", "step", "bullet"]


class DraftAnswer(BaseModel):
    """What the model fills in. `asks_covered` counts from one, as the prompt does."""

    sentences: list[SentenceAnswer]
    asks_covered: list[int]
    escalate: str


def draft(
    reading: Reading,
    passages: Sequence[Passage],
    prompt: Prompt,
    llm: LanguageModel,
    policy: Policy,
    *,
    requester_name: str = "",
    intent: str = "",
    earlier: tuple[Draft, Findings] | None = None,
) -> tuple[Draft, Usage]:
    """Ask the model for a reply that stands in the passages, which are named P1, P2... in their order.

    A draft without sentences is a known end: `escalate` says why in the model's words, or `model_outcome` is not "ok".
    Greeting, sign-off and the values behind placeholders are added by rendering, not here. `earlier` is a draft that
    did not pass, with what was found: the model is asked to do better.
    """
    rendered, cuts = _render(reading, passages, prompt, policy, requester_name, intent, earlier)
    answer = llm.ask(
        rendered,
        DraftAnswer,
        model=policy.models.draft,
        max_tokens=policy.models.draft_max_tokens,
        deadline_seconds=policy.timing.model_seconds,
    )
    if answer.value is None:
        return Draft(model_outcome=answer.usage.outcome.value, cuts=cuts), answer.usage
    sentences = tuple(_sentence(one) for one in answer.value.sentences if one.text.strip())
    escalate = " ".join(answer.value.escalate.split())
    usage = answer.usage
    if not sentences and not escalate:
        usage = replace(usage, outcome=ModelOutcome.EMPTY, detail="neither sentences nor a reason to escalate")
    asks = max(len(reading.asks), 1)
    covered = sorted({number - 1 for number in answer.value.asks_covered if 1 <= number <= asks})
    return Draft(sentences, escalate, tuple(covered), usage.outcome.value, cuts), usage


def _sentence(answer: SentenceAnswer) -> Sentence:
    ids = (re.sub(r"[\[\]\s]", "", name).upper() for name in answer.passages)
    return Sentence(" ".join(answer.text.split()), tuple(dict.fromkeys(filter(None, ids))), Block(answer.block))


def _render(
    reading: Reading,
    passages: Sequence[Passage],
    prompt: Prompt,
    policy: Policy,
    requester_name: str,
    intent: str,
    earlier: tuple[Draft, Findings] | None,
) -> tuple[RenderedPrompt, tuple[str, ...]]:
    limits = policy.limits
    message, is_message_cut = message_part(reading, limits.message_tokens)
    thread, cuts = thread_part(reading.thread, limits.turns, THREAD_TOKENS)
    if is_message_cut:
        cuts.append("message: the middle")
    shown = passages[: limits.passages]
    if len(passages) > len(shown):
        cuts.append(f"passages: {len(passages) - len(shown)} of {len(passages)}")
    pieces = []
    for number, passage in enumerate(shown, 1):
        piece, is_piece_cut = passage_part(passage, f"P{number}", limits.passage_tokens)
        pieces.append(piece)
        if is_piece_cut:
            cuts.append(f"P{number}: its end")
    facts, are_facts_cut = cut(_facts(reading, policy, requester_name, intent), limits.account_tokens)
    if are_facts_cut:
        cuts.append("facts: the middle")
    system, user = prompt.render(
        {
            "company": policy.answering.company,
            "product": policy.answering.product or policy.answering.company,
            "reply_words": str(limits.reply_words),
            "facts": fence("facts", facts),
            "thread": thread,
            "message": message,
            "asks": asks_part(reading),
            "earlier": earlier_part(*earlier) if earlier else "",
            "passages": "<passages>\n" + "\n".join(pieces) + "\n</passages>",
        }
    )
    return RenderedPrompt(prompt.name, prompt.hash, system, user), tuple(cuts)


def _facts(reading: Reading, policy: Policy, requester_name: str, intent: str) -> str:
    lines = [f"Language to write in: {reading.language or 'that of the message'}"]
    if requester_name.strip():
        first_name = requester_name.split()[0]
        lines.append(f"Requester's first name (the greeting with it is added later): {first_name}")
    if not reading.is_verified:
        lines.append("The sender is not verified: general information only, nothing about an account.")
    if reading.is_participant:
        lines.append("The newest message is from a participant, not from the requester.")
    if reading.bot_replies:
        times = "once" if reading.bot_replies == 1 else f"{reading.bot_replies} times"
        lines.append(f"You have answered on this ticket {times} before, and it did not settle the matter.")
    if (entry := policy.intents.get(intent)) is not None:
        lines.append(f"The message is about: {entry.description}")
        if entry.tone:
            lines.append(f"Tone: {entry.tone}")
    return "\n".join(lines)
