"""`deskhand replay`: what is dead is listed, and set going again by name, since a time, or all of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.__main__ import main
from workers.store.inbox import Inbox
from workers.store.tables import open_engine

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def inbox(database_url, tmp_path, monkeypatch):
    """An inbox with an old and a new delivery that nobody could read."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DESKHAND_CONFIG", str(CONFIG))
    monkeypatch.chdir(tmp_path)
    engine = open_engine(database_url)
    made, now = Inbox(engine), datetime.now(UTC)
    for key, age in (("old", 5), ("new", 1)):
        row = made.add("zendesk", key, {}, b"{}", now=now - timedelta(days=age))
        made.finish(row, "failed", "not readable", now=now)
    yield made
    engine.dispose()


def test_the_list_is_shown(inbox, capsys):
    """Each with its name, its state and why; nothing is touched."""
    assert main(["replay"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["delivery:1", "failed"], ["delivery:2", "failed"]]
    assert inbox.load(1) is None


def test_a_dry_run_changes_nothing(inbox, capsys):
    """It says what would be done."""
    assert main(["replay", "--all", "--dry-run", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["dead"], found["replayed"]) == (2, 0)
    assert {row["outcome"] for row in found["letters"]} == {"would be replayed"}
    assert inbox.load(1) is None


def test_one_some_and_all(inbox, capsys):
    """By name, by time, and everything that is left."""
    assert main(["replay", "--since", "2d", "--all"]) == 0
    assert inbox.load(2) is not None
    assert inbox.load(1) is None
    assert main(["replay", "delivery:1"]) == 0
    assert inbox.load(1) is not None
    capsys.readouterr()
    assert main(["replay", "--all"]) == 0
    assert capsys.readouterr().out == "no dead letters\n"


def test_an_unknown_name_is_said(inbox, capsys):
    """A typing mistake is a problem found."""
    assert main(["replay", "delivery:99"]) == 1
    assert "delivery:99: not among the dead letters" in capsys.readouterr().out
