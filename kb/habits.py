"""Pure: what staff are in the habit of sending, as a linear model from the vector of a question to documents.

The neighbours of a question (kb/history.py) speak for single tickets; this speaks for what all tickets of a document
have in common, so that one odd neighbour weighs less. It is numbers in memory, made again from the tickets and never
stored: what is forgotten there is forgotten here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST_SENT = 3  # tickets with a document before it has a habit
MOST_DOCUMENTS = 300  # those sent most: with MOST_TICKETS it bounds the time to some two seconds
MOST_TICKETS = 3000  # the newest
_RIDGE = 0.033
_STEPS = 30  # 80 order documents the same


@dataclass(frozen=True, slots=True)
class Habits:
    """A column of weights for each document; the last row is how often it is sent for whatever."""

    documents: tuple[str, ...]
    weights: Floats

    def shares(self, vector: Floats) -> dict[str, float]:
        """Return how probable it is that staff send a document for a question; together 1."""
        chances = _softmax((vector @ self.weights[:-1] + self.weights[-1])[None])[0]
        return {id_: float(chance) for id_, chance in zip(self.documents, chances, strict=True)}


def habits(vectors: Floats, sent: Sequence[Mapping[str, float]]) -> Habits | None:
    """Learn from questions and what was sent for each; None where too little was sent to make a habit.

    A logistic regression over documents. Each step goes down a bound of the loss whose curvature is the same at every
    step (Böhning 1992), so that one inverse serves all of them and no step length has to be sought.
    """
    counts = Counter(id_ for weights in sent for id_, weight in weights.items() if weight > 0)
    documents = tuple(id_ for id_, count in counts.most_common(MOST_DOCUMENTS) if count >= LEAST_SENT)
    if len(documents) < 2:
        return None
    column = {id_: at for at, id_ in enumerate(documents)}
    wanted = np.zeros((len(sent), len(documents)), np.float32)
    for row, weights in enumerate(sent):
        for id_ in column.keys() & weights.keys():
            wanted[row, column[id_]] = max(weights[id_], 0.0)
    told = wanted.sum(axis=1) > 0
    wanted = wanted[told] / wanted[told].sum(axis=1, keepdims=True)
    rows = np.hstack([vectors[told], np.ones((int(told.sum()), 1), np.float32)])
    return Habits(documents, _fitted(rows, wanted))


def _fitted(rows: Floats, wanted: Floats) -> Floats:
    """Return the weights of least loss, nearly: gradient steps with the momentum of Nesterov."""
    ridge = np.float32(_RIDGE)
    inverse = np.linalg.inv(0.5 * rows.T @ rows + ridge * np.eye(rows.shape[1], dtype=np.float32))
    weights = ahead = np.zeros((rows.shape[1], wanted.shape[1]), np.float32)
    pace = 1.0
    for _ in range(_STEPS):
        following = ahead + inverse @ (rows.T @ (wanted - _softmax(rows @ ahead)) - ridge * ahead)
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = following + np.float32((pace - 1) / faster) * (following - weights)
        weights, pace = following, faster
    return weights


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
