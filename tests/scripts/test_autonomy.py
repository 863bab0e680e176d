"""`deskhand autonomy`: the ladder as an admin reads it."""

import json
from datetime import timedelta

import pytest

from scripts.__main__ import main
from tests.workers.store.test_reviews import NOW, look, only, settle, verdict
from workers.autonomy import Step
from workers.store.migrate import migrate
from workers.store.orders import Orders
from workers.store.reviews import Reviews
from workers.store.tables import open_engine


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = open_engine(f"sqlite:///{tmp_path}/deskhand.sqlite3")
    migrate(made)
    yield made
    made.dispose()


def test_nothing_yet_is_said(engine, capsys):
    """An empty record is no error."""
    assert main(["autonomy"]) == 0
    assert "nothing on record yet" in capsys.readouterr().out


def test_the_table_and_json_say_the_same(engine, capsys, tmp_path):
    """Step, evidence in words, what became of drafts, and the steps taken."""
    reviews = Reviews(engine)
    settle(engine, 1)
    edits = ({"kind": "fact", "before": "24", "after": "48"},)
    reviews.put(only(reviews, 1), use="edited", now=NOW, edits=edits)
    look(reviews, verdict(Step.DRAFT))
    look(reviews, verdict(Step.DRAFT, good=250), at=NOW + timedelta(days=1))
    assert main(["autonomy", "--json", str(tmp_path / "out.json")]) == 0
    out = capsys.readouterr().out
    assert "draft -> send by deskhand (send: 250 reviewed, 250 unchanged" in " ".join(out.split())
    assert "fact 1" in out
    result = json.loads((tmp_path / "out.json").read_text())
    (one,) = result["intents"]
    assert (one["intent"], one["step"], one["reviewed"], one["drafts"]) == ("swap", "send", 250, {"edited": 1})
    assert result["edits"] == {"fact": 1}


def test_one_intent_on_request(engine, capsys):
    """And one clear line for a name that is not on record."""
    look(Reviews(engine), verdict(Step.DRAFT))
    assert main(["autonomy", "--intent", "swap"]) == 0
    assert main(["autonomy", "--intent", "moon"]) == 1
    assert "intent moon: nothing on record" in capsys.readouterr().err


def test_a_hold_of_staff_is_shown_and_lifted(engine, capsys):
    """Who took the right to send, and since when; lifting it stands in the steps."""
    Orders(engine).hold("swap", before="send", by="801", ticket_id="9", now=NOW)
    assert main(["autonomy"]) == 0
    assert "swap: held by staff 801" in capsys.readouterr().out
    assert main(["autonomy", "--lift", "swap"]) == 0
    assert Orders(engine).holds() == {}
    assert main(["autonomy", "--lift", "swap"]) != 0
