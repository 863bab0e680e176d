"""Pure: two versions of stage one on the same tickets, judged by what staff called these or approved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import comb
from typing import Any


class Winner(StrEnum):
    NEW = "new"
    OLD = "old"
    OPEN = "open"  # what was seen says too little


@dataclass(frozen=True, slots=True)
class Duel:
    """On how many labelled tickets both, one or none of the two was right. Only where they differ tells them apart."""

    both: int = 0
    only_new: int = 0
    only_old: int = 0
    neither: int = 0

    @property
    def tickets(self) -> int:
        return self.both + self.only_new + self.only_old + self.neither

    def winner(self, error: float) -> Winner:
        """Name who is better; wrong with at most this probability while the two are equally good."""
        differing = self.only_new + self.only_old
        if chance_of(max(self.only_new, self.only_old), differing) > error / 2:
            return Winner.OPEN
        return Winner.NEW if self.only_new > self.only_old else Winner.OLD


def duel(judged: Iterable[tuple[str, Mapping[str, Any]]], *, old: str, new: str) -> Duel:
    """Count over (true intent, recorded classification) those tickets on which both versions gave an opinion."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for truth, classification in judged:
        said = {one.get("model"): one.get("intent") for one in classification.get("opinions") or ()}
        if old in said and new in said:
            counts[said[new] == truth, said[old] == truth] += 1
    return Duel(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def chance_of(wins: int, trials: int) -> float:
    """Return how likely a fair coin shows at least so many heads."""
    return float(sum(comb(trials, k) for k in range(wins, trials + 1)) / 2**trials)
