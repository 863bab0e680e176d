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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def unmigrated(request, tmp_path):
    """An empty database of each kind in turn, without a table."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path}/test.sqlite3")
        return
    with new_schema(request.getfixturevalue("postgres_url"), f"test_{uuid.uuid4().hex}") as url:
        yield from _opened(url)


def _opened(url):
    engine = open_engine(url)
    yield engine
    engine.dispose()


def _migrated(url):
    for engine in _opened(url):
        migrate(engine)
        yield engine


@pytest.fixture
def now():
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
