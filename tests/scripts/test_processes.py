"""Child processes of one machine: kept alive, ended in order, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.processes import (
    Child,
    Family,
    StartError,
    chroma_child,
    free_port,
    redis_child,
    require_free,
    wait_for_port,
)

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]


@pytest.fixture
def family():
    held = Family()
    yield held
    held.stop(patience_seconds=2)


def child(folder, *command, name="sleeper"):
    return Child(name, command or SLEEPER, folder / "logs" / f"{name}.log")


def wait_for(claim, seconds=10):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_died_is_started_again_but_not_in_a_hurry(family, tmp_path):
    """A killed child comes back as another process, and not before a second has passed."""
    sleeper = family.add(child(tmp_path))
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not sleeper.is_alive())
    assert family.revive() == []
    wait_for(family.revive)
    assert sleeper.is_alive()
    assert sleeper.process.pid != first
    assert sleeper.starts == 2


def test_a_child_that_ends_again_and_again_is_named(family, tmp_path):
    """Whoever waits for readiness learns which process does not stand, instead of a machine that only looks ready."""
    steady = family.add(Child("steady", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "a.log"))
    broken = family.add(
        Child("broken", [sys.executable, "-c", "raise SystemExit('no such module')"], tmp_path / "b.log")
    )
    assert not family.is_steady()
    for _ in range(3):
        broken.process.wait()
        broken.start()
    broken.process.wait()
    assert family.failing() is broken
    assert "no such module" in broken.last_words()
    family.children.remove(broken)
    steady.started_at -= 5
    assert family.is_steady()
    assert family.failing() is None


def test_all_are_stopped_also_those_that_do_not_listen(tmp_path):
    """A child that ignores SIGTERM is ended when patience is over."""
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    )
    family = Family()
    gentle = family.add(child(tmp_path))
    deaf = family.add(child(tmp_path, sys.executable, "-c", stubborn, name="deaf"))
    processes = gentle.process, deaf.process
    wait_for(lambda: gentle.last_words() and deaf.last_words())
    family.stop(patience_seconds=0.5)
    assert [process.returncode for process in processes] == [-signal.SIGTERM, -signal.SIGKILL]
    assert family.children == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_end_with_a_parent_that_was_killed(tmp_path):
    """kill -9 of `up` leaves no process behind."""
    code = (
        "import pathlib, sys, time; from scripts.processes import Child, Family; family = Family();"
        f"child = family.add(Child('c', {SLEEPER!r}, pathlib.Path({str(tmp_path)!r}) / 'c.log'));"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        wait_for(lambda: (tmp_path / "c.log").read_text())
        parent.kill()
    wait_for(lambda: not is_running(pid))


def is_running(pid):
    """Tell whether a process still does anything; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_taken_port_is_said_with_what_wants_it():
    """The message names port and purpose."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} for the receiver is taken"):
            require_free(port, "receiver")
    require_free(free_port(), "receiver")


def test_a_child_that_does_not_open_its_port_is_quoted(tmp_path):
    """What it said last stands in the error."""
    broken = child(tmp_path, sys.executable, "-c", "import sys; sys.exit('no licence')")
    broken.start()
    with pytest.raises(StartError, match="no licence"):
        wait_for_port(free_port(), broken, seconds=5)


def test_redis_keeps_its_queue_and_lets_nobody_else_in(tmp_path):
    """The file is for us alone, with a password that the URL carries, and says: append, never evict, this machine."""
    redis, url = redis_child(tmp_path, 7777)
    config = tmp_path / "redis" / "redis.conf"
    text = config.read_text()
    assert config.stat().st_mode & 0o077 == 0
    assert {"bind 127.0.0.1", "port 7777", "appendonly yes", "maxmemory-policy noeviction"} <= set(text.splitlines())
    password = url.removeprefix("redis://:").partition("@")[0]
    assert len(password) > 20
    assert f"requirepass {password}" in text
    assert not any(password in word for word in redis.command)


def test_chroma_listens_on_this_machine_only(tmp_path):
    """Its command binds the loopback address and keeps its files in the data folder."""
    chroma, url = chroma_child(tmp_path, 7778)
    command = " ".join(chroma.command)
    assert url == "http://127.0.0.1:7778"
    assert "--host 127.0.0.1 --port 7778" in command
    assert str((tmp_path / "chroma").resolve()) in command
