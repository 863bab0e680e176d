"""`deskhand evaluate retrieval`: how often the right article is among the first, by the code a live ticket takes."""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from config.settings import SettingsError, load_settings
from kb.domain import Audience, Document, Filter, Precedent, Query, Source
from kb.embed import EmbedError, load_embedder
from kb.knowledge_base import KnowledgeBase, Mode
from kb.markup import to_text
from kb.rerank import Reranker, load_reranker
from scripts.dict_shelf import DictShelf
from workers.redact import mask

_CUTS = (1, 3, 5, 10)


class UsageError(Exception):
    """The command was asked for something it cannot do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--articles", type=Path, required=True, help="JSON Lines: doc_id, title, summary, body")
    parser.add_argument("--queries", type=Path, required=True, help="JSON Lines: subject, body (or text), relevant")
    parser.add_argument("--history", type=Path, help="earlier queries with what staff linked")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.HYBRID.value)
    parser.add_argument("--reranker", default="", help="a cross-encoder, as knowledge.reranker in policy.toml")
    parser.add_argument("--json", metavar="FILE", help="write the figures as one object; - is stdout")


def run(args: argparse.Namespace) -> int:
    """Print the figures. Return 2 on wrong usage and 1 if a file or the model cannot be used, with one line."""
    try:
        history = _rows(args.history) if args.history else []
        reranker = load_reranker(args.reranker)
        figures = evaluate(_rows(args.articles), _rows(args.queries), Mode(args.mode), history, reranker)
    except UsageError as error:
        print(f"evaluate retrieval: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, SettingsError, EmbedError) as error:
        print(f"evaluate retrieval: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if args.json == "-":
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name:14} {value:.3f}" if isinstance(value, float) else f"{name:14} {value}")
    if args.json:
        Path(args.json).write_text(json.dumps(figures) + "\n", encoding="utf-8")
    return 0


def evaluate(
    articles: Sequence[dict[str, Any]],
    queries: Iterable[dict[str, Any]],
    mode: Mode,
    history: Iterable[dict[str, Any]] = (),
    reranker: Reranker | None = None,
) -> dict[str, float | int]:
    """Shelve the articles, ask every query that has `relevant`, and return the figures of CONTRACT.md.

    What staff linked in the rows of `history` is remembered first, as it is from solved tickets.

    Uses the Chroma server of CHROMA_URL if one is set, and the exact search a worker falls back to otherwise.
    """
    settings = load_settings()
    shelf = DictShelf()
    library = KnowledgeBase(shelf, load_embedder("minilm", settings.data), settings.chroma_url, reranker=reranker)
    started = time.perf_counter()
    library.put((_document(row) for row in articles), source=Source.ARTICLE, prefix="")
    learned = library.remember(precedent(row) for row in history)
    wanted = Filter(sources=frozenset({Source.ARTICLE}))
    library.search(Query("", "warm up"), wanted, 1)
    figures: dict[str, float | int] = {"index_seconds": time.perf_counter() - started, "chunks": len(shelf.chunks())}
    figures |= {"learned": learned} if learned else {}
    ranks: list[list[bool]] = []
    counts: list[int] = []
    times: list[float] = []
    for row in queries:
        if not row.get("relevant"):
            continue
        started = time.perf_counter()
        result = library.search(_query(row), replace(wanted, at=moment(row)), 2 * max(_CUTS), mode)
        times.append((time.perf_counter() - started) * 1000)
        relevant = set(map(str, row["relevant"]))
        found = list(dict.fromkeys(passage.document_id for passage in result.passages))[: max(_CUTS)]
        ranks.append([id_ in relevant for id_ in found])
        counts.append(len(relevant))
    library.close()
    if not ranks:
        raise UsageError("no query has `relevant`: nothing to measure")
    return _measures(ranks, counts) | {
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
        "queries": len(ranks),
        **figures,
    }


def _measures(ranks: Sequence[Sequence[bool]], counts: Sequence[int]) -> dict[str, float | int]:
    hits: dict[str, float | int] = {f"hit_at_{k}": sum(any(hit[:k]) for hit in ranks) / len(ranks) for k in _CUTS}
    firsts = [hit.index(True) + 1 if True in hit else math.inf for hit in ranks]
    gains = [
        sum(1 / math.log2(at + 2) for at, is_right in enumerate(hit) if is_right)
        / sum(1 / math.log2(at + 2) for at in range(min(count, max(_CUTS))))
        for hit, count in zip(ranks, counts, strict=True)
    ]
    return hits | {"mrr_at_10": sum(1 / first for first in firsts) / len(ranks), "ndcg_at_10": sum(gains) / len(ranks)}


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _document(row: dict[str, Any]) -> Document:
    body = "\n\n".join(part for part in (row.get("summary") or "", row.get("body") or "") if part)
    return Document(str(row["doc_id"]), Source.ARTICLE, row.get("title") or "", to_text(body), Audience.PUBLIC)


def precedent(row: dict[str, Any]) -> Precedent:
    """Return a row of history as what a solved ticket leaves behind: the masked question and what staff linked."""
    query, vault = _query(row), dict[str, str]()
    sent = dict.fromkeys(map(str, row.get("relevant") or ()), 1.0)
    return Precedent(
        str(row.get("query_id") or row.get("ticket_id")),
        mask(query.subject, vault=vault),
        mask(query.text, vault=vault),
        asked_at=moment(row),
        documents=sent,
    )


def moment(row: dict[str, Any]) -> datetime | None:
    """Return when a row was written, if it says so."""
    return datetime.fromisoformat(row["created"]) if row.get("created") else None


def _query(row: dict[str, Any]) -> Query:
    if "subject" in row or "body" in row:
        return Query(row.get("subject") or "", row.get("body") or "")
    return Query("", row["text"])
