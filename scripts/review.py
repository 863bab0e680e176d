"""`deskhand review`: what of the knowledge base a person should look at, and what it lacks."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from config.policy import load_policy
from config.settings import load_settings
from kb.embed import Embedder, load_embedder
from scripts.output import add_json_argument, write_json
from workers.freshness import Finding, Gap, called_wrong, compared, gaps, is_replaced, out_of_date, overdue
from workers.services import utc_now
from workers.store.gaps import unanswered
from workers.store.library import Library
from workers.store.tables import open_engine

_TITLES = {
    "overdue": "not looked at for long",
    "out_of_date": "out of its dates",
    "called_wrong": "called wrong",
    "said_twice": "said twice",
    "contradiction": "contradiction",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=float, default=90.0, help="how far back to look for questions without an answer")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    engine, now = open_engine(settings.sql_url), utc_now()
    policy = load_policy(settings.config)
    embedder = load_embedder(policy.models.embed, settings.data)
    findings = look(Library(engine, utc_now), embedder, policy.knowledge.review_days)
    asked = unanswered(engine, since=now - timedelta(days=args.days))
    lacking = gaps(asked, embedder.embed([one.text for one in asked]))
    write_json(args.json, {"findings": [asdict(one) for one in findings], "gaps": [asdict(gap) for gap in lacking]})
    console = Console(file=sys.stderr if args.json == "-" else sys.stdout)
    console.print(_findings(findings) if findings else "nothing of the library needs a look")
    console.print(_gaps(lacking) if lacking else "every question found something")
    return 0


def look(library: Library, embedder: Embedder, days: float) -> list[Finding]:
    """Return what the whole library has to show, what staff called wrong first."""
    now = utc_now()
    items = [item for item in library.chunks() if not is_replaced(item.document, now)]
    documents = {item.document.id: item.document for item in items}
    known = [item.precedent for item in library.precedents_after(0, embedder.name) if not item.is_gone]
    with_vector = [item for item in items if len(item.vector) == 4 * embedder.dimension]
    vectors = np.frombuffer(b"".join(item.vector for item in with_vector), np.float32).reshape(-1, embedder.dimension)
    return [
        *called_wrong(documents, known),
        *compared(with_vector, vectors),
        *out_of_date(documents.values(), now),
        *overdue(documents.values(), now, days),
    ]


def _findings(findings: Sequence[Finding]) -> Table:
    table = Table(title="knowledge to look at")
    for name in ("what", "document", "why"):
        table.add_column(name, overflow="fold")
    for one in findings:
        table.add_row(_TITLES[one.kind], f"{one.title}\n{one.url or one.document_id}", one.why)
    return table


def _gaps(lacking: Sequence[Gap]) -> Table:
    table = Table(title="asked, and nothing in the library answered")
    table.add_column("tickets", justify="right")
    table.add_column("for example", overflow="fold")
    table.add_column("which", overflow="fold")
    for gap in lacking:
        table.add_row(str(gap.count), gap.example[:300], ", ".join(gap.ticket_ids))
    return table
