"""What the account's own books say of a race: doubled, collided, or without an explanation; pure."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.sandbox.state import Ticket

KINDS = ("send", "draft", "assist")
Entry = Mapping[str, Any]
Outcomes = Mapping[str, tuple[str, list[str]]]

GONE = frozenset({"merges away", "deletes", "destroys"})
# Why we stay quiet, or do less, if the act came before our write.
QUIET = {
    "answers": {"staff_answered"},
    "answers and solves": {"staff_answered", "ticket_done", "status_changed"},
    "solves": {"ticket_done", "status_changed"},
    "closes": {"ticket_done", "status_changed"},
    "asks": {"newer_message"},
    "makes private": {"no_requester_message"},
    "stops": {"silenced"},
    **{act: {"ticket_gone"} for act in GONE},
}
LOWER = {
    "notes": {"staff_at_work"},
    "merges in": {"staff_at_work"},
    "assigns": {"staff_at_work"},
    "sets pending": {"status_changed"},
    "puts on hold": {"status_changed"},
    "changes requester": {"participant"},
}
# Those that count whenever they came before our reply; the others only if we had read the ticket before.
ALWAYS = frozenset(QUIET) | {"assigns", "changes requester"}


@dataclass(frozen=True, slots=True)
class Race:
    """What happens, and at which of our steps; printed, it can be run again."""

    kind: str  # what comes of it if nobody interferes
    act: str
    place: int
    fate: str = "kept"
    pace: float = 0.3  # seconds that each step takes
    is_heard: bool = True  # the act's webhook arrives at once, or what happened is found out at the end


@dataclass(slots=True)
class Verdict:
    """`changed`: the act came between a read and a write of ours, or before both, and made a difference.

    `crossed`: the act and our reply met on their way, which only a lock can prevent.
    """

    doubled: list[str] = field(default_factory=list)
    collided: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    outcome: str = ""
    changed: bool = False
    crossed: bool = False

    @property
    def is_good(self) -> bool:
        return not (self.doubled or self.collided or self.unexplained)


def judge(
    race: Race, ticket: Ticket, message_id: str, entries: Sequence[Entry], outcomes: Outcomes, bot_id: int
) -> Verdict:
    """Look at everything that was written on the ticket in the order in which it was committed."""
    verdict, kind, act = Verdict(), race.kind, race.act
    writes = [entry for entry in entries if entry["kind"] == "write" and entry["ticket_id"] == ticket.id]
    own = [entry for entry in writes if entry["actor_id"] == bot_id]
    acts = [entry["seq"] for entry in writes[1:] if entry["actor_id"] != bot_id]
    acted = acts[0] if acts else None
    said: dict[str, list[Entry]] = {}
    for entry in own:
        said.setdefault(str(entry["custom"].get("deskhand")), []).append(entry)
    verdict.doubled = [f"{mark} {len(rows)} times" for mark, rows in said.items() if len(rows) > 1]
    for entry in own:
        _judge_reply(entry, act, acted, entries, ticket, verdict)
    mine = said.get(f"dh-{message_id}", [])
    before = acted is not None and (not mine or acted < mine[0]["seq"])
    verdict.changed = before and act != "tags"
    outcome = outcomes.get(message_id)
    verdict.outcome = outcome[0] if outcome else ""
    if outcome is None:
        # Nothing was there to be answered when we first looked, or it was asked as part of something newer.
        if not (before and act in {*GONE, "asks", "makes private"}):
            verdict.unexplained.append("no case")
    elif not (race.fate != "kept" and act in GONE and _codes(outcome) & QUIET[act]):  # gone, with what we wrote on it
        _judge_outcome(race, before, outcome, mine, verdict)
    if act == "asks" and acted is not None:
        _judge_newer(kind, message_id, outcomes, verdict)
    return verdict


def _judge_reply(
    entry: Entry, act: str, acted: int | None, entries: Sequence[Entry], ticket: Ticket, verdict: Verdict
) -> None:
    """A reply of ours over a person: the act was committed before it, and says that it should not be there."""
    if not entry["public"] or acted is None or acted > entry["seq"] or act == "tags":
        return
    if act == "asks" and _answers_newest(entry, acted, entries):
        return
    if act in ALWAYS and act != "asks":
        verdict.collided.append(f"a reply after: {act}")
    elif act == "asks" or acted > _read_at(entry, act, entries, ticket):
        verdict.collided.append(f"a reply over: {act}")


def _answers_newest(entry: Entry, acted: int, entries: Sequence[Entry]) -> bool:
    asked = next(row for row in entries if row["seq"] == acted)
    return bool(entry["custom"].get("deskhand") == f"dh-{asked['comment_id']}")


def _read_at(entry: Entry, act: str, entries: Sequence[Entry], ticket: Ticket) -> int:
    """Return when the read was made on which a reply was decided: the last one before who asks was looked up."""
    requests = [row for row in entries if row["kind"] == "request" and row["seq"] < entry["seq"]]
    looked_up = max(row["seq"] for row in requests if row["path"].endswith("/tickets/requested"))
    spoken = act in ("notes", "merges in", "redacts")
    path = f"/api/v2/tickets/{ticket.id}" + ("/comments" if spoken else "")
    return int(max(row["seq"] for row in requests if row["path"] == path and row["seq"] < looked_up))


def _codes(outcome: tuple[str, list[str]]) -> set[str]:
    return {reason.partition(":")[0] for reason in outcome[1]}


def _judge_outcome(
    race: Race, before: bool, outcome: tuple[str, list[str]], mine: Sequence[Entry], verdict: Verdict
) -> None:
    """What is recorded stands on the ticket, and its reason is what happened."""
    say, act, kind = verdict.unexplained.append, race.act, race.kind
    (action, reasons), codes = outcome, _codes(outcome)
    if action == "open":
        say("never settled")
    stands = "send" if any(row["public"] for row in mine) else "note" if mine else "ignore"
    recorded = {"send": "send", "ignore": "ignore"}.get(action, "note")
    if stands != recorded:
        say(f"recorded as {action}, on the ticket stands {stands}")
    if before and act in QUIET:
        if action != "ignore" or not codes & QUIET[act]:
            say(f"{action} {reasons} after: {act}")
    elif before and act in LOWER and kind == "send":
        is_late = act not in ALWAYS and stands == "send"  # it was there when we read the ticket, and is no reason
        if not is_late and (action != "draft" or not codes & LOWER[act]):
            say(f"{action} {reasons} after: {act}")
    elif action != kind:
        say(f"{action} {reasons}, and nothing spoke against {kind}")


def _judge_newer(kind: str, message_id: str, outcomes: Outcomes, verdict: Verdict) -> None:
    """What the requester added has an outcome of its own: a draft, if a reply that says the same went out before."""
    newer = {key: value for key, value in outcomes.items() if key != message_id}
    is_repeated = any("check_failed" in _codes(value) for value in newer.values()) and outcomes[message_id][0] == "send"
    if [value[0] for value in newer.values()] != ["draft" if is_repeated else kind]:
        verdict.unexplained.append(f"the newer message: {json.dumps(newer)}")


def summed(verdicts: Sequence[Verdict]) -> str:
    """Return the figures of many races in one line."""
    counts = Counter(verdict.outcome or "no case" for verdict in verdicts)
    return (
        f"interleavings {len(verdicts)}, that made a difference {sum(v.changed for v in verdicts)}, "
        f"crossed {sum(v.crossed for v in verdicts)}, "
        f"collisions {sum(bool(v.collided) for v in verdicts)}, doubled {sum(bool(v.doubled) for v in verdicts)}, "
        f"unexplained {sum(bool(v.unexplained) for v in verdicts)}; outcomes {dict(counts)}"
    )
