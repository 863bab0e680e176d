"""Stage one of the classifier at work: a vector in, a verdict out. Plain numpy, no training library.

`workers/intent_training.py` makes these models. A stored model is arrays and JSON, never a pickle, and refuses another
embedder than the one it was trained on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from workers.domain import Candidate
from workers.ngrams import Spelt, spell, weighted, word_places

Array = NDArray[np.float32]
Ids = NDArray[np.intp]

OOS = "oos"  # the label of examples that belong to no intent
FORMAT = 2
NEIGHBOURS = 10
_NEIGHBOUR_TEMPERATURE = 0.05
_ABSENT = np.float32(-30.0)  # logit of a label that the training rows of a fold did not hold
_MARGIN = 3.0  # makes a margin of the spelling as loud as a logit
_FLOOR = 1e-3  # probability of a label that no neighbour has


class IntentModelError(Exception):
    """A stored model cannot be used; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stage one thinks of one message.

    `confidence` is the calibrated probability that the verdict is right. `is_decided` says that it is high enough to
    need no second opinion. Candidates are in-scope intents, highest first, also when the verdict is out of scope.
    """

    candidates: tuple[Candidate, ...]
    confidence: float
    is_decided: bool
    is_out_of_scope: bool
    oos_probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Blend:
    """How much each opinion counts: shares of spelling and neighbours (the rest is meaning), and a temperature."""

    spelling: float = 0.0
    neighbours: float = 0.0
    temperature: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """A linear model over how a text is spelt. `weights` has a row per place, a column per label."""

    weights: NDArray[np.float16]
    bias: Array
    says: Array  # per place: how much it tells; 0 where the examples have nothing

    def margins(self, spelt: Spelt) -> Array:
        """Return how far on each label's side a text stands."""
        places, values = weighted(spelt, self.says)
        margins: Array = values @ self.weights[places].astype(np.float32) + self.bias
        return margins

    def unknown(self, spelt: Spelt) -> float:
        """Return which share of a text the examples have nothing of, 0..1."""
        places, values = spelt
        total = float(values.sum())
        return float(values[self.says[places] == 0].sum()) / total if total else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Intents:
    """Two linear models, of meaning and of spelling, and the examples: blended into one probability per intent.

    `weights` has a row per label and, if `has_oos`, a last one for out of scope. `owners` names each example's label.
    """

    labels: tuple[str, ...]
    weights: Array
    bias: Array
    spelling: Spelling
    examples: Array
    owners: Ids
    centres: Array  # of each label's examples, of length one; a last row for the centre of all
    has_oos: bool
    blend: Blend = Blend()

    def look(self, texts: Sequence[str], vectors: Array) -> "Look":
        """Compare messages with every label and every example."""
        logits = vectors @ self.weights.T + self.bias
        spelt = [spell(text) for text in texts]
        margins = np.stack([self.spelling.margins(one) for one in spelt])
        unknown = np.array([self.spelling.unknown(one) for one in spelt], np.float32)
        votes, nearest = self._neighbours(vectors)
        oos = logits[:, -1] if self.has_oos else np.full(len(vectors), _ABSENT)
        count = len(self.labels)
        return Look(logits[:, :count], margins[:, :count], oos, votes, nearest, vectors @ self.centres.T, unknown)

    def _neighbours(self, vectors: Array) -> tuple[Array, Array]:
        """Return each label's share of the nearest examples' votes, and their similarities, highest first."""
        similarities = vectors @ self.examples.T
        count = min(NEIGHBOURS, self.examples.shape[0])
        nearest = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(similarities, nearest, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        nearest, values = np.take_along_axis(nearest, order, axis=1), np.take_along_axis(values, order, axis=1)
        votes = np.zeros((len(vectors), len(self.labels)), np.float32)
        share = np.exp((values - values[:, :1]) / _NEIGHBOUR_TEMPERATURE)
        for rank in range(count):
            votes[np.arange(len(vectors)), self.owners[nearest[:, rank]]] += share[:, rank]
        return votes / votes.sum(axis=1, keepdims=True), values

    def probabilities(self, look: "Look") -> Array:
        """Return the probability of each intent, given that it is one of them."""
        return blended(look, self.blend)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Raw evidence on some messages, a row each: in-scope logits and spelling margins, the out-of-scope logit,
    neighbours' votes and their similarities (highest first), closeness to each label's centre and, last, to the centre
    of all, and the share that is spelt as nothing known."""

    logits: Array
    margins: Array
    oos_logit: Array
    votes: Array
    similarities: Array
    closeness: Array
    unknown: Array

    def features(self, probabilities: Array) -> Array:
        """Return what tells a known kind of message from an unknown one."""
        best = probabilities.argmax(axis=1)
        top, second = _two_highest(probabilities)
        margin, next_margin = _two_highest(self.margins)
        energy = _log_sum(self.logits)
        nearest_centre = self.closeness[:, :-1].max(axis=1)
        columns = [
            log_odds(top),
            energy,
            self.logits.max(axis=1),
            top,
            top - second,
            self.similarities[:, 0],
            self.similarities[:, :3].mean(axis=1),
            self.similarities.mean(axis=1),
            self.votes.max(axis=1),
            self.votes.argmax(axis=1) == best,
            self.logits.argmax(axis=1) == self.margins.argmax(axis=1),
            margin,
            margin - next_margin,
            nearest_centre,
            nearest_centre - self.closeness[:, -1],
            self.unknown,
            np.clip(self.oos_logit - energy, _ABSENT, -_ABSENT),
        ]
        return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A logistic model over standardised features: the probability that something is so."""

    mean: Array
    scale: Array
    weights: Array
    bias: float

    def probability(self, features: Array) -> Array:
        standard: Array = (features - self.mean) / self.scale
        return _sigmoid(standard @ self.weights + np.float32(self.bias))

    def stacked(self) -> Array:
        """Return it as one array, for a file."""
        bias = np.full_like(self.weights, self.bias)
        return np.stack([self.mean, self.scale, self.weights, bias]).astype(np.float32)

    @classmethod
    def unstacked(cls, rows: Array) -> "Judge":
        mean, scale, weights, bias = rows
        return cls(mean, scale, weights, float(bias[0]))


@dataclass(frozen=True, slots=True)
class Limits:
    """Least probability for an out-of-scope verdict, and for either verdict to need no second opinion (> 1: never)."""

    out_of_scope: float
    decided: float
    decided_out_of_scope: float


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """A trained stage one. `figures` holds what training measured on held-back rows.

    `scope` gives the probability that a message belongs to no intent, `surety` that the best intent is right.
    """

    intents: Intents
    scope: Judge
    surety: Judge
    limits: Limits
    embedder: str
    taxonomy: str  # hash of the examples it was trained from
    figures: Mapping[str, float] = field(default_factory=dict)
    version: str = ""  # names the stored model by its content; "" for one that was never stored

    def predict(self, text: str, vector: Array) -> Verdict:
        """Judge one message. Raise ValueError if the vector has another length than the model's."""
        return self.predict_many([text], vector[np.newaxis, :])[0]

    def predict_many(self, texts: Sequence[str], vectors: Array) -> list[Verdict]:
        """Judge several messages, a row each."""
        if vectors.shape[1:] != (self.intents.weights.shape[1],):
            raise ValueError(f"vectors of {vectors.shape[1:]} do not fit weights of {self.intents.weights.shape}")
        look = self.intents.look(texts, vectors)
        probabilities = self.intents.probabilities(look)
        features = look.features(probabilities)
        oos = self.scope.probability(features)
        sure = self.surety.probability(with_scope(features, oos))
        order = np.argsort(-probabilities, axis=1)[:, :5]
        return [self._verdict(*row) for row in zip(probabilities, order, oos, sure, strict=True)]

    def familiar(self, text: str) -> float:
        """Return which share of a text's words the examples have, 0..1; of no words, all."""
        places = word_places(text)
        return float((self.intents.spelling.says[places] > 0).mean()) if len(places) else 1.0

    def _verdict(self, probabilities: Array, order: Ids, oos: np.float32, sure: np.float32) -> Verdict:
        is_out = bool(oos > self.limits.out_of_scope)
        candidates = tuple(Candidate(self.intents.labels[i], round(float(probabilities[i]), 4)) for i in order)
        confidence = float(oos if is_out else sure)
        least = self.limits.decided_out_of_scope if is_out else self.limits.decided
        return Verdict(candidates, round(confidence, 4), confidence >= least, is_out, round(float(oos), 4))

    def save(self, path: Path) -> None:
        """Write the model to one .npz file, arrays and JSON together, whole or not at all."""
        intents, limits = self.intents, self.limits
        head = {
            "format": FORMAT,
            "embedder": self.embedder,
            "taxonomy": self.taxonomy,
            "labels": intents.labels,
            "has_oos": intents.has_oos,
            "blend": asdict(intents.blend),
            "limits": [limits.out_of_scope, limits.decided, limits.decided_out_of_scope],
            "figures": dict(self.figures),
        }
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file,
                head=np.frombuffer(json.dumps(head).encode(), np.uint8),
                weights=intents.weights,
                bias=intents.bias,
                spelling=intents.spelling.weights,
                spelling_bias=intents.spelling.bias,
                says=intents.spelling.says.astype(np.float16),
                centres=intents.centres,
                examples=intents.examples.astype(np.float16),
                owners=intents.owners.astype(np.int32),
                scope=self.scope.stacked(),
                surety=self.surety.stacked(),
            )
        part.replace(path)

    @classmethod
    def load(cls, path: Path, *, embedder: str) -> "IntentModel":
        """Read a saved model. Raise IntentModelError if it is missing, damaged, or of another format or embedder."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls._read(path, arrays, embedder)
        except FileNotFoundError:
            raise IntentModelError(f"{path}: missing; run `deskhand train`") from None
        except (ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise IntentModelError(f"{path}: damaged ({type(error).__name__}); run `deskhand train`") from None

    @classmethod
    def _read(cls, path: Path, arrays: Mapping[str, NDArray[Any]], embedder: str) -> "IntentModel":
        head = json.loads(arrays["head"].tobytes())
        if (head["format"], head["embedder"]) != (FORMAT, embedder):
            found = f"format {head['format']}, embedder {head['embedder']}"
            raise IntentModelError(f"{path}: {found}; wanted {FORMAT}, {embedder}: run `deskhand train`")
        intents = Intents(
            tuple(head["labels"]),
            arrays["weights"],
            arrays["bias"],
            Spelling(arrays["spelling"], arrays["spelling_bias"], arrays["says"].astype(np.float32)),
            arrays["examples"].astype(np.float32),
            arrays["owners"].astype(np.intp),
            arrays["centres"],
            head["has_oos"],
            Blend(**head["blend"]),
        )
        scope, surety = Judge.unstacked(arrays["scope"]), Judge.unstacked(arrays["surety"])
        return cls(intents, scope, surety, Limits(*head["limits"]), embedder, head["taxonomy"], head["figures"])


def blended(look: Look, blend: Blend) -> Array:
    """Mix what meaning, spelling and neighbours say, as a weighted product, and sharpen or soften the result."""
    meaning = look.logits - _log_sum(look.logits)[:, np.newaxis]
    margins = look.margins * _MARGIN
    spelling = margins - _log_sum(margins)[:, np.newaxis]
    share = 1 - blend.spelling - blend.neighbours
    mixed = share * meaning + blend.spelling * spelling + blend.neighbours * np.log(look.votes + _FLOOR)
    mixed = mixed / blend.temperature
    odds = np.exp(mixed - mixed.max(axis=1, keepdims=True))
    probabilities: Array = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def with_scope(features: Array, oos: Array) -> Array:
    """Return the features for the surety: those of a look, and how foreign the message is."""
    return np.column_stack([features, log_odds(oos)])


def log_odds(probabilities: Array) -> Array:
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    odds: Array = np.log(clipped / (1 - clipped)).astype(np.float32)
    return odds


def _two_highest(values: Array) -> tuple[Array, Array]:
    """Return the highest and the second highest of each row; the second is 0 where there is only one."""
    if values.shape[1] < 2:
        return values[:, 0], np.zeros(len(values), np.float32)
    ordered = -np.partition(-values, 1, axis=1)
    return ordered[:, 0], ordered[:, 1]


def _log_sum(logits: Array) -> Array:
    top = logits.max(axis=1)
    total: Array = top + np.log(np.exp(logits - top[:, np.newaxis]).sum(axis=1))
    return total


def _sigmoid(values: NDArray[np.floating]) -> Array:
    result: Array = (1 / (1 + np.exp(-np.clip(values, -50, 50)))).astype(np.float32)
    return result
