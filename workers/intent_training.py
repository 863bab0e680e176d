"""Stage one of the classifier in training: labelled examples in, an IntentModel out. The only user of scikit-learn.

Nothing is fitted on rows it is judged by: probabilities, the out-of-scope verdict and the threshold come from rows
that the model at hand had not seen (five folds).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from workers.intent_model import OOS, Array, Ids, IntentModel, Intents, Judge, Limits, Look, blended, with_scope

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FOLDS = 5
STRENGTHS = (10.0, 30.0)  # inverse regularisation, chosen on held-back rows
BLENDS = (0.0, 0.3, 0.6)
MIN_OOS = 20  # fewer labelled out-of-scope rows say too little to judge by
MAX_REJECTED = 0.01  # share of rightly understood rows that the out-of-scope verdict may take away
EXPECTED_OOS = 0.05  # least share of out-of-scope messages that limits are set for, if any are labelled
NEVER = 2.0


class TrainingError(Exception):
    """The examples are too few to train from."""


class HeldBack(NamedTuple):
    """Evidence on rows that the models behind it had not seen. `truth` is an index into labels, -1 out of scope."""

    look: Look
    truth: Ids

    @property
    def has_oos(self) -> bool:
        return int((self.truth < 0).sum()) >= MIN_OOS


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    embed: Callable[[list[str]], Array],
    *,
    embedder: str,
    accuracy: float = 0.97,
    seed: int = 7,
) -> IntentModel:
    """Train stage one. Rows labelled `oos` teach what is out of scope; without any, whole intents are held back for it.

    `accuracy` is what the verdicts that need no second opinion reach on held-back rows. Deterministic for a seed.
    Raise TrainingError with fewer than two intents or fewer than two examples in each.
    """
    counts = Counter(label for label in labels if label != OOS)
    if len(counts) < 2 or max(counts.values()) < 2:
        raise TrainingError(f"stage one wants at least two intents with two examples each, got {dict(counts)}")
    names = tuple(sorted(counts))
    vectors = embed(list(texts)).astype(np.float32)
    # Threads that wait for each other cost ten times more than they save on matrices of this size.
    with threadpool_limits(1):
        return _train(vectors, texts, labels, names, embedder, accuracy, seed)


def _train(
    vectors: Array,
    texts: Sequence[str],
    labels: Sequence[str],
    names: tuple[str, ...],
    embedder: str,
    accuracy: float,
    seed: int,
) -> IntentModel:
    place = {name: index for index, name in enumerate(names)}
    truth = np.array([place.get(label, -1) for label in labels], np.intp)

    held = {strength: _hold_back(vectors, truth, names, strength, seed) for strength in STRENGTHS}
    strength, blend = max(
        ((s, b) for s in STRENGTHS for b in BLENDS), key=lambda pair: _right_share(held[pair[0]], pair[1])
    )
    rows = held[strength]
    temperature = _temperature(rows, blend)
    strangers = None if rows.has_oos else _strangers(vectors, truth, names, strength, seed)
    scope, limit = _scope(rows, strangers, blend, temperature)
    surety, limits, figures = _surety(rows, scope, limit, blend, temperature, accuracy)
    intents = _fit(vectors, truth, names, strength, blend, temperature)
    figures |= {"examples": float(len(texts)), "intents": float(len(names)), "strength": strength, "blend": blend}
    return IntentModel(intents, scope, surety, limits, embedder, fingerprint(texts, labels), figures)


def fingerprint(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Name a set of examples by its content, whatever its order."""
    rows = sorted(f"{label}\0{text}" for text, label in zip(texts, labels, strict=True))
    return hashlib.sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest()[:16]


def _fit(
    vectors: Array, truth: Ids, names: Sequence[str], strength: float, blend: float = 0.0, temperature: float = 1.0
) -> Intents:
    """Fit the linear model; labels without a row get a logit that is never the highest."""
    has_oos = int((truth < 0).sum()) >= MIN_OOS
    kept = slice(None) if has_oos else truth >= 0
    target = np.where(truth < 0, len(names), truth)[kept]
    linear = LogisticRegression(C=strength, max_iter=500, class_weight="balanced").fit(vectors[kept], target)
    width = len(names) + has_oos
    weights, bias = np.zeros((width, vectors.shape[1]), np.float32), np.full(width, -30.0, np.float32)
    if len(linear.classes_) == 2:  # scikit-learn keeps one row for two labels
        weights[linear.classes_] = np.concatenate([-linear.coef_, linear.coef_]) / 2
        bias[linear.classes_] = np.concatenate([-linear.intercept_, linear.intercept_]) / 2
    else:
        weights[linear.classes_], bias[linear.classes_] = linear.coef_, linear.intercept_
    known = truth >= 0
    return Intents(tuple(names), weights, bias, vectors[known], truth[known], has_oos, blend, temperature)


def _hold_back(vectors: Array, truth: Ids, names: Sequence[str], strength: float, seed: int) -> HeldBack:
    """Look at every row with a model that was fitted without it."""
    fold = _folds(truth, seed)
    parts = []
    for number in range(FOLDS):
        test = np.flatnonzero(fold == number)
        rest = fold != number
        parts.append((test, _fit(vectors[rest], truth[rest], names, strength).look(vectors[test])))
    return HeldBack(_joined([look for _, look in parts]), truth[np.concatenate([test for test, _ in parts])])


def _folds(truth: Ids, seed: int) -> Ids:
    """Deal the rows of each label evenly over the folds; a label with a single row is fine."""
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    fold = np.empty(len(truth), np.intp)
    fold[shuffled[np.argsort(truth[shuffled], kind="stable")]] = np.arange(len(truth)) % FOLDS
    return fold


def _strangers(vectors: Array, truth: Ids, names: Sequence[str], strength: float, seed: int) -> Look | None:
    """Look at the rows of whole intents with models that never heard of these intents. None with fewer than four."""
    if len(names) < 4:
        return None
    groups = KFold(min(FOLDS, len(names) // 2), shuffle=True, random_state=seed).split(names)
    looks = []
    for _, strange in groups:
        is_strange = np.isin(truth, strange)
        looks.append(_fit(vectors[~is_strange], truth[~is_strange], names, strength).look(vectors[is_strange]))
    return _joined(looks)


def _joined(looks: Sequence[Look]) -> Look:
    narrow = min(look.similarities.shape[1] for look in looks)
    return Look(
        np.concatenate([look.logits for look in looks]),
        np.concatenate([look.oos_logit for look in looks]),
        np.concatenate([look.votes for look in looks]),
        np.concatenate([look.similarities[:, :narrow] for look in looks]),
    )


def _right_share(rows: HeldBack, blend: float) -> float:
    known = rows.truth >= 0
    right = blended(rows.look, blend, 1.0).argmax(axis=1) == rows.truth
    return float(right[known].mean())


def _temperature(rows: HeldBack, blend: float) -> float:
    """Return the temperature under which held-back rows are likeliest."""
    known = np.flatnonzero(rows.truth >= 0)

    def surprise(temperature: float) -> float:
        chance = blended(rows.look, blend, temperature)[known, rows.truth[known]]
        return float(-np.log(np.maximum(chance, 1e-9)).mean())

    return float(min(np.geomspace(0.2, 3.0, 40), key=surprise))


def _scope(rows: HeldBack, strangers: Look | None, blend: float, temperature: float) -> tuple[Judge, float]:
    """Fit the out-of-scope verdict and its limit: on labelled rows if there are enough, else on intents held back."""
    probabilities = blended(rows.look, blend, temperature)
    features, known = rows.look.features(probabilities), rows.truth >= 0
    if rows.has_oos:
        outside = features[~known]
    elif strangers is not None:
        outside = strangers.features(blended(strangers, blend, temperature))
    else:  # too few intents to hold any back
        return _constant(features.shape[1], 0.0), NEVER
    target = np.repeat([False, True], [int(known.sum()), len(outside)])
    scope = _judge(np.concatenate([features[known], outside]), target, strength=0.1, balanced=True)
    right = known & (probabilities.argmax(axis=1) == rows.truth)
    return scope, float(np.quantile(scope.probability(features[right]), 1 - MAX_REJECTED))


def _surety(
    rows: HeldBack, scope: Judge, limit: float, blend: float, temperature: float, accuracy: float
) -> tuple[Judge, Limits, dict[str, float]]:
    """Fit the probability of being right and the limits; return them with what held-back rows say about the model."""
    probabilities = blended(rows.look, blend, temperature)
    features = rows.look.features(probabilities)
    oos = scope.probability(features)
    known, is_out = rows.truth >= 0, oos > limit
    right = probabilities.argmax(axis=1) == rows.truth
    weight = np.where(known, 1.0, _oos_weight(rows)) if rows.has_oos else known.astype(float)
    judge = _judge(with_scope(features, oos)[~is_out], right[~is_out], weight=weight[~is_out])
    sure = judge.probability(with_scope(features, oos))
    least = _least(sure[~is_out], right[~is_out], weight[~is_out], accuracy)
    least_out = max(_least(oos[is_out], ~known[is_out], weight[is_out], accuracy), limit) if rows.has_oos else NEVER
    decided = np.where(is_out, oos >= least_out, sure >= least)
    verdict = np.where(is_out, ~known, right)
    figures = {
        "held_back_accuracy": float(np.average(verdict, weights=weight)),
        "held_back_coverage": float(np.average(decided, weights=weight)),
        "held_back_accuracy_decided": float(np.average(verdict[decided], weights=weight[decided]))
        if decided.any()
        else 0.0,
    }
    return judge, Limits(limit, least, least_out), figures


def _oos_weight(rows: HeldBack) -> float:
    """Return how much an out-of-scope row counts, so that together they are at least the share expected of traffic."""
    outside = int((rows.truth < 0).sum())
    return max(1.0, EXPECTED_OOS / (1 - EXPECTED_OOS) * (len(rows.truth) - outside) / outside)


def _judge(
    features: Array, target: Bools, *, strength: float = 1.0, balanced: bool = False, weight: Floats | None = None
) -> Judge:
    if target.all() or not target.any():
        return _constant(features.shape[1], float(target.mean()) if len(target) else 0.0)
    mean, scale = features.mean(axis=0), features.std(axis=0) + np.float32(1e-6)
    linear = LogisticRegression(C=strength, max_iter=1000, class_weight="balanced" if balanced else None)
    linear.fit((features - mean) / scale, target, sample_weight=weight)
    return Judge(mean, scale, linear.coef_[0].astype(np.float32), float(linear.intercept_[0]))


def _constant(width: int, probability: float) -> Judge:
    """Return a judge that says the same of everything, for when there is nothing to learn from."""
    zeros = np.zeros(width, np.float32)
    return Judge(zeros, zeros + 1, zeros, 6.0 if probability > 0.5 else -50.0)


def _least(sure: Array, right: Bools, weight: Floats, accuracy: float) -> float:
    """Return the lowest confidence from which on verdicts are right often enough; NEVER if there is none."""
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum((right * weight)[order]) / np.maximum(np.cumsum(weight[order]), 1e-9)
    enough = np.flatnonzero(share >= accuracy)
    return float(sure[order[enough[-1]]]) if len(enough) else NEVER
