"""Results are written as one JSON object to a file or to standard output."""

import argparse
import json

from scripts.output import add_json_argument, write_json


def test_a_file_gets_one_object(tmp_path):
    """--json FILE writes the result there; letters stay as they are."""
    target = tmp_path / "result.json"
    write_json(str(target), {"intent": "Rechnung für März"})
    assert json.loads(target.read_text()) == {"intent": "Rechnung für März"}
    assert "für" in target.read_text()


def test_a_dash_is_standard_output_and_nothing_is_nothing(capsys):
    """--json - prints; without the option nothing is written."""
    write_json("-", {"n": 1})
    assert json.loads(capsys.readouterr().out) == {"n": 1}
    write_json("", {"n": 1})
    assert capsys.readouterr().out == ""


def test_the_option_defaults_to_nothing():
    """A command without --json writes no file."""
    parser = argparse.ArgumentParser()
    add_json_argument(parser)
    assert parser.parse_args([]).json == ""
