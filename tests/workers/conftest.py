"""Services of small real objects, made by hand; and a database at this release's schema for each test."""

import shutil

import pytest
import structlog

from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.services import make_services, scripted, shelve_swap
from workers.store.migrate import migrate
from workers.store.tables import open_engine


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An empty database at this release's schema, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()  # the last connection takes the journal into the file
    return path


@pytest.fixture
def engine(tmp_path, migrated):
    shutil.copy(migrated, tmp_path / "test.sqlite3")
    engine = open_engine(f"sqlite:///{tmp_path}/test.sqlite3")
    yield engine
    engine.dispose()


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
