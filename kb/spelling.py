"""Pure: misspelt words of a question -> the words the library uses. What the library knows is never touched."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

MIN_LETTERS = 5  # shorter words have too many neighbours
TWO_SLIPS = 8  # from this length on two slips still point at one word
MIN_CHUNKS = 2  # a word of a single chunk may be a slip or a name itself

_WORD = re.compile(r"[a-z]{4,}")


class Speller:
    """Knows the words of some texts. Immutable and safe to share between threads.

    `real` are words that are spelt right although the texts may not have them.
    """

    def __init__(self, texts: Iterable[str], real: frozenset[str] = frozenset()) -> None:
        self._real = real
        self._counts: Counter[str] = Counter()
        for text in texts:
            self._counts.update(set(_WORD.findall(text.lower())))
        self._near: dict[str, list[str]] = {}
        for word, count in self._counts.items():
            if count >= MIN_CHUNKS and len(word) >= MIN_LETTERS - 1:
                for shape in _shapes(word):
                    self._near.setdefault(shape, []).append(word)

    def mend(self, text: str) -> str:
        """Return the text with each unknown plain word replaced by the nearest known one, if one is near enough."""
        return re.sub(r"(?<![\w@./:-])[A-Za-z]{5,}(?![\w@./:-]*[\d_@/])", lambda found: self._mended(found[0]), text)

    def _mended(self, whole: str) -> str:
        word = whole.lower()
        if word in self._counts or word in self._real or not whole[1:].islower():
            return whole
        near = {known for shape in _shapes(word) for known in self._near.get(shape, ())}
        ranked = sorted((distance(word, known), -self._counts[known], known) for known in near)
        slips = 2 if len(word) >= TWO_SLIPS else 1
        if not ranked or ranked[0][0] > slips or ranked[0][2][0] != word[0]:
            return whole
        return ranked[0][2]


def distance(one: str, other: str) -> int:
    """Count the slips between two words: a letter missing, added, another one, or two that changed places."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _shapes(word: str) -> Iterator[str]:
    """Yield the word and all that remains of it without a letter, or two of a long one: near words share a shape."""
    yield word
    for at in range(len(word)):
        shorter = word[:at] + word[at + 1 :]
        yield shorter
        if len(word) >= TWO_SLIPS:
            yield from (shorter[:then] + shorter[then + 1 :] for then in range(at, len(shorter)))
