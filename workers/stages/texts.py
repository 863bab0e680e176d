"""Some texts, cut and counted once so that sentences can be held against them. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from workers.stages.words import Token, condition_last, denied, measures, sentences, tokens, undecided

_KEPT = 512  # texts whose cut is remembered: the same passages are cited again and again
# The last word of a menu before the mark that leads to one of its entries: "View" in "Open View > Folders".
_MENU = re.compile(r"([A-Z][\w'’-]*)[ \t*_]{0,4}(?:->|→|»|>|\\)")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a text, ready to be compared."""

    tokens: tuple[Token, ...]  # with a condition put behind
    plain: tuple[Token, ...]  # as they stand
    roots: frozenset[str]  # of its content words
    denied: frozenset[str]  # of the words it only says are not so
    stated: frozenset[str]  # of the words it only says are so


class Texts:
    """The lines of some texts, and the words that stand in them."""

    def __init__(self, texts: Sequence[str], known_words: str = "") -> None:
        """`known_words` may be named (titles, the requester's own words) but support nothing by themselves."""
        cut = [(place, line) for place, text in enumerate(texts) for line in lines_of(text)]
        self.lines = [line for _, line in cut]
        self.text_of = [place for place, _ in cut]
        self._menus = {_plain(menu) for text in texts for menu in _MENU.findall(text)}
        every = [token for line in self.lines for token in line.plain]
        known = [token for line in lines_of(known_words) for token in line.plain]
        both = (*every, *known)
        self.norms = {token.norm for token in both}
        self.stems = {token.stem for token in both}
        self.roots = {token.root for token in every}
        self.known_roots = {token.root for token in known}
        self.measured = {one[:2] for part in (every, known) for one in measures(part)}
        self.names = {token.stem for token in both if token.is_name}
        self.inner_capitals = {token.raw for line in self.lines for token in line.plain[1:] if token.is_name}
        self.lower = {token.norm for token in every if token.raw.islower()}
        self._whole = {_norms(line.plain) for line in self.lines}
        self._flat = f" {' '.join(token.norm for token in both)} "

    def knows(self, words: str) -> bool:
        """Say whether these words stand in the texts next to each other, in this order."""
        return self.has_phrase(tokens(words))

    def has_phrase(self, found: Sequence[Token]) -> bool:
        wanted = " ".join(token.norm for token in found)
        return bool(wanted) and f" {wanted} " in self._flat

    def quotes(self, said: str) -> bool:
        """Say whether this is a whole sentence of the texts, or several, word for word."""
        found = [tokens(one) for one in sentences(said)]
        return bool(found) and all(_norms(one) in self._whole for one in found)

    def leads(self, menu: str, entry: str) -> bool:
        """Say whether an entry stands under a menu. Of a menu whose entries the texts do not show, any might."""
        return _plain(menu) not in self._menus or self.knows(f"{menu} {entry}")

    def best_place(self, said: Sequence[Token]) -> int | None:
        """Return the line that shares most; among nearly equal ones the one worded most alike."""
        roots = content(said)
        shared = [(len(roots & line.roots), -len(line.roots), number) for number, line in enumerate(self.lines)]
        top = sorted(shared, reverse=True)[:4]
        if not top or top[0][0] == 0:
            return None
        close = [number for hits, _, number in top if hits >= 0.8 * top[0][0]]
        if len(close) == 1:
            return close[0]
        return max(close, key=lambda number: _alike(said, clause(said, self.lines[number].tokens)))

    def in_one_place(self, roots: frozenset[str], place: int | None) -> int:
        """Count the words met in the best line, its neighbours and one more: a sentence may join two."""
        if place is None:
            return 0
        near = range(max(0, place - 1), min(place + 2, len(self.lines)))
        here = [self.lines[one].roots for one in near if self.text_of[one] == self.text_of[place]]
        return len(roots & self.joined(roots, place).union(*here))

    def joined(self, roots: frozenset[str], place: int) -> frozenset[str]:
        """Return the words of the line that has most of what the best one lacks; none for a single word."""
        lacking = roots - self.lines[place].roots
        most = max(self.lines, key=lambda line: len(lacking & line.roots)).roots
        return most if len(lacking & most) >= 2 else frozenset()


@lru_cache(maxsize=_KEPT)
def lines_of(text: str) -> tuple[Line, ...]:
    return tuple(_line(sentence, tokens(sentence)) for sentence in sentences(text))


def _line(sentence: str, found: tuple[Token, ...]) -> Line:
    times = Counter(token.root for token in found)
    roots, not_so = content(found), denied(found)
    once = frozenset(root for root in not_so if times[root] == 1)
    open_ = content(undecided(found))
    return Line(condition_last(sentence, found), found, roots, once - open_, roots - not_so - open_)


def _norms(found: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.norm for token in found)


def content(found: Iterable[Token]) -> frozenset[str]:
    return frozenset(token.root for token in found if token.is_content)


def clause(said: Sequence[Token], theirs: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the stretch of a much longer evidence sentence that the sentence was taken from."""
    if len(theirs) <= len(said) * 1.5:
        return theirs
    matcher = SequenceMatcher(None, [t.root for t in said], [t.root for t in theirs], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= 2]
    if not blocks:
        return theirs
    start = max(blocks[0].b - blocks[0].a, 0)
    end = min(blocks[-1].b + blocks[-1].size + (len(said) - blocks[-1].a - blocks[-1].size), len(theirs))
    return theirs[start:end]


def _alike(one: Sequence[Token], other: Sequence[Token]) -> float:
    return SequenceMatcher(None, [t.root for t in one], [t.root for t in other], autojunk=False).ratio()


def _plain(label: str) -> str:
    return " ".join(token.norm for token in tokens(label))
