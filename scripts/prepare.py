"""`deskhand prepare`: bring schema, embedding model, classifier and first index level, in one process.

Each step says in one line what it found; one that has nothing to do costs next to nothing.
"""

import argparse
import io
import sys
from contextlib import redirect_stderr, redirect_stdout

from config.settings import Settings, load_settings
from kb.embed import export_minilm
from scripts import reindex, train
from workers.store.migrate import migrate
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    """Take the steps in order; the first that fails ends it, with its own words."""
    del args
    settings = load_settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    _say(f"database: at revision {migrate(open_engine(settings.sql_url))}")
    path = export_minilm(settings.data)
    _say(f"embedding model: {path.stem}, {path.stat().st_size / 1e6:.0f} MB")
    return _classifier() or _help_centres(settings)


def _classifier() -> int:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = train.run(_only_if_stale())
    words = said.getvalue().strip().splitlines()
    _say(f"classifier: {words[-1] if words else 'up to date'}")
    return code


def _only_if_stale() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return parser.parse_args(["--if-stale"])


def _help_centres(settings: Settings) -> int:
    reports = reindex.bring_level(settings, only_empty=True)
    for vendor, report in reports.items():
        articles = report["added"] + report["changed"] + report["unchanged"]
        _say(f"help centre: {articles} articles of {vendor}, {report['chunks_embedded']} new passages")
        if report["refused"]:
            print(f"help centre: {report['refused']}", file=sys.stderr)
            return 1
    if not reports:
        _say("help centre: up to date")
    return 0


def _say(words: str) -> None:
    print(words, flush=True)
