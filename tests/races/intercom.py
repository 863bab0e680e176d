"""The same races on an Intercom workspace, which has neither lock nor key: judged by what our last read could know.

An act between that read and the arrival of our call cannot be seen by anybody; such a reply is counted as crossed.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from integrations.helpdesk import Helpdesk
from integrations.intercom.client import IntercomHelpdesk
from integrations.intercom.setup import IntercomSetup
from integrations.setup import Wish
from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.state import Conversation
from scripts.sandbox.intercom.twin import IntercomTwin, Shared
from scripts.sandbox.server import run_app
from tests.races.course import PACES, QUESTION, Ring
from tests.races.verdict import Race, Verdict
from workers.store import tables

LONGEST_FLIGHT = timedelta(seconds=60)  # of a call, after which nothing in between still holds it
# Why we stay quiet, or do less, if the act came before our last read.
QUIET = {
    "answers": {"staff_answered"},
    "answers and closes": {"staff_answered", "ticket_done", "status_changed"},
    "closes": {"ticket_done", "status_changed"},
    "asks": {"newer_message"},
    "stops": {"silenced"},
    "deletes": {"ticket_gone"},
}
LOWER = {
    "notes": {"staff_at_work"},
    "assigns": {"staff_at_work"},
    "snoozes": {"status_changed", "ticket_done"},
}


class IntercomRing(Ring):
    """The workspace in the place of the account."""

    vendor = "intercom"

    def _connect(self, engine: Engine) -> None:
        self.twin = IntercomTwin(shared=Shared.alone(lambda: self.now))  # type: ignore[assignment]
        self.app = create_intercom_app(self.twin)  # type: ignore[arg-type]
        self._set_up()
        admins = self.twin.world.admins.values()
        self.bot_id = next(admin.id for admin in admins if admin.email.startswith("deskhand@"))

    def _set_up(self) -> None:
        """Make the attributes and tags that `deskhand connect` makes, beside the course."""
        server = run_app("set-up", self.app)
        wish = Wish("https://deskhand.example", ("deskhand_stop",), (), {}, ("Support", "Billing"))
        list(IntercomSetup(server.url, self.twin.world.account.access_token).connect(wish, is_dry=False))
        server.stop()

    def _helpdesk(self) -> Helpdesk:
        token = self.twin.world.account.access_token
        return IntercomHelpdesk(self.server.url, token, now=lambda: self.now, clock=self._clock)

    def _is_write(self, environ: dict[str, Any]) -> bool:
        """Only the message itself may be lost with consequences: what comes before it is made again."""
        if not environ["PATH_INFO"].endswith("/reply"):
            return False
        body = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        self.calls.append((json.loads(body)["message_type"], self.twin.books.since(0, 0)[1]))
        return True

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer with the race's own time: it is by the helpdesk's clock that a lost call is waited out."""

        def timed(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("Date", format_datetime(self.now, usegmt=True))], *rest)

        return list(self.app.wsgi_app(environ, timed))

    def _hold_back(self, environ: dict[str, Any], steps: int) -> None:
        super()._hold_back(environ, steps)
        self.lands_by = self.now + LONGEST_FLIGHT

    def _wait_until(self, due: datetime) -> None:
        """No call is on its way for longer than we reckon with, however few steps of ours that takes."""
        if self.late is not None and due > self.lands_by:
            deliver, self.late = self.late[1], None
            self.now = max(self.now, self.lands_by)
            deliver()
        super()._wait_until(due)

    def _act(self) -> None:
        if self.ticket.id in self.twin.world.conversations:
            ACTS[self.race.act](self, self.ticket)  # type: ignore[arg-type]
            if self.race.is_heard:
                self.services[self.race.kind].tickets.wake("intercom", self.ticket.id, now=self.now)  # type: ignore[arg-type]

    def run(self, race: Race) -> Verdict:
        """Let it happen, then let everything come to rest; judge it by the workspace's books and our ledger."""
        number = next(self._numbers)
        self.now = self.now.replace(microsecond=0) + timedelta(seconds=100, milliseconds=Random(number).randrange(999))
        self.steps, self.late, self.fate, self.race = [], None, race.fate, race
        self.calls: list[tuple[str, int]] = []
        requester = {"name": "Ada Doe", "email": f"ada{number}@example.com"}
        began = self.twin.books.since(0, 0)[1]
        told = self._control("messages", body=QUESTION, subject="Shifts", requester=requester)
        self.ticket = self.twin.world.conversations[told["ticket_id"]]  # type: ignore[assignment]
        self.first_message = str(told["comment_id"])
        self._come_to_rest(race)
        return judge(race, self, self.twin.books.since(began, 100_000)[0])

    def outcomes(self) -> dict[str, tuple[str, list[str]]]:
        columns = tables.case.c
        mine = (columns.vendor == "intercom", columns.ticket_id == str(self.ticket.id))
        with tables.reading(self.engine) as connection:
            rows = connection.execute(select(tables.case).where(*mine)).all()
        return {row.message_id: ("open" if row.state == "open" else row.action, row.reasons) for row in rows}


def judge(race: Race, ring: IntercomRing, entries: Sequence[dict[str, Any]]) -> Verdict:
    """Look at what was written on the conversation in its order, and at what each reply of ours could know."""
    verdict = Verdict()
    ticket_id, bot_id = str(ring.ticket.id), str(ring.bot_id)
    writes = [entry for entry in entries if entry["kind"] == "write" and str(entry["ticket_id"]) == ticket_id]
    own = [entry for entry in writes if str(entry["actor_id"]) == bot_id]
    replies = [entry for entry in own if entry["action"] == "reply"]
    notes = [entry for entry in own if entry["action"] == "note"]
    acted = next((entry["seq"] for entry in writes[1:] if str(entry["actor_id"]) != bot_id), None)
    asked = 2 if race.act == "asks" and acted is not None else 1
    if len(replies) > asked or len(notes) > asked:
        verdict.doubled.append(f"{len(replies)} replies and {len(notes)} notes to {asked}")
    outcomes = ring.outcomes()
    began = [seq for kind, seq in ring.calls if kind == "comment"]
    for entry, call in zip(replies, began, strict=False):
        _judge_reply(race, acted, entry, call, entries, verdict, is_first=entry is replies[0], ticket_id=ticket_id)
    _judge_outcomes(race, ring.first_message, outcomes, replies, notes, acted, verdict)
    return verdict


def _judge_reply(
    race: Race,
    acted: int | None,
    entry: dict[str, Any],
    call: int,
    entries: Sequence[dict[str, Any]],
    verdict: Verdict,
    *,
    is_first: bool,
    ticket_id: str,
) -> None:
    """A reply after an act that speaks against it: over a person if a read of ours had shown it."""
    if acted is None or acted > entry["seq"] or race.act not in {*QUIET, *LOWER} or not is_first:
        return
    path = f"/conversations/{ticket_id}"
    reads = [
        row["seq"]
        for row in entries
        if row["kind"] == "request" and row["method"] == "GET" and row["path"] == path and row["seq"] <= call
    ]
    was_seen = acted < max(reads, default=0)
    if not was_seen:
        verdict.crossed = True
    elif not (race.act == "asks" or _was_there_at_first(acted, reads)):
        verdict.collided.append(f"a reply after: {race.act}")


def _was_there_at_first(acted: int, reads: Sequence[int]) -> bool:
    """Tell whether it was there when we first read the conversation: then the decision was made in its knowledge."""
    return bool(reads) and acted < reads[0]


def _judge_outcomes(
    race: Race,
    message_id: str,
    outcomes: dict[str, tuple[str, list[str]]],
    replies: Sequence[dict[str, Any]],
    notes: Sequence[dict[str, Any]],
    acted: int | None,
    verdict: Verdict,
) -> None:
    """Every message has an outcome, which stands on the conversation, with what happened as its reason."""
    say = verdict.unexplained.append
    if not outcomes:
        say("no case")
        return
    if any(action == "open" for action, _ in outcomes.values()):
        say(f"never settled: {outcomes}")
    action, reasons = outcomes.get(message_id) or next(iter(outcomes.values()))
    verdict.outcome = action
    codes = {reason.partition(":")[0] for _, said in outcomes.values() for reason in said}
    verdict.changed = action != race.kind
    if action == "send" and not replies:
        say("recorded as sent, and no reply stands there")
    if replies and "send" not in {found for found, _ in outcomes.values()} and not codes & {"in_doubt", "ticket_gone"}:
        say(f"a reply stands there, recorded as {action} {reasons}")
    if action in ("draft", "assist") and not notes:
        say(f"recorded as {action}, and no note stands there")
    known = QUIET.get(race.act, set()) | LOWER.get(race.act, set()) | {"in_doubt"}
    if (
        action != race.kind
        and (acted is None or not codes & known)
        and not (race.fate != "kept" and "in_doubt" in codes)
    ):
        say(f"{action} {reasons} after: {race.act}")


def _words(ring: IntercomRing, ticket: Conversation, **what: Any) -> None:
    ring._control("staff", ticket_id=ticket.id, staff="Priya", **what)


def _ask(ring: IntercomRing, ticket: Conversation) -> None:
    ring._control("messages", ticket_id=ticket.id, body="And how do I swap a shift next week?")


ACTS: dict[str, Callable[[IntercomRing, Conversation], None]] = {
    "nothing": lambda ring, ticket: None,
    "answers": lambda ring, ticket: _words(ring, ticket, body="You can do it in the app.", public=True),
    "answers and closes": lambda ring, ticket: _words(ring, ticket, body="In the app.", public=True, status="closed"),
    "notes": lambda ring, ticket: _words(ring, ticket, body="I look into this.", public=False),
    "assigns": lambda ring, ticket: _words(ring, ticket, assignee="me"),
    "snoozes": lambda ring, ticket: _words(ring, ticket, status="snoozed"),
    "closes": lambda ring, ticket: _words(ring, ticket, status="closed"),
    "asks": _ask,
    "deletes": lambda ring, ticket: _words(ring, ticket, delete=True),
    "stops": lambda ring, ticket: _words(ring, ticket, add_tags=["deskhand_stop"]),
    "tags": lambda ring, ticket: _words(ring, ticket, add_tags=["vip"]),
}


def every_race(
    ring: IntercomRing, kinds: Iterable[str], fates: Iterable[str], *, random: Random | None = None, most: int = 0
) -> list[Race]:
    """Return each act at each step that our work takes when nobody interferes, and once after its end.

    With `random`, no more than `most` of them, every act among them equally often.
    """
    races = []
    for number, (kind, fate) in enumerate(itertools.product(kinds, fates)):
        calm = Race(kind, "nothing", 0, fate, PACES[number % len(PACES)])
        ring.run(calm)
        for turn, (act, place) in enumerate(
            itertools.product(sorted(ACTS.keys() - {"nothing"}), range(len(ring.steps)))
        ):
            pace = PACES[(turn + number) % len(PACES)]
            races.append(replace(calm, act=act, place=place, pace=pace, is_heard=turn % 2 == 0))
    if random is None:
        return races
    random.shuffle(races)
    by_act = [[race for race in races if race.act == act] for act in ACTS]
    return [race for row in itertools.zip_longest(*by_act) for race in row if race is not None][:most]
