"""Stage one learns anew: from the taxonomy's examples, from what staff called tickets, and from what they approved.

A new model is used only if it is no worse than the one in use on rows that neither has seen. Which rows these are
follows from their text, so that no twin of any generation was trained on them.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from config.policy import Policy
from kb.embed import Embedder
from workers import intent_shelf
from workers.intent_model import OOS, Array, IntentModel, IntentModelError
from workers.intent_training import fingerprint, train
from workers.services import Services
from workers.store.labels import Label, Labels
from workers.trial import Duel, Winner, chance_of, duel

LUCK = 0.2  # a new model with fewer rows right is no worse if chance would do that as often as this
_PER_INTENT = 200  # approved cases of one intent: more of the same teach nothing new


class Example(NamedTuple):
    text: str
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Taught:
    """What stage one learns from, by origin. `examples` are the taxonomy's."""

    examples: tuple[Example, ...]
    relabels: tuple[Example, ...] = ()
    approved: tuple[Example, ...] = ()

    @property
    def rows(self) -> tuple[Example, ...]:
        return self.examples + self.relabels + self.approved

    @property
    def taxonomy(self) -> str:
        """Name the taxonomy's examples by their content."""
        return fingerprint([row.text for row in self.examples], [row.label for row in self.examples])

    def counts(self) -> dict[str, int]:
        return {name: len(getattr(self, name)) for name in ("examples", "relabels", "approved")}


def lessons(policy: Policy, labels: Labels | None) -> Taught:
    """Gather them; only the taxonomy's where there is no record. What it no longer names is left out."""
    examples = tuple(Example(text, name) for name, intent in policy.intents.items() for text in intent.examples)
    if labels is None:
        return Taught(examples)
    rules = policy.classifying
    relabels = _examples(labels.relabels(rules.most_relabels), policy, rules.relabel_weight)
    approved = _examples(labels.approved(rules.most_approved), policy, rules.approved_weight)
    return Taught(examples, relabels, _spread(approved))


def _examples(found: Sequence[Label], policy: Policy, weight: float) -> tuple[Example, ...]:
    return tuple(Example(one.text, one.intent, weight) for one in found if one.intent in policy.intents and one.text)


def _spread(rows: Sequence[Example]) -> tuple[Example, ...]:
    """Return the newest of each intent, so that what is asked most does not drown the rest."""
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row.label] += 1
        if seen[row.label] <= _PER_INTENT:
            kept.append(row)
    return tuple(kept)


def is_held_out(text: str) -> bool:
    """Say whether a row belongs to the fifth that no twin is trained on."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] % 5 == 0


@dataclass(frozen=True, slots=True)
class Contest:
    """Two models on the same held-out rows: how many there are, and how many each has right."""

    rows: int
    new: int
    old: int | None  # None: there is no old model to compare with
    only_new: int = 0  # right by the new one alone
    only_old: int = 0

    @property
    def is_no_worse(self) -> bool:
        """Say whether the new one is as good or its lag is no more than luck."""
        if self.old is None or self.new >= self.old:
            return True
        return chance_of(self.only_old, self.only_new + self.only_old) > LUCK

    def share(self, right: int | None) -> float | None:
        return right / self.rows if self.rows and right is not None else None


def retrain(
    policy: Policy,
    taught: Taught,
    embedder: Embedder,
    everyday: Sequence[str],
    path: Path,
    *,
    force: bool = False,
) -> dict[str, object]:
    """Train a model from what is known now; put it to use if it is no worse, and say what came of it.

    Where policy has new models tried beside the one in use, it goes on trial instead.
    """
    made = _Workshop(policy, embedder, everyday, taught)
    contest = made.contest(path)
    result: dict[str, object] = {
        "adopted": False,
        "on_trial": False,
        "held_out": contest.rows,
        "accuracy": contest.share(contest.new),
        "accuracy_before": contest.share(contest.old),
        "learned_from": taught.counts(),
    }
    if not (force or contest.is_no_worse):
        return result
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh.npz")
    model = made.model()
    model.save(fresh)
    made.twin.save(intent_shelf.twin_path(fresh))
    result |= {**model.figures, "version": intent_shelf.version_of(fresh)}
    is_tried = policy.classifying.trial_share > 0 and path.exists() and not force
    place = intent_shelf.candidate_path(path) if is_tried else path
    if intent_shelf.version_of(place) == result["version"]:
        intent_shelf.drop(fresh)
        return result | {"reason": "nothing new"}
    intent_shelf.put(fresh, place)
    if not is_tried:  # a trial beside another model than this one is none
        intent_shelf.drop(intent_shelf.candidate_path(path))
    return result | {"on_trial" if is_tried else "adopted": True}


class _Workshop:
    """Trains a model and its twin; every text is embedded once."""

    def __init__(self, policy: Policy, embedder: Embedder, everyday: Sequence[str], taught: Taught) -> None:
        self._accuracy = policy.thresholds.stage_one_accuracy
        self._embedder, self._everyday, self._taught = embedder, everyday, taught
        texts = list(dict.fromkeys([*(row.text for row in taught.rows), *everyday]))
        self._vectors: Mapping[str, Array] = dict(zip(texts, embedder.embed(texts), strict=True))
        self.twin = self._fit([row for row in taught.rows if not is_held_out(row.text)])

    def model(self) -> IntentModel:
        return self._fit(self._taught.rows)

    def contest(self, path: Path) -> Contest:
        """Compare the twin with that of the model in use."""
        rows = [row for row in self._taught.rows if is_held_out(row.text)]
        new = self._right(self.twin, rows)
        before = stored(intent_shelf.twin_path(path), self._embedder)
        if before is None:
            return Contest(len(rows), int(new.sum()), None)
        old = self._right(before, rows)
        return Contest(len(rows), int(new.sum()), int(old.sum()), int((new & ~old).sum()), int((old & ~new).sum()))

    def _right(self, model: IntentModel, rows: Sequence[Example]) -> np.ndarray:
        if not rows:
            return np.zeros(0, np.bool_)
        verdicts = model.predict_many([row.text for row in rows], self._embed([row.text for row in rows]))
        said = [OOS if verdict.is_out_of_scope else verdict.candidates[0].intent for verdict in verdicts]
        return np.array([one == row.label for one, row in zip(said, rows, strict=True)], np.bool_)

    def _fit(self, rows: Sequence[Example]) -> IntentModel:
        model = train(
            [row.text for row in rows],
            [row.label for row in rows],
            self._embed,
            embedder=self._embedder.name,
            weights=[row.weight for row in rows],
            everyday=self._everyday,
            accuracy=self._accuracy,
        )
        return replace(model, taxonomy=self._taught.taxonomy)

    def _embed(self, texts: list[str]) -> Array:
        return np.stack([self._vectors[text] for text in texts])


def weekly(services: Services) -> dict[str, Any]:
    """End the trial of a model if it is decided, then train a new one from what is known now."""
    policy, path = services.policy, services.intents.path
    found: dict[str, Any] = {"trial": end_trial(services.labels, policy, path, now=services.now())}
    if intent_shelf.candidate_path(path).exists():
        return found | {"reason": "another model is on trial"}
    taught = lessons(policy, services.labels)
    return found | retrain(policy, taught, services.embedder, services.everyday, path)


def compare(labels: Labels, policy: Policy, path: Path) -> tuple[Duel, Winner] | None:
    """Return how the model on trial does beside the one in use, None if none is on trial."""
    old, new = intent_shelf.version_of(path), intent_shelf.version_of(intent_shelf.candidate_path(path))
    if not new:
        return None
    rules = policy.classifying
    judged = labels.judged(rules.most_relabels + rules.most_approved)
    result = duel(((one.label.intent, one.classification) for one in judged), old=old, new=new)
    # It is looked at with every run, and each look is one more chance to be lucky.
    looks = max(1, ceil(timedelta(days=rules.trial_days).total_seconds() / policy.timing.train_seconds))
    return result, result.winner(rules.trial_error / looks)


def end_trial(labels: Labels, policy: Policy, path: Path, *, now: datetime) -> dict[str, Any] | None:
    """Use the model on trial if it has won; drop it if it has lost, or had its time. None if none is on trial."""
    found = compare(labels, policy, path)
    if found is None:
        return None
    result, winner = found
    place = intent_shelf.candidate_path(path)
    age = now - datetime.fromtimestamp(place.stat().st_mtime, UTC)
    if winner is Winner.NEW:
        intent_shelf.put(place, path)
    elif winner is Winner.OLD or age >= timedelta(days=policy.classifying.trial_days):
        intent_shelf.drop(place)
    return {**asdict(result), "winner": winner.value, "days": round(age.total_seconds() / 86_400, 1)}


def stored(path: Path, embedder: Embedder) -> IntentModel | None:
    """Return a stored model, or None if there is none that this embedder can use."""
    try:
        return intent_shelf.load(path, embedder.name)
    except IntentModelError:
        return None
