"""Pure: reasons, findings and confidence in the words that support staff read, and the fixed words of a letter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workers.domain import Code, Reason
from workers.words import Words, words

_BRACKETS = re.compile(r" \([^()]*\{detail\}[^()]*\)")


def in_words(reason: Reason, rules: Mapping[str, str] | None = None, fixed: Words | None = None) -> str:
    """Say a reason in plain words, in English or as `fixed` has them; `rules` gives the rules' own wording by id."""
    if reason.code is Code.RULE and rules and reason.detail in rules:
        return rules[reason.detail]
    fixed = fixed or words()
    said = fixed[f"reason.{reason.code.value}"]
    if reason.detail:
        return said.format(detail=_detail(reason, fixed))
    return _BRACKETS.sub("", said).format(detail="unknown")


def _detail(reason: Reason, fixed: Words) -> str:
    if reason.code is Code.MODEL_FAILED:
        return fixed.get(f"model_end.{reason.detail}", reason.detail.replace("_", " "))
    if reason.code is Code.INTENT_CEILING:
        return fixed.get(f"ceiling.{reason.detail}", reason.detail)
    if reason.code in (Code.LOW_CONFIDENCE, Code.REVIEW_BAND):
        return f"{float(reason.detail):.0%}" if re.fullmatch(r"[01]\.\d+", reason.detail) else reason.detail
    if backed := re.fullmatch(r"support ([01]\.\d+)", reason.detail):
        return f"{float(backed[1]):.0%} of it does"
    # A tag is said as it stands on the ticket; the other names are ours, and codes of our own are no words.
    return reason.detail if reason.code is Code.EXCLUDED else reason.detail.replace("_", " ")


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
        what = code.removeprefix("unsupported").strip("_").replace("_", " ")
        return fixed["finding.unsupported"].format(what=what).replace(" ()", "").strip()
    return code.replace("_", " ")


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What is fixed in a letter: a greeting with a first name, one without, and what stands before links."""

    greeting: str
    hello: str
    read_more: str


_LETTERS = {
    "en": LetterWords("Hi {name},", "Hello,", "Read more:"),
    "da": LetterWords("Hej {name},", "Hej,", "Læs mere:"),
    "de": LetterWords("Hallo {name},", "Guten Tag,", "Mehr dazu:"),
    "es": LetterWords("Hola {name}:", "Hola:", "Más información:"),
    "fi": LetterWords("Hei {name},", "Hei,", "Lue lisää:"),
    "fr": LetterWords("Bonjour {name},", "Bonjour,", "En savoir plus :"),
    "it": LetterWords("Ciao {name},", "Buongiorno,", "Maggiori informazioni:"),
    "nb": LetterWords("Hei {name},", "Hei,", "Les mer:"),
    "nl": LetterWords("Hallo {name},", "Hallo,", "Lees meer:"),
    "pl": LetterWords("Dzień dobry,", "Dzień dobry,", "Więcej informacji:"),
    "pt": LetterWords("Olá {name},", "Olá,", "Saiba mais:"),
    "sv": LetterWords("Hej {name},", "Hej,", "Läs mer:"),
}


def letter_words(language: str) -> LetterWords:
    """Return the fixed words of a letter in a language (ISO 639-1), in English where we have none."""
    return _LETTERS.get(language, _LETTERS["en"])
