"""`deskhand evaluate escalation`: which messages the rules keep for a person, and which of these ask for one."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from config.policy import Policy, load_policy
from config.settings import load_settings
from integrations.helpdesk import Message, Person, Role, Status, Ticket
from kb.embed import load_embedder
from scripts.cases import CasesError, by_kind, read_cases, share, show, timed
from scripts.output import add_json_argument, write_json
from workers import rules
from workers.domain import Reading
from workers.ear import heard, load_ear
from workers.reading import read

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_REQUESTER = Person("1", "", Role.REQUESTER)
_PERSON = "wants_person"
_HANDOFF = "human_handoff"

Listen = Callable[[Reading], dict[str, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cases", required=True, type=Path, metavar="FILE", help="JSON Lines: text, escalate, reasons; or text, label"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    policy = load_policy(settings.config)
    embedder = load_embedder(policy.models.embed, settings.data)
    listen = partial(heard, ear=load_ear(embedder.name), embed=embedder.embed)
    cases = [case for case in read_cases(args.cases, ("text",)) if not case.get("borderline")]
    if wrong := next((n for n, case in enumerate(cases, 1) if not {"escalate", "label"} & set(case)), 0):
        raise CasesError(f"{args.cases}: row {wrong} has neither escalate nor label")
    escalated, milliseconds = timed(lambda case: is_escalated(case, policy, listen), cases, name="matching")
    result = figures(cases, escalated) | {"ms_per_case": milliseconds}
    write_json(args.json, result)
    show(f"{len(cases)} messages", result, on_stderr=args.json == "-")
    return 0


def is_escalated(case: dict[str, Any], policy: Policy, listen: Listen) -> bool:
    """Say whether a ticket with this text as its only message comes to a person by rule.

    Every rule's ceiling is at most a draft for a person to send. Where the file labels asking for a person, only the
    rule that hears this counts.
    """
    message = Message("1", _REQUESTER, True, str(case["text"]), _WHEN)
    ticket = Ticket("zendesk", "1", "", Status.NEW, _REQUESTER, (message,), _WHEN, _WHEN, "")
    reading = read(ticket, language_of=lambda _: "")
    hits = rules.match(reading, requester_tags=(), organization_tags=(), rules=policy.rules, heard=listen(reading))
    return any(hit.id == _PERSON for hit in hits) if "label" in case else bool(hits)


def figures(cases: list[dict[str, Any]], escalated: list[bool]) -> dict[str, Any]:
    """Compute what CONTRACT names; None where the file has no row for it."""
    wanted = [bool(case["escalate"]) if "escalate" in case else case["label"] == _HANDOFF for case in cases]
    rows = list(zip(cases, wanted, escalated, strict=True))
    precision = share(is_wanted for _, is_wanted, hit in rows if hit)
    recall = share(hit for _, is_wanted, hit in rows if is_wanted)
    total = (precision or 0) + (recall or 0)
    return {
        "precision": precision,
        "recall": recall,
        "f1": round(2 * (precision or 0) * (recall or 0) / total, 4) if total else 0.0,
        "false_negative_rate": None if recall is None else round(1 - recall, 4),
        "by_reason": by_kind(
            ((reason, hit) for case, is_wanted, hit in rows if is_wanted for reason in case.get("reasons", ())),
            "recall",
        ),
    }
