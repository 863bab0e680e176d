"""`deskhand forget`: take a ticket, or all tickets of a requester, out of everything we keep, and write a receipt."""

import argparse
from collections.abc import Sequence

from config.settings import load_settings
from integrations.registry import VENDORS
from scripts.output import add_json_argument, write_json
from workers.forget import LEFT, MOST, Forgotten, forget, tickets_of
from workers.services import build


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("vendor", choices=sorted(VENDORS), help="the helpdesk")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--ticket", nargs="+", metavar="ID", help="these tickets (conversations on Intercom)")
    who.add_argument(
        "--requester", metavar="ID", help="every ticket this person asked for, by the helpdesk's id of them"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    services = build(settings)
    if args.vendor not in services.helpdesks and args.requester:
        raise LookupError(f"{args.vendor} is not connected, so nobody can tell which tickets this person asked for")
    tickets: Sequence[str] = args.ticket or tickets_of(args.vendor, args.requester, services)
    done = [forget(args.vendor, one, services, dry=args.dry_run) for one in tickets]
    may_have_more = bool(args.requester) and len(done) >= MOST
    receipt = {
        "dry_run": args.dry_run,
        "forgotten": sum(not one.refused for one in done),
        "refused": sum(bool(one.refused) for one in done),
        "may_have_more": may_have_more,
        "tickets": [one.to_dict() for one in done],
        "left": list(LEFT),
    }
    write_json(args.json, receipt)
    if args.json != "-":
        _print(done, dry=args.dry_run, may_have_more=may_have_more)
    return 1 if receipt["refused"] else 0


def _print(done: Sequence[Forgotten], *, dry: bool, may_have_more: bool) -> None:
    for one in done:
        rows = ", ".join(f"{count} {name}" for name, count in one.rows.items() if count) or "nothing was kept"
        print(f"{one.vendor} {one.ticket_id}: {one.refused or rows}")
    print(f"{'would forget' if dry else 'forgot'} {sum(not one.refused for one in done)} tickets. What stays:")
    for line in LEFT:
        print(f"- {line}")
    if may_have_more:
        print(f"- the helpdesk lists {MOST} tickets of a person at once: give older ones by --ticket")
