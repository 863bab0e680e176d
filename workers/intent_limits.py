"""What stage one may decide by itself, fitted on rows it had not seen. For training only.

Where no row is labelled out of scope, whole intents that were held back and everyday chatter stand for it, in the share
that such a list of examples lets expect.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from workers.intent_model import Array, Ids, Judge, Limits, with_scope

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NEVER = 2.0
MAX_REJECTED = 0.01  # share of rightly understood rows that a verdict taught by labelled rows may take away
LABELLED_SHARE = 0.05  # least share of out-of-scope messages that limits are set for, if any are labelled
# A list of so many examples an intent was written before anybody asked: half of what then comes is about something
# else. The longer the lists, the more they are traffic itself, and fifty leave one message in sixteen.
WRITTEN_LIST = 20.0
MAX_FOREIGN = 0.6
LEAST_UNLIKE = 0.1  # less is not worth another five models
LEAST_FOREIGN = 0.05  # however long the lists, so much is looked for that belongs to none
_TRIED = 199  # limits


class Evidence(NamedTuple):
    """Held-back rows: their features, what is true (-1: out of scope) and the intent that came first."""

    features: Array
    truth: Ids
    best: Ids
    is_labelled: bool  # whether somebody marked the out-of-scope rows as such
    worth: Floats  # how much each known row counts

    @property
    def is_known(self) -> Bools:
        known: Bools = self.truth >= 0
        return known


def expected_foreign(rows: Evidence) -> float:
    """Return the share of messages that belong to no intent, as the length of the lists lets expect."""
    known = rows.is_known
    per_intent = rows.worth[known].sum() / max(1, len(np.unique(rows.truth[known])))
    return float(min(MAX_FOREIGN, 1 / (1 + (per_intent / WRITTEN_LIST) ** 3)))


def expected_unlike(rows: Evidence) -> float:
    """Return the share of known messages that will be put as no example is, from 0 to 1.

    A list written in advance holds a few wordings many times over: left out one by one, its rows look far better known
    than what will come. A list of past messages shows by itself how new the next one is.
    """
    share = min(1.0, expected_foreign(rows) / 0.5)
    return 0.0 if rows.is_labelled or share < LEAST_UNLIKE else share


def mixed(rows: Evidence, apart: Evidence, share: float) -> Evidence:
    """Return the rows with this share of the known ones seen apart from all that is like them."""
    known = rows.is_known
    return Evidence(
        np.concatenate([rows.features, apart.features]),
        np.concatenate([rows.truth, apart.truth]),
        np.concatenate([rows.best, apart.best]),
        rows.is_labelled,
        np.concatenate([np.where(known, (1 - share) * rows.worth, 1.0), share * apart.worth]),
    )


def weights(rows: Evidence, least: float = 0.0) -> Floats:
    """Return how much each row counts: a known one 1, out-of-scope ones so that they have their expected share."""
    known = rows.is_known
    outside = int((~known).sum())
    if not outside or not known.any():
        return rows.worth
    share = LABELLED_SHARE if rows.is_labelled else max(least, expected_foreign(rows))
    each = share / (1 - share) * rows.worth[known].sum() / outside
    return np.where(known, rows.worth, max(1.0, each) if rows.is_labelled else each)


def scope(rows: Evidence, coming: Evidence) -> tuple[Judge, float]:
    """Fit the out-of-scope verdict on rows and its limit on what is expected to come.

    Rows seen apart are left out of the verdict: they would teach it that nearness to an example says little.
    """
    known = rows.is_known
    right = known & (rows.best == rows.truth)
    if known.all():  # nothing to tell it from
        return constant(rows.features.shape[1], 0.0), NEVER
    if rows.is_labelled:
        judge = fit(rows.features, ~known, strength=0.1, balanced=True)
        return judge, float(np.quantile(judge.probability(rows.features[right]), 1 - MAX_REJECTED))
    kept = right | ~known  # what was misunderstood says nothing of scope
    judge = fit(rows.features[kept], ~known[kept], strength=0.1, balanced=True)
    return judge, _best_limit(judge.probability(coming.features), coming)


def surety(rows: Evidence, judge: Judge, limit: float, accuracy: float) -> tuple[Judge, Limits, dict[str, float]]:
    """Fit the probability of being right and the limits; return them with what the rows say about the model."""
    weight, known = weights(rows), rows.is_known
    oos = judge.probability(rows.features)
    features, is_out = with_scope(rows.features, oos), oos > limit
    right = rows.best == rows.truth
    sure = fit(features[~is_out], right[~is_out], weight=weight[~is_out])
    chance = sure.probability(features)
    least = least_sure(chance[~is_out], right[~is_out], weight[~is_out], accuracy)
    least_out = max(least_sure(oos[is_out], ~known[is_out], weight[is_out], accuracy), limit)
    decided = np.where(is_out, oos >= least_out, chance >= least)
    verdict = np.where(is_out, ~known, right)
    figures = {  # of the traffic expected, with as many strangers as that lets come
        "held_back_accuracy": _mean(verdict, weight),
        "held_back_coverage": _mean(decided, weight),
        "held_back_accuracy_decided": _mean(verdict[decided], weight[decided]),
    }
    return sure, Limits(limit, least, least_out), figures


def fit(
    features: Array, target: Bools, *, strength: float = 1.0, balanced: bool = False, weight: Floats | None = None
) -> Judge:
    """Fit a logistic model over standardised features."""
    if not len(target) or target.all() or not target.any():
        return constant(features.shape[1], float(target.mean()) if len(target) else 0.0)
    mean, scale = features.mean(axis=0), features.std(axis=0) + np.float32(1e-6)
    linear = LogisticRegression(C=strength, max_iter=1000, class_weight="balanced" if balanced else None)
    linear.fit((features - mean) / scale, target, sample_weight=weight)
    return Judge(mean, scale, linear.coef_[0].astype(np.float32), float(linear.intercept_[0]))


def constant(width: int, probability: float) -> Judge:
    """Return a judge that says the same of everything, for when there is nothing to learn from."""
    zeros = np.zeros(width, np.float32)
    return Judge(zeros, zeros + 1, zeros, 6.0 if probability > 0.5 else -50.0)


def least_sure(sure: Array, right: Bools, weight: Floats, accuracy: float) -> float:
    """Return the lowest confidence from which on verdicts are right often enough; NEVER if there is none."""
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum((right * weight)[order]) / np.maximum(np.cumsum(weight[order]), 1e-9)
    enough = np.flatnonzero(share >= accuracy)
    return float(sure[order[enough[-1]]]) if len(enough) else NEVER


def correlation(truth: Ids, said: Ids, weight: Floats) -> float:
    """Return Matthews' correlation of weighted rows; -1 is a class of its own."""
    size = int(max(truth.max(), said.max())) + 2
    true, claimed = np.bincount(truth + 1, weight, size), np.bincount(said + 1, weight, size)
    total, hits = weight.sum(), weight[truth == said].sum()
    spread = (total**2 - (true**2).sum()) * (total**2 - (claimed**2).sum())
    return float((hits * total - (true * claimed).sum()) / np.sqrt(spread)) if spread > 0 else 0.0


def _best_limit(oos: Array, rows: Evidence) -> float:
    """Return the limit under which verdicts correlate best with what is true, in the traffic expected."""
    weight = weights(rows, LEAST_FOREIGN)
    tried = np.unique(np.quantile(oos, np.linspace(0.005, 1.0, _TRIED)))
    scores = [correlation(rows.truth, np.where(oos > limit, -1, rows.best), weight) for limit in tried]
    return float(tried[int(np.argmax(scores))])


def _mean(values: Bools, weight: Floats) -> float:
    return float(np.average(values, weights=weight)) if len(values) else 0.0
