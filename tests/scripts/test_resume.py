"""`deskhand resume`: takes back what `deskhand pause` did, and nothing else."""

from scripts.__main__ import main
from workers.store.migrate import migrate
from workers.store.schedule import Schedule
from workers.store.tables import open_engine


def test_resuming_clears_the_switch(tmp_path, monkeypatch, capsys):
    """After pause and resume workers see no switch; resuming without a pause changes nothing."""
    url = f"sqlite:///{tmp_path}/test.sqlite3"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    migrate(open_engine(url))
    for words in (["resume"], ["pause"], ["resume"]):
        assert main(words) == 0
    assert Schedule(open_engine(url)).value("paused") == ""
    assert "resumed" in capsys.readouterr().out
