"""`deskhand reconcile`: ask each helpdesk what changed, and wake what the webhooks lost."""

import argparse

from config.settings import load_settings
from scripts.output import add_json_argument, write_json
from workers.pipeline import reconcile
from workers.services import build


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    services = build(load_settings())
    reports = {vendor: reconcile(vendor, services) for vendor in services.helpdesks}
    write_json(args.json, reports)
    if args.json != "-":
        for vendor, report in reports.items():
            print(f"{vendor}: {report['asked']} changed tickets seen, {report['woken']} woken")
    return 0
