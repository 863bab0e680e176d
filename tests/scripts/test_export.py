"""The correction log, as it is exported."""

import json
from argparse import Namespace

from scripts import export
from tests.fakes.helpdesk import GRACE, START, FakeHelpdesk
from tests.fakes.services import make_services, shelve_swap, take
from workers import pipeline
from workers.store.tables import open_engine


def test_corrections_come_out_as_json_lines(database_url, monkeypatch, tmp_path):
    """One line each: question, answer, what is right, and what it rested on; masked as it is kept."""
    engine = open_engine(database_url)
    desk = FakeHelpdesk()
    services = make_services(engine, desk)
    shelve_swap(services)
    ticket = desk.open_ticket()
    for text in ("", "/wrong a swap needs two managers, says grace@tidemark.example"):
        if text:
            desk.staff_writes(ticket.id, text, is_public=False, author=GRACE)
        desk.tick()
        lease = take(services, ticket.id)
        services.tickets.release(lease, now=desk.now, seen_at=pipeline.work(lease, services))
    monkeypatch.setattr(export, "load_settings", lambda: Namespace(sql_url=database_url))
    assert export.run(Namespace(to=str(tmp_path / "log.jsonl"))) == 0
    (line,) = [json.loads(row) for row in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert line["question"] == "How do I swap a shift?"
    assert line["correction"].startswith("a swap needs two managers")
    assert "grace@" not in str(line)
    assert (line["was_sent"], line["intent"]) == (True, "swap_shift")
    assert "Offer swap" in line["answer"]
    assert line["passages"][0].startswith("zendesk:article:1")
    assert line["at"] > START.isoformat()
