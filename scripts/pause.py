"""`deskhand pause`: the kill switch. Webhooks are still stored; no ticket is touched until `deskhand resume`."""

import argparse

from config.settings import load_settings
from workers.services import utc_now
from workers.store.schedule import Schedule
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    del args
    set_paused("yes")
    print("paused: webhooks are stored, no ticket is touched until `deskhand resume`")
    return 0


def set_paused(value: str) -> None:
    Schedule(open_engine(load_settings().sql_url)).set_value("paused", value, now=utc_now())
