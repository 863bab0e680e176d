"""`deskhand evaluate similar`: how often an earlier ticket that staff pointed to is among the most similar ones."""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from config.settings import SettingsError, load_settings
from kb.domain import Filter, Precedent, Query
from kb.embed import EmbedError, load_embedder
from kb.knowledge_base import KnowledgeBase
from scripts.dict_shelf import DictShelf
from scripts.evaluate_retrieval import moment
from workers.redact import mask

_CUTS = (1, 3, 10)


class UsageError(Exception):
    """The command was asked for something it cannot do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tickets", type=Path, required=True, help="JSON Lines: ticket_id, subject, body, created")
    parser.add_argument("--pairs", type=Path, required=True, help="JSON Lines: ticket_id, similar")
    parser.add_argument("--json", metavar="FILE", help="write the figures as one object; - is stdout")


def run(args: argparse.Namespace) -> int:
    """Print the figures. Return 2 on wrong usage and 1 if a file or the model cannot be used, with one line."""
    try:
        figures = evaluate(_rows(args.tickets), _rows(args.pairs))
    except UsageError as error:
        print(f"evaluate similar: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, SettingsError, EmbedError) as error:
        print(f"evaluate similar: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if args.json == "-":
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name:14} {value:.3f}" if isinstance(value, float) else f"{name:14} {value}")
    if args.json:
        Path(args.json).write_text(json.dumps(figures) + "\n", encoding="utf-8")
    return 0


def evaluate(tickets: Sequence[dict[str, Any]], pairs: Iterable[dict[str, Any]]) -> dict[str, float | int]:
    """Remember every ticket, ask for each pair's among those created before it, and return CONTRACT.md's figures."""
    library = KnowledgeBase(DictShelf(), load_embedder("minilm", load_settings().data), "", check_seconds=3600)
    rows = {str(row["ticket_id"]): row for row in tickets}
    asked = [{**rows.get(str(row["ticket_id"]), {}), **row} for row in pairs]
    asked = [row for row in asked if "subject" in row and any(str(id_) in rows for id_ in row["similar"])]
    if not asked:
        raise UsageError("no pair points to one of the tickets: nothing to measure")
    console = Console(stderr=True)
    started = time.perf_counter()
    library.remember(track(_precedents(rows.values()), "remembering", total=len(rows), console=console, transient=True))
    learned = time.perf_counter() - started
    ranks, times = [], []
    for row in track(asked, "asking", console=console, transient=True):
        started = time.perf_counter()
        found = library.similar(_query(row), Filter(at=moment(row)), max(_CUTS) + 1, least=-1.0)
        times.append((time.perf_counter() - started) * 1000)
        others = [other.id for other in found if other.id != str(row["ticket_id"])][: max(_CUTS)]
        right = {str(id_) for id_ in row["similar"]}
        ranks.append(next((at for at, id_ in enumerate(others, 1) if id_ in right), 0))
    library.close()
    return {
        **{f"hit_at_{cut}": sum(0 < rank <= cut for rank in ranks) / len(ranks) for cut in _CUTS},
        "mrr_at_10": sum(1 / rank for rank in ranks if rank) / len(ranks),
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
        "pairs": len(asked),
        "tickets": len(rows),
        "learn_seconds": learned,
    }


def _precedents(rows: Iterable[dict[str, Any]]) -> Iterator[Precedent]:
    for row in rows:
        query = _query(row)
        yield Precedent(str(row["ticket_id"]), query.subject, query.text, asked_at=moment(row))


def _query(row: dict[str, Any]) -> Query:
    """Return a ticket as it is asked and remembered: masked."""
    vault: dict[str, str] = {}
    return Query(mask(row.get("subject") or "", vault=vault), mask(row.get("body") or "", vault=vault))


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
