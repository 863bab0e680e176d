"""`deskhand evaluate retrieval`: how often the right article is among the first, by the code a live ticket takes."""

import argparse
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.settings import load_settings
from kb.domain import Audience, Document, Filter, Query, Source
from kb.embed import load_embedder
from kb.knowledge_base import KnowledgeBase, Mode
from kb.markup import to_text
from kb.rerank import Reranker, load_reranker
from scripts.cases import CasesError, read_cases, show
from scripts.dict_shelf import DictShelf
from scripts.output import add_json_argument, write_json
from scripts.questions import milliseconds, moment, precedent, question

_CUTS = (1, 3, 5, 10)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--articles", type=Path, required=True, help="JSON Lines: doc_id, title, summary, body")
    parser.add_argument("--queries", type=Path, required=True, help="JSON Lines: subject, body (or text), relevant")
    parser.add_argument("--history", type=Path, help="earlier queries with what staff linked")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.HYBRID.value)
    parser.add_argument("--reranker", default="", help="a cross-encoder, as knowledge.reranker in policy.toml")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    articles, queries = read_cases(args.articles, ("doc_id",)), read_cases(args.queries, ())
    history = read_cases(args.history, ()) if args.history else []
    figures = evaluate(articles, queries, Mode(args.mode), history, load_reranker(args.reranker))
    write_json(args.json, figures)
    show(f"{figures['queries']} questions to {len(articles)} articles", figures, on_stderr=args.json == "-")
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
    seconds: list[float] = []
    for row in queries:
        if not row.get("relevant"):
            continue
        asked, seen = question(row), replace(wanted, at=moment(row))
        started = time.perf_counter()
        result = library.search(asked, seen, 2 * max(_CUTS), mode)
        seconds.append(time.perf_counter() - started)
        relevant = set(map(str, row["relevant"]))
        found = list(dict.fromkeys(passage.document_id for passage in result.passages))[: max(_CUTS)]
        ranks.append([id_ in relevant for id_ in found])
        counts.append(len(relevant))
    library.close()
    if not ranks:
        raise CasesError("no query has `relevant`: nothing to measure")
    return _measures(ranks, counts) | milliseconds(seconds) | {"queries": len(ranks)} | figures


def _measures(ranks: Sequence[Sequence[bool]], counts: Sequence[int]) -> dict[str, float | int]:
    hits: dict[str, float | int] = {f"hit_at_{k}": sum(any(hit[:k]) for hit in ranks) / len(ranks) for k in _CUTS}
    firsts = [hit.index(True) + 1 if True in hit else math.inf for hit in ranks]
    gains = [
        sum(1 / math.log2(at + 2) for at, is_right in enumerate(hit) if is_right)
        / sum(1 / math.log2(at + 2) for at in range(min(count, max(_CUTS))))
        for hit, count in zip(ranks, counts, strict=True)
    ]
    return hits | {"mrr_at_10": sum(1 / first for first in firsts) / len(ranks), "ndcg_at_10": sum(gains) / len(ranks)}


def _document(row: dict[str, Any]) -> Document:
    body = "\n\n".join(part for part in (row.get("summary") or "", row.get("body") or "") if part)
    return Document(str(row["doc_id"]), Source.ARTICLE, row.get("title") or "", to_text(body), Audience.PUBLIC)
