"""`deskhand evaluate redaction`: the figures are those of their names, the finder is that of a live ticket."""

import json

import pytest

from scripts.__main__ import main
from scripts.evaluate_redaction import compare, figures
from workers.personal_data import Span


def label(start: int, end: int, kind: str) -> dict[str, object]:
    return {"start": start, "end": end, "type": kind}


def test_a_span_counts_when_nine_tenths_of_it_are_masked():
    """Ten characters: nine masked are enough, eight are not; two neighbouring masks may share it."""
    case = {"text": "x" * 20, "spans": [label(0, 10, "PERSON"), label(10, 20, "PERSON")]}
    masked = compare([case], [[Span(0, 5, "name"), Span(5, 9, "name"), Span(10, 18, "name")]])
    assert masked.labelled == [("PERSON", True), ("PERSON", False)]


def test_precision_is_judged_on_structured_kinds_alone():
    """A name nobody labelled is no false alarm; a phone number nobody labelled is one."""
    case = {"text": "x" * 40, "spans": [label(0, 10, "EMAIL_ADDRESS"), label(20, 30, "PERSON")]}
    found = [Span(0, 10, "email"), Span(12, 16, "name"), Span(20, 25, "phone")]
    result = figures(compare([case], [found]))
    assert result["structured_precision"] == 0.5
    assert result["structured_recall"] == 1.0
    assert result["recall"] == 0.5
    assert result["by_type"] == {"EMAIL_ADDRESS": {"recall": 1.0}, "PERSON": {"recall": 0.0}}


def test_the_command_prints_and_writes(tmp_path, capsys):
    """The object has the fields of CONTRACT."""
    text = "Please write to ann@example.org"
    rows = [
        {"text": text, "spans": [label(text.index("ann"), len(text), "EMAIL_ADDRESS")]},
        {"text": "Hi", "spans": []},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    target = tmp_path / "result.json"
    assert main(["evaluate", "redaction", "--cases", str(tmp_path / "rows.jsonl"), "--json", str(target)]) == 0
    result = json.loads(target.read_text())
    assert set(result) == {"recall", "structured_recall", "structured_precision", "by_type", "ms_per_case"}
    assert result["recall"] == pytest.approx(1.0)
    assert "2 texts masked" in capsys.readouterr().out
