"""Hear what a message is about where no word of a rule says so: by meaning and words, learned from sentences.

A rule of config/rules.toml names a family with `reads_like`; without it, only its words count. The weights come from
`deskhand train-ear` and fit one embedder only. Pure, but for reading them.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.domain import Reading
from workers.once import once
from workers.patterns import fold
from workers.reading.asks import sentences

Array = NDArray[np.float32]
Embed = Callable[[list[str]], Array]

WEIGHTS = Path(__file__).with_name("ear_weights.json")
MIN_WORDS = 4  # less is a name or a title as often as a sentence; rules know the short ways to ask
_FIRST, _LAST = 8, 4  # sentences of a message that are listened to: what is felt stands at its ends
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """What tells the sentences of one family: weights of the vector and of words, and the least score that is sure."""

    meaning: Array
    words: Mapping[str, float]
    bias: float
    least: float

    def surplus(self, vector: Array, words: Mapping[str, float]) -> float:
        """Return how far a sentence is over what is needed."""
        said = sum(self.words.get(word, 0.0) * value for word, value in words.items())
        return float(vector @ self.meaning) + said + self.bias - self.least


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """All families, and how rare each known word is."""

    families: Mapping[str, Family]
    rarity: Mapping[str, float]

    def hear(self, reading: Reading, embed: Embed) -> dict[str, str]:
        """Return each family that the requester's newest words sound like, with the sentence that does so most."""
        texts = spoken(reading)
        heard: dict[str, tuple[float, str]] = {}
        for text, vector in zip(texts, embed(texts) if texts else (), strict=True):
            words = weighed(text, self.rarity)
            for name, family in self.families.items():
                surplus = family.surplus(vector, words)
                if surplus >= 0:
                    heard[name] = max(heard.get(name, (0.0, "")), (surplus, text))
        return {name: text for name, (_, text) in heard.items()}


def heard(reading: Reading, ear: Ear | None, embed: Embed) -> dict[str, str]:
    """Return what a message sounds like; nothing without an ear."""
    return ear.hear(reading, embed) if ear else {}


def load_ear(embedder: str) -> Ear | None:
    """Return the ear for this embedder; None if it was learned with another one."""
    ear, learned_with = _stored()
    return ear if embedder == learned_with else None


@once
def _stored() -> tuple[Ear, str]:
    raw: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    families = {
        name: Family(np.array(one["meaning"], np.float32), one["words"], one["bias"], one["least"])
        for name, one in raw["families"].items()
    }
    return Ear(families, raw["rarity"]), raw["embedder"]


def spoken(reading: Reading) -> list[str]:
    """Return the sentences that are listened to: of a first message the subject too."""
    found = [] if reading.is_reply else [reading.subject]
    found += sentences(reading.newest)
    long = list(filter(is_sentence, dict.fromkeys(found)))
    return long if len(long) <= _FIRST + _LAST else [*long[:_FIRST], *long[-_LAST:]]


def is_sentence(text: str) -> bool:
    return len(_WORD.findall(text)) >= MIN_WORDS


def weighed(text: str, rarity: Mapping[str, float]) -> dict[str, float]:
    """Return the known words of a text, each as heavy as it is rare, of length one together."""
    known = {word: rarity[word] for word in words_of(text) if word in rarity}
    length = sum(value * value for value in known.values()) ** 0.5
    return {word: value / length for word, value in known.items()}


def words_of(text: str) -> Sequence[str]:
    return sorted(set(_WORD.findall(fold(text))))
