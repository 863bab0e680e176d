"""`evaluate retrieval`: the figures are what a count by hand gives."""

import argparse
import json
from pathlib import Path

import pytest

from scripts import evaluate_retrieval

ARTICLES = [
    {"doc_id": "swap", "title": "Swap a shift", "summary": "", "body": "Offer the shift to a colleague."},
    {"doc_id": "pay", "title": "Export to payroll", "summary": "", "body": "Approve timesheets, then export."},
    {"doc_id": "plan", "title": "Change your plan", "summary": "", "body": "Owners change it under Billing."},
]
QUERIES = [
    {"query_id": "1", "subject": "Swap", "body": "How do I swap a shift?", "relevant": ["swap"]},
    {"query_id": "2", "text": "exporting timesheets to payroll", "relevant": ["pay"]},
    {"query_id": "3", "text": "change plan in billing", "relevant": ["nowhere"]},
    {"query_id": "4", "text": "not counted", "relevant": []},
]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))
    monkeypatch.delenv("CHROMA_URL", raising=False)


def call(tmp_path: Path, *extra: str) -> int:
    for name, rows in (("articles", ARTICLES), ("queries", QUERIES)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    parser = argparse.ArgumentParser()
    evaluate_retrieval.add_arguments(parser)
    usual = ["--articles", str(tmp_path / "articles"), "--queries", str(tmp_path / "queries")]
    return evaluate_retrieval.run(parser.parse_args([*usual, *extra]))


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_figures(tmp_path: Path, mode: str) -> None:
    """Two of three questions find their article first; a row without `relevant` is left out."""
    assert call(tmp_path, "--mode", mode, "--json", str(tmp_path / "out")) == 0
    figures = json.loads((tmp_path / "out").read_text())
    for name in ("hit_at_1", "hit_at_3", "hit_at_5", "hit_at_10", "mrr_at_10", "ndcg_at_10"):
        assert figures[name] == pytest.approx(2 / 3)
    assert (figures["queries"], figures["chunks"]) == (3, 3)
    assert figures["p95_ms"] >= figures["p50_ms"] > 0


def test_history_is_learned_from(tmp_path: Path) -> None:
    """What staff linked for the same question before comes first, though its own words say nothing of it."""
    asked = {"subject": "Fluctuating widgets", "body": "The widgets fluctuate since Monday."}
    history = [{"query_id": f"h{n}", **asked, "relevant": ["pay"]} for n in range(30)]
    (tmp_path / "history").write_text("".join(json.dumps(row) + "\n" for row in history))
    rows = [{"query_id": "9", **asked, "relevant": ["pay"]}]
    figures = {}
    for name, known in (("before", []), ("after", history)):
        figures[name] = evaluate_retrieval.evaluate(ARTICLES, rows, evaluate_retrieval.Mode.HYBRID, known)
    assert figures["before"]["mrr_at_10"] < 1
    assert figures["after"]["hit_at_1"] == 1
    assert call(tmp_path, "--history", str(tmp_path / "history")) == 0


def test_ranks_are_measured_as_usual() -> None:
    """Second of two places: half a reciprocal rank, and a discounted gain."""
    figures = evaluate_retrieval._measures([[False, True]], [1])
    assert (figures["hit_at_1"], figures["hit_at_3"], figures["mrr_at_10"]) == (0, 1, 0.5)
    assert figures["ndcg_at_10"] == pytest.approx(0.6309, abs=1e-4)
