"""`deskhand evaluate escalation`: the figures are those of their names, the rules are those of a live ticket."""

import json
from pathlib import Path

import pytest

from config.policy import load_policy
from scripts.__main__ import main
from scripts.evaluate_escalation import figures, is_escalated

CONFIG = Path(__file__).parents[2] / "config"


def test_figures_of_a_small_table():
    """Worked out by hand; reasons count only where escalation is wanted."""
    cases = [
        {"text": "", "escalate": True, "reasons": ["legal", "anger"]},
        {"text": "", "escalate": True, "reasons": ["legal"]},
        {"text": "", "escalate": False, "reasons": []},
        {"text": "", "escalate": False, "reasons": []},
    ]
    result = figures(cases, [True, False, True, False])
    assert (result["precision"], result["recall"], result["f1"]) == (0.5, 0.5, 0.5)
    assert result["false_negative_rate"] == 0.5
    assert result["by_reason"] == {"anger": {"recall": 1.0}, "legal": {"recall": 0.5}}


def test_nothing_to_find_leaves_recall_empty():
    """A file without a message to escalate has a precision of what was escalated only."""
    result = figures([{"text": "", "label": "other"}], [True])
    assert (result["recall"], result["false_negative_rate"], result["precision"], result["f1"]) == (
        None,
        None,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"text": "You will hear from my lawyer.", "escalate": True}, True),
        ({"text": "How do I publish a roster?", "escalate": False}, False),
        ({"text": "> You will hear from my lawyer.\n\nHow do I publish a roster?", "escalate": False}, False),
        ({"text": "Let me talk to a real person.", "label": "human_handoff"}, True),
        ({"text": "You will hear from my lawyer.", "label": "other"}, False),
    ],
)
def test_a_text_meets_the_rules_as_a_ticket(case, expected):
    """The body is read as mail is; where the file is about asking for a person, only that rule counts."""
    assert is_escalated(case, load_policy(CONFIG), lambda _: {}) is expected


def test_the_command_leaves_borderline_rows_out(tmp_path, capsys, monkeypatch):
    """The object has the fields of CONTRACT, of the rows that are clear."""
    monkeypatch.setenv("DESKHAND_CONFIG", str(CONFIG))
    rows = [
        {"text": "I want a human.", "escalate": True, "reasons": ["asks_human"], "borderline": False},
        {"text": "How do I export?", "escalate": True, "reasons": ["anger"], "borderline": True},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    target = tmp_path / "result.json"
    assert main(["evaluate", "escalation", "--cases", str(tmp_path / "rows.jsonl"), "--json", str(target)]) == 0
    result = json.loads(target.read_text())
    assert set(result) == {"precision", "recall", "f1", "false_negative_rate", "by_reason", "ms_per_case"}
    assert result["recall"] == 1.0
    assert "1 messages" in capsys.readouterr().out


def test_a_row_without_a_label_is_named(tmp_path, capsys):
    """What is wrong with the file is one line."""
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n')
    assert main(["evaluate", "escalation", "--cases", str(tmp_path / "rows.jsonl")]) == 1
    assert "neither escalate nor label" in capsys.readouterr().err


def test_what_a_text_sounds_like_counts_as_well():
    """A wording that no rule has is escalated by ear, as on a live ticket."""
    case = {"text": "A grown up should come to the phone.", "label": "human_handoff"}
    assert is_escalated(case, load_policy(CONFIG), lambda reading: {"person": reading.newest})
    assert not is_escalated(case, load_policy(CONFIG), lambda reading: {"anger": reading.newest})
