"""Stage one of the classifier in training: labelled examples in, an IntentModel out.

With intent_limits the only user of scikit-learn.

Nothing is fitted on rows it is judged by: probabilities, the out-of-scope verdict and the threshold come from rows
that the model at hand had not seen.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.cluster import AgglomerativeClustering
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from workers import intent_limits
from workers.intent_limits import Evidence
from workers.intent_model import OOS, Array, Blend, Ids, IntentModel, Intents, Look, Spelling, blended
from workers.ngrams import PLACES, Spelt, rarity, spell, weighted

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FOLDS = 10
FOLDS_APART = 5
MANY = 5000  # rows from which on three folds say as much as five
STRENGTHS = (3.0, 10.0)  # inverse regularisation of the meaning, chosen on held-back rows
BLENDS = tuple(product((0.2, 0.35, 0.5), (0.0, 0.2)))  # shares of spelling and neighbours, chosen there too
SPELLING_STRENGTH = 0.5
MIN_OOS = 20  # fewer labelled out-of-scope rows say too little to judge by
ALIKE = 0.55  # examples of one intent that are this similar say the same in other words
TOO_CLOSE = 0.7  # everyday chatter this similar to an example is none
DOUBT = 0.3  # a row that the others contradict keeps this much weight
_PLAIN = Blend()
_NO_LOGIT, _NO_MARGIN = -30.0, -2.0  # of labels that the rows at hand do not hold


class TrainingError(Exception):
    """The examples are too few to train from."""


class Rows(NamedTuple):
    """Examples: texts, how they are spelt, their vectors, an index into the labels (-1 out of scope), and how much
    each counts."""

    texts: Sequence[str]
    spelt: Sequence[Spelt]
    vectors: Array
    truth: Ids
    weight: Floats

    def where(self, chosen: Bools) -> "Rows":
        places = [int(place) for place in np.flatnonzero(chosen)]
        return Rows(
            [self.texts[i] for i in places],
            [self.spelt[i] for i in places],
            self.vectors[places],
            self.truth[places],
            self.weight[places],
        )

    @property
    def has_oos(self) -> bool:
        return int((self.truth < 0).sum()) >= MIN_OOS


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    embed: Callable[[list[str]], Array],
    *,
    embedder: str,
    weights: Sequence[float] | None = None,
    everyday: Sequence[str] = (),
    accuracy: float = 0.97,
    seed: int = 7,
) -> IntentModel:
    """Train stage one. Rows labelled `oos` teach what is out of scope; without any, whole intents are held back for it.

    `everyday` is chatter that belongs to no list of intents and helps where no row is labelled so. `accuracy` is what
    the verdicts that need no second opinion reach on held-back rows. `weights` says how much each row counts, 1 unless
    given. Deterministic for a seed.
    Raise TrainingError with fewer than two intents or fewer than two examples in each.
    """
    counts = Counter(label for label in labels if label != OOS)
    if len(counts) < 2 or max(counts.values()) < 2:
        raise TrainingError(f"stage one wants at least two intents with two examples each, got {dict(counts)}")
    names = tuple(sorted(counts))
    place = {name: index for index, name in enumerate(names)}
    truth = np.array([place.get(label, -1) for label in labels], np.intp)
    counting = np.ones(len(truth)) if weights is None else np.array(weights, np.float64)
    rows = Rows(texts, [spell(text) for text in texts], embed(list(texts)).astype(np.float32), truth, counting)
    chatter = embed(list(everyday)).astype(np.float32) if everyday and not rows.has_oos else None
    # Threads that wait for each other cost ten times more than they save on matrices of this size.
    with threadpool_limits(1):
        return _train(rows, names, (everyday, chatter), fingerprint(texts, labels), embedder, accuracy, seed)


def _train(
    rows: Rows,
    names: tuple[str, ...],
    everyday: tuple[Sequence[str], Array | None],
    taxonomy: str,
    embedder: str,
    accuracy: float,
    seed: int,
) -> IntentModel:
    dealt = _folds(rows.truth, 3 if len(rows.truth) > MANY else FOLDS, seed)
    held = {strength: _hold_back(rows, names, strength, dealt) for strength in STRENGTHS}
    choices = [(strength, _tempered(held[strength], rows.truth, shares)) for strength in STRENGTHS for shares in BLENDS]
    strength, blend = min(choices, key=lambda choice: _surprise(held[choice[0]], rows.truth, choice[1]))
    look = held[strength]
    intents = _fit(rows, names, strength, blend, weight=_trust(blended(look, blend), rows.truth))
    strange = [] if rows.has_oos else _strangers(rows, names, strength, everyday, intents, seed)
    seen = _evidence([look, *strange], rows.truth, blend, is_labelled=rows.has_oos)
    coming = seen
    if (unlike := intent_limits.expected_unlike(seen)) > 0:
        apart = _hold_back(rows, names, strength, _folds_apart(rows, seed))
        coming = intent_limits.mixed(seen, _evidence([apart], rows.truth, blend, is_labelled=False), unlike)
    scope, limit = intent_limits.scope(seen, coming)
    surety, limits, figures = intent_limits.surety(coming, scope, limit, accuracy)
    figures |= {
        "examples": float(len(rows.truth)),
        "intents": float(len(names)),
        "strength": strength,
        "spelling": blend.spelling,
        "neighbours": blend.neighbours,
    }
    return IntentModel(intents, scope, surety, limits, embedder, taxonomy, figures)


def fingerprint(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Name a set of examples by its content, whatever its order."""
    rows = sorted(f"{label}\0{text}" for text, label in zip(texts, labels, strict=True))
    return hashlib.sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest()[:16]


def _fit(
    rows: Rows, names: Sequence[str], strength: float, blend: Blend = _PLAIN, weight: Floats | None = None
) -> Intents:
    """Fit both linear models; labels without a row get a logit that is never the highest."""
    kept = np.full(len(rows.truth), True) if rows.has_oos else rows.truth >= 0
    some = rows.where(kept)
    target = np.where(some.truth < 0, len(names), some.truth)
    trust = some.weight if weight is None else some.weight * weight[kept]
    width = len(names) + rows.has_oos
    meaning = LogisticRegression(C=strength, max_iter=500, class_weight="balanced")
    meaning.fit(some.vectors, target, sample_weight=trust)
    weights, bias = _spread(meaning, width, _NO_LOGIT)
    known = some.truth >= 0
    examples, owners = some.vectors[known], some.truth[known]
    return Intents(
        tuple(names),
        weights,
        bias,
        _fit_spelling(some.spelt, target, width, trust),
        examples,
        owners,
        _centres(examples, owners, len(names)),
        rows.has_oos,
        blend,
    )


def _fit_spelling(spelt: Sequence[Spelt], target: Ids, width: int, trust: Floats) -> Spelling:
    says = rarity(spelt)
    linear = LinearSVC(C=SPELLING_STRENGTH, class_weight="balanced", tol=1e-3, random_state=0)
    linear.fit(_matrix(spelt, says), target, sample_weight=trust)
    weights, bias = _spread(linear, width, _NO_MARGIN)
    rounded = says.astype(np.float16).astype(np.float32)  # as it will be read from the file
    return Spelling(np.ascontiguousarray(weights.T).astype(np.float16), bias, rounded)


def _spread(linear: LogisticRegression | LinearSVC, width: int, absent: float) -> tuple[Array, Array]:
    """Return weights and bias with a row for every label, whichever labels were there to fit."""
    weights = np.zeros((width, linear.coef_.shape[1]), np.float32)
    bias = np.full(width, absent, np.float32)
    if len(linear.classes_) == 2:  # scikit-learn keeps one row for two labels
        weights[linear.classes_] = np.concatenate([-linear.coef_, linear.coef_]) / 2
        bias[linear.classes_] = np.concatenate([-linear.intercept_, linear.intercept_]) / 2
    else:
        weights[linear.classes_], bias[linear.classes_] = linear.coef_, linear.intercept_
    return weights, bias


def _matrix(spelt: Sequence[Spelt], says: Array) -> csr_matrix:
    rows = [weighted(one, says) for one in spelt]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    values, places = np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows])
    return csr_matrix((values.astype(np.float64), places, ends), shape=(len(rows), PLACES))


def _centres(examples: Array, owners: Ids, count: int) -> Array:
    """Return the direction of each label's examples, and last of all of them; of none, nowhere."""
    sums = np.zeros((count + 1, examples.shape[1]), np.float32)
    np.add.at(sums, owners, examples)
    sums[count] = examples.sum(axis=0)
    centres: Array = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return centres


def _hold_back(rows: Rows, names: Sequence[str], strength: float, fold: Ids) -> Look:
    """Look at every row with a model that was fitted without its fold; in the rows' order."""
    looks, numbers = [], np.unique(fold)
    for number in numbers:
        test = rows.where(fold == number)
        looks.append(_fit(rows.where(fold != number), names, strength).look(test.texts, test.vectors))
    order = np.argsort(np.concatenate([np.flatnonzero(fold == number) for number in numbers]), kind="stable")
    return Look(*(column[order] for column in _columns(looks)))


def _folds(truth: Ids, count: int, seed: int) -> Ids:
    """Deal the rows of each label evenly over the folds; a label with a single row is fine."""
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    fold = np.empty(len(truth), np.intp)
    fold[shuffled[np.argsort(truth[shuffled], kind="stable")]] = np.arange(len(truth)) % count
    return fold


def _folds_apart(rows: Rows, seed: int) -> Ids:
    """Deal the rows so that those of a label that say the same in other words fall together, largest groups first.

    Where most of a label does, it is parted where it differs most: something must be left to know it by.
    """
    dice = np.random.default_rng(seed)
    fold, load = np.zeros(len(rows.truth), np.intp), np.zeros(FOLDS_APART)
    for label in np.unique(rows.truth):
        own = np.flatnonzero(rows.truth == label)
        of_label = np.zeros(FOLDS_APART)
        for members in _parts(own, rows.vectors[own]):
            lightest = int(np.lexsort((dice.random(FOLDS_APART), load, of_label))[0])
            fold[members] = lightest
            of_label[lightest] += len(members)
            load[lightest] += len(members)
    return fold


def _parts(own: Ids, vectors: Array) -> list[Ids]:
    """Return the rows of each group, the largest first; a group of more than half of the rows as its two halves."""
    groups = _groups(vectors)
    for group in np.flatnonzero(2 * np.bincount(groups) > len(own)):
        rows = np.flatnonzero(groups == group)
        if len(rows) > 2:
            halves = AgglomerativeClustering(2, linkage="ward").fit_predict(vectors[rows])
            groups[rows[halves == 1]] = groups.max() + 1
    return [own[groups == group] for group in np.argsort(-np.bincount(groups), kind="stable")]


def _groups(vectors: Array) -> Ids:
    """Return a number for each row that it shares with the rows like it."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), np.intp)
    merging = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=1 - ALIKE)
    groups: Ids = merging.fit_predict(vectors).astype(np.intp)
    return groups


def _strangers(
    rows: Rows,
    names: Sequence[str],
    strength: float,
    everyday: tuple[Sequence[str], Array | None],
    intents: Intents,
    seed: int,
) -> list[Look]:
    """Look at what no model at hand has heard of: whole intents held back from it, and everyday chatter."""
    looks = []
    if len(names) >= 4:
        groups = KFold(min(3 if len(rows.truth) > MANY else 5, len(names) // 2), shuffle=True, random_state=seed)
        for _, strange in groups.split(names):
            is_strange = np.isin(rows.truth, strange)
            others = rows.where(is_strange)
            looks.append(_fit(rows.where(~is_strange), names, strength).look(others.texts, others.vectors))
    texts, vectors = everyday
    if looks and vectors is not None:
        near = (vectors @ intents.examples.T).max(axis=1)
        far = [int(place) for place in np.flatnonzero(near < TOO_CLOSE)]
        if far:
            looks.append(intents.look([texts[i] for i in far], vectors[far]))
    return looks


def _evidence(looks: Sequence[Look], truth: Ids, blend: Blend, *, is_labelled: bool) -> Evidence:
    look = Look(*_columns(looks))
    probabilities = blended(look, blend)
    strangers = len(look.logits) - len(truth)
    return Evidence(
        look.features(probabilities),
        np.concatenate([truth, np.full(strangers, -1, np.intp)]),
        probabilities.argmax(axis=1).astype(np.intp),
        is_labelled,
        np.ones(len(look.logits)),
    )


def _columns(looks: Sequence[Look]) -> list[Array]:
    """Return the evidence of several looks, one under the other."""
    narrow = min(look.similarities.shape[1] for look in looks)
    parts = [
        (k.logits, k.margins, k.oos_logit, k.votes, k.similarities[:, :narrow], k.closeness, k.unknown) for k in looks
    ]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _tempered(look: Look, truth: Ids, shares: tuple[float, float]) -> Blend:
    """Return the blend with the temperature under which held-back rows are likeliest."""
    blends = [Blend(*shares, float(temperature)) for temperature in np.geomspace(0.2, 3.0, 24)]
    return min(blends, key=lambda blend: _surprise(look, truth, blend))


def _surprise(look: Look, truth: Ids, blend: Blend) -> float:
    """Return how unlikely the true labels are: it tells blends apart that are right equally often."""
    known = np.flatnonzero(truth >= 0)
    chance = blended(look, blend)[known, truth[known]]
    return float(-np.log(np.maximum(chance, 1e-9)).mean())


def _trust(probabilities: Array, truth: Ids) -> Floats:
    """Return how far to believe each row's label: less where the other rows speak for another one."""
    known = truth >= 0
    own = probabilities[np.arange(len(truth)), np.where(known, truth, 0)]
    return np.where(known, np.minimum(1.0, DOUBT + own / probabilities.max(axis=1)), 1.0).astype(np.float64)
