"""`deskhand migrate`: bring the database forward to this release."""

import argparse

from config.settings import load_settings
from workers.store.migrate import migrate
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    settings = load_settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    print(f"database at revision {migrate(open_engine(settings.sql_url))}")
    return 0
