"""`deskhand train`: train the classifier's first stage from the taxonomy's examples, and use it if it is no worse.

Beside each model lies its trial: the same recipe without the rows that are held out for comparing. Which rows these
are follows from their text, so that no trial of any generation has seen them.
"""

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from config.everyday import load_everyday
from config.policy import Policy, load_policy
from config.settings import Settings, load_settings
from kb.embed import Embedder, load_embedder
from scripts.output import add_json_argument, write_json
from workers.intent_model import OOS, Array, IntentModel, IntentModelError
from workers.intent_training import fingerprint, train
from workers.services import intents_path

Rows = list[tuple[str, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--if-stale", action="store_true", help="only if examples or embedding model changed")
    parser.add_argument("--force", action="store_true", help="use the new model even if it is worse")
    parser.add_argument("--back", action="store_true", help="go back to the model before this one")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    console = Console(stderr=True)
    path = intents_path(settings)
    if args.back:
        return _go_back(path, console)
    rows = examples(load_policy(settings.config))
    embedder = load_embedder("minilm", settings.data)
    current = _current(path, embedder)
    if args.if_stale and current and current.taxonomy == fingerprint(*_columns(rows)):
        write_json(args.json, {"adopted": False, "reason": "up to date"})
        return 0
    with console.status(f"training on {len(rows)} examples"):
        result = _train(rows, path, embedder, settings, force=args.force)
    write_json(args.json, result)
    console.print(_in_words(result), soft_wrap=True)
    return 0


def examples(policy: Policy) -> Rows:
    """Return (text, label) of every example of the taxonomy; an intent named `oos` holds what belongs to none."""
    return [(text, name) for name, intent in policy.intents.items() for text in intent.examples]


def is_held_out(text: str) -> bool:
    """Say whether a row belongs to the fifth that no trial is trained on."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] % 5 == 0


def _train(rows: Rows, path: Path, embedder: Embedder, settings: Settings, *, force: bool) -> dict[str, object]:
    accuracy = load_policy(settings.config).thresholds.stage_one_accuracy
    everyday = load_everyday(settings.config)
    texts = [*_columns(rows)[0], *everyday]
    vectors = dict(zip(texts, embedder.embed(texts), strict=True))  # once for both models
    held_out = [row for row in rows if is_held_out(row[0])]
    trial = _fit([row for row in rows if not is_held_out(row[0])], everyday, embedder, vectors, accuracy)
    before = _current(_trial(path), embedder)
    new, old = _accuracy(trial, held_out, embedder), _accuracy(before, held_out, embedder)
    adopted = force or old is None or new is None or new >= old
    result: dict[str, object] = {"adopted": adopted, "held_out": len(held_out), "accuracy": new, "accuracy_before": old}
    if adopted:
        model = _fit(rows, everyday, embedder, vectors, accuracy)
        path.parent.mkdir(parents=True, exist_ok=True)
        for kept in (path, _trial(path)):
            if kept.exists():
                kept.replace(_previous(kept))
        trial.save(_trial(path))
        model.save(path)
        result |= model.figures
    return result


def _fit(
    rows: Rows, everyday: Sequence[str], embedder: Embedder, vectors: Mapping[str, Array], accuracy: float
) -> IntentModel:
    def embed(texts: list[str]) -> Array:
        return np.stack([vectors[text] for text in texts])

    return train(*_columns(rows), embed, embedder=embedder.name, everyday=everyday, accuracy=accuracy)


def _columns(rows: Rows) -> tuple[list[str], list[str]]:
    return [text for text, _ in rows], [label for _, label in rows]


def _accuracy(model: IntentModel | None, rows: Rows, embedder: Embedder) -> float | None:
    if model is None or not rows:
        return None
    texts, labels = _columns(rows)
    verdicts = model.predict_many(texts, embedder.embed(texts))
    said = [OOS if verdict.is_out_of_scope else verdict.candidates[0].intent for verdict in verdicts]
    return sum(one == label for one, label in zip(said, labels, strict=True)) / len(rows)


def _current(path: Path, embedder: Embedder) -> IntentModel | None:
    """Return the stored model, or None if there is none that this embedder can use."""
    try:
        return IntentModel.load(path, embedder=embedder.name)
    except IntentModelError:
        return None


def _trial(path: Path) -> Path:
    return path.with_name("intents.trial.npz")


def _previous(path: Path) -> Path:
    return path.with_suffix(".previous.npz")


def _go_back(path: Path, console: Console) -> int:
    """Swap the current model and the one before, with their trials."""
    if not _previous(path).exists():
        console.print("there is no earlier model to go back to")
        return 1
    for one in (path, _trial(path)):
        aside = one.with_suffix(".aside")
        one.replace(aside)
        _previous(one).replace(one)
        aside.replace(_previous(one))
    console.print("the model before is in use again; restart the workers")
    return 0


def _in_words(result: dict[str, object]) -> str:
    def percent(key: str) -> str:
        value = result.get(key)
        return f"{value:.1%}" if isinstance(value, float) else "none"

    if not result["adopted"]:
        return f"not used: {percent('accuracy')} right on held-out rows, {percent('accuracy_before')} before"
    return (
        f"trained: {percent('held_back_accuracy')} right on rows it had not seen; decides "
        f"{percent('held_back_coverage')} by itself, {percent('held_back_accuracy_decided')} of these right"
    )
