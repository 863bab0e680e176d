"""What can be seen of a word in its place that tells whether it is part of a person's name. Pure.

Shapes, lists and neighbours rather than the words themselves, so that what was learned of some names holds of others.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from workers.personal.word_lists import RARE, VERY_COMMON, commonness, is_family_name, is_given_name

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-](?!s\b)[^\W\d_]+)*|\d+|\n|[^\w\s]|_")
_LOCAL_PART = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@\w")
_CONTRACTED = re.compile(r"['’](?:m|d|t|ll|ve|re)$", re.IGNORECASE)
_SHORT_LINE = 4
OF_ITSELF = ("k ", "s2 ", "s3 ", "p3 ", "small ")
"""How the codes begin that tell of a word without its neighbours."""
_LONG_LINE = 40  # tokens, marks among them
_STEPS = (-2, -1, 1, 2)  # the neighbours to look at


class Token(NamedTuple):
    text: str
    start: int
    end: int
    shape: str
    lists: str
    common: int

    @property
    def kind(self) -> str:
        return f"{self.shape}{self.lists}{self.common}" if self.shape in _WORD_SHAPES else self.text

    @property
    def name_kind(self) -> str:
        return f"{self.shape}{self.lists}"

    @property
    def may_be_a_name(self) -> bool:
        """Say whether to look closer: capitalised, or on a list and hardly ever another word."""
        if self.shape not in _WORD_SHAPES or _CONTRACTED.search(self.text):
            return False
        return self.shape != "l" or (bool(self.lists) and self.common < VERY_COMMON - 1)


_WORD_SHAPES = frozenset("lCAIM")
_EDGE = Token("^", 0, 0, "^", "", RARE)


def tokens(text: str, *, hidden: frozenset[str] = frozenset()) -> list[Token]:
    """Cut text into words, numbers, marks and line breaks; words in `hidden` count as being on no list of names."""
    return [_token(found, hidden) for found in _TOKEN.finditer(text)]


def _token(found: re.Match[str], hidden: frozenset[str]) -> Token:
    word = found[0]
    if not word[0].isalpha():
        shape = "0" if word[0].isdigit() else word
        return Token(shape, *found.span(), shape, "", RARE)
    head = re.split(r"[-'’]", word)[0]
    on = "" if word in hidden else "g" * is_given_name(head) + "f" * (is_family_name(word) or is_family_name(head))
    return Token(word, *found.span(), _shape(word), on, commonness(word))


def _shape(word: str) -> str:
    """Return l for small letters, C for a capital first, A for capitals only, I for an initial, M for a mixture."""
    if word.islower():
        return "l"
    if len(word) == 1:
        return "I"
    if word.isupper():
        return "A"
    parts = [part for part in re.split(r"[-'’]|(?<=Mc)|(?<=Mac)", word) if part]
    is_plain = all(part.islower() or part.istitle() or len(part) == 1 for part in parts)
    return "C" if word[0].isupper() and is_plain else "M"


class Scene:
    """A text's tokens, and what is to be known of the whole text about each of them."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self.tokens = found
        self._small = {token.text for token in found if token.shape == "l"}
        self._mail = " ".join(local.casefold() for local in _LOCAL_PART.findall(text))
        self._lines: list[list[Token]] = [[]]
        self._line_of: list[int] = []
        for token in found:
            self._line_of.append(len(self._lines) - 1)
            if token.text == "\n":
                self._lines.append([])
            else:
                self._lines[-1].append(token)

    def features(self, place: int) -> Iterator[str]:
        """Yield what speaks for or against the token being part of a name, each as a short code."""
        token = self.tokens[place]
        before, after = self._near(place, -1), self._near(place, 1)
        yield f"k {token.kind}"
        for step in _STEPS:
            near = self._near(place, step)
            yield f"{step} {near.kind}"
            if near.common == VERY_COMMON or near.shape not in _WORD_SHAPES:
                yield f"{step}w {near.text.casefold()} {token.name_kind}"
                yield f"{step}w {near.text.casefold()}"
            elif near.shape == "l" and near.common:
                yield f"{step}v {near.text}"
        yield f"kb {before.kind} {token.name_kind}"
        yield f"ka {token.name_kind} {after.kind}"
        yield f"kba {before.kind} {token.shape} {after.kind}"
        yield from self._spelling(token)
        yield from self._surroundings(self._line_of[place], token)

    def _near(self, place: int, step: int) -> Token:
        return self.tokens[place + step] if 0 <= place + step < len(self.tokens) else _EDGE

    def _spelling(self, token: Token) -> Iterator[str]:
        small = token.text.casefold()
        if token.common < VERY_COMMON - 1 and len(small) > 2:
            yield f"s3 {small[-3:]}"
            yield f"s2 {small[-2:]} {token.shape}"
            yield f"p3 {small[:3]}"
        if small in self._small and token.shape != "l":
            yield f"small {token.name_kind}"
        if len(small) > 3 and small in self._mail:
            yield "mail"

    def _surroundings(self, number: int, token: Token) -> Iterator[str]:
        """Yield what the line tells: how it begins and ends, what stands above it, whether it is all capitals."""
        line = self._lines[number]
        yield f"edge {int(line[0] is token)}{int(line[-1] is token)} {token.name_kind}"
        if len(line) > _LONG_LINE:
            return
        parts = [one for one in line if one.shape in _WORD_SHAPES]
        if len(parts) <= _SHORT_LINE:
            is_all = all(one.shape != "l" or one.lists for one in parts)
            yield f"line {len(parts)}{int(is_all)}{int(len(parts) == len(line))} {token.name_kind}"
            above = self._line(number - 1) or self._line(number - 2)
            if above and len(above) <= _SHORT_LINE + 2:
                yield f"above {above[0].text.casefold()}"
                yield f"above {above[-1].kind}"

    def _line(self, number: int) -> list[Token]:
        return self._lines[number] if number >= 0 else []
