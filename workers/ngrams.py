"""How a text is spelt: its words, word pairs and pieces of words as weighted places of a fixed row. Pure.

What embeddings miss, this sees: order numbers, product names, typing errors, words of other languages. Places come from
a hash, so that no list of words has to be kept; texts share a place by chance about once in thirty thousand.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Spelt = tuple[Places, Floats]  # places, each once, and how often something fell there (damped)

PLACES = 1 << 15
MAX_CHARS = 2000  # what a message is about stands at its beginning
_PIECES = (2, 3, 4)
_WORD = re.compile(r"[^\W_]+")


def spell(text: str) -> Spelt:
    """Return the places of a text, of its words and of their pieces alike, each half of length one."""
    words = _WORD.findall(text[:MAX_CHARS].casefold())
    halves = [_unit(Counter(map(_place, _whole(words)))), _unit(Counter(map(_place, _pieces(words))))]
    places = np.concatenate([places for places, _ in halves])
    values = np.concatenate([values for _, values in halves])
    unique, where = np.unique(places, return_inverse=True)
    return unique, np.bincount(where, values, len(unique)).astype(np.float32)


def word_places(text: str) -> Places:
    """Return the place of each word of a text."""
    return np.array([_place(f"w {word}") for word in _WORD.findall(text[:MAX_CHARS].casefold())], np.intp)


def rarity(texts: Sequence[Spelt]) -> Floats:
    """Return for every place how much it says: rare ones say more, and 0 stands where no text has anything."""
    seen = np.zeros(PLACES, np.float32)
    for places, _ in texts:
        seen[places] += 1
    says: Floats = np.where(seen > 0, np.log((1 + len(texts)) / (1 + seen)) + 1, 0).astype(np.float32)
    return says


def weighted(spelt: Spelt, says: Floats) -> Spelt:
    """Return a text's places weighted by rarity, of length one; nothing known leaves it empty of value."""
    places, values = spelt
    product = values * says[places]
    length = float(np.linalg.norm(product))
    return places, product / np.float32(length) if length else product


def _whole(words: Sequence[str]) -> Iterable[str]:
    yield from (f"w {word}" for word in words)
    yield from (f"w {one} {two}" for one, two in pairwise(words))


def _pieces(words: Sequence[str]) -> Iterable[str]:
    for word in words:
        padded = f" {word} "
        for size in _PIECES:
            yield from (padded[at : at + size] for at in range(max(1, len(padded) - size + 1)))


def _place(piece: str) -> int:
    return zlib.crc32(piece.encode("utf-8", "replace")) % PLACES


def _unit(counts: Counter[int]) -> Spelt:
    places = np.fromiter(counts.keys(), np.intp, len(counts))
    values = 1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
    return places, (values / max(float(np.linalg.norm(values)), 1e-9)).astype(np.float32)
