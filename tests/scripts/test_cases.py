"""Rows to evaluate on, and the figures of what came out."""

import pytest

from scripts.cases import CasesError, by_kind, read_cases, share, show, timed


@pytest.mark.parametrize("line", ["{", '{"text": "a"}', "[]", '"text"', "null"])
def test_a_bad_row_is_named(tmp_path, line):
    """The message says file, line and what is wanted, not what Python thought of it."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": 1}\n' + line + "\n")
    with pytest.raises(CasesError, match=r"rows.jsonl:2: wants a JSON object with text, label"):
        read_cases(path, ("text", "label"))


def test_an_empty_file_is_no_measurement(tmp_path):
    """Nothing to measure is a mistake, not a table of zeros."""
    (tmp_path / "rows.jsonl").write_text("")
    with pytest.raises(CasesError, match="holds no rows"):
        read_cases(tmp_path / "rows.jsonl", ("text",))


def test_shares_are_of_what_is_there():
    """Nothing has no share; kinds are counted apart and sorted."""
    assert share([]) is None
    assert share([True, False, True]) == 0.6667
    pairs = [("b", True), ("a", False), ("b", False)]
    assert by_kind(pairs, "recall") == {"a": {"recall": 0.0}, "b": {"recall": 0.5}}


def test_answers_come_in_the_order_of_their_cases():
    """One is judged after the other, and the mean time of one is told."""
    answers, milliseconds = timed(lambda number: number * 2, [1, 2, 3], name="doubling")
    assert answers == [2, 4, 6]
    assert milliseconds >= 0


def test_figures_inside_figures_get_dotted_names(capsys):
    """The table shows every number, and a dash where there is none."""
    show("Two", {"recall": 0.5, "by_kind": {"a": {"recall": None}}}, on_stderr=False)
    shown = capsys.readouterr().out
    assert "by_kind.a.recall" in shown
    assert "0.5" in shown
    assert "-" in shown
