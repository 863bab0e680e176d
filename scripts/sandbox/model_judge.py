"""How the simulated model judges a reply: by the words it shares with its passages and with what was asked."""

import re
from typing import Any

from scripts.sandbox.model_text import clean, sentences, spelt, terms, words_of

_LINE = re.compile(r"^(\d+)\. (.*?)(?: \(((?:P\d+)(?:, P\d+)*)\))?$")
_BORNE_OUT = 0.6  # share of a sentence's content words that its passages must have
_ANSWERED = 0.3  # share of an ask's weight from which a reply counts as answering it: words tell no more than that
_CODE_WEIGHT = 3.0
_POINTS_BACK = re.compile(r"(?i)\b(it|its|they|them|this|that|these|those)\b")
_DEEDS = re.compile(
    r"(?i)\b(?:i|we)(?:['’]ve| have)? (?:just |already )?"
    r"(?:refunded|reset|cancel+ed|updated|changed|sent|fixed|credited|escalated|deleted|unlocked)\b"
    r"|\b(?:we|our team|someone)(?:['’]ll| will) (?:refund|call|fix|send you|contact|credit)\b"
    r"|\bguarantee\b|\bsystem prompt\b|\bignore (?:all|the|your) \w+"
)


def judge_reply(user: str, tagged: Any) -> dict[str, Any]:
    """Return scores and doubts of the reply in the prompt; `tagged(text, tag)` gives what stands inside a tag."""
    passages = {
        name: clean(body)
        for name, body in re.findall(r'^<passage id="(P\d+)">\n(.*?)\n</passage>', user, re.DOTALL | re.MULTILINE)
    }
    lines = [match.groups() for row in tagged(user, "reply").splitlines() if (match := _LINE.match(row))]
    stated = [(int(number), text, ids.split(", ")) for number, text, ids in lines if ids]
    doubts = [
        {"number": number, "words": words}
        for number, text, ids in stated
        if (words := _unfounded(text, " ".join(passages.get(one, "") for one in ids)))
    ]
    reply = " ".join(text for _, text, _ in lines)
    is_safe = not _DEEDS.search(reply)
    relevance = _relevance(tagged(user, "message"), tagged(user, "asks"), reply, " ".join(passages.values()))
    return {
        "doubts": doubts,
        "faithfulness": round(1 - len(doubts) / len(stated), 2) if stated else 0.0,
        "relevance": round(relevance, 2),
        "safety": 1.0 if is_safe else 0.0,
        "reason": _reason(bool(doubts), relevance, is_safe),
    }


def _unfounded(text: str, source: str) -> str:
    """Return the part of a sentence that its source does not have: a number, or all of it; "" if nothing."""
    figures: list[str] = re.findall(r"\d[\d.,:]*", text)
    for figure in figures:
        if figure.rstrip(".,:") not in source:
            return figure
    wanted, had = terms(text), set(terms(source))
    return text if wanted and sum(term in had for term in wanted) / len(wanted) < _BORNE_OUT else ""


def _relevance(message: str, asks: str, reply: str, sources: str) -> float:
    """Return the mean over the asks of how much of each the reply and its sources speak of."""
    had_words = words_of(f"{reply} {sources}")
    had = set(terms(f"{reply} {sources}"))
    every = [re.sub(r"^\d+\. ", "", line) for line in asks.splitlines() if re.match(r"\d+\. ", line)]
    shares = [_share(set(terms(spelt(_whole(ask, message), had_words))), had) for ask in every]
    return sum(shares) / len(shares) if shares else 0.0


def _whole(ask: str, message: str) -> str:
    """Return the ask with what it points at: the message, the subject, and the sentences before "them" or "it"."""
    subject, _, body = message.partition("\n\n") if message.startswith("Subject: ") else ("", "", message)
    every = sentences(clean(body))
    if "message above" in ask:
        ask = " ".join(every[:3])
    if len(set(terms(ask))) > 3 and not _POINTS_BACK.search(ask):
        return ask
    place = next((number for number, one in enumerate(every) if one in ask or ask in one), 0)
    return " ".join((subject.removeprefix("Subject: "), *every[max(0, place - 2) : place], ask))


def _share(wanted: set[str], had: set[str]) -> float:
    weights = {term: _CODE_WEIGHT if re.search(r"[a-z].*\d", term) else 1.0 for term in wanted}
    met = sum(weight for term, weight in weights.items() if term in had)
    return min(1.0, met / sum(weights.values()) / _ANSWERED) if wanted else 1.0


def _reason(has_doubts: bool, relevance: float, is_safe: bool) -> str:
    if not is_safe:
        return "It claims or promises something that a reply cannot do."
    if has_doubts:
        return "Part of it does not stand in the passages."
    return "" if relevance >= 0.7 else "It answers something else than was asked."
