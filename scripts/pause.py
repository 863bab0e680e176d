"""`deskhand pause`: the kill switch. Webhooks are still stored; no ticket is touched until `deskhand resume`."""

import argparse
from datetime import timedelta

from config.settings import load_settings
from workers.services import utc_now
from workers.store.schedule import Schedule
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--drafts", action="store_true", help="stop automatic replies only: tickets get drafts and notes"
    )
    parser.add_argument("--minutes", type=float, default=0.0, metavar="N", help="go on by itself after so long")


def run(args: argparse.Namespace) -> int:
    until = utc_now() + timedelta(minutes=args.minutes)
    what = "drafts" if args.drafts else "yes"
    set_paused(f"{what} until {until.isoformat()}" if args.minutes > 0 else what)
    effect = (
        "nothing is sent, tickets get drafts and notes" if args.drafts else "webhooks are stored, no ticket is touched"
    )
    end = f"{until:%H:%M} UTC or `deskhand resume`" if args.minutes > 0 else "`deskhand resume`"
    print(f"paused: {effect} until {end}")
    return 0


def set_paused(value: str) -> None:
    Schedule(open_engine(load_settings().sql_url)).set_value("paused", value, now=utc_now())
