"""`deskhand simulate --policy FILE`: which past decisions a changed policy would have changed. No model is asked.

FILE is a policy.toml, taxonomy.toml or rules.toml, or a folder with any of them; what is not given stays as it is now.
Both policies decide on the same recorded facts with this release's code, so every difference is the policy's.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from config.policy import FILES, Policy, PolicyError, load_policy
from config.settings import load_settings
from scripts.output import add_json_argument, write_json
from workers.replay import Recorded, Replayed, again, changed_rules, under
from workers.store.history import History, PastCase
from workers.store.tables import open_engine

_UNKNOWN = "unknown"
# What facts cannot tell, by the part of the policy that changed.
_BLIND: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("thresholds", ("stage_one_accuracy",), "how many messages stage one decides alone: train and evaluate intents"),
    ("thresholds", ("passage_draft",), "drafts that were never asked for; lower values show as unknown"),
    ("limits", ("passages", "turns", "passage_tokens", "account_tokens", "message_tokens"), "what the model was shown"),
    ("models", ("classify", "draft", "judge"), "what another model would have answered: run backtest"),
    ("checking", ("judge_sends", "judge_drafts", "repair"), "which drafts were read a second time"),
    ("learning", ("is_on", "min_answer_words", "min_question_words"), "what would have been learned"),
    ("answering", ("company", "product", "signature", "says_assistant"), "the words of drafts"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A past case that would have ended otherwise."""

    case: PastCase
    before: Replayed
    after: Replayed

    @property
    def kind(self) -> str:
        return f"{_action(self.before)} -> {_action(self.after)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation found. `elsewhere` cases were decided otherwise than today's policy and code would."""

    cases: int
    left_out: Counter[str]
    changes: tuple[Change, ...]
    reworded: int  # the same action for other reasons, or to another team
    elsewhere: int
    totals: tuple[Counter[str], Counter[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", required=True, type=Path, metavar="FILE", help="a changed policy file, or a folder")
    parser.add_argument("--since-days", type=float, default=0.0, metavar="N", help="only cases settled since then")
    parser.add_argument("--limit", type=int, default=100_000, metavar="N", help="the newest N cases at most")
    parser.add_argument("--examples", type=int, default=3, metavar="N", help="examples shown of each kind of change")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings()
    old = load_policy(settings.config)
    new = changed(settings.config, args.policy)
    history = History(open_engine(settings.sql_url))
    began = time.perf_counter()
    outcome = simulate(history.settled(limit=args.limit, since_days=args.since_days), old, new)
    seconds = time.perf_counter() - began
    result = as_json(outcome, old, new, seconds)
    write_json(args.json, result)
    _show(Console(file=sys.stderr if args.json == "-" else sys.stdout), outcome, result, args.examples)
    return 0


def changed(folder: Path, given: Path) -> Policy:
    """Load the policy with the given file or folder in place of the present files."""
    if not given.exists():
        raise PolicyError(f"{given}: missing")
    if given.is_file() and given.name not in FILES:
        return load_policy(folder, {"policy.toml": given})
    files = [given] if given.is_file() else [given / name for name in FILES if (given / name).exists()]
    if not files:
        raise PolicyError(f"{given}: holds none of {', '.join(FILES)}")
    return load_policy(folder, {path.name: path for path in files})


def simulate(cases: Iterable[PastCase], old: Policy, new: Policy) -> Outcome:
    """Decide every case under both policies."""
    changes: list[Change] = []
    left_out: Counter[str] = Counter()
    totals: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    moved = changed_rules(old, new)
    count = reworded = elsewhere = 0
    for case in cases:
        count += 1
        recorded = Recorded(case.facts, case.subject, case.question, case.classification)
        before = again(under(recorded, old, old, frozenset()), old)
        if before.decision is None:
            left_out[before.missing] += 1
            continue
        after = again(under(recorded, old, new, moved), new)
        elsewhere += before.decision.action.value != case.action
        for total, replayed in zip(totals, (before, after), strict=True):
            total[_action(replayed)] += 1
        if _action(before) != _action(after):
            changes.append(Change(case, before, after))
        elif before != after:
            reworded += 1
    return Outcome(count, left_out, tuple(changes), reworded, elsewhere, totals)


def blind_spots(old: Policy, new: Policy) -> list[str]:
    """Say in words which of the changes recorded facts cannot answer for."""
    found = []
    for section, keys, what in _BLIND:
        one, other = getattr(old, section, None), getattr(new, section, None)
        moved = [key for key in keys if getattr(one, key, None) != getattr(other, key, None)]
        if moved:
            found.append(f"{section}.{', '.join(moved)}: not told by recorded facts: {what}")
    taught = [name for name in old.intents.keys() | new.intents.keys() if _lessons(old, name) != _lessons(new, name)]
    if taught:
        found.append(f"examples of {', '.join(sorted(taught))}: the classification is replayed as it was recorded")
    if moved_rules := changed_rules(old, new):
        told = "matched again on the masked text; a rule taken out lowers no urgency"
        found.append(f"rules {', '.join(sorted(moved_rules))}: {told}")
    return found


def _lessons(policy: Policy, name: str) -> tuple[str, ...] | None:
    entry = policy.intents.get(name)
    return entry.examples if entry else None


def _action(replayed: Replayed) -> str:
    return replayed.decision.action.value if replayed.decision else _UNKNOWN


def _told(replayed: Replayed) -> list[str]:
    return [str(reason) for reason in replayed.decision.reasons] if replayed.decision else [replayed.missing]


def as_json(outcome: Outcome, old: Policy, new: Policy, seconds: float) -> dict[str, Any]:
    return {
        "cases": outcome.cases,
        "changed": len(outcome.changes),
        "reworded": outcome.reworded,
        "left_out": dict(outcome.left_out),
        "decided_otherwise_then": outcome.elsewhere,
        "seconds": round(seconds, 3),
        "policy": {"now": old.hash, "changed": new.hash},
        "before": dict(outcome.totals[0]),
        "after": dict(outcome.totals[1]),
        "by_kind": dict(Counter(change.kind for change in outcome.changes).most_common()),
        "by_intent": dict(Counter(change.case.intent or "(none)" for change in outcome.changes).most_common()),
        "not_told": blind_spots(old, new),
        "changes": [_line(change) for change in outcome.changes],
    }


def _line(change: Change) -> dict[str, Any]:
    return {
        "case": change.case.id,
        "vendor": change.case.vendor,
        "ticket": change.case.ticket_id,
        "intent": change.case.intent,
        "before": {"action": _action(change.before), "reasons": _told(change.before)},
        "after": {"action": _action(change.after), "reasons": _told(change.after)},
    }


def _show(console: Console, outcome: Outcome, result: dict[str, Any], examples: int) -> None:
    table = Table(title=f"{outcome.cases} past cases, {len(outcome.changes)} would end otherwise")
    for column in ("change", "cases", "intents", "examples (ticket: reasons before, then after)"):
        table.add_column(column, justify="right" if column == "cases" else "left")
    for kind, count in result["by_kind"].items():
        same = [change for change in outcome.changes if change.kind == kind]
        intents = Counter(change.case.intent or "(none)" for change in same).most_common(4)
        table.add_row(kind, str(count), ", ".join(f"{name} {n}" for name, n in intents), _examples(same[:examples]))
    if outcome.changes:
        console.print(table)
    else:
        console.print(f"{outcome.cases} past cases: none would end otherwise")
    if outcome.reworded:
        console.print(f"{outcome.reworded} would end the same way for other reasons or with another team")
    if outcome.elsewhere:
        console.print(f"{outcome.elsewhere} ended otherwise then than under today's policy and release")
    for why, count in outcome.left_out.items():
        console.print(f"{count} left out: {why}")
    for told in result["not_told"]:
        console.print(f"[yellow]{told}[/yellow]")


def _examples(changes: Sequence[Change]) -> str:
    return "\n".join(
        f"{change.case.ticket_id}: {', '.join(_told(change.before))} -> {', '.join(_told(change.after))}"
        for change in changes
    )
