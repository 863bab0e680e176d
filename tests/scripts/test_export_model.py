"""`export-model`: builds once and says where."""

import argparse
from pathlib import Path

import pytest

from scripts import export_model


def test_exports_into_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run twice, it leaves one model and names it both times."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    parser = argparse.ArgumentParser()
    export_model.add_arguments(parser)
    for _ in range(2):
        assert export_model.run(parser.parse_args([])) == 0
    [model] = (tmp_path / "models").iterdir()
    assert capsys.readouterr().out.count(str(model)) == 2


def test_an_unusable_folder_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the data folder should be: exit 1 and what is wrong, no traceback."""
    (tmp_path / "var").write_text("in the way")
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "var"))
    assert export_model.run(argparse.Namespace()) == 1
    assert capsys.readouterr().err.startswith("export-model: ")
