"""`deskhand evaluate groundedness`: the figures are those of their names, the check is that of a live draft."""

import json
from pathlib import Path

import pytest

from config.policy import load_policy
from scripts.__main__ import main
from scripts.evaluate_groundedness import figures, judge
from workers.domain import Finding, Findings

TEXT = "Invoices are sent on the first day of the month. You can change the address under Settings > Billing."


def row(answer: str, label: str, kind: str = "") -> dict[str, str]:
    return {"context": TEXT, "answer": answer, "label": label, "kind": kind}


def test_figures_of_a_small_table():
    """Five rows worked out by hand."""
    labels = ["unsupported", "unsupported", "unsupported", "supported", "supported"]
    kinds = ["number", "number", "promise", "", ""]
    cases = [row("", label, kind) for label, kind in zip(labels, kinds, strict=True)]
    wrong, right = Findings((Finding("unsupported_number", "9"),), 0.2), Findings((), 0.9)
    promise = Findings((Finding("promise", "we will refund"),), 0.7)
    result = figures(cases, [wrong, right, promise, right, wrong])
    assert result["recall"] == pytest.approx(0.6667)
    assert result["precision"] == pytest.approx(0.6667)
    assert result["supported_let_through"] == 0.5
    assert result["balanced_accuracy"] == pytest.approx(0.5834, abs=1e-4)
    assert result["by_kind"] == {"number": {"recall": 0.5}, "promise": {"recall": 1.0}}


def test_one_label_alone_has_no_balance():
    """What the file holds no row for is left empty instead of 0 or 1."""
    result = figures([row("", "supported")], [Findings()])
    assert result["balanced_accuracy"] is None
    assert result["auroc"] is None
    assert result["recall"] is None
    assert result["f1"] is None


def test_an_answer_is_checked_as_a_draft_that_cites_its_text():
    """A number that the text does not have is caught; what the text says is let through."""
    check_one = judge(load_policy(Path("config")))
    assert check_one(row("Invoices are sent on day 9 of the month.", "unsupported")).is_clean is False
    assert check_one(row("Invoices are sent on the first day of the month.", "supported")).is_clean


def test_the_command_prints_and_writes(tmp_path, monkeypatch, capsys):
    """Rows with other labels are skipped; the object has the fields of CONTRACT."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    rows = [
        row("You can change the address under Settings > Billing.", "supported", "verbatim"),
        row("You can change the address under Settings > Account.", "unsupported", "ui_label"),
        row("Hello.", "generic"),
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    target = tmp_path / "result.json"
    assert main(["evaluate", "groundedness", "--cases", str(tmp_path / "rows.jsonl"), "--json", str(target)]) == 0
    result = json.loads(target.read_text())
    assert set(result) == {
        "precision", "recall", "f1", "balanced_accuracy", "auroc", "supported_let_through", "by_kind",
        "by_supported_kind", "ms_per_case",
    }  # fmt: skip
    assert result["recall"] == 1.0
    assert result["supported_let_through"] == 1.0
    assert "2 answers held against their texts" in capsys.readouterr().out
