"""`deskhand evaluate intents`: the figures are those of their names."""

import json

import numpy as np
import pytest

from scripts import evaluate_intents
from scripts.__main__ import main
from scripts.evaluate_intents import EvaluationError, figures, judged, read_rows
from tests.fakes.embedder import HashEmbedder
from workers.domain import Candidate
from workers.intent_model import Verdict

FIELDS = {
    "accuracy", "macro_f1", "mcc", "in_scope_accuracy", "oos_recall", "oos_precision", "oos_auroc", "coverage",
    "accuracy_decided", "ms_per_message", "train_seconds",
}  # fmt: skip


def said(intent: str, *, decided: bool, out: bool = False, oos: float = 0.0) -> Verdict:
    return Verdict((Candidate(intent, 1.0),), 0.9, decided, out, oos)


def test_figures_of_a_small_table():
    """Six rows worked out by hand."""
    rows = judged(
        ["a", "a", "b", "b", "oos", "oos"],
        [
            said("a", decided=True, oos=0.1),
            said("b", decided=True, oos=0.2),
            said("b", decided=True, oos=0.1),
            said("b", decided=False, out=True, oos=0.8),
            said("a", decided=False, out=True, oos=0.9),
            said("a", decided=False, oos=0.3),
        ],
    )
    result = figures(rows)
    assert result["accuracy"] == 0.5
    assert result["in_scope_accuracy"] == 0.5
    assert result["oos_recall"] == 0.5
    assert result["oos_precision"] == 0.5
    assert result["oos_auroc"] == 0.875
    assert result["coverage"] == 0.5
    assert result["accuracy_decided"] == pytest.approx(0.6667)


def test_figures_without_out_of_scope_rows_are_none():
    """What the file holds no row for is left empty instead of 0 or 1."""
    result = figures(judged(["a", "b"], [said("a", decided=False), said("b", decided=False)]))
    assert {name for name, value in result.items() if value is None} == {
        "oos_recall",
        "oos_precision",
        "oos_auroc",
        "accuracy_decided",
    }


@pytest.mark.parametrize("line", ["{", '{"text": "a"}', "[]", '"text"'])
def test_a_bad_row_is_named(tmp_path, line):
    """The message names file and line."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": "b"}\n' + line + "\n")
    with pytest.raises(EvaluationError, match=r"rows\.jsonl:2"):
        read_rows(path)


def test_the_command_reports_every_field(tmp_path, monkeypatch, capsys):
    """From two files to one JSON object with exactly the contract's fields, through the dispatcher."""
    monkeypatch.setattr(evaluate_intents, "load_embedder", lambda model, data: HashEmbedder())
    dice = np.random.default_rng(3)
    for name in ("train", "test"):
        lines = [
            {"text": f"{topic} {topic}s {dice.integers(9)}", "label": topic}
            for topic in ("invoice", "roster", "login", "leave")
            for _ in range(12)
        ]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    argv = ["evaluate", "intents", "--train", str(tmp_path / "train"), "--test", str(tmp_path / "test"), "--json", "-"]
    assert main(argv) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == FIELDS
    assert result["accuracy"] == 1.0
