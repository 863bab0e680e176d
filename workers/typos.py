"""Pure: typing errors and run-together words, mended towards a few words that matter; everything else stays as it is.

A word counts as mistyped if one letter was added, left out, exchanged or swapped with its neighbour. Short words are
left alone, and so are those that the caller says are words of their own.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache

SHORTEST = 4  # letters of a word that is mended: of shorter ones every other is one letter away
MOST_WORDS = 2000  # different words of one text that are looked at
_GLUED = ("to", "with", "a", "an", "the", "me", "some")  # begin or end a run-together pair


def mended(tokens: Iterable[str], wanted: Collection[str], real: Collection[str]) -> tuple[str, ...]:
    """Return the tokens with mistyped ones put right and run-together ones apart."""
    known = frozenset(wanted)
    found: dict[str, tuple[str, ...]] = {}
    result: list[str] = []
    for token in tokens:
        if token not in found:
            is_looked_at = len(found) < MOST_WORDS and token not in known and token not in real
            found[token] = _mend(token, known) if is_looked_at else (token,)
        result += found[token]
    return tuple(result)


@lru_cache(maxsize=8192)
def _mend(token: str, wanted: frozenset[str]) -> tuple[str, ...]:
    if len(token) < SHORTEST or not token.isalpha():
        return (token,)
    if pair := _apart(token, wanted):
        return pair
    return (next((word for word in sorted(wanted) if is_one_slip(token, word)), token),)


def _apart(token: str, wanted: frozenset[str]) -> tuple[str, ...]:
    """Return the two words that a missing space has joined, or nothing."""
    for small in _GLUED:
        if token.startswith(small) and token[len(small) :] in wanted:
            return small, token[len(small) :]
        if token.endswith(small) and token[: -len(small)] in wanted:
            return token[: -len(small)], small
    return ()


def is_one_slip(typed: str, meant: str) -> bool:
    """Say whether one slip of a finger makes `typed` of `meant`. The first letter is seldom the wrong one alone."""
    if len(meant) < SHORTEST or abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    at = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    if len(typed) > len(meant):
        return typed[at + 1 :] == meant[at:]
    if len(typed) < len(meant):
        return at > 0 and typed[at:] == meant[at + 1 :]
    is_swapped = typed[at : at + 2] == meant[at : at + 2][::-1] and typed[at + 2 :] == meant[at + 2 :]
    return is_swapped or (at > 0 and typed[at + 1 :] == meant[at + 1 :])
