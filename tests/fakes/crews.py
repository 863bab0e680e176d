"""Work done at once, in the test's own thread; who asks, and what is on record of a ticket."""

from dataclasses import replace

from sqlalchemy import select

from tests.fakes.helpdesk import ADA
from workers.store.tables import reading, ticket


def work(crew, ticket_id):
    """Work on a ticket now, in this thread, just as a thread of the crew would."""
    crew._work("zendesk", ticket_id)


def somebody(number):
    """Return a requester of their own: who asks the same twice is answered once."""
    return replace(ADA, id=str(70_000 + number), email=f"ada{number}@harbour.example")


def row_of(services_engine, ticket_id):
    with reading(services_engine) as connection:
        return connection.execute(select(ticket).where(ticket.c.ticket_id == ticket_id)).one()


def keep_working(services, crew, desk, ticket_id, *, times):
    """Work whenever the ticket is due, as the sweep makes sure of; return how long that took, in seconds."""
    begun = desk.now
    for _ in range(times):
        work(crew, ticket_id)
        desk.tick(75)
    return (desk.now - begun).total_seconds()
