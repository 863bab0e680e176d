"""Which sentences read like an order to an assistant, as far as patterns do not tell: a small linear model. Pure.

It sees a sentence's words, pairs and triples of words, and pieces of words. `python -m scripts.train_screen` makes
orders.npz beside this file from config/orders.txt.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Spelt = tuple[NDArray[np.intp], Floats]

PLACES = 1 << 16
WEIGHTS = Path(__file__).with_name("orders.npz")
# The model's classes. An order aims at the assistant; a foreign errand ("write a poem") is one only inside a message
# that is about something else, so that it counts from the third sentence on.
ORDINARY, ORDER, ERRAND = range(3)
_LIKELY = 0.97  # where about six ordinary tickets in a thousand are suspected, patterns included
_SENTENCES_AROUND_ERRAND = 3

_MAX_CHARS = 6_000
_MAX_SENTENCES = 200
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")
_LONGEST = 300
_SHORTEST = 8
_WORD = re.compile(r"[^\W_]+|\?")
_PIECES = (3, 4, 5)


def reads_like_an_order(text: str) -> bool:
    """Say whether a sentence of the text is very likely meant for an assistant rather than for a support desk."""
    likely = likelihoods(sentences(text))
    if not len(likely):
        return False
    is_order = likely[:, ORDER] > _LIKELY
    is_foreign = len(likely) >= _SENTENCES_AROUND_ERRAND and bool((likely[:, ORDINARY] < 1 - _LIKELY).any())
    return bool(is_order.any()) or is_foreign


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, overlong ones in pieces, the shortest left out."""
    found = (part.strip() for part in _SENTENCE.split(text[:_MAX_CHARS]))
    pieces = (part[at : at + _LONGEST] for part in found for at in range(0, len(part), _LONGEST))
    return [piece for piece in pieces if len(piece) >= _SHORTEST][:_MAX_SENTENCES]


def likelihoods(found: Sequence[str]) -> Floats:
    """Return a row a sentence: how likely it is ordinary, an order, a foreign errand."""
    weights, bias = _model()
    if not found:
        return np.zeros((0, len(bias)), np.float32)
    scores = np.stack([weights[:, places] @ values for places, values in map(spell, found)]) + bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return likely


def spell(sentence: str) -> Spelt:
    """Return the places of a sentence: of its words in order, and of their pieces, each half of length one."""
    words = ("^", *_WORD.findall(sentence.casefold()))
    runs = (" ".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words) - size + 1))
    halves = [_unit(Counter(map(_place, runs))), _unit(Counter(chain.from_iterable(map(_pieces, words))))]
    places, values = (np.concatenate(part) for part in zip(*halves, strict=True))
    return places, values


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[int, ...]:
    padded = f" {word} "
    return tuple(
        _place(f"~{padded[at : at + size]}") for size in _PIECES for at in range(max(1, len(padded) - size + 1))
    )


def _place(piece: str) -> int:
    return zlib.crc32(piece.encode("utf-8", "replace")) % PLACES


def _unit(counts: Counter[int]) -> Spelt:
    values = np.fromiter(counts.values(), np.float32, len(counts))
    return np.fromiter(counts.keys(), np.intp, len(counts)), values / max(float(np.linalg.norm(values)), 1e-9)


@lru_cache(maxsize=1)
def _model() -> tuple[Floats, Floats]:
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        return stored["weights"].astype(np.float32), stored["bias"].astype(np.float32)
