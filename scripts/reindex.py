"""`deskhand reindex`: bring the library level with help centre and folders."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config.settings import Settings, load_settings
from scripts.output import add_json_argument, write_json
from workers.services import build
from workers.stages.shelve import is_shelved, shelve, shelve_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="read everything and remove what is gone")
    parser.add_argument("--if-empty", action="store_true", help="only if this vendor was never indexed")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} documents"))
    with Progress(*columns, TimeElapsedColumn(), transient=args.json == "-", console=Console(stderr=True)) as progress:
        reports = bring_level(load_settings(), full=args.full, only_empty=args.if_empty, progress=progress)
    write_json(args.json, reports)
    if args.json != "-":
        for name, report in reports.items():
            print(f"{name}: {json.dumps(report)}")
    return 1 if any(report["refused"] for report in reports.values()) else 0


def bring_level(
    settings: Settings, *, full: bool = False, only_empty: bool = False, progress: Progress | None = None
) -> dict[str, dict[str, Any]]:
    """Bring every connected help centre, or only those never indexed, and every folder level; return the reports."""
    services = build(settings)
    shown = progress or Progress(disable=True)
    reports: dict[str, dict[str, Any]] = {}
    for vendor in services.helpdesks:
        if only_empty and is_shelved(vendor, services):
            continue
        counted = _counted(shown, f"{vendor} help centre")
        reports[vendor] = shelve(vendor, services, full=full, progress=counted)
    for name in services.policy.folders:
        reports[f"folder {name}"] = shelve_folder(name, services, progress=_counted(shown, f"folder {name}"))
    services.kb.repair()
    return reports


def _counted(progress: Progress, description: str) -> Callable[[int], None]:
    task = progress.add_task(description)
    return lambda documents: progress.advance(task, documents)
