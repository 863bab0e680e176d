"""`deskhand resume`: takes back what `deskhand pause` did, and nothing else."""

from scripts.__main__ import main
from workers.store.schedule import Schedule
from workers.store.tables import open_engine


def test_resuming_clears_the_switch(database_url, tmp_path, monkeypatch, capsys):
    """After pause and resume workers see no switch; resuming without a pause changes nothing."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    for words in (["resume"], ["pause"], ["resume"]):
        assert main(words) == 0
    assert Schedule(open_engine(database_url)).value("paused") == ""
    assert "resumed" in capsys.readouterr().out
