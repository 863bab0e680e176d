"""What is redacted on a ticket leaves the record, and nothing else does."""

import pytest
from sqlalchemy import select

from integrations.helpdesk import Flag
from tests.fakes.services import outcome_of, take
from workers import pipeline
from workers.store.tables import metadata, reading

SECRET = "My badge word is marzipanatlas. How do I swap a shift?"


def everything(engine):
    with reading(engine) as connection:
        return "\n".join(repr(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def work(services, ticket_id):
    lease = take(services, ticket_id)
    seen_at = pipeline.work(lease, services)
    services.tickets.release(lease, now=services.now(), seen_at=seen_at)


@pytest.fixture
def answered(services, desk):
    opened = desk.open_ticket(SECRET)
    work(services, opened.id)
    return opened


def test_redacted_words_leave_the_record(services, desk, engine, answered):
    """The outcome stays, and the message is not answered a second time."""
    assert "marzipanatlas" in everything(engine)
    desk.redact(answered.id, answered.messages[0].id, "marzipanatlas")
    work(services, answered.id)
    assert "marzipanatlas" not in everything(engine)
    assert outcome_of(services, answered.messages[0].id)[0] == "send"
    assert len(desk.own_messages(answered.id)) == 1


def test_what_was_redacted_before_we_read_it_takes_nothing_away(services, desk, engine):
    """The record says what the ticket says: a draft that waits for staff stays."""
    opened = desk.open_ticket("My code is ▇▇▇▇. How do I swap a shift?", flags=frozenset({Flag.REDACTED}))
    work(services, opened.id)
    work(services, opened.id)
    assert "How do I swap a shift?" in everything(engine)


def test_a_ticket_without_redaction_costs_no_look(services, desk, answered, monkeypatch):
    """Nothing is read back where nothing was taken out."""
    monkeypatch.setattr(type(services.ledger), "asked", lambda *args, **kwargs: pytest.fail("looked"))
    work(services, answered.id)
