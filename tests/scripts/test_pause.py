"""`deskhand pause`: the switch that workers look at before every ticket. Its effect on tickets: tests/end_to_end."""

from datetime import UTC, datetime, timedelta

import pytest

from scripts.__main__ import main
from workers.store.schedule import Schedule
from workers.store.tables import open_engine


@pytest.fixture
def schedule(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    engine = open_engine(database_url)
    yield Schedule(engine)
    engine.dispose()


def test_pausing_sets_the_switch_and_says_what_it_means(schedule, capsys):
    """The switch is in SQL, so it holds for every machine; pausing twice is pausing."""
    assert schedule.value("paused") == ""
    assert main(["pause"]) == 0
    assert main(["pause"]) == 0
    assert schedule.value("paused")
    assert "no ticket is touched" in capsys.readouterr().out


def test_without_a_database_it_is_one_line(tmp_path, monkeypatch, capsys):
    """A database that is not there is an error, and not a pause that nobody sees."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/test.sqlite3")
    monkeypatch.chdir(tmp_path)
    assert main(["pause"]) == 1
    shown = capsys.readouterr()
    assert "paused" not in shown.out
    assert len(shown.err.strip().splitlines()) == 1


def test_only_replies_can_be_stopped_and_for_a_while(schedule, capsys):
    """Tickets then get drafts; after the time it is over without anybody's doing."""
    assert main(["pause", "--drafts", "--minutes", "30"]) == 0
    assert "nothing is sent, tickets get drafts and notes until" in capsys.readouterr().out
    now = datetime.now(UTC)
    assert schedule.pause(now=now) == "drafts"
    assert schedule.pause(now=now + timedelta(minutes=31)) == ""
