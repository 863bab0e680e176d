"""`deskhand replay`: list what stopped and will not go on by itself, and set it going again."""

import argparse
from dataclasses import asdict
from datetime import datetime, timedelta

from config.policy import load_policy
from config.settings import load_settings
from scripts.output import add_json_argument, write_json
from workers.services import utc_now
from workers.store.dead import LISTED, DeadLetter, DeadLetters
from workers.store.tables import open_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to replay, as listed: delivery:12")
    parser.add_argument("--list", action="store_true", help="only list what is dead, as without any name")
    parser.add_argument("--all", action="store_true", help="replay everything that can be")
    parser.add_argument("--since", type=_moment, metavar="TIME", help="only what died since (default: 30 days ago)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    add_json_argument(parser)


def _moment(text: str) -> datetime:
    """Read a moment (2026-11-20T09:00Z) or an age (90m, 6h, 7d)."""
    units = {"m": 60, "h": 3600, "d": 86_400}
    if text[:-1].isdigit() and text[-1:] in units:
        return utc_now() - timedelta(seconds=int(text[:-1]) * units[text[-1]])
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=utc_now().tzinfo)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    letters = DeadLetters(open_engine(settings.sql_url), attempts=load_policy(settings.config).limits.max_attempts)
    found = letters.list(since=args.since or utc_now() - LISTED)
    unknown = set(args.names) - {letter.name for letter in found}
    wanted = [one for one in found if (args.all or one.name in args.names) and not args.list]
    done = {letter.name: _replay(letter, letters, dry=args.dry_run) for letter in wanted}
    rows = [{**asdict(letter), "outcome": done.get(letter.name, "")} for letter in found]
    write_json(args.json, {"dead": len(found), "replayed": list(done.values()).count("replayed"), "letters": rows})
    if args.json != "-":
        _print(rows, is_list=not wanted)
        for name in sorted(unknown):
            print(f"{name}: not among the dead letters; run `deskhand replay` for the list")
    return 1 if unknown or "not replayed" in done.values() else 0


def _replay(letter: DeadLetter, letters: DeadLetters, *, dry: bool) -> str:
    if dry:
        return "would be replayed"
    return "replayed" if letters.replay(letter, now=utc_now()) else "not replayed"


def _print(rows: list[dict[str, object]], *, is_list: bool) -> None:
    if not rows:
        print("no dead letters")
    for row in rows:
        if is_list or row["outcome"]:
            where = f"{row['vendor']} {row['ticket_id']}".strip()
            print(f"{row['name']:<16} {row['state']:<12} {where:<20} {row['why']}  {row['outcome']}".rstrip())
