"""What rooms share: one running machine for all tests that need the whole of it, and one PostgreSQL server."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.fakes import postgres
from tests.fakes.stack import Stack


class OneMachine(LoadScopeScheduling):
    """Gives all files that name the group "stack" to one process, and any other test to whichever is free.

    xdist's own groups hang on a name of pytest's that pytest 9.2 no longer has, and do nothing, silently.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "stack" if is_on_stack(nodeid.partition("::")[0]) else nodeid


@cache
def is_on_stack(path: str) -> bool:
    """Tell whether the tests of a file share the running machine."""
    return 'xdist_group("stack")' in (Path(__file__).parents[1] / path).read_text(encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return OneMachine(config, log) if config.getoption("dist") == "loadgroup" else None


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
