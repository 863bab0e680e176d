"""`deskhand prepare`: the steps in order, each said in one line; the first that fails ends it."""

import argparse

import pytest

from scripts import prepare
from tests.fakes.stack import lend_model, write_small_config


@pytest.fixture
def settings(tmp_path, monkeypatch):
    lend_model(tmp_path)
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    monkeypatch.setenv("DESKHAND_CONFIG", str(write_small_config(tmp_path)))


REPORT = {"added": 3, "changed": 1, "unchanged": 0, "removed": 0, "chunks_embedded": 9, "refused": ""}


def ran(monkeypatch, report):
    monkeypatch.setattr(prepare.reindex, "bring_level", lambda *_, **__: {"zendesk": report} if report else {})
    return prepare.run(argparse.Namespace())


def test_every_step_says_what_it_came_to(settings, monkeypatch, capsys):
    """Tables, model, classifier, articles; the second time there is nothing to train."""
    assert ran(monkeypatch, REPORT) == 0
    said = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["database", "embedding model", "classifier", "help centre"]
    assert ran(monkeypatch, {}) == 0
    again = capsys.readouterr().out
    assert "classifier: up to date" in again
    assert "help centre: up to date" in again


def test_a_refused_sync_fails_with_its_reason(settings, monkeypatch, capsys):
    """So that whoever started it reads why."""
    assert ran(monkeypatch, REPORT | {"refused": "would remove most of them"}) == 1
    assert "would remove most of them" in capsys.readouterr().err
