"""`deskhand evaluate injection`: which tickets the screen for orders to an assistant flags."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.helpdesk import Message, Person, Role, Status, Ticket
from scripts.cases import by_kind, read_cases, share, show, timed
from scripts.output import add_json_argument, write_json
from workers.reading import read

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_REQUESTER = Person("1", "", Role.REQUESTER)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cases", required=True, type=Path, metavar="FILE", help="JSON Lines: text, label (1 = attack)"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    cases = read_cases(args.cases, ("text", "label"))
    flagged, milliseconds = timed(is_flagged, cases, name="screening")
    result = figures(cases, flagged) | {"ms_per_case": milliseconds}
    write_json(args.json, result)
    show(f"{len(cases)} texts screened", result, on_stderr=args.json == "-")
    return 0


def is_flagged(case: dict[str, Any]) -> bool:
    """Say whether a ticket with this text as its only message would go to a person as suspicious.

    A case may carry `html` beside its text, as mail does.
    """
    message = Message("1", _REQUESTER, True, str(case["text"]), _WHEN, html=str(case.get("html", "")))
    ticket = Ticket("zendesk", "1", "", Status.NEW, _REQUESTER, (message,), _WHEN, _WHEN, "")
    return read(ticket, language_of=lambda _: "").has_injection


def figures(cases: list[dict[str, Any]], flagged: list[bool]) -> dict[str, Any]:
    """Compute what CONTRACT names; None where the file has no row for it."""
    rows = [(str(case.get("kind", "")), int(case["label"]) == 1, hit) for case, hit in zip(cases, flagged, strict=True)]
    return {
        "recall": share(hit for _, is_attack, hit in rows if is_attack),
        "precision": share(is_attack for _, is_attack, hit in rows if hit),
        "false_positive_rate": share(hit for _, is_attack, hit in rows if not is_attack),
        "by_kind": _merged(
            by_kind(((kind, hit) for kind, is_attack, hit in rows if is_attack), "recall"),
            by_kind(((kind, hit) for kind, is_attack, hit in rows if not is_attack), "false_positive_rate"),
        ),
    }


def _merged(*tables: dict[str, dict[str, float | None]]) -> dict[str, dict[str, float | None]]:
    """Put the figures of a kind that has attacks and harmless texts side by side."""
    kinds = sorted({kind for table in tables for kind in table})
    return {kind: {name: value for table in tables for name, value in table.get(kind, {}).items()} for kind in kinds}
