"""CPU time a ticket costs, by process, with the real processes of one machine and a model that answers at once.

`python -m tests.bench.bench_tickets [--tickets 300] [--open 40] [--profile FOLDER]`. Time on the processor and not on
the clock, so that the figures hold on a busy machine. With --profile (py-spy on PATH) a profile of each worker and of
the stand-ins is written, one line a stack with its count of samples.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.sandbox import acts
from scripts.world.load import load_world
from tests.fakes.stack import Stack, wait_until

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 600.0


def cpu_seconds(pid: int) -> float:
    """Return the time on the processor of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICK


def family_of(pid: int) -> list[int]:
    """Return a process with its children: the door serves from one that it has forked."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def spent(stack: Stack) -> dict[str, float]:
    """Return the time on the processor so far, by process; the stand-ins run in this one."""
    running = {child.name: child.process.pid for child in stack.family.children if child.process}
    ours = {name: sum(map(cpu_seconds, family_of(pid))) for name, pid in running.items()}
    return {**ours, "stand-ins": time.process_time()}


class Questions:
    """Sample tickets, written one after another, each by a requester of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._random = random.Random(0)
        self._samples = [(row.subject, row.body) for row in load_world().tickets if row.body]
        self._number = 0

    def write(self) -> str:
        subject, body = self._random.choice(self._samples)
        self._number += 1
        requester = {"name": f"Ada {self._number}", "email": f"ada{self._number}@example.com"}
        with self._stack.twin.world.lock:
            row = {"subject": subject, "body": body, "requester": requester}
            return str(acts.message(self._stack.twin, row)[1])


def play(stack: Stack, questions: Questions, tickets: int, most_open: int) -> float:
    """Write so many tickets, never more ahead of the ledger than may be open; return the seconds they took."""
    began, waiting, written = time.monotonic(), set[str](), 0
    while written < tickets or waiting:
        while written < tickets and len(waiting) < most_open:
            waiting.add(questions.write())
            written += 1
        time.sleep(0.5)
        waiting -= set(stack.outcomes())
        assert time.monotonic() - began < _PATIENCE_SECONDS, f"{len(waiting)} are not settled"
    wait_until(stack.twin.sender.is_idle)
    return time.monotonic() - began


@contextmanager
def profiled(name: str, pid: int, folder: Path) -> Iterator[None]:
    command = ["py-spy", "record", "--pid", str(pid), "--format", "raw", "--rate", "100"]
    recorder = subprocess.Popen(
        [*command, "--output", str(folder / f"{name}.txt"), "--duration", "3600"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        recorder.send_signal(2)
        recorder.wait()


def show(before: Mapping[str, float], after: Mapping[str, float], tickets: int, seconds: float) -> None:
    each = {name: (after[name] - before[name]) * 1000 / tickets for name in before}
    for name, milliseconds in sorted(each.items()):
        print(f"{name:12} {milliseconds:7.1f} ms of CPU a ticket")
    ours = sum(milliseconds for name, milliseconds in each.items() if name != "stand-ins")
    print(f"{'all of ours':12} {ours:7.1f} ms of CPU a ticket; {tickets} tickets in {seconds:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.bench_tickets", description=__doc__)
    parser.add_argument("--tickets", type=int, default=300)
    parser.add_argument("--open", type=int, default=40, help="how many may wait for their outcome at a time")
    parser.add_argument("--profile", type=Path, help="a folder for profiles by py-spy")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="deskhand-bench-"))
    stack = Stack(folder)
    try:
        stack.start()
        stack.twin.switch({"limits_factor": 100})  # else a vendor's usual budget is all that is measured
        questions = Questions(stack)
        play(stack, questions, 40, options.open)
        with ExitStack() as profiles:
            if options.profile:
                options.profile.mkdir(parents=True, exist_ok=True)
                pids = dict(zip(("worker-1", "worker-2"), stack.worker_pids(), strict=True)) | {
                    "stand-ins": os.getpid()
                }
                for name, pid in pids.items():
                    profiles.enter_context(profiled(name, pid, options.profile))
            before = spent(stack)
            seconds = play(stack, questions, options.tickets, options.open)
            after = spent(stack)
        show(before, after, options.tickets, seconds)
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
