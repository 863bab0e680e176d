"""Plays sample tickets against the sandbox and watches what becomes of each: what the demo shows and counts."""

import mimetypes
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from scripts.world.load import Article, Expectation, People, Scene, Step, Ticket, World
from workers.store.ledger import Ledger
from workers.store.lessons import Lessons

_NOTE_MARK = re.compile(r"\[Deskhand (\S+)\]")


class Desk:
    """One of the sandbox's helpdesks, seen by the people who use it."""

    def __init__(self, url: str, vendor: str = "zendesk") -> None:
        self.url, self.vendor = url, vendor
        self._session = requests.Session()

    def takes(self, ticket: Ticket) -> bool:
        """Say whether a ticket can come this way.

        Intercom knows no mail's flags and no empty conversation, and whom it has blocked begins none.
        """
        is_said = bool(ticket.subject or ticket.body or ticket.attachments) and ticket.kind != "suspended"
        return self.vendor != "intercom" or (is_said and not (ticket.flags or ticket.headers))

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
class Written:
    """One message that awaits its outcome, and what an expert expects of it (None: nothing of its own)."""

    message_id: str
    expect: Expectation | None
    outcome: dict[str, Any] | None = None
    is_folded: bool = False  # the outcome is that of a later message of the same burst


@dataclass
class Played:
    """A sample ticket on its way."""

    ticket: Ticket
    titles: Mapping[str, str]  # of articles, by the ids that expectations name
    vendor: str = "zendesk"
    ticket_id: int = 0
    written: list[Written] = field(default_factory=list)
    pending: list[Step] = field(default_factory=list)

    @property
    def outcome(self) -> dict[str, Any] | None:
        """Return how the opening message ended, together with what followed at once."""
        return self.written[0].outcome if self.written else None

    @property
    def is_settled(self) -> bool:
        return bool(self.written) and not self.pending and self.written[-1].outcome is not None


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

    @property
    def ending(self) -> str:
        """Say what became of the question that came after the lesson."""
        if not self.used_lesson:
            return "did not find the lesson"
        has_text = self.second is not None and (self.second.outcome or {}).get("action") in ("send", "draft")
        return "was answered from what staff wrote" if has_text else "reached a person, with what staff wrote beside it"


class Rehearsal:
    """Writes tickets at a human pace, follows each through the ledger, and plays on what comes after."""

    def __init__(self, desks: Sequence[Desk], ledger: Ledger, lessons: Lessons, world: World) -> None:
        self._desks = {desk.vendor: desk for desk in desks}
        self._turn = 0
        self._written_to: dict[str, Desk] = {}  # by the requester's address
        self._titles = {article.id: article.title for article in world.articles}
        self._ledger = ledger
        self._lessons = lessons
        self._waiting = [ticket for ticket in world.tickets if any(desk.takes(ticket) for desk in desks)]
        self.left_out = len(world.tickets) - len(self._waiting)  # what none of these helpdesks can say
        self._scenes_waiting = list(world.scenes)
        self.played: list[Played] = []
        self.scenes: list[ScenePlay] = []
        self.last_progress = time.monotonic()
        self._news: list[str] = []

    def take_news(self) -> list[str]:
        """Return what happened in the learning scenes since this was asked last, in words."""
        news, self._news = self._news, []
        return news

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

    def _write(self, ticket: Ticket) -> Played:
        desk = self._desk_for(ticket)
        answer = desk.post("messages", message_row(ticket))
        played = Played(ticket, self._titles, desk.vendor, int(answer["ticket_id"]), pending=list(ticket.then))
        played.written.append(Written(str(answer["comment_id"]), ticket.expect))
        self.played.append(played)
        self.last_progress = time.monotonic()
        while played.pending and played.pending[0].after == "at_once":
            self._act(played, played.pending.pop(0))
        return played

    def _desk_for(self, ticket: Ticket) -> Desk:
        """Return where a ticket comes to: a chat to Intercom, else where its requester wrote before, else each in turn.

        What somebody writes twice is the same question only where it is the same somebody.
        """
        fitting = [desk for desk in self._desks.values() if desk.takes(ticket)]
        if ticket.channel == "chat" and len(fitting) > 1:
            return self._desks["intercom"]
        if (known := self._written_to.get(ticket.requester.email)) in fitting:
            return known
        self._turn += 1
        desk = fitting[self._turn % len(fitting)]
        return self._written_to.setdefault(ticket.requester.email, desk)

    def _act(self, played: Played, step: Step) -> None:
        desk = self._desks[played.vendor]
        body: dict[str, Any] = {"ticket_id": played.ticket_id, "body": step.body}
        if step.author == "staff":
            body |= {"public": step.is_public} | ({"status": step.status} if step.status else {})
            desk.post("staff", body)
            return
        answer = desk.post("messages", body)
        played.ticket_id = int(answer["ticket_id"])
        played.written.append(Written(str(answer["comment_id"]), step.expect))

    def _take_outcomes(self) -> list[Played]:
        known_of = {vendor: self._ledger.outcomes(vendor) for vendor in self._desks}
        settled = []
        for played in self.played:
            before, outcomes = played.is_settled, known_of[played.vendor]
            for number, written in enumerate(played.written):
                if written.outcome is None and (known := outcomes.get(written.message_id)):
                    written.outcome = known
                    _fold(played.written[:number], known)
            if played.is_settled and not before:
                settled.append(played)
        return settled

    def _play_on(self, played: Played) -> None:
        if played.pending and played.written[-1].outcome:
            self._act(played, played.pending.pop(0))

    def _play_scene(self, play: ScenePlay) -> None:
        if not play.is_solved and play.first.is_settled:
            self._desks[play.first.vendor].post(
                "staff",
                {
                    "ticket_id": play.first.ticket_id,
                    "body": play.scene.staff_answer,
                    "public": True,
                    "status": "solved",
                },
            )
            play.is_solved = True
            self._news.append(
                f"“{play.scene.ticket.subject}” has no answer in the articles: staff answer #{play.first.ticket_id}"
                " and solve it"
            )
        elif play.is_solved and play.second is None and self._has_learned(play.first):
            play.second = self._write(play.scene.similar)
            self._news.append(f"learned from it; now somebody else asks: “{play.scene.similar.subject}”")

    def _has_learned(self, played: Played) -> bool:
        return bool(self._lessons.hash_of(played.vendor, str(played.ticket_id)))


def seconds_of(outcome: Mapping[str, Any]) -> float:
    """Return how long a message waited for its outcome, from the ledger's own times."""
    asked: datetime = outcome["asked_at"] or outcome["opened_at"]
    settled: datetime = outcome["settled_at"]
    return max(0.0, (settled - asked).total_seconds())


def duplicates(state: Mapping[str, Any]) -> int:
    """Count answers of ours that a requester message got beyond the first, from the sandbox's own record."""
    if "conversations" in state:
        threads = [_said(row, state["account"]["package_code"]) for row in state["conversations"]]
    else:
        threads = [_marks(ticket) for ticket in state["tickets"]]
    return sum(len(marks) - len(set(marks)) for marks in threads)


def _marks(ticket: Mapping[str, Any]) -> list[str]:
    customs: Iterable[Any] = (comment.get("metadata", {}).get("custom", {}) for comment in ticket["comments"])
    return [custom["deskhand"] for custom in customs if isinstance(custom, dict) and "deskhand" in custom]


def _said(conversation: Mapping[str, Any], code: str) -> list[str]:
    """Return what tells our messages in a conversation apart: a note's mark; the text of a reply, which shows none."""
    texts = [part["html"] for part in conversation["parts"] if part["app_package_code"] == code and part["html"]]
    return [mark[1] if (mark := _NOTE_MARK.search(text)) else text for text in texts]


def mismatches(played: Played) -> list[str]:
    """Compare the outcomes of a ticket with what an expert expects; return what differs, in words."""
    judged = [(written.expect, written.outcome) for written in played.written if written.expect]
    return [wrong for expect, outcome in judged for wrong in _compare(expect, outcome, played.titles)]


def _fold(earlier: Iterable[Written], outcome: dict[str, Any]) -> None:
    """Give the earlier messages of a burst the outcome of its last one: they have none, or were called off."""
    for written in earlier:
        if written.outcome is None or "newer_message" in written.outcome["reasons"]:
            written.outcome, written.is_folded = outcome, True


def _compare(expect: Expectation, outcome: Mapping[str, Any] | None, titles: Mapping[str, str]) -> Iterator[str]:
    if outcome is None:
        yield "no outcome"
        return
    action = outcome["action"]
    if action not in expect.action:
        yield f"{action} instead of {' or '.join(expect.action)}"
    answered = action in ("send", "draft")
    if expect.intent and outcome["intent"] != expect.intent and answered:
        yield f"intent {outcome['intent'] or 'none'} instead of {expect.intent}"
    if expect.team and outcome["team"] and outcome["team"] != expect.team:
        yield f"team {outcome['team']} instead of {expect.team}"
    if expect.reason and expect.reason not in {reason.partition(":")[0] for reason in outcome["reasons"]}:
        yield f"without the reason {expect.reason}"
    if expect.sources and answered:
        right = {titles[source] for source in expect.sources}
        if not {passage["title"] for passage in outcome["passages"] or ()} & right:
            yield "other sources"
        elif action == "send" and not _cited(outcome) & right:
            yield "rests on other sources"
    text = " ".join(sentence["text"] for sentence in (outcome["draft"] or {}).get("sentences", ()))
    if action == "send":
        yield from (f"says “{words}”" for words in expect.never if words.lower() in text.lower())


def _cited(outcome: Mapping[str, Any]) -> set[str]:
    """Return the titles of what a draft rests on: without a person's look that must be the right ones."""
    names = {name for sentence in (outcome["draft"] or {}).get("sentences", ()) for name in sentence["passages"]}
    return {passage["title"] for place, passage in enumerate(outcome["passages"] or (), 1) if f"P{place}" in names}


def message_row(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket's opening message as the sandbox's control API takes it."""
    person = ticket.requester
    row: dict[str, Any] = {
        "subject": ticket.subject,
        "body": ticket.body,
        "channel": ticket.channel,
        "flags": list(ticket.flags),
        "attachments": [{"name": name, "content_type": _kind_of(name), "size": 48_211} for name in ticket.attachments],
        "requester": {"name": person.name, "email": person.email, "tags": list(person.tags)},
        "opened_by": ticket.opened_by,
    }
    if ticket.organization:
        row["organization"] = {"name": ticket.organization.name, "tags": list(ticket.organization.tags)}
    return row


def article_row(article: Article) -> dict[str, Any]:
    """Return an article as the sandbox's control API takes it."""
    return {
        "title": article.title,
        "body": article.body,
        "category": article.category,
        "section": article.section,
        "labels": list(article.labels),
        "locale": article.locale,
        "draft": article.is_draft,
        "restricted": article.restricted,
        **({"updated_at": f"{article.updated.isoformat()}T09:00:00Z"} if article.updated else {}),
    }


def people_row(people: People) -> dict[str, Any]:
    """Return staff, organisations and suspended requesters as the sandbox's control API takes them."""
    return {
        "organizations": [
            {"name": o.name, "tags": list(o.tags), "domain_names": [o.domain] if o.domain else []}
            for o in people.organizations
        ],
        "users": [
            *({"name": s.name, "email": s.email, "role": s.role, "groups": list(s.groups)} for s in people.staff),
            *({"name": c.name, "email": c.email, "suspended": True} for c in people.suspended),
        ],
    }


def _kind_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
