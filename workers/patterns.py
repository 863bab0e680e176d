"""Word patterns: a small pure language for rules that see words, not substrings.

    speak|talk person|human     words in this order, up to three others between them, within one sentence
    refund*|"money back"        `a|b` are alternatives, `*` ends a stem, quotes keep words side by side

    ^ operator $                the whole sentence; either mark may stand alone

Case, accents and apostrophes do not matter. What stands behind a "not" in the same clause does not match.
"""

import bisect
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from workers.typos import mended


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GAP = 3
_REACH = 4  # words before a match in which a negation counts
_HARD, _SOFT = ".", ","

_TOKEN = re.compile(r"\[[a-z-]+-\d+\]|[^\W_]+|[.!?;:…。！？\n]+|,")
_CONTRACTION = re.compile(r"(?<=[a-z])['’‘´`](?=(?:t|s|m|re|ve|ll|d)\b)")
_MASKED = re.compile(r"(?<=[a-z])\*+(?=[a-z])")  # sh*t
_NEGATIONS = _words(
    "not no never without neither nor dont doesnt didnt havent hasnt hadnt wont wouldnt isnt arent wasnt werent aint "
    "kein keine keinen keinem keiner keines nicht nie niemals ohne nunca sin tampoco jamas pas jamais sans aucun aucune"
    " non mai senza nao sem niet geen zonder"
)
_CLAUSE_ENDS = _words(
    "but and or because instead just aber und sondern oder weil pero y sino porque mais et ou parce ma e maar en"
)
_OPENERS = _words("if unless why when wenn falls warum wieso si como porque pourquoi se")
_HARMLESS_AFTER_NO = _words(  # "not only", "I do not know how to..."
    "only know understand see find sure nur weiss verstehe solo se entiendo seulement sais comprends able"
)
_AFTER_PLAIN_NO = _words("i we im id ill please thanks thank this that just let give ich wir yo je nous")


def fold(text: str) -> str:
    """Return `text` without case and accents, contractions joined ("Don't" -> "dont")."""
    plain = _MASKED.sub("x", _CONTRACTION.sub("", text.casefold()))
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


class Words:
    """A text as folded words and clause marks, indexed once for any number of patterns."""

    def __init__(self, text: str) -> None:
        self._index(tuple(_mark(token) for token in _TOKEN.findall(fold(text))))

    def mended(self, wanted: Collection[str], real: Collection[str]) -> "Words":
        """Return the same text with these words put right where they are mistyped; itself if nothing is."""
        tokens = mended(self.tokens, wanted, real)
        if tokens == self.tokens:
            return self
        other = Words("")
        other._index(tokens)
        return other

    def _index(self, tokens: tuple[str, ...]) -> None:
        self.tokens = tokens
        self._places: dict[str, list[int]] = {}
        for place, token in enumerate(self.tokens):
            self._places.setdefault(token, []).append(place)
        self._vocabulary = sorted(self._places)

    def spans(self, slot: "Slot") -> list[tuple[int, int]]:
        """Return (start, end) of everything that fills this slot, in order."""
        found = {(place, place + len(phrase)) for phrase in slot.phrases for place in self._phrase(phrase)}
        return sorted(found)

    def _phrase(self, phrase: tuple[str, ...]) -> Iterator[int]:
        for place in self._word(phrase[0]):
            following = self.tokens[place + 1 : place + len(phrase)]
            if len(following) == len(phrase) - 1 and all(map(_fits, following, phrase[1:])):
                yield place

    def _word(self, written: str) -> list[int]:
        if not written.endswith("*"):
            return self._places.get(written, [])
        stem, found = written[:-1], []
        for word in self._vocabulary[bisect.bisect_left(self._vocabulary, stem) :]:
            if not word.startswith(stem):
                break
            found += self._places[word]
        return found

    def text(self, start: int, end: int) -> str:
        return " ".join(token for token in self.tokens[start:end] if token not in (_HARD, _SOFT))

    def sentence(self, place: int) -> tuple[int, int]:
        """Return the bounds of the sentence around a place."""
        start = end = place
        while start > 0 and self.tokens[start - 1] != _HARD:
            start -= 1
        while end < len(self.tokens) and self.tokens[end] != _HARD:
            end += 1
        return start, end

    def is_negated(self, place: int) -> bool:
        """Say whether a negation in the same clause reaches the word at `place`."""
        for before in range(place - 1, max(place - 1 - _REACH, -1), -1):
            token = self.tokens[before]
            if token in (_HARD, _SOFT) or token in _CLAUSE_ENDS:
                return False
            if token in _NEGATIONS:
                return not self._is_harmless_no(before)
        return False

    def _is_harmless_no(self, place: int) -> bool:
        """Say whether this negation denies nothing: "No I want...", "not only", "if you do not..."."""
        follower = self.tokens[place + 1] if place + 1 < len(self.tokens) else ""
        if self.tokens[place] in ("no", "non", "nein") and follower in _AFTER_PLAIN_NO:
            return True
        if follower in _HARMLESS_AFTER_NO:
            return True
        return any(token in _OPENERS for token in self.tokens[max(0, place - 3) : place])


def _mark(token: str) -> str:
    if token == _SOFT:
        return token
    return token if token[0].isalnum() or token[0] == "[" else _HARD


def _fits(token: str, written: str) -> bool:
    return token.startswith(written[:-1]) if written.endswith("*") else token == written


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a pattern with its alternatives, each a phrase of one or more words."""

    phrases: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    slots: tuple[Slot, ...]
    opens: bool = False  # only at the start of a sentence
    closes: bool = False  # only at the end of a sentence
    says_no: bool = False  # the pattern itself contains a negation, so one inside the match is no objection

    def matches(self, words: Words, *, heeds_negation: bool = True) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of every occurrence."""
        fillings = []
        for slot in self.slots:
            found = words.spans(slot)
            if not found:
                return
            fillings.append(found)
        for first in fillings[0]:
            end = self._end(words, fillings, first)
            if end and not self._stands_right(words, first[0], end):
                continue
            if end and not (heeds_negation and self._is_negated(words, first[0], end)):
                yield first[0], end

    def _end(self, words: Words, fillings: list[list[tuple[int, int]]], first: tuple[int, int]) -> int:
        """Return where the match ends whose first slot is filled by `first`, or 0."""
        end = first[1]
        for found in fillings[1:]:
            at = bisect.bisect_left(found, (end, 0))
            if at == len(found):
                return 0
            between = words.tokens[end : found[at][0]]
            if _HARD in between or len(between) - between.count(_SOFT) > GAP:
                return 0
            end = found[at][1]
        return end

    def _stands_right(self, words: Words, start: int, end: int) -> bool:
        first, last = words.sentence(start)
        return (start == first or not self.opens) and (end == last or not self.closes)

    def _is_negated(self, words: Words, start: int, end: int) -> bool:
        if words.is_negated(start):
            return True
        return not self.says_no and not _NEGATIONS.isdisjoint(words.tokens[start:end])


@lru_cache(maxsize=4096)
def compile_pattern(source: str) -> Pattern:
    """Read a pattern. Raise ValueError if it has no words or an open quote."""
    if source.count('"') % 2:
        raise ValueError(f"open quote in pattern {source!r}")
    parts = re.findall(r'(?:"[^"]*"|[^\s"])+', source)
    opens, closes = parts[:1] == ["^"], parts[-1:] == ["$"]
    slots = tuple(_slot(written) for written in parts[opens : len(parts) - closes])
    if not slots:
        raise ValueError(f"no words in pattern {source!r}")
    used = {word for slot in slots for phrase in slot.phrases for word in phrase}
    return Pattern(slots, opens, closes, not used.isdisjoint(_NEGATIONS))


def _slot(written: str) -> Slot:
    alternatives = re.split(r'\|(?=(?:[^"]*"[^"]*")*[^"]*$)', written)
    phrases = tuple(tuple(re.findall(r"[^\W_]+\*?", fold(alternative))) for alternative in alternatives)
    if not all(phrases):
        raise ValueError(f"an empty alternative in a pattern: {written!r}")
    return Slot(phrases)


def find(source: str, words: Words) -> tuple[int, int] | None:
    """Return the first occurrence of a pattern that is not negated."""
    return next(compile_pattern(source).matches(words), None)
