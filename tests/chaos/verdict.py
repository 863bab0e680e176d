"""What became of every message, from the sandbox's own audits held against the ledger. Jepsen's classes: lost,
duplicated, unexpected; and collided: said publicly over a person.

Audits, not comments: they outlive a ticket that staff deleted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from scripts.sandbox.merging import TAG
from scripts.sandbox.state import Audit, Ticket
from tests.fakes.stack import Stack
from workers.store.tables import case, reading

_WRITES = {"send": [True], "draft": [False], "assist": [False], "hand_off": [False], "ignore": []}


@dataclass
class Verdict:
    """Each list holds words on what is wrong; all of them must be empty."""

    messages: int = 0
    gone: int = 0  # of tickets that staff deleted or merged away before anybody read the message
    folded: int = 0  # settled together with a newer message of the same ticket
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    collided: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.duplicated, *self.collided, *self.unexplained]

    @property
    def figures(self) -> dict[str, int]:
        kinds = ("lost", "duplicated", "collided", "unexplained")
        return {"messages": self.messages, **{kind: len(getattr(self, kind)) for kind in kinds}}

    def __str__(self) -> str:
        return (
            f"{self.messages} messages: {len(self.lost)} lost, {len(self.duplicated)} duplicated, "
            f"{len(self.collided)} collided, {len(self.unexplained)} unexplained"
            f" ({self.folded} folded into a newer one, {self.gone} gone unread)\n"
            f"outcomes {dict(self.outcomes)}, reasons {dict(self.reasons.most_common())}"
        )


def judge(stack: Stack) -> Verdict:
    """Look at every ticket. The helpdesk must be at rest."""
    with reading(stack.engine) as connection:  # a ticket that was gone before it was read has a case without a message
        rows = connection.execute(select(*_COLUMNS).where(case.c.message_id != "")).mappings().all()
    cases: dict[int, dict[int, Any]] = {}
    for row in rows:
        cases.setdefault(int(row["ticket_id"]), {})[int(row["message_id"])] = row
    verdict, world = Verdict(), stack.twin.world
    with world.lock:
        staff = {user.id for user in world.staff()}
        for ticket in world.tickets.values():
            _look(ticket, cases.get(ticket.id, {}), staff, verdict)
    return verdict


_COLUMNS = (case.c.ticket_id, case.c.message_id, case.c.state, case.c.action, case.c.reasons)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, as the audit tells it. `mark` is Deskhand's, "" on what others said."""

    id: int
    author_id: int
    public: bool
    mark: str
    audit_id: int


def said_on(ticket: Ticket) -> list[Said]:
    """Return all that was ever said on a ticket, oldest first."""
    found = [(audit, event) for audit in ticket.audits for event in audit.events if event["type"] == "Comment"]
    return [Said(e["id"], e["author_id"], e["public"], _mark(audit), audit.id) for audit, e in found]


def _mark(audit: Audit) -> str:
    return str(audit.metadata["custom"].get("deskhand", ""))


def is_gone(ticket: Ticket) -> bool:
    return ticket.status == "deleted" or TAG in ticket.tags


def _look(ticket: Ticket, cases: dict[int, Any], staff: set[int], verdict: Verdict) -> None:
    said = said_on(ticket)
    asked = [comment for comment in said if comment.public and comment.author_id not in staff]
    settled = {number for number, row in cases.items() if row["state"] == "settled"}
    for message in asked:
        verdict.messages += 1
        name = f"ticket {ticket.id} message {message.id}"
        if message.id in settled:
            verdict.outcomes[cases[message.id]["action"]] += 1
            verdict.reasons.update(reason.partition(":")[0] for reason in cases[message.id]["reasons"])
        elif any(number > message.id for number in settled):
            verdict.folded += 1
        elif is_gone(ticket) and message.id not in cases:
            verdict.gone += 1
        else:
            verdict.lost.append(f"{name}: {'open' if message.id in cases else 'no case'} ({ticket.status})")
        if message.id in cases and message.id not in settled:
            verdict.unexplained.append(f"{name}: its case is still open")
    marks = Counter(comment.mark for comment in said if comment.mark)
    verdict.duplicated += [f"ticket {ticket.id}: {mark} {count} times" for mark, count in marks.items() if count > 1]
    verdict.collided += _collisions(ticket, said, staff)
    verdict.unexplained += _differences(ticket, said, cases)


def _differences(ticket: Ticket, said: list[Said], cases: dict[int, Any]) -> Iterator[str]:
    """Hold what stands on the ticket against what the ledger says, both ways."""
    shown: dict[str, list[bool]] = {}
    for comment in said:
        if comment.mark:
            shown.setdefault(comment.mark, []).append(comment.public)
    for number, row in cases.items():
        found = shown.pop(f"dh-{number}", [])
        if is_gone(ticket) and "ticket_gone" in row["reasons"]:
            continue  # whether our last write had arrived, nobody can see any more
        if row["state"] == "settled" and found[:1] != _WRITES[row["action"]]:
            yield f"ticket {ticket.id} message {number}: {row['action']} {row['reasons']}, but public: {found}"
    for mark, found in shown.items():
        yield f"ticket {ticket.id}: {mark} stands there {len(found)} times and in no case"


def _collisions(ticket: Ticket, said: list[Said], staff: set[int]) -> Iterator[str]:
    """Yield our public answers that came after a person had spoken, taken the ticket or ended it."""
    public = [comment for comment in said if comment.public]
    places = {comment.id: place for place, comment in enumerate(public)}
    for place, comment in enumerate(public):
        if not (mark := comment.mark):
            continue
        asked = places.get(int(mark.removeprefix("dh-")))
        if asked is None:
            yield f"ticket {ticket.id}: {mark} answers a message that is not there"
            continue
        if between := [other.id for other in public[asked + 1 : place] if not other.mark]:
            kinds = ["staff" if c.author_id in staff else "requester" for c in public if c.id in between]
            yield f"ticket {ticket.id}: {mark} came after {', '.join(kinds)} had written {between}"
        status, assignee = _state_before(ticket, comment.audit_id)
        if status in ("solved", "closed", "deleted") or assignee:
            yield f"ticket {ticket.id}: {mark} came when it was {status}, assignee {assignee}"


def _state_before(ticket: Ticket, audit_id: int) -> tuple[Any, Any]:
    """Return status and assignee as they were when this update came, from the audits before it."""
    state: dict[str, Any] = {"status": "new", "assignee_id": None}
    for audit in ticket.audits:
        if audit.id == audit_id:
            break
        for event in audit.events:
            if event["type"] in ("Create", "Change") and event.get("field_name") in state:
                state[event["field_name"]] = event["value"]
    return state["status"], state["assignee_id"]
