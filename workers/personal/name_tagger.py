"""Find people's names in running text by what was learned of made sentences (scripts/train_names.py). Pure.

A word is scored by its shape, lists and neighbours; a sure one takes less sure ones beside it along.
"""

import json
from collections.abc import Iterator
from math import exp
from pathlib import Path

from workers.once import once
from workers.personal.found import Found, words
from workers.personal.name_features import Scene, Token, tokens

WEIGHTS = Path(__file__).with_name("name_weights.json")
SURE = 0.8
SURE_DOUBTFUL = 0.97  # for a single word in small letters, and for words on no list
LIKELY = 0.3
_PARTICLES = words("van von der den de del della di da dos das do la le bin ibn al el zu ten ter af y e")


def tagged(text: str) -> Iterator[Found]:
    """Yield names of people, each whole: given and family names, initials and particles between them."""
    found = tokens(text)
    chances = likelihoods(text, found)
    for run in _runs(text, found, chances):
        if _is_stray_letter(text, found[run[-1]]):
            run.pop()
        parts = [found[place] for place in run if len(found[place].text) > 1]
        is_doubtful = not any(part.lists for part in parts) or (len(parts) == 1 and parts[0].shape == "l")
        if parts and max(chances[place] for place in run) >= (SURE_DOUBTFUL if is_doubtful else SURE):
            yield "name", found[run[0]].start, found[run[-1]].end


def likelihoods(text: str, found: list[Token]) -> dict[int, float]:
    """Return how likely each token that could be a name is part of one, 0..1."""
    weights = _weights()
    scene = Scene(text, found)
    return {
        place: 1 / (1 + exp(-max(-30.0, sum(weights.get(one, 0.0) for one in scene.features(place)) + weights[""])))
        for place, token in enumerate(found)
        if token.may_be_a_name
    }


def _runs(text: str, found: list[Token], chances: dict[int, float]) -> Iterator[list[int]]:
    """Yield the places of likely tokens that stand together, with the particles between them."""
    run: list[int] = []
    for place in (place for place, chance in sorted(chances.items()) if chance >= LIKELY):
        if run and not _belong_together(text, found, run[-1], place):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _belong_together(text: str, found: list[Token], one: int, other: int) -> bool:
    between = found[one + 1 : other]
    gap = text[found[one].end : found[other].start]
    if "\n" in gap or len(gap) > 12:
        return False
    is_initial = len(found[one].text) == 1
    return all(token.text in _PARTICLES or (token.text == "." and is_initial) for token in between)


def _is_stray_letter(text: str, token: Token) -> bool:
    """Say whether a letter ends the name without being an initial: "Column A"."""
    return len(token.text) == 1 and text[token.end : token.end + 1] != "."


@once
def _weights() -> dict[str, float]:
    weights: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return weights
