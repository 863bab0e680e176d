"""`deskhand receiver`: the door, as gunicorn with threads. It stores webhooks and serves health, figures, dashboard."""

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]
from sqlalchemy import Engine

from app import create_app
from config.logs import get_logger, set_up_logs
from config.settings import Settings, SettingsError, load_settings
from workers.store.durability import self_test
from workers.store.migrate import SchemaError, require_head
from workers.store.tables import open_engine

log = get_logger(__name__)

THREADS = 600  # most of them only wait: for the shared commit, or for a slow client (500 of those do no harm)
MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn's heartbeat files, which must not wait for a disk
REQUEST_SECONDS = 15.0  # from accepted connection to answer: a client that drips its request is cut off


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--processes", type=int, help="default: 1 on SQLite, 2 on PostgreSQL")
    parser.add_argument("--threads", type=int, default=THREADS, help=f"requests at a time and process; {THREADS}")


def run(args: argparse.Namespace) -> int:
    set_up_logs()
    try:
        settings = load_settings()
        require_ready(settings)
    except (SettingsError, SchemaError) as error:
        for line in str(error).splitlines():
            print(f"deskhand receiver: {line}", file=sys.stderr)
        return 1
    processes = args.processes or processes_for(settings)
    Receiver(settings, processes=processes, threads=args.threads).run()
    return 0


def processes_for(settings: Settings) -> int:
    """Return how many processes serve best: two that write to one SQLite file halve each other's throughput."""
    return 1 if settings.sql_url.startswith("sqlite") else 2


def require_ready(settings: Settings) -> None:
    """Raise SettingsError or SchemaError with all that keeps the door from opening."""
    problems = []
    if not settings.has_zendesk and not settings.has_intercom:
        problems.append(
            "ZENDESK_URL, INTERCOM_ACCESS_TOKEN: missing; no helpdesk is connected, so there is nothing to receive"
        )
    problems += [f"{name}: missing" for name in ("REDIS_URL", "CHROMA_URL") if not getattr(settings, name.lower())]
    if problems:
        raise SettingsError("\n".join(problems))
    engine = open_engine(settings.sql_url)
    try:
        require_head(engine)
        tell_durability(engine)
    except SchemaError:
        raise
    except Exception as error:  # drivers have no common class for "cannot connect", and their words quote the URL
        raise SchemaError(f"DATABASE_URL: cannot be opened ({type(error).__name__})") from None
    finally:
        engine.dispose()  # nothing opened here may live on in the forked processes


def tell_durability(engine: Engine) -> None:
    """Say at start how long a durable write takes, and warn of a disk that is slow or too fast to be true."""
    found = self_test(engine)
    log.info("durability", store=found.store, milliseconds=round(found.seconds * 1000, 3))
    for warning in found.warnings:
        log.warning("durability_doubtful", detail=warning)


class Receiver(BaseApplication):  # type: ignore[misc]
    """gunicorn set up in code: nothing is read from files, environment or command line of gunicorn's own."""

    def __init__(self, settings: Settings, *, processes: int, threads: int = THREADS) -> None:
        self._settings = settings
        self._processes = processes
        self._threads = threads
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        return {
            "bind": _address(self._settings.host, self._settings.port),
            "workers": self._processes,
            "threads": self._threads,
            "worker_class": Threads,
            "worker_connections": 1000,
            "logger_class": OurLog,
            "proc_name": "deskhand-receiver",
            "preload_app": False,  # engine, bell and threads belong to the process that uses them
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 15,
            "limit_request_line": 2048,
            "limit_request_fields": 60,
            "limit_request_field_size": 4096,
            # Only a proxy on this machine is believed about the scheme; addresses of clients are never taken from it.
            "forwarded_allow_ips": "127.0.0.1,::1",
            "control_socket_disable": True,
            "worker_tmp_dir": str(MEMORY) if MEMORY.is_dir() else None,
        }

    def load(self) -> Any:
        return create_app(self._settings)


class Threads(ThreadWorker):  # type: ignore[misc]
    """A threaded worker that cuts off whoever has not finished a request in time.

    gunicorn has no such limit for threads: a client that sends one byte now and then would keep its thread for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._started: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        self._started[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._started.pop(conn, None)

    def notify(self) -> None:
        """Called by gunicorn's loop at least once a second."""
        super().notify()
        late = time.monotonic() - REQUEST_SECONDS
        for conn, since in list(self._started.items()):
            if since < late:
                _hang_up(conn)


def _hang_up(conn: TConn) -> None:
    try:
        conn.sock.shutdown(2)  # the thread that reads wakes up with an end of file, and closes
    except OSError:
        return


class OurLog(Logger):  # type: ignore[misc]
    """gunicorn's own words go through our log: one JSON line each, scrubbed; requests are not logged."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
