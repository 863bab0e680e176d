"""Pure: reasons, findings and confidence in the words that support staff read, and the fixed words of a letter."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from workers.domain import Code, Reason
from workers.words import ENGLISH, FOLDER, Words, words

_BRACKETS = re.compile(r" \([^()]*\{detail\}[^()]*\)")


def in_words(reason: Reason, rules: Mapping[str, str] | None = None, fixed: Words | None = None) -> str:
    """Say a reason in plain words, in English or as `fixed` has them; `rules` gives the rules' own wording by id."""
    if reason.code is Code.RULE and rules and reason.detail in rules:
        return rules[reason.detail]
    fixed = fixed or words()
    if reason.code is Code.LANGUAGE and not reason.detail:
        return fixed["detail.no_language"]
    said = fixed[f"reason.{reason.code.value}"]
    if reason.detail:
        return said.format(detail=_detail(reason, fixed))
    return _BRACKETS.sub("", said).format(detail=fixed["detail.unknown"])


def all_in_words(reasons: Iterable[Reason], rules: Mapping[str, str], fixed: Words) -> list[str]:
    """Say each of the reasons once; what several of one kind have in brackets stands there together."""
    alike: dict[tuple[Code, str], list[Reason]] = {}
    for reason in reasons:
        has_brackets = bool(reason.detail) and _BRACKETS.search(fixed[f"reason.{reason.code.value}"])
        alike.setdefault((reason.code, "" if has_brackets else reason.detail), []).append(reason)
    return list(dict.fromkeys(_together(group, rules, fixed) for group in alike.values()))


def _together(group: Sequence[Reason], rules: Mapping[str, str], fixed: Words) -> str:
    if len(group) == 1:
        return in_words(group[0], rules, fixed)
    details = ", ".join(dict.fromkeys(_detail(reason, fixed) for reason in group))
    return fixed[f"reason.{group[0].code.value}"].format(detail=details)


def _detail(reason: Reason, fixed: Words) -> str:
    """Say what stands in the brackets of a reason. A tag is said as it stands on the ticket; codes of ours as words."""
    detail, plain = reason.detail, reason.detail.replace("_", " ")
    match reason.code:
        case Code.MODEL_FAILED | Code.UNJUDGED:
            return fixed.get(f"model_end.{detail}", plain)
        case Code.INTENT_CEILING:
            return fixed.get(f"ceiling.{detail}", detail)
        case Code.TICKET_DONE | Code.STATUS_CHANGED:
            return fixed.get(f"status.{detail}", plain)
        case Code.LOW_CONFIDENCE | Code.REVIEW_BAND if re.fullmatch(r"[01]\.\d+", detail):
            return f"{float(detail):.0%}"
        case Code.UNGROUNDED if backed := re.fullmatch(r"support ([01]\.\d+)", detail):
            return fixed["detail.support"].format(share=f"{float(backed[1]):.0%}")
        case Code.UNGROUNDED if detail.startswith("unsupported"):
            return _what(detail, fixed)
        case Code.UNGROUNDED | Code.CHECK_FAILED:
            return finding_in_words(detail, fixed)
        case Code.ASK_UNCOVERED if some := re.fullmatch(r"(\d+) of (\d+)", detail):
            return fixed["detail.of"].format(some=some[1], all=some[2])
        case Code.PERSONAL_DATA:
            return ", ".join(fixed.get(f"masked.{kind.replace('-', '_')}", kind) for kind in detail.split(", "))
        case Code.LANGUAGE:
            return tongue(detail, fixed)
        case Code.EXCLUDED:
            kind, _, name = detail.partition(" ")
            return fixed.get(f"detail.{kind}", detail).format(name=name)
        case _:
            return plain


def tongue(code: str, fixed: Words) -> str:
    """Name a language by its code (ISO 639-1); one without a name here keeps the code."""
    return fixed.get(f"tongue.{code.partition('-')[0].lower()}", code)


def confidence_in_words(confidence: float, fixed: Words | None = None) -> str:
    """Say a probability as staff would."""
    names = ((0.9, "very"), (0.75, "fairly"), (0.5, "not_quite"), (0.0, "guess"))
    return (fixed or words())[f"confidence.{next(name for least, name in names if confidence >= least)}"]


def finding_in_words(code: str, fixed: Words | None = None) -> str:
    """Say what a check found, by its code."""
    fixed = fixed or words()
    if f"finding.{code}" in fixed and code != "unsupported":
        return fixed[f"finding.{code}"]
    if code.startswith("unsupported"):
        return fixed["finding.unsupported"].format(what=_what(code, fixed))
    return code.replace("_", " ")


def _what(code: str, fixed: Words) -> str:
    what = code.removeprefix("unsupported").strip("_") or "something"
    return fixed.get(f"what.{what}", what.replace("_", " "))


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What is fixed in a letter, as workers/templates/letters.toml has it."""

    greeting: str
    hello: str
    read_more: str


def letter_words(language: str) -> LetterWords:
    """Return the fixed words of a letter in a language (ISO 639-1), in English where we have none."""
    return _letters().get(language) or _letters()[ENGLISH]


@cache
def _letters() -> Mapping[str, LetterWords]:
    raw = tomllib.loads((FOLDER / "letters.toml").read_text(encoding="utf-8"))
    return {language: LetterWords(**texts) for language, texts in raw.items()}
