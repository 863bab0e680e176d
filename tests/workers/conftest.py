"""Services of small real objects, made by hand."""

import pytest
import structlog

from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.services import make_services, scripted, shelve_swap


@pytest.fixture(autouse=True)
def logs():
    """What was logged, as a list of events; nothing is printed."""
    with structlog.testing.capture_logs() as events:
        yield events


@pytest.fixture
def desk():
    return FakeHelpdesk()


@pytest.fixture
def llm():
    return scripted()


@pytest.fixture
def services(engine, desk, llm):
    """Everything a worker needs, with the article that answers the question of `desk.open_ticket()`."""
    made = make_services(engine, desk, llm=llm)
    shelve_swap(made)
    return made
