"""`evaluate similar`: only earlier tickets are candidates, and the figures are what a count by hand gives."""

import argparse
import json
from pathlib import Path

import pytest

from scripts import evaluate_similar
from scripts.cases import CasesError

TICKETS = [
    {"ticket_id": "1", "subject": "Swap", "body": "Swapping a shift fails", "created": "2026-01-01T00:00:00Z"},
    {"ticket_id": "2", "subject": "Payroll", "body": "Export to payroll is empty", "created": "2026-01-02T00:00:00Z"},
    {"ticket_id": "3", "subject": "Swap", "body": "I cannot swap a shift", "created": "2026-01-03T00:00:00Z"},
    {"ticket_id": "4", "subject": "Swap", "body": "I cannot swap a shift", "created": "2026-01-04T00:00:00Z"},
]
PAIRS = [
    {"ticket_id": "3", "similar": ["1"]},
    {
        "ticket_id": "9",
        "subject": "Empty export",
        "body": "payroll",
        "created": "2026-01-05T00:00:00Z",
        "similar": ["2"],
    },
    {"ticket_id": "2", "similar": ["3"]},
    {"ticket_id": "nowhere", "similar": ["1"]},
]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))


def call(tmp_path: Path, pairs: list[dict[str, object]], *extra: str) -> int:
    for name, rows in (("tickets", TICKETS), ("pairs", pairs)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    parser = argparse.ArgumentParser()
    evaluate_similar.add_arguments(parser)
    usual = ["--tickets", str(tmp_path / "tickets"), "--pairs", str(tmp_path / "pairs")]
    return evaluate_similar.run(parser.parse_args([*usual, *extra]))


def test_figures(tmp_path: Path) -> None:
    """Of three pairs two are found first; the third points to a later ticket, which is no candidate."""
    assert call(tmp_path, PAIRS, "--json", str(tmp_path / "out")) == 0
    figures = json.loads((tmp_path / "out").read_text())
    for name in ("hit_at_1", "hit_at_3", "hit_at_10", "mrr_at_10"):
        assert figures[name] == pytest.approx(2 / 3)
    assert (figures["pairs"], figures["tickets"]) == (3, 4)


def test_nothing_to_measure_is_said(tmp_path: Path) -> None:
    """Pairs that point nowhere are told so."""
    with pytest.raises(CasesError, match="nothing to measure"):
        call(tmp_path, [{"ticket_id": "3", "similar": ["77"]}])
