"""Reading and passages -> Draft, each sentence with the passages that support it (prompt: draft.md)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import BaseModel

from config.policy import Policy
from config.prompts import Prompt
from integrations.llm import LanguageModel, ModelOutcome, RenderedPrompt, Usage
from kb.domain import Passage
from workers.account import Account
from workers.domain import Block, Draft, Findings, Reading, Sentence
from workers.stages.material import (
    asks_part,
    cut,
    earlier_part,
    enclosed_part,
    fence,
    message_part,
    passage_part,
    thread_part,
    tokens_of,
)

_THANKS = re.compile(
    r"(?i)\W*(?:ok(?:ay)?|great|perfect|super|excellent|brilliant|lovely|thanks?|thank you|cheers"
    r"|that (?:worked|helped)|danke|vielen dank|prima|gracias|merci|grazie|obrigad[oa])\b"
)
_BUT = re.compile(r"(?i)\b(?:but|not|still|again|aber|nicht|immer noch|pero|mais|ma)\b|n['’]t\b")


class SentenceAnswer(BaseModel):
    text: str
    passages: list[str]
    block: Literal["paragraph", "step", "bullet", "code"]


class DraftAnswer(BaseModel):
    """What the model fills in. `asks_covered` counts from one, as the prompt does."""

    sentences: list[SentenceAnswer]
    asks_covered: list[int]
    escalate: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a reply is to be written from: the message and its thread, what was found, who asks, what it is about.

    `flawed` is a draft that did not pass, with what was found: the model is asked to do better. `wish` is what a person
    of the support team asks for, masked.
    """

    reading: Reading
    passages: Sequence[Passage]
    intent: str = ""
    requester_name: str = ""
    account: Account = field(default_factory=Account)
    flawed: tuple[Draft, Findings] | None = None
    wish: str = ""


def draft(brief: Brief, prompt: Prompt, llm: LanguageModel, policy: Policy) -> tuple[Draft, Usage]:
    """Ask the model for a reply that stands in the passages, which are named P1, P2... in their order.

    A draft without sentences is a known end: `escalate` says why in the model's words, or `model_outcome` is not "ok".
    Greeting, sign-off and the values behind placeholders are added by rendering, not here.
    """
    rendered, cuts, parts = _render(brief, prompt, policy)
    answer = llm.ask(
        rendered,
        DraftAnswer,
        model=policy.models.draft,
        max_tokens=policy.models.draft_max_tokens,
        deadline_seconds=policy.timing.model_seconds,
    )
    if answer.value is None:
        return Draft(model_outcome=answer.usage.outcome.value, cuts=cuts, parts=parts), answer.usage
    sentences = tuple(_sentence(one) for one in answer.value.sentences if one.text.strip())
    escalate = " ".join(answer.value.escalate.split())
    usage = answer.usage
    if not sentences and not escalate:
        usage = replace(usage, outcome=ModelOutcome.EMPTY, detail="neither sentences nor a reason to escalate")
    asks = max(len(brief.reading.asks), 1)
    covered = sorted({number - 1 for number in answer.value.asks_covered if 1 <= number <= asks})
    return Draft(sentences, escalate, tuple(covered), usage.outcome.value, cuts, parts=parts), usage


def _sentence(answer: SentenceAnswer) -> Sentence:
    ids = (re.sub(r"[\[\]\s]", "", name).upper() for name in answer.passages)
    block = Block(answer.block)
    text = answer.text.strip("\r\n") if block is Block.CODE else " ".join(answer.text.split())
    return Sentence(text, tuple(dict.fromkeys(filter(None, ids))), block)


def _render(brief: Brief, prompt: Prompt, policy: Policy) -> tuple[RenderedPrompt, tuple[str, ...], dict[str, int]]:
    """Return the prompt, what its budgets cut, and about how many tokens each part takes."""
    limits, reading = policy.limits, brief.reading
    message, is_message_cut = message_part(reading, limits.message_tokens)
    thread, cuts = thread_part(reading.thread, limits.turns, limits.thread_tokens, summary_tokens=limits.summary_tokens)
    enclosed, enclosed_cuts = enclosed_part(reading.enclosures, limits.attachment_tokens)
    cuts += enclosed_cuts
    if is_message_cut:
        cuts.append("message: the middle")
    passages, passage_cuts = _passages(brief.passages, policy)
    facts, are_facts_cut = cut(_facts(brief, policy), limits.account_tokens)
    if are_facts_cut:
        cuts.append("facts: the middle")
    parts = {
        "facts": fence("facts", facts),
        "thread": thread,
        "message": f"{message}\n\n{enclosed}".strip(),
        "asks": asks_part(reading),
        "passages": passages,
        "earlier": earlier_part(*brief.flawed) if brief.flawed else "",
        "wish": fence("wish", brief.wish) if brief.wish else "",
    }
    company = {
        "company": policy.answering.company,
        "product": policy.answering.product or policy.answering.company,
        "reply_words": str(limits.reply_words),
    }
    system, user = prompt.render(company | parts)
    counts = {"system": tokens_of(system)} | {name: tokens_of(text) for name, text in parts.items()}
    return RenderedPrompt(prompt.name, prompt.hash, system, user), (*cuts, *passage_cuts), counts


def _passages(passages: Sequence[Passage], policy: Policy) -> tuple[str, list[str]]:
    """Return the passages under their names, and what was cut: some far weaker than the best only lead astray.

    Only the best one has its link: more than one in a reply is no help.
    """
    limit, tokens = policy.limits.passages, policy.limits.passage_tokens
    cuts = [f"passages: {len(passages) - limit} of {len(passages)}"] if len(passages) > limit else []
    least = policy.thresholds.passage_beside * max((one.score for one in passages), default=0.0)
    pieces = []
    for number, passage in enumerate(passages[:limit], 1):
        if passage.score < least:
            cuts.append(f"P{number}: far weaker than the best")
            continue
        piece, was_cut = passage_part(passage if number == 1 else replace(passage, url=""), f"P{number}", tokens)
        pieces.append(piece)
        if was_cut:
            cuts.append(f"P{number}: its end")
    return "<passages>\n" + "\n".join(pieces) + "\n</passages>", cuts


def _is_content(reading: Reading) -> bool:
    """Say whether the newest message opens with a thank-you for the answer before it, with no "but" in it."""
    opening = re.split(r"[.!?\n]", reading.newest.strip(), maxsplit=1)[0]
    return bool(_THANKS.match(opening)) and not _BUT.search(opening)


def _facts(brief: Brief, policy: Policy) -> str:
    reading = brief.reading
    lines = [f"Language to write in: {reading.language or 'that of the message'}"]
    if brief.requester_name.strip():
        first_name = brief.requester_name.split()[0]
        lines.append(f"Requester: {first_name}")
    if not reading.is_verified:
        lines.append("The sender is not verified: general information only, nothing about an account.")
    if reading.is_participant:
        lines.append("The newest message is from a participant, not from the requester.")
    if reading.bot_replies:
        times = "once" if reading.bot_replies == 1 else f"{reading.bot_replies} times"
        end = "and this goes on from there" if _is_content(reading) else "and it did not settle the matter"
        lines.append(f"You have answered on this ticket {times} before, {end}.")
    if (entry := policy.intents.get(brief.intent)) is not None and entry.tone:
        lines.append(f"Tone: {entry.tone}")
    # What belongs to an account is told to nobody who only claims to be its owner.
    if reading.is_verified and not reading.is_participant:
        lines += brief.account.lines()
        if brief.account.earlier:
            lines.append(f"Earlier requests of the same person: {brief.account.requests()}")
    return "\n".join(lines)
