"""English text as sentences and tokens, and what numbers, negations and clauses there are in them. Pure."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workers.stages.vocabulary import NEGATORS, STOP, are_same, root, stem

_TOKEN = re.compile(
    r"[^\W\d_]+-?\d[\w-]*|https?://[^\s<>\"'”)\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:['’-][^\W\d_]+)*"
    r"|[^\W_]+"
)
_HAS_DIGIT = re.compile(r"\d").search
_BREAK = re.compile(r"(?:(?<=[.!?:])|(?<=[.!?][\"'”)\]]))\s+(?=[\"'“(\[]?[A-Z0-9])|(?<=;)\s+|\n+")
_LIST_MARK = re.compile(r"^(?:[-*•>#|]+|\d{1,2}[.)])(?:\s+|$)")
_ABBREVIATED = re.compile(r"(?i)\b(?:e\.g|i\.e|vs|mr|ms|dr|approx|incl|a\.m|p\.m)\.$")
_PHRASES = (
    (re.compile(r"(?i)\b(?:go(?:es)?|carry|carries) on\b"), "continue"),
    (re.compile(r"(?i)\b(?:turn|switch)(?:e[ds]|s)? on\b"), "enable"),
    (re.compile(r"(?i)\b(?:turn|switch)(?:e[ds]|s)? off\b"), "disable"),
    (re.compile(r"(?i)\b(?:as|so) long as\b"), "if"),
    # Free to do or leave: no denial of what is done.
    (
        re.compile(
            r"(?i)\b(?:(?:do|does|did|will|would) not (?:have|need) to|need not|no need to|optional|not (?:strictly )?"
            r"(?:necessary|required|mandatory|obligatory))\b"
        ),
        "needless",
    ),
    (re.compile(r"(?i), not even\b"), ", even"),
)
_HAS_PHRASE = re.compile(r"(?i) o(?:n|ff)\b|\blong as\b|\bneed|\bnot |\boptional").search
_CONTRACTIONS = (
    (re.compile(r"(?i)\bcan(?:no|['’])t\b"), "can not"),
    (re.compile(r"(?i)\bwon['’]t\b"), "will not"),
    (re.compile(r"(?i)\b(\w+)n['’]t\b"), r"\1 not"),
    (re.compile(r"(?i)\b(\w+)['’](ll|ve|re|d|m)\b"), r"\1 \2"),
)
_COUNTED = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty"""
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTED.split(), 2)} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
}
_UNITS = """
    second minute hour day week month quarter year percent time user seat employee euro dollar pound usd eur gbp
    kb mb gb tb character page"""
# How many of the smaller unit one of the larger is, so that "48 hours" and "2 days" are one measure.
_SMALLER = {"hour": (60, "minute"), "day": (24, "hour"), "week": (7, "day"), "year": (12, "month"), "gb": (1024, "mb")}


def _and_a_half(match: re.Match[str]) -> str:
    whole = match[1].lower()
    return f"{'1' if whole == 'one' else _NUMBER_WORDS.get(whole, whole)}.5"


_IN_FIGURES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?i)\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten) and a half\b"), _and_a_half),
    (re.compile(r"(?i)\b(?:half an hour|(?:a )?half[ -]hour)\b"), "30 minutes"),
    (re.compile(r"(?i)\b(?:a )?quarter of an hour\b"), "15 minutes"),
    (re.compile(r"(?i)\btwice\b(?! as\b)"), "2 times"),
    (re.compile(r"(?i)\ba fortnight\b"), "2 weeks"),
    (re.compile(r"(?i)\ba dozen\b"), "12"),
)
_SAID_IN_WORDS = re.compile(r"(?i)half|quarter|twice|fortnight|dozen").search


@dataclass(frozen=True, slots=True)
class Token:
    raw: str
    norm: str  # lower case, number words as digits
    stem: str
    is_name: bool  # capitalised where a plain word would not be
    is_number: bool

    @property
    def root(self) -> str:
        """What this word has in common with others that name the same thing."""
        return root(self.stem)

    @property
    def is_content(self) -> bool:
        return self.norm not in STOP and self.norm not in NEGATORS and (len(self.norm) > 1 or self.is_number)


_UNIT_STEMS = frozenset(map(stem, _UNITS.split()))
_SMALLER_STEMS = {stem(unit): (times, stem(smaller)) for unit, (times, smaller) in _SMALLER.items()}


def sentences(text: str) -> list[str]:
    """Split at sentence ends and line breaks, without marks of lists; abbreviations do not end a sentence."""
    found: list[str] = []
    for part in _BREAK.split(text):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {part}"
        elif plain := _LIST_MARK.sub("", part.strip()):
            found.append(plain)
    return found


@lru_cache(maxsize=1024)  # a sentence of a draft is looked at several times
def tokens(sentence: str) -> tuple[Token, ...]:
    """Cut a sentence into tokens; its first word counts as a name only if its look leaves no doubt."""
    if "'" in sentence or "’" in sentence or "annot" in sentence:
        for pattern, plain in _CONTRACTIONS:
            sentence = pattern.sub(plain, sentence)
    if _HAS_PHRASE(sentence):
        for pattern, plain in _PHRASES:
            sentence = pattern.sub(plain, sentence)
    if _SAID_IN_WORDS(sentence):
        for pattern, figures in _IN_FIGURES:
            sentence = pattern.sub(figures, sentence)
    found: list[Token] = []
    for match in _TOKEN.finditer(sentence):
        raw = match[0]
        lower = raw.lower().replace("’", "'").removesuffix("'s")
        norm = _NUMBER_WORDS.get(lower, lower)
        is_number = norm[0].isdigit()
        if is_number:
            norm = number(norm)
        is_odd = raw[1:] != raw[1:].lower() or (raw[0].isalpha() and not raw.isalpha() and _HAS_DIGIT(raw) is not None)
        is_name = is_odd
        if not is_odd and raw[0].isupper() and found and raw != "I":
            is_name = not sentence[: match.start()].rstrip().endswith((":", ".", "!", "?", "•"))
        found.append(Token(raw, norm, stem(norm), is_name and not is_number, is_number))
    return tuple(found)


def number(text: str) -> str:
    """Return a number in one way of writing: no thousands separators, no ordinal ending, no trailing zeros of cents."""
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text.lower())
    text = re.sub(r",(?=\d{3}\b)", "", text)
    return re.sub(r"[.,]00$", "", text)


class Measure(NamedTuple):
    """A number and what it counts, in the smallest unit of its kind: equal ones are one, however they are written."""

    amount: str
    unit: str
    written: Token


def measures(found: Sequence[Token]) -> Iterable[Measure]:
    """Yield number and unit where they stand together ("5 business days" is 5 days)."""
    for place, token in enumerate(found):
        if not token.is_number:
            continue
        for follower in found[place + 1 : place + 3]:
            if follower.stem in _UNIT_STEMS:
                yield Measure(*_in_smallest(token.norm, follower.stem), token)
                break


def _in_smallest(amount: str, unit: str) -> tuple[str, str]:
    while unit in _SMALLER_STEMS and amount.isdigit():
        times, unit = _SMALLER_STEMS[unit]
        amount = str(int(amount) * times)
    return amount, unit


def is_same(one: Token, other: Token) -> bool:
    """Say whether two words are used for one thing: listed together, or of one family (configure, configuration)."""
    family = min(len(one.norm), len(other.norm), 5)
    if one.norm.removeprefix("re") == other.norm.removeprefix("re"):  # refill, fill
        return True
    return are_same(one.stem, other.stem) or (family >= 4 and one.norm[:family] == other.norm[:family])


_CONDITION_FIRST = re.compile(
    r"(?i)(?:if|when|whenever|once|unless|until|after|before|to|as soon as|in case)\b[^,;:]{6,160},"
)


def condition_last(sentence: str, found: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return a sentence's tokens with the condition or purpose it begins with put behind: "If A, B" is "B if A"."""
    match = _CONDITION_FIRST.match(sentence)
    if match is None:
        return found
    cut = len(tokens(match[0]))
    head, rest = found[:cut], found[cut:]
    if len(rest) < 2:
        return found
    return (rest[1:] if rest[0].norm == "then" else rest) + head


def negations(found: Iterable[Token]) -> int:
    return sum(token.norm in NEGATORS for token in found)


def undecided(found: Sequence[Token]) -> Sequence[Token]:
    """Return the words of which a sentence says neither that they are so nor that they are not.

    They stand behind "unless" or "without", or before a "not" that ends the sentence ("teams can't").
    """
    start = next((place for place, token in enumerate(found) if token.norm in _SETTING_ASIDE), len(found))
    is_cut_off = bool(found) and found[-1].norm in NEGATORS
    return (*found[start:], *(found[-4:] if is_cut_off else ()))


def denied(found: Sequence[Token]) -> frozenset[str]:
    """Return the roots that are said not to be: the first word of substance after a negation, not "not only"."""
    return frozenset(
        word.root
        for place, token in enumerate(found)
        if token.norm in NEGATORS and found[place + 1 : place + 2]
        for word in itertools.islice((one for one in found[place + 1 : place + 1 + _REACH] if _is_deed(one)), 1)
        if found[place + 1].norm not in _NOT_DENYING
    )


_SETTING_ASIDE = frozenset({"unless", "without"})
_REACH = 7  # words behind a negation in which what it denies is looked for
_NOT_DENYING = frozenset({"only", "just", "until", "more", "less", "later", "longer"})
_ABLE = frozenset({"possible", "able", "allowed", "permitted", "each", "every", "per", "any", "anyone"})


def _is_deed(token: Token) -> bool:
    """Say whether a word may be what is denied: "not possible to open" denies opening, "not per seat" the seat."""
    return token.is_content and token.norm not in _ABLE
