"""A fresh database a test, at this release's schema."""

from datetime import UTC, datetime

import pytest

from workers.store.migrate import migrate
from workers.store.tables import open_engine


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/test.sqlite3")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def now():
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
