"""What rooms share: one running machine for all tests that need the whole of it, and one PostgreSQL server."""

import shutil
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from xdist.scheduler import LoadScopeScheduling

from tests.fakes import postgres
from tests.fakes.stack import Stack
from workers.store.migrate import migrate
from workers.store.tables import open_engine


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "run the tests that use a database, and no others, on this one"
    parser.addoption("--database", choices=("sqlite", "postgres"), default="", help=words)
    parser.addoption("--soak", type=float, metavar="MINUTES", help="let each storm of tests/chaos go on for this long")
    words = "what chance starts from; `scripts/test chaos` takes a new one each time"
    parser.addoption("--seed", type=int, default=20, help=words)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests to which the database is no matter, when one is named; try real servers a second time.

    A busy machine can starve a process of its minute; what failed once is listed as RERUN, with its reason.
    """
    if config.getoption("--database"):
        kept = [item for item in items if "database_url" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    for item in items:
        names = {marker.name for marker in item.iter_markers()}
        if names & {"real", "browser"} and "chaos" not in names:
            item.add_marker(pytest.mark.flaky(reruns=1))


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
def postgres_server() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server of our own, which may be killed."""
    if postgres.programs() is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    with postgres.cluster() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Cluster) -> str:
    """A PostgreSQL server's URL, without a database's name."""
    return postgres_server.url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at this release's schema, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite3"
    _migrate(f"sqlite:///{path}")  # the last connection takes the journal into the file
    return path


@pytest.fixture(scope="session")
def shared_postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """A schema of PostgreSQL at this release's revision, for one test after another."""
    with postgres.new_schema(request.getfixturevalue("postgres_url"), f"shared_{uuid.uuid4().hex}") as url:
        _migrate(url)
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database at this release's schema: SQLite, or what `--database` names."""
    if request.config.getoption("--database") == "postgres":
        with postgres.emptied(request.getfixturevalue("shared_postgres")) as url:
            yield url
    else:
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "test.sqlite3")
        yield f"sqlite:///{tmp_path}/test.sqlite3"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """That database, opened."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What chance starts from: always the same where a change is judged, a new one where bugs are looked for."""
    return int(request.config.getoption("seed"))


@pytest.fixture(scope="session")
def soak_minutes(request: pytest.FixtureRequest) -> float | None:
    return request.config.getoption("soak")
