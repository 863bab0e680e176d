"""English words and what they are to each other: forms, opposites, two names of one thing (vocabulary.toml). Pure."""

import tomllib
from functools import lru_cache
from pathlib import Path

_KEPT = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP = word_set(_KEPT["stop"])
NEGATORS = word_set(_KEPT["negators"])
# Capitalised or not, these name no particular thing; "May" in the middle of a sentence is a month.
NO_NAMES = (STOP | frozenset({"pc", "ok", "url", "id", "faq", "pdf"})) - {"may"}
_IRREGULAR = dict(pair.split("/") for pair in _KEPT["irregular"].split())


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a lower-case word without its commonest English endings; alike words meet, no more is promised."""
    if word in _IRREGULAR:
        return stem(_IRREGULAR[word])
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeioulsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def root(stem_: str) -> str:
    """Return the stem that stands for all words of the same thing."""
    return _ROOTS.get(stem_, stem_)


def are_same(one: str, other: str) -> bool:
    """Say whether two stems are listed as words for one thing."""
    return (one, other) in _SAME_PAIRS


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the pairs as stems, both ways round."""
    pairs = [pair.split("/") for pair in text.split()]
    return frozenset((stem(one), stem(other)) for pair in pairs for one, other in (pair, pair[::-1]))


OPPOSITES = _pairs(_KEPT["opposites"])
_GROUPS = tuple(tuple(map(stem, line.split())) for line in _KEPT["same"].strip().splitlines())
_SAME_PAIRS = frozenset((one, other) for group in _GROUPS for one in group for other in group)
_ROOTS = {word: group[0] for group in reversed(_GROUPS) for word in group}
