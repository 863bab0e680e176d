"""`deskhand autonomy`: what each kind of request may do by itself, and on what evidence."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from config.settings import load_settings
from scripts.output import add_json_argument, write_json
from workers.store.orders import Orders
from workers.store.progress import Progress, Standing
from workers.store.tables import open_engine

_USES = ("unchanged", "edited", "replaced", "ignored", "contested")


class AutonomyError(Exception):
    """The intent asked for is not on record."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--intent", default="", metavar="NAME", help="one intent only, with every step it took")
    parser.add_argument("--lift", default="", metavar="NAME", help="let an intent that staff hold (/never) send again")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    engine = open_engine(load_settings().sql_url)
    orders, progress = Orders(engine), Progress(engine)
    if args.lift and not orders.lift(args.lift, after="as earned", now=datetime.now(UTC)):
        raise AutonomyError(f"intent {args.lift}: nobody holds it")
    standings = [one for one in progress.standings() if args.intent in ("", one.intent)]
    if args.intent and not standings:
        raise AutonomyError(f"intent {args.intent}: nothing on record; `deskhand autonomy` lists those that are")
    uses, steps = progress.draft_uses(), progress.steps(args.intent, limit=50 if args.intent else 10)
    result = {
        "intents": [asdict(one) | {"drafts": _of(uses, one.intent)} for one in standings],
        "steps": [asdict(step) for step in steps],
        "edits": progress.edits(args.intent),
    }
    write_json(args.json, result)
    console = Console(file=sys.stderr if args.json == "-" else sys.stdout)
    for intent, (by, at) in orders.holds().items():
        console.print(f"{intent}: held by staff {by} since {at:%Y-%m-%d %H:%M}; nothing of it is sent by itself")
    if not standings:
        console.print("nothing on record yet: intents are weighed every hour while Deskhand runs")
        return 0
    console.print(_table(standings, uses))
    for step in steps:
        console.print(
            f"{step.at:%Y-%m-%d %H:%M} {step.intent}: {step.before} -> {step.after} by {step.by} ({step.why})"
        )
    if result["edits"]:
        console.print("edited drafts by kind of edit:", ", ".join(f"{k} {n}" for k, n in _sorted(result["edits"])))
    return 0


def _table(standings: Sequence[Standing], uses: Mapping[tuple[str, str], int]) -> Table:
    table = Table(title="what each kind of request may do by itself")
    for name in ("intent", "step", "evidence since its last step", "doubt", "drafts: " + "/".join(_USES)):
        table.add_column(name, justify="right" if name == "doubt" else "left")
    for one in standings:
        counts = _of(uses, one.intent)
        table.add_row(
            one.intent,
            f"{one.step} (pinned)" if one.is_pinned else one.step,
            one.why,
            f"{one.suspicion:.0%}",
            "/".join(str(counts.get(use, 0)) for use in _USES),
        )
    return table


def _of(uses: Mapping[tuple[str, str], int], intent: str) -> dict[str, int]:
    return {use: count for (name, use), count in uses.items() if name == intent}


def _sorted(counted: Any) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda entry: -entry[1])
