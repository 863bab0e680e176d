"""`deskhand migrate`: the database at this release's schema, however often it is asked."""

from scripts.__main__ import main
from workers.store.migrate import head, require_head
from workers.store.tables import open_engine


def test_a_new_database_is_made_and_an_old_one_left_as_it_is(tmp_path, monkeypatch, capsys):
    """Folder and file are made on the first run; the second says the same and changes nothing."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "new" / "var"))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["migrate"]) == 0
        assert capsys.readouterr().out == f"database at revision {head()}\n"
    require_head(open_engine(f"sqlite:///{tmp_path}/new/var/deskhand.sqlite3"))
