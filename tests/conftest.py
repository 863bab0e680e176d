"""What rooms share: one running machine for all tests that need the whole of it, and one PostgreSQL server."""

from collections.abc import Iterator

import pytest

from tests.fakes import postgres
from tests.fakes.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running, for all tests of a run: they leave it as they found it."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's URL, without a database's name."""
    if postgres.programs() is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    with postgres.server() as url:
        yield url
