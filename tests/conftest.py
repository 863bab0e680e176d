"""What rooms share: one running machine for all tests that need the whole of it."""

from collections.abc import Iterator

import pytest

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
