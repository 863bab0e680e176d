"""`deskhand up`: all processes of one machine. Starts Redis and Chroma itself where no URL is given."""

import argparse
import re
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from config.settings import Settings, load_settings
from integrations.registry import configured
from scripts.processes import (
    Child,
    Family,
    StartError,
    chroma_child,
    free_port,
    own_command,
    redis_child,
    require_free,
    wait_for_port,
)

_STEP = re.compile(r"(?:database|embedding model|classifier|help centre): ")  # other lines are logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    settings = load_settings()
    family = Family()
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, stop)
    try:
        start_all(settings, family, say=lambda words: print(words, flush=True))
        if wait_until_ready(settings, family, is_stopping=lambda: stopping):
            print("ready", flush=True)
        while not stopping:
            for name in family.revive():
                print(f"{name} ended and was started again; its words are in {settings.data}/logs", file=sys.stderr)
            time.sleep(0.2)
    except StartError as error:
        print(f"deskhand up: {error}", file=sys.stderr)
        return 1
    finally:
        family.stop()
    return 0


def start_all(
    settings: Settings,
    family: Family,
    *,
    say: Callable[[str], None],
    env: dict[str, str] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Start every process in order: stores, schema, model, classifier, first index, then the workers and the door.

    `meanwhile` is done while the stores start, before the help centre is read.
    """
    require_free(settings.port, "receiver")
    if not configured(settings):
        raise StartError("ZENDESK_URL, INTERCOM_ACCESS_TOKEN: missing; no helpdesk is connected, see docs/*.md")
    settings.data.mkdir(parents=True, exist_ok=True)
    env = {**(env or {}), **_start_stores(settings, family, say, meanwhile)}
    prepare(settings, env, say)
    logs = settings.data / "logs"
    family.add(Child("receiver", own_command("receiver"), logs / "receiver.log", env))
    for number in range(1, settings.workers + 1):
        family.add(Child(f"worker-{number}", own_command("worker"), logs / f"worker-{number}.log", env))
    family.add(Child("scheduler", own_command("scheduler"), logs / "scheduler.log", env))


def _start_stores(
    settings: Settings, family: Family, say: Callable[[str], None], meanwhile: Callable[[], None]
) -> dict[str, str]:
    env = {"REDIS_URL": settings.redis_url, "CHROMA_URL": settings.chroma_url}
    waits = []
    if not settings.redis_url:
        port = free_port()
        child, env["REDIS_URL"] = redis_child(settings.data, port)
        waits.append((port, family.add(child)))
    if not settings.chroma_url:
        port = free_port()
        child, env["CHROMA_URL"] = chroma_child(settings.data, port)
        waits.append((port, family.add(child)))
    meanwhile()
    for port, child in waits:
        wait_for_port(port, child)
        say(f"{child.name} runs on 127.0.0.1:{port}")
    return env


def prepare(settings: Settings, env: dict[str, str], say: Callable[[str], None]) -> None:
    """Bring schema, exported model, classifier and first index up to date, and say what each came to."""
    child = Child("prepare", own_command("prepare"), settings.data / "logs" / "prepare.log", env)
    child.log.unlink(missing_ok=True)
    child.start()
    said = 0
    try:
        while True:
            is_over = not child.is_alive()
            lines = child.last_words(1000).splitlines()
            for words in (line for line in lines[said:] if _STEP.match(line)):
                say(words)
            said = len(lines)
            if is_over:
                break
            time.sleep(0.05)
    finally:
        child.end()
    if child.exit_code != 0:
        raise StartError(f"cannot prepare: {child.last_words()}")


def wait_until_ready(
    settings: Settings, family: Family, *, is_stopping: Callable[[], bool] = lambda: False, seconds: float = 60.0
) -> bool:
    """Wait until /readyz says 200 and every process stands; raise StartError if that does not come about in time."""
    url = f"http://{settings.host}:{settings.port}/readyz"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_stopping():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200 and family.is_steady():
                    return True
        except (urllib.error.URLError, OSError):
            pass
        family.revive()
        if failing := family.failing():
            raise StartError(f"{failing.name} does not start; {failing.log} says:\n{failing.last_words()}")
        time.sleep(0.1)
    if is_stopping():
        return False
    receiver = next(child for child in family.children if child.name == "receiver")
    raise StartError(f"not ready after {seconds:.0f} s; the receiver's last words:\n{receiver.last_words()}")
