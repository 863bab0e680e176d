"""`deskhand evaluate intents`: the classifier's first stage, trained on one file and measured on another."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score
from threadpoolctl import threadpool_limits

from config.everyday import load_everyday
from config.policy import load_policy
from config.settings import load_settings
from kb.embed import load_embedder
from scripts.output import add_json_argument, write_json
from workers.intent_model import OOS, IntentModel, Verdict
from workers.intent_training import train


class EvaluationError(Exception):
    """A data file cannot be read; the message names file and line."""


class Judged(NamedTuple):
    """What was said of each row of the test file, and what is true."""

    truth: NDArray[np.str_]
    said: NDArray[np.str_]
    is_decided: NDArray[np.bool_]
    oos: NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--train", required=True, type=Path, metavar="FILE", help="JSON Lines with text and label")
    parser.add_argument("--test", required=True, type=Path, metavar="FILE", help="the same; label oos is out of scope")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    policy = load_policy(settings.config)
    accuracy = policy.thresholds.stage_one_accuracy
    embedder = load_embedder(policy.models.embed, settings.data)
    texts, labels = read_rows(args.train)
    began = time.perf_counter()
    everyday = load_everyday(settings.config)
    model = train(texts, labels, embedder.embed, embedder=embedder.name, everyday=everyday, accuracy=accuracy)
    train_seconds = time.perf_counter() - began

    texts, labels = read_rows(args.test)
    with threadpool_limits(1):  # the figure is one core's time, whatever else the machine is doing
        began = time.process_time()
        verdicts = [model.predict(text, embedder.embed([text])[0]) for text in texts]  # one by one, as tickets come
        milliseconds = (time.process_time() - began) * 1000 / len(texts)

    result = figures(judged(labels, verdicts))
    result |= {"ms_per_message": round(milliseconds, 3), "train_seconds": round(train_seconds, 2)}
    write_json(args.json, result)
    Console(file=sys.stderr if args.json == "-" else sys.stdout).print(_table(result, model))
    return 0


def read_rows(path: Path) -> tuple[list[str], list[str]]:
    """Return texts and labels of a file. Raise EvaluationError on a row without them."""
    rows: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            rows.append((str(row["text"]), str(row["label"])))
        except (ValueError, KeyError, TypeError):
            raise EvaluationError(f"{path}:{number}: wants a JSON object with text and label") from None
    if not rows:
        raise EvaluationError(f"{path}: holds no rows")
    return [text for text, _ in rows], [label for _, label in rows]


def judged(labels: list[str], verdicts: list[Verdict]) -> Judged:
    return Judged(
        np.array(labels),
        np.array([OOS if verdict.is_out_of_scope else verdict.candidates[0].intent for verdict in verdicts]),
        np.array([verdict.is_decided for verdict in verdicts]),
        np.array([verdict.oos_probability for verdict in verdicts]),
    )


def figures(rows: Judged) -> dict[str, float | None]:
    """Compute what CONTRACT names; None where the file has no row to compute it from."""
    right, is_oos, said_oos = rows.said == rows.truth, rows.truth == OOS, rows.said == OOS
    has_both = bool(is_oos.any() and not is_oos.all())
    return {
        "accuracy": _mean(right),
        "macro_f1": round(float(f1_score(rows.truth, rows.said, average="macro", zero_division=0)), 4),
        "mcc": round(float(matthews_corrcoef(rows.truth, rows.said)), 4),
        "in_scope_accuracy": _mean(right[~is_oos]),
        "oos_recall": _mean(said_oos[is_oos]),
        "oos_precision": _mean(is_oos[said_oos]) if is_oos.any() else None,
        "oos_auroc": round(float(roc_auc_score(is_oos, rows.oos)), 4) if has_both else None,
        "coverage": _mean(rows.is_decided),
        "accuracy_decided": _mean(right[rows.is_decided]),
    }


def _mean(values: NDArray[np.bool_]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _table(result: dict[str, float | None], model: IntentModel) -> Table:
    table = Table(title=f"{len(model.intents.labels)} intents, {len(model.intents.examples)} examples")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in result.items():
        table.add_row(name, "-" if value is None else f"{value:g}")
    return table
