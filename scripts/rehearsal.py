"""Plays sample tickets against the sandbox and watches what becomes of each: what the demo shows and counts."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from scripts.sandbox.world.load import Scene, WorldTicket
from workers.store.ledger import Ledger
from workers.store.library import Lessons

VENDOR = "zendesk"


class Desk:
    """The sandbox helpdesk, seen by the people who use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call the sandbox's control API. Raise ValueError with its words if it refuses."""
        answer = self._session.post(f"{self.url}/_control/{path}", json=body, timeout=30)
        if answer.status_code >= 400:
            raise ValueError(f"sandbox refused {path}: {answer.text[:200]}")
        result: dict[str, Any] = answer.json()
        return result

    def state(self) -> dict[str, Any]:
        result: dict[str, Any] = self._session.get(f"{self.url}/_control/state", timeout=30).json()
        return result


@dataclass
class Step:
    """One requester message that awaits its outcome."""

    message_id: str
    written_at: float
    outcome: dict[str, Any] | None = None
    settled_after: float = 0.0


@dataclass
class Played:
    """A sample ticket on its way."""

    ticket: WorldTicket
    ticket_id: int = 0
    steps: list[Step] = field(default_factory=list)
    pending: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> dict[str, Any] | None:
        """Return how the first message that got an outcome of its own ended: what `expect` speaks of."""
        judged = [s for s in self.steps if s.outcome and "newer_message" not in s.outcome["reasons"]]
        return judged[0].outcome if judged else None

    @property
    def is_settled(self) -> bool:
        return bool(self.steps) and not self.pending and self.steps[-1].outcome is not None


@dataclass
class ScenePlay:
    """The learning scene: a question nothing answers, staff's answer, and the same kind of question again."""

    scene: Scene
    first: Played
    second: Played | None = None
    is_solved: bool = False

    @property
    def is_over(self) -> bool:
        return self.second is not None and self.second.is_settled

    @property
    def used_lesson(self) -> bool:
        found = (self.second.outcome or {}).get("passages") if self.second else None
        return bool(found) and any(p["source"] == "lesson" for p in found or ())


class Rehearsal:
    """Writes tickets at a human pace, follows each through the ledger, and plays on what comes after."""

    def __init__(
        self, desk: Desk, ledger: Ledger, lessons: Lessons, tickets: Sequence[WorldTicket], scenes: Sequence[Scene]
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._lessons = lessons
        self._waiting = list(tickets)
        self._scenes_waiting = list(scenes)
        self.played: list[Played] = []
        self.scenes: list[ScenePlay] = []
        self.last_progress = time.monotonic()

    @property
    def total(self) -> int:
        return (
            len(self._waiting)
            + len(self.played)
            + 2 * len(self._scenes_waiting)
            + sum(1 for scene in self.scenes if scene.second is None)
        )

    @property
    def is_over(self) -> bool:
        return (
            not self._waiting
            and not self._scenes_waiting
            and all(p.is_settled for p in self.played)
            and all(s.is_over for s in self.scenes)
        )

    def advance(self, *, at_most: int) -> list[Played]:
        """Write up to this many new tickets, take in new outcomes, play on; return the tickets that were settled."""
        self._write_some(at_most)
        settled = self._take_outcomes()
        for played in self.played:
            self._play_on(played)
        for scene in self.scenes:
            self._play_scene(scene)
        if settled:
            self.last_progress = time.monotonic()
        return settled

    def _write_some(self, at_most: int) -> None:
        for _ in range(at_most):
            if self._scenes_waiting:
                scene = self._scenes_waiting.pop(0)
                self.scenes.append(ScenePlay(scene, self._write(scene.ticket)))
            elif self._waiting:
                self._write(self._waiting.pop(0))

    def _write(self, ticket: WorldTicket) -> Played:
        answer = self._desk.post("messages", ticket.message())
        played = Played(ticket, int(answer["ticket_id"]), pending=list(ticket.then))
        played.steps.append(Step(str(answer["comment_id"]), time.monotonic()))
        self.played.append(played)
        self.last_progress = time.monotonic()
        while played.pending and played.pending[0].get("after") == "at_once":
            self._act(played, played.pending.pop(0))
        return played

    def _act(self, played: Played, step: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {"ticket_id": played.ticket_id, "body": step["body"]}
        if step.get("as") == "staff":
            body |= {"public": step.get("public", True)}
            body |= {"status": step["status"]} if step.get("status") else {}
            self._desk.post("staff", body)
            return
        body |= {"requester": step["requester"]} if step.get("requester") else {}
        answer = self._desk.post("messages", body)
        played.ticket_id = int(answer["ticket_id"])
        played.steps.append(Step(str(answer["comment_id"]), time.monotonic()))

    def _take_outcomes(self) -> list[Played]:
        outcomes = self._ledger.outcomes(VENDOR)
        settled = []
        for played in self.played:
            before = played.is_settled
            for number, step in enumerate(played.steps):
                if step.outcome is None and (known := outcomes.get(step.message_id)):
                    step.outcome = known
                    step.settled_after = time.monotonic() - step.written_at
                    # A burst has one outcome: that of its last message.
                    for earlier in played.steps[:number]:
                        earlier.outcome = earlier.outcome or {**known, "reasons": ["newer_message"]}
            if played.is_settled and not before:
                settled.append(played)
        return settled

    def _play_on(self, played: Played) -> None:
        if played.pending and played.steps[-1].outcome:
            self._act(played, played.pending.pop(0))

    def _play_scene(self, play: ScenePlay) -> None:
        if not play.is_solved and play.first.is_settled:
            self._desk.post(
                "staff",
                {
                    "ticket_id": play.first.ticket_id,
                    "body": play.scene.staff_answer,
                    "public": True,
                    "status": "solved",
                },
            )
            play.is_solved = True
        elif play.is_solved and play.second is None and self._lessons.hash_of(VENDOR, str(play.first.ticket_id)):
            play.second = self._write(play.scene.similar)


def seconds_of(outcome: Mapping[str, Any]) -> float:
    """Return how long a message waited for its outcome, from the ledger's own times."""
    asked: datetime = outcome["asked_at"] or outcome["opened_at"]
    settled: datetime = outcome["settled_at"]
    return max(0.0, (settled - asked).total_seconds())


def duplicates(state: Mapping[str, Any]) -> int:
    """Count answers of ours that a requester message got beyond the first, from the sandbox's own record."""
    return sum(len(marks) - len(set(marks)) for marks in map(_marks, state["tickets"]))


def _marks(ticket: Mapping[str, Any]) -> list[str]:
    customs: Iterable[Any] = (comment.get("metadata", {}).get("custom", {}) for comment in ticket["comments"])
    return [custom["deskhand"] for custom in customs if isinstance(custom, dict) and "deskhand" in custom]


def mismatches(played: Played) -> list[str]:
    """Compare an outcome with what an expert expects; return what differs, in words. Empty: it matched."""
    expect, outcome = played.ticket.expect, played.outcome
    if not expect:
        return []
    if outcome is None:
        return ["no outcome"]
    wrong = []
    if outcome["action"] not in expect["action"]:
        wrong.append(f"{outcome['action']} instead of {' or '.join(expect['action'])}")
    if expect.get("intent") and outcome["intent"] != expect["intent"] and outcome["action"] in ("send", "draft"):
        wrong.append(f"intent {outcome['intent'] or 'none'} instead of {expect['intent']}")
    if expect.get("team") and outcome["team"] and outcome["team"] != expect["team"]:
        wrong.append(f"team {outcome['team']} instead of {expect['team']}")
    codes = {reason.partition(":")[0] for reason in outcome["reasons"]}
    if expect.get("reason") and expect["reason"] not in codes:
        wrong.append(f"without the reason {expect['reason']}")
    if expect.get("sources") and outcome["action"] in ("send", "draft"):
        found = " ".join(passage["url"] for passage in outcome["passages"] or ())
        if not any(slug in found for slug in expect["sources"]):
            wrong.append("other sources")
    text = " ".join(s["text"] for s in (outcome["draft"] or {}).get("sentences", ()))
    if outcome["action"] == "send":
        wrong += [f"says “{words}”" for words in expect.get("never", ()) if words.lower() in text.lower()]
    return wrong
