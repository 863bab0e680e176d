"""`deskhand train-names`: weights from made sentences."""

import json

from scripts.__main__ import main
from workers.personal import name_tagger


def test_learns_people_from_few_texts(tmp_path, monkeypatch, capsys):
    """A small file of weights finds a plain name and leaves a product alone."""
    path = tmp_path / "weights.json"
    assert main(["train-names", "--texts", "600", "--out", str(path)]) == 0
    assert f"{len(json.loads(path.read_text()))} weights" in capsys.readouterr().out
    monkeypatch.setattr(name_tagger, "_weights", lambda: json.loads(path.read_text()))
    assert list(name_tagger.tagged("My name is Kenneth Whiteley and I use Outlook.")) == [("name", 11, 27)]
