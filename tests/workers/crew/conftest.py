"""Crews that are stopped at the end, and a ticket for them."""

import pytest

from workers.crew import Crew


@pytest.fixture
def crew_of():
    """Make crews, and stop them at the end."""
    crews = []

    def make(services, threads=1):
        crews.append(Crew(services, threads=threads))
        return crews[-1]

    yield make
    for crew in crews:
        crew.stop()


@pytest.fixture
def asked(desk, services):
    """A ticket that is due and has been quiet for a minute."""
    opened = desk.open_ticket()
    desk.tick()
    services.tickets.wake("zendesk", opened.id, now=desk.now)
    return opened
