"""`python -m scripts.train_screen`: teach the screen what orders to an assistant look like, from our own sentences.

A maintainer's tool: it writes workers/reading/orders.npz, which is shipped. Nothing is read but this repository.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from config.orders import ORDINARY, load_orders
from workers.reading import orders

ROOT = Path(__file__).parents[1]
_STEADINESS = 10.0  # sklearn's C; between 10 and 100 it made no difference
_ERRAND = "off_task"

Rows = list[tuple[str, int]]


def rows(root: Path = ROOT) -> Rows:
    """Return (sentence, class) of everything to learn from: orders.txt, and the sample world as ordinary words."""
    found: Rows = []
    for kind, sentences in load_orders(root / "config" / "orders.txt").items():
        found += [(sentence, _class(kind)) for sentence in sentences]
    found += [(sentence, orders.ORDINARY) for text in _ordinary(root) for sentence in orders.sentences(text)]
    return list(dict(reversed(found)).items())[::-1]


def _class(kind: str) -> int:
    if kind == ORDINARY:
        return orders.ORDINARY
    return orders.ERRAND if kind.startswith(_ERRAND) else orders.ORDER


def _ordinary(root: Path) -> list[str]:
    world = root / "scripts" / "world"
    tickets = map(json.loads, (world / "tickets.jsonl").read_text(encoding="utf-8").splitlines())
    written = [str(ticket.get("body") or "") for ticket in tickets if ticket["kind"] != "injection"]
    return written + [page.read_text(encoding="utf-8") for page in sorted((world / "articles").iterdir())]


def fingerprint(root: Path = ROOT) -> str:
    """Return what orders.txt held, in short. The sample world may grow without making the model stale."""
    return hashlib.sha256(json.dumps([load_orders(root / "config" / "orders.txt"), orders.PLACES]).encode()).hexdigest()


def learn(found: Rows) -> tuple[orders.Floats, orders.Floats]:
    """Return weights (a row a class) and bias."""
    model = LogisticRegression(C=_STEADINESS, class_weight="balanced", max_iter=500)
    model.fit(_matrix([sentence for sentence, _ in found]), [name for _, name in found])
    return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)


def _matrix(sentences: Sequence[str]) -> csr_matrix:
    spelt = [orders.spell(sentence) for sentence in sentences]
    ends = np.cumsum([0, *(len(places) for places, _ in spelt)])
    places = np.concatenate([places for places, _ in spelt])
    values = np.concatenate([values for _, values in spelt])
    return csr_matrix((values, places, ends), shape=(len(spelt), orders.PLACES))


def main() -> None:
    found = rows()
    weights, bias = learn(found)
    np.savez_compressed(orders.WEIGHTS, weights=weights.astype(np.float16), bias=bias, learned_from=fingerprint())
    print(f"{orders.WEIGHTS.name}: {len(found)} sentences")


if __name__ == "__main__":
    main()
