"""`deskhand review`: the table and the JSON, from a library with faults."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from kb.domain import Audience, Document, Precedent, Source
from kb.knowledge_base import KnowledgeBase
from scripts import review
from scripts.__main__ import main
from tests.fakes.embedder import HashEmbedder
from tests.workers.store.test_reviews import settle
from workers.services import utc_now
from workers.store.library import Library
from workers.store.migrate import migrate
from workers.store.tables import case, open_engine, writing

TEXT = "Owners ask for a refund under Billing. A refund reaches the card within {} days. Used plans stay as they are."


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    monkeypatch.setattr(review, "load_embedder", lambda model, data: HashEmbedder())
    made = open_engine(f"sqlite:///{tmp_path}/deskhand.sqlite3")
    migrate(made)
    yield made
    made.dispose()


def test_an_empty_library_needs_no_look(engine, capsys):
    """And says so."""
    assert main(["review"]) == 0
    assert "nothing of the library needs a look" in capsys.readouterr().out


def test_faults_and_gaps_are_shown(engine, capsys):
    """Wrong, contradicting and old articles, and a question that nothing answered; in the table and as JSON."""
    now = utc_now()
    library = KnowledgeBase(Library(engine, utc_now), HashEmbedder(), "", check_seconds=0)
    documents = [
        Document(f"d{days}", Source.ARTICLE, f"Refunds, {name}", TEXT.format(days), Audience.PUBLIC, updated_at=at)
        for days, name, at in ((5, "in short", now), (14, "all rules", now - timedelta(days=100)))
    ]
    library.put(documents, source=Source.ARTICLE, prefix="d")
    library.remember([Precedent("zendesk:4", "Refund", "Where is it?", documents={"d5": -1.0})])
    settle(engine, 9, reasons=["nothing_found"], at=now)
    with writing(engine) as connection:
        connection.execute(update(case).values(subject="Print", question="On paper?"))
    assert main(["review"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "contradiction" in out
    assert "zendesk:9" in out
    assert main(["review", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {(one["kind"], one["document_id"]) for one in result["findings"]} >= {
        ("called_wrong", "d5"),
        ("overdue", "d14"),
    }
    assert result["gaps"] == [{"count": 1, "example": "Print\nOn paper?", "ticket_ids": ["zendesk:9"]}]
