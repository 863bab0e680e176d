"""`deskhand train`: train the classifier's first stage from what is known now, and use it if it is no worse."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from config.everyday import load_everyday
from config.policy import Policy, load_policy
from config.settings import Settings, load_settings
from kb.embed import load_embedder
from scripts.output import add_json_argument, write_json
from workers import intent_shelf
from workers.retraining import compare, end_trial, lessons, retrain, stored
from workers.services import intents_path
from workers.store.labels import Labels
from workers.store.migrate import SchemaError, require_head
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--if-stale", action="store_true", help="only if examples or embedding model changed")
    what.add_argument("--force", action="store_true", help="use the new model even if it is worse, and without a trial")
    what.add_argument("--back", action="store_true", help="go back to the model before this one")
    what.add_argument("--compare", action="store_true", help="show how the model on trial does beside the one in use")
    what.add_argument("--adopt", action="store_true", help="end the trial: use the model on trial if it has won")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    console = Console(file=sys.stderr)
    path, policy = intents_path(settings), load_policy(settings.config)
    if args.back:
        return _go_back(path, console)
    labels = _labels(settings)
    if args.compare or args.adopt:
        result = _trial(labels, policy, path, is_ended=args.adopt)
        console.print(_trial_in_words(result), soft_wrap=True)
    else:
        result = _train(args, settings, policy, labels, console)
    write_json(args.json, result)
    return 0


def _labels(settings: Settings) -> Labels | None:
    """Return the record of what staff said, None where there is no database of this release yet."""
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.sql_url, pool_size=1)
    try:
        require_head(engine)
    except SchemaError:
        return None
    return Labels(engine)


def _train(
    args: argparse.Namespace, settings: Settings, policy: Policy, labels: Labels | None, console: Console
) -> dict[str, Any]:
    path, taught = intents_path(settings), lessons(policy, labels)
    embedder = load_embedder(policy.models.embed, settings.data)
    current = stored(path, embedder)
    if args.if_stale and current and current.taxonomy == taught.taxonomy:
        return {"adopted": False, "reason": "up to date"}
    # A changed list of intents is an order, not a suggestion: nothing is on trial, and only a worse model is refused.
    policy = policy.model_copy(update={"classifying": policy.classifying.model_copy(update={"trial_share": 0.0})})
    with console.status(f"training on {len(taught.rows)} examples"):
        result = retrain(policy, taught, embedder, load_everyday(settings.config), path, force=args.force)
    console.print(_in_words(result), soft_wrap=True)
    return result


def _go_back(path: Path, console: Console) -> int:
    if not intent_shelf.swap(path):
        console.print("there is no earlier model to go back to")
        return 1
    console.print("the model before is in use again; workers notice it within seconds")
    return 0


def _trial(labels: Labels | None, policy: Policy, path: Path, *, is_ended: bool) -> dict[str, Any]:
    if labels is None:
        return {"trial": None}
    if is_ended:
        return {"trial": end_trial(labels, policy, path, now=datetime.now(UTC))}
    found = compare(labels, policy, path)
    return {"trial": found and {**_counts(found[0]), "winner": found[1].value}}


def _counts(duel: Any) -> dict[str, int]:
    return {name: getattr(duel, name) for name in ("both", "only_new", "only_old", "neither")}


def _trial_in_words(result: dict[str, Any]) -> str:
    trial = result["trial"]
    if trial is None:
        return "no model is on trial"
    said = {"new": "the one on trial is better", "old": "the one in use is better", "open": "not decided yet"}
    return (
        f"of tickets that staff labelled or approved: both right {trial['both']}, only the one on trial "
        f"{trial['only_new']}, only the one in use {trial['only_old']}, neither {trial['neither']}; "
        f"{said[trial['winner']]}"
    )


def _in_words(result: dict[str, Any]) -> str:
    def percent(key: str) -> str:
        value = result.get(key)
        return f"{value:.1%}" if isinstance(value, float) else "none"

    if result.get("reason"):
        return str(result["reason"])
    if not result["adopted"]:
        return f"not used: {percent('accuracy')} right on held-out rows, {percent('accuracy_before')} before"
    learned = ", ".join(f"{count} {name}" for name, count in result["learned_from"].items() if count)
    return (
        f"trained from {learned}: {percent('held_back_accuracy')} right on rows it had not seen; decides "
        f"{percent('held_back_coverage')} by itself, {percent('held_back_accuracy_decided')} of these right"
    )
