"""A fresh database a test, at this release's schema: SQLite, and PostgreSQL where there is a server."""

import uuid
from datetime import UTC, datetime

import pytest

from tests.fakes.postgres import new_schema
from workers.store.migrate import migrate
from workers.store.tables import open_engine


@pytest.fixture
def sqlite(tmp_path):
    """A database of SQLite, for what only SQLite needs."""
    yield from _migrated(f"sqlite:///{tmp_path}/test.sqlite3")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    """A database of each kind in turn."""
    if request.param == "sqlite":
        yield from _migrated(f"sqlite:///{tmp_path}/test.sqlite3")
        return
    with new_schema(request.getfixturevalue("postgres_url"), f"test_{uuid.uuid4().hex}") as url:
        yield from _migrated(url)


def _migrated(url):
    engine = open_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def now():
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
