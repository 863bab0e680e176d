"""A PostgreSQL server of our own for the tests that need one: a new cluster on a free port, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from scripts.processes import free_port


def programs() -> Path | None:
    """Return the folder of the newest server's programs, None if there is no server on this machine."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    return places[-1].parent if places else None


@contextmanager
def server() -> Iterator[str]:
    """Run a server and yield its SQLAlchemy URL, without a database's name. It refuses root, so root lends a user."""
    folder = programs()
    assert folder is not None
    user = _user()
    data = Path(tempfile.mkdtemp(prefix="deskhand-postgres-"))
    if user:
        shutil.chown(data, user)
    port = free_port()
    options = f"-p {port} -h 127.0.0.1 -k {data} -c fsync=off -c max_connections=60"
    control = [str(folder / "pg_ctl"), "-D", str(data / "cluster"), "-w"]
    try:
        _run([str(folder / "initdb"), "-D", str(data / "cluster"), "-U", "deskhand", "-A", "trust"], user, data)
        _run([*control, "-l", str(data / "log"), "-o", options, "start"], user, data)
        yield f"postgresql+psycopg://deskhand@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], user=user, cwd=data, capture_output=True, check=False)
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def new_schema(url: str, name: str) -> Iterator[str]:
    """Make an empty schema, which is quicker than a database, and yield a URL that sees nothing else."""
    engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    try:
        yield f"{url}/postgres?options=-csearch_path%3D{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
        engine.dispose()


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
