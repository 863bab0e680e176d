"""`deskhand train-ear`: learn what messages sound like that a person should have, from sentences written for it.

Writes workers/ear_weights.json. For those who change scripts/rule_sentences.toml or the examples of rules. What is sure
enough is set on sentences that the weights at hand had not seen, nor any that says the same in other words.
"""

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.cluster import AgglomerativeClustering
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from config.everyday import load_everyday
from config.policy import Policy, load_policy
from config.settings import load_settings
from kb.embed import load_embedder
from scripts.world.load import load_world
from workers.domain import Action
from workers.ear import WEIGHTS, is_sentence, weighed, words_of
from workers.reading.asks import sentences
from workers.rules import is_exception

SENTENCES = Path(__file__).with_name("rule_sentences.toml")
# Intents that are ordinary through and through; of the others some messages are for a person and some are not.
_MIXED = {"complaint", "cancel_subscription", "refund_dispute", "legal", "security_incident", "bug_outage"}
_MIXED |= {"privacy_data", "delete_account", "sales_contact"}
_STRENGTH = 3.0
_LEAST_MET = 2  # sentences with a word; once says nothing
_LEAST_WEIGHT = 0.05
_ALIKE = 0.65
_FOLDS = 5
_MISHEARD = 1 / 400  # of ordinary sentences not seen before, so many may be taken for one of a family


class Sentences(NamedTuple):
    """Texts, and which belong to each family. `is_ordinary` ones belong to none."""

    texts: list[str]
    families: dict[str, NDArray[np.bool_]]

    @property
    def is_ordinary(self) -> NDArray[np.bool_]:
        ordinary: NDArray[np.bool_] = ~np.any(list(self.families.values()), axis=0)
        return ordinary


class Learned(NamedTuple):
    """Weights of one family, and the scores that sentences got from weights that had not seen them."""

    coefficients: NDArray[np.float64]
    bias: float
    unseen: NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=WEIGHTS, metavar="FILE", help="where to write the weights")


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    policy = load_policy(settings.config)
    embedder = load_embedder(policy.models.embed, settings.data)
    given = gathered(policy, load_everyday(settings.config))
    vectors = embedder.embed(given.texts)
    with threadpool_limits(1):
        learned, rarity = learn(given, vectors)
    families = {}
    for name, one in learned.items():
        least = least_sure(one.unseen, given.is_ordinary & ~taken_back(given.texts, name, policy))
        families[name] = _written(one, least, list(rarity), vectors.shape[1])
        found = one.unseen[given.families[name]] >= least
        print(f"{name:10s} {len(found):4d} sentences, {found.mean():.2f} heard unseen, from {least:.2f} on")
    raw = {"embedder": embedder.name, "rarity": rarity, "families": families}
    args.out.write_text(json.dumps(raw, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def gathered(policy: Policy, everyday: Sequence[str]) -> Sentences:
    """Return all sentences there are, each once: written ones, those of rules and of the taxonomy, and chatter."""
    raw = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
    belongs: dict[str, set[str]] = {}
    for name, family in raw["families"].items():
        examples = [text for rule in family["rules"] for text in policy.rules[rule].examples]
        for text in [*_lines(family), *examples]:
            belongs.setdefault(text, set()).add(name)
    ordinary = [*_lines(raw["ordinary"]), *everyday, *_answered()]
    ordinary += [text for rule in raw["ordinary"]["rules"] for text in policy.rules[rule].examples]
    ordinary += [text for rule in policy.rules.values() for text in rule.counter_examples]
    for name, intent in policy.intents.items():
        if name not in _MIXED:
            ordinary += [sentence for example in intent.examples for sentence in sentences(example)]
    for text in filter(is_sentence, ordinary):
        belongs.setdefault(text, set())
    texts = list(belongs)
    return Sentences(texts, {name: np.array([name in belongs[text] for text in texts]) for name in raw["families"]})


def _answered() -> list[str]:
    """Return the sentences of the sample world's tickets that may be answered by sending."""
    tickets = load_world().tickets
    answered = [ticket for ticket in tickets if ticket.expect and ticket.expect.action[0] == Action.SEND]
    return [text for ticket in answered for text in (ticket.subject, *sentences(ticket.body)) if text]


def learn(given: Sentences, vectors: NDArray[np.float32]) -> tuple[dict[str, Learned], dict[str, float]]:
    """Fit one linear model a family over meaning and words; return them with how rare each word is."""
    rarity = _rarity(given.texts)
    places = {word: place for place, word in enumerate(rarity)}
    features = hstack([csr_matrix(vectors.astype(np.float64)), _matrix(given.texts, rarity, places)]).tocsr()
    like = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=1 - _ALIKE)
    groups = like.fit_predict(vectors)
    return {name: _learned(features, target, groups) for name, target in given.families.items()}, rarity


def taken_back(texts: Sequence[str], family: str, policy: Policy) -> NDArray[np.bool_]:
    """Say which sentences an exception of the rules for a family takes back, whatever they sound like."""
    asking = [rule for rule in policy.rules.values() if rule.reads_like == family]
    return np.array([any(is_exception(rule, text) for rule in asking) for text in texts])


def least_sure(unseen: NDArray[np.float64], is_ordinary: NDArray[np.bool_]) -> float:
    """Return the score that no more than the allowed share of ordinary sentences reaches."""
    return float(np.quantile(unseen[is_ordinary], 1 - _MISHEARD))


def _learned(features: csr_matrix, target: NDArray[np.bool_], groups: NDArray[np.intp]) -> Learned:
    unseen = np.empty(len(target))
    for known, new in GroupKFold(_FOLDS).split(features, target, groups):
        unseen[new] = _fit(features[known], target[known]).decision_function(features[new])
    whole = _fit(features, target)
    return Learned(whole.coef_[0], float(whole.intercept_[0]), unseen)


def _fit(features: csr_matrix, target: NDArray[np.bool_]) -> LogisticRegression:
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", solver="liblinear", random_state=0)
    return model.fit(features, target)


def _rarity(texts: Sequence[str]) -> dict[str, float]:
    met: dict[str, int] = {}
    for text in texts:
        for word in words_of(text):
            met[word] = met.get(word, 0) + 1
    known = sorted(word for word, times in met.items() if times >= _LEAST_MET)
    return {word: round(float(np.log((1 + len(texts)) / (1 + met[word])) + 1), 3) for word in known}


def _matrix(texts: Sequence[str], rarity: Mapping[str, float], places: Mapping[str, int]) -> csr_matrix:
    rows = [weighed(text, rarity) for text in texts]
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    columns = np.array([places[word] for row in rows for word in row], np.int32)
    values = np.array([value for row in rows for value in row.values()])
    return csr_matrix((values, columns, ends), shape=(len(rows), len(places)))


def _written(one: Learned, least: float, words: Sequence[str], dimension: int) -> dict[str, Any]:
    by_word = zip(words, one.coefficients[dimension:], strict=True)
    return {
        "meaning": [round(float(weight), 3) for weight in one.coefficients[:dimension]],
        "words": {word: round(float(weight), 2) for word, weight in by_word if abs(weight) >= _LEAST_WEIGHT},
        "bias": round(one.bias, 3),
        "least": round(least, 3),
    }


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [line for line in table["sentences"].split("\n") if line]
