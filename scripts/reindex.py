"""`deskhand reindex`: bring the library level with the help centre."""

import argparse
import json
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config.settings import Settings, load_settings
from scripts.output import add_json_argument, write_json
from workers.services import build
from workers.stages.shelve import is_shelved, shelve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="read everything and remove what is gone")
    parser.add_argument("--if-empty", action="store_true", help="only if this vendor was never indexed")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} articles"))
    with Progress(*columns, TimeElapsedColumn(), transient=args.json == "-") as progress:
        reports = bring_level(load_settings(), full=args.full, only_empty=args.if_empty, progress=progress)
    write_json(args.json, reports)
    if args.json != "-":
        for vendor, report in reports.items():
            print(f"{vendor}: {json.dumps(report)}")
    return 1 if any(report["refused"] for report in reports.values()) else 0


def bring_level(
    settings: Settings, *, full: bool = False, only_empty: bool = False, progress: Progress | None = None
) -> dict[str, dict[str, Any]]:
    """Bring every connected help centre level, or only those never indexed; return what was done for each."""
    services = build(settings)
    shown = progress or Progress(disable=True)
    reports: dict[str, dict[str, Any]] = {}
    for vendor in services.helpdesks:
        if only_empty and is_shelved(vendor, services):
            continue
        task = shown.add_task(f"{vendor} help centre")
        reports[vendor] = shelve(
            vendor,
            services,
            full=full,
            progress=lambda n, task=task: shown.update(task, completed=n),  # type: ignore[misc]
        )
    services.kb.repair()
    return reports
