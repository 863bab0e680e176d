"""`deskhand train-names`: learn what names of people look like in running text, from sentences made for it.

Writes workers/personal/name_weights.json. For those who change sentences, lists or features; the seed is fixed, so the
same sentences and libraries give the same weights.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from scripts.name_sentences import Made, Maker
from workers.personal.name_features import OF_ITSELF, Scene, tokens
from workers.personal.name_tagger import WEIGHTS

_SEED = 20
_TEXTS = 24_000
_BLIND = 0.35  # share of words that are learned without their neighbours, so that lists and spelling count too
_LEAST_MET = 12
_LEAST_WEIGHT = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--texts", type=int, default=_TEXTS, metavar="N", help="how many texts to make")
    parser.add_argument("--out", type=Path, default=WEIGHTS, metavar="FILE", help="where to write the weights")


def run(args: argparse.Namespace) -> int:
    maker = Maker(_SEED)
    weights = learned(maker.text() for _ in range(args.texts))
    args.out.write_text(json.dumps(weights, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(weights)} weights in {args.out}")
    return 0


def learned(texts: Iterable[Made]) -> dict[str, float]:
    """Return a weight for each feature that was met often enough and says something, and the bias under ""."""
    chance = random.Random(_SEED)  # noqa: S311
    rows: list[list[str]] = []
    truth: list[bool] = []
    for features, is_name in (row for made in texts for row in _rows(made)):
        is_blind = chance.random() < _BLIND
        rows.append([one for one in features if one.startswith(OF_ITSELF)] if is_blind else features)
        truth.append(is_name)
    met = Counter(feature for row in rows for feature in row)
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform({feature: 1 for feature in row if met[feature] >= _LEAST_MET} for row in rows)
    matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")  # all liblinear takes
    model = LogisticRegression(C=0.3, solver="liblinear", random_state=_SEED).fit(matrix, truth)
    named = zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True)
    bias = {"": round(float(model.intercept_[0]), 2)}
    return bias | {str(name): round(float(weight), 2) for name, weight in named if abs(weight) >= _LEAST_WEIGHT}


def _rows(made: Made) -> Iterator[tuple[list[str], bool]]:
    found = tokens(made.text, hidden=made.hidden)
    scene = Scene(made.text, found)
    for place, token in enumerate(found):
        if token.may_be_a_name and not any(start <= token.start < end for start, end in made.unclear):
            yield list(scene.features(place)), any(start <= token.start < end for start, end in made.people)
