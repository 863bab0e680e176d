"""Play days: `python -m tests.simulation --seeds 1000000`, or one again: `--seed N --kind lock --trace`.

Kinds of helpdesk: lock (as Zendesk), none (as Intercom), key. Exit code 1 if a day went wrong.
"""

import argparse
import gc
import json
import os
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation.day import Day
from tests.simulation.desk import KINDS

_BATCH = 2000
_SHOWN = 20


@dataclass(slots=True)
class Report:
    """What many days came to."""

    days: int = 0
    doubles: int = 0
    collisions: int = 0
    losses: int = 0
    crossed: int = 0
    late_replies: int = 0
    in_doubt: int = 0
    cpu_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        for name in ("days", "doubles", "collisions", "losses", "crossed", "late_replies", "in_doubt"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cpu_seconds += other.cpu_seconds
        self.faults += other.faults
        self.outcomes += other.outcomes
        self.failed += other.failed


def play(kind: str, first: int, count: int) -> Report:
    """Play `count` days from the seed `first` on."""
    report, begun = Report(days=count), time.process_time()
    for seed in range(first, first + count):
        _add_day(report, seed, kind)
    report.cpu_seconds = time.process_time() - begun
    return report


def _start_process() -> None:
    gc.freeze()  # what is loaded stays: nothing of it is looked through again and again


def _add_day(report: Report, seed: int, kind: str) -> None:
    day = Day(seed, kind)
    verdict = day.play()
    report.faults += day.faults
    report.outcomes += verdict.outcomes
    report.doubles += bool(verdict.doubles)
    report.collisions += bool(verdict.collisions)
    report.losses += bool(verdict.losses)
    report.crossed += verdict.crossed
    report.late_replies += verdict.late_replies
    report.in_doubt += verdict.in_doubt
    if not verdict.is_good:
        report.failed.append(f"--seed {seed} --kind {kind} --trace: {verdict}")


def play_many(kind: str, first: int, count: int, processes: int) -> Report:
    total = Report()
    starts = range(first, first + count, _BATCH)
    with ProcessPoolExecutor(processes, initializer=_start_process) as pool:
        jobs = [pool.submit(play, kind, start, min(_BATCH, first + count - start)) for start in starts]
        for number, job in enumerate(jobs, 1):
            total.add(job.result())
            if sys.stderr.isatty() and number % 5 == 0:
                print(f"\r{kind}: {total.days} days, {len(total.failed)} failed", end="", file=sys.stderr)
    return total


def show(kind: str, report: Report) -> None:
    """Print what is asked of the simulation: figures, and how to play a failed day again."""
    rate = report.days / max(report.cpu_seconds, 0.001)
    print(f"{kind}: {report.days} days, {sum(report.faults.values())} faults, {rate:.0f} days a second and core")
    print(f"  doubles {report.doubles}, over a person {report.collisions}, lost {report.losses}")
    print(f"  crossed {report.crossed}, late replies {report.late_replies}, in doubt {report.in_doubt}")
    print(f"  outcomes {dict(report.outcomes.most_common())}")
    print(f"  faults {dict(report.faults.most_common())}")
    for line in report.failed[:_SHOWN]:
        print(f"  FAILED {line}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000, help="how many days of each kind")
    parser.add_argument("--first", type=int, help="the first seed; without it, a fresh one")
    parser.add_argument("--seed", type=int, help="play this one day")
    parser.add_argument("--kind", choices=KINDS, action="append", help="kind of helpdesk; without it, every one")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="with --seed: say everything that happened")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON lines")
    options = parser.parse_args(arguments)
    kinds = options.kind or list(KINDS)
    if options.seed is not None:
        return max(_play_one(kind, options.seed, trace=options.trace) for kind in kinds)
    first = secrets.randbelow(10**12) if options.first is None else options.first
    print(f"first seed {first}", file=sys.stderr)
    reports = {kind: play_many(kind, first, options.seeds, options.processes) for kind in kinds}
    for kind, report in reports.items():
        if options.json:
            figures = {name: getattr(report, name) for name in Report.__slots__}  # type: ignore[attr-defined]
            print(json.dumps({"kind": kind, "first": first, **figures}))
        else:
            show(kind, report)
    return int(any(report.failed for report in reports.values()))


def _play_one(kind: str, seed: int, *, trace: bool) -> int:
    day = Day(seed, kind, trace=trace)
    verdict = day.play()
    for line in day.lines or ():
        print(line)
    print(f"{kind} {seed}: {verdict}")
    return int(not verdict.is_good)


if __name__ == "__main__":
    sys.exit(main())
