"""Rows of a file to evaluate on, and the printing of what came out: shared by the `evaluate` commands."""

import codecs
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table

Case = TypeVar("Case")
Answer = TypeVar("Answer")


class CasesError(Exception):
    """A data file cannot be read; the message names file and line."""


def read_cases(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return the JSON objects of a file, each with at least these fields. Raise CasesError on any other line."""
    cases: list[dict[str, Any]] = []
    try:
        lines = path.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
    except OSError as error:
        raise CasesError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):  # by bytes: a line separator inside a text ends no row
        try:
            row = json.loads(line.decode())
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not all(field in row for field in fields):
            raise CasesError(f"{path}:{number}: wants a JSON object with {', '.join(fields)}")
        cases.append(row)
    if not cases:
        raise CasesError(f"{path}: holds no rows")
    return cases


def timed(judge: Callable[[Case], Answer], cases: Sequence[Case], *, name: str) -> tuple[list[Answer], float]:
    """Judge one case after the other, as tickets come; return the answers and the mean milliseconds of one."""
    console = Console(stderr=True)
    spent, answers = 0.0, []
    for case in track(cases, description=name, console=console, disable=not console.is_terminal, transient=True):
        began = time.perf_counter()
        answers.append(judge(case))
        spent += time.perf_counter() - began
    return answers, round(spent * 1000 / len(cases), 3)


def share(hits: Iterable[bool]) -> float | None:
    """Return the share of what is true, None of nothing."""
    every = list(hits)
    return round(sum(every) / len(every), 4) if every else None


def by_kind(pairs: Iterable[tuple[str, bool]], figure: str) -> dict[str, dict[str, float | None]]:
    """Return {kind: {figure: share of hits}} of (kind, is it a hit) pairs, sorted by kind."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    for kind, is_hit in pairs:
        kinds[kind].append(is_hit)
    return {kind: {figure: share(hits)} for kind, hits in sorted(kinds.items())}


def show(title: str, result: Mapping[str, object], *, on_stderr: bool) -> None:
    """Print the figures as a table; figures inside figures get dotted names."""
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in _flat(result):
        table.add_row(name, f"{value:g}" if isinstance(value, int | float) else "-")
    Console(file=sys.stderr if on_stderr else sys.stdout).print(table)


def _flat(result: Mapping[str, object], before: str = "") -> Iterable[tuple[str, object]]:
    for name, value in result.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value
