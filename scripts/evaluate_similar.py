"""`deskhand evaluate similar`: how often an earlier ticket that staff pointed to is among the most similar ones."""

import argparse
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from config.settings import load_settings
from kb.domain import Filter, Precedent
from kb.embed import load_embedder
from kb.knowledge_base import KnowledgeBase
from scripts.cases import CasesError, read_cases, show
from scripts.dict_shelf import DictShelf
from scripts.output import add_json_argument, write_json
from scripts.questions import masked, milliseconds, moment

_CUTS = (1, 3, 10)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tickets", type=Path, required=True, help="JSON Lines: ticket_id, subject, body, created")
    parser.add_argument("--pairs", type=Path, required=True, help="JSON Lines: ticket_id, similar")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    figures = evaluate(read_cases(args.tickets, ("ticket_id",)), read_cases(args.pairs, ("ticket_id", "similar")))
    write_json(args.json, figures)
    title = f"{figures['pairs']} questions to {figures['tickets']} tickets"
    show(title, figures, on_stderr=args.json == "-")
    return 0


def evaluate(tickets: Sequence[dict[str, Any]], pairs: Iterable[dict[str, Any]]) -> dict[str, float | int]:
    """Remember every ticket, ask for each pair's among those created before it, and return CONTRACT.md's figures."""
    library = KnowledgeBase(DictShelf(), load_embedder("minilm", load_settings().data), "", check_seconds=3600)
    rows = {str(row["ticket_id"]): row for row in tickets}
    asked = [{**rows.get(str(row["ticket_id"]), {}), **row} for row in pairs]
    asked = [row for row in asked if "subject" in row and any(str(id_) in rows for id_ in row["similar"])]
    if not asked:
        raise CasesError("no pair points to one of the tickets: nothing to measure")
    console = Console(stderr=True)
    started = time.perf_counter()
    learned = (_precedent(row) for row in rows.values())
    library.remember(track(learned, "remembering", total=len(rows), console=console, transient=True))
    learn_seconds = time.perf_counter() - started
    ranks, seconds = [], []
    for row in track(asked, "asking", console=console, transient=True):
        started = time.perf_counter()
        found = library.similar(masked(row), Filter(at=moment(row)), max(_CUTS) + 1, least=-1.0)
        seconds.append(time.perf_counter() - started)
        others = [other.id for other in found if other.id != str(row["ticket_id"])][: max(_CUTS)]
        right = {str(id_) for id_ in row["similar"]}
        ranks.append(next((at for at, id_ in enumerate(others, 1) if id_ in right), 0))
    library.close()
    return {
        **{f"hit_at_{cut}": sum(0 < rank <= cut for rank in ranks) / len(ranks) for cut in _CUTS},
        "mrr_at_10": sum(1 / rank for rank in ranks if rank) / len(ranks),
        **milliseconds(seconds),
        "pairs": len(asked),
        "tickets": len(rows),
        "learn_seconds": learn_seconds,
    }


def _precedent(row: dict[str, Any]) -> Precedent:
    asked = masked(row)
    return Precedent(str(row["ticket_id"]), asked.subject, asked.text, asked_at=moment(row))
