"""The sample world from its files: the articles, tickets, learning scenes and people of the fictional Tidemark.

Everything is checked while it is read; all mistakes are named at once. JSONL files of other products can be read into
the same shapes, without expectations.
"""

import codecs
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from config.policy import Policy
from workers.domain import Action, Code

CHANNELS = frozenset({"email", "web", "chat"})
RESTRICTIONS = frozenset({"", "staff", "signed_in"})
MOMENTS = frozenset({"settled", "at_once"})
_ARTICLE_KEYS = {"id", "title", "category", "section", "labels", "locale", "draft", "restricted", "updated"}
_SUBJECT_LENGTH = 80


class WorldError(Exception):
    """The files do not make a world; the message has one line a problem."""


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the help centre. `restricted` is "", "staff" or "signed_in"; an outdated one may be public."""

    id: str
    title: str
    body: str  # Markdown
    category: str
    section: str
    labels: tuple[str, ...] = ()
    locale: str = "en-us"
    is_draft: bool = False
    restricted: str = ""
    updated: date | None = None
    is_outdated: bool = False
    url: str = ""

    @property
    def is_public(self) -> bool:
        return not self.is_draft and not self.restricted


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an expert would do: acceptable actions, best first, and what must hold; empty fields expect nothing."""

    action: tuple[str, ...]
    intent: str = ""
    sources: tuple[str, ...] = ()  # ids of articles, any of which is right
    team: str = ""
    reason: str = ""  # a workers.domain.Code that must be among the reasons
    never: tuple[str, ...] = ()  # must not stand in a public reply


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    email: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organization:
    name: str
    tags: tuple[str, ...] = ()
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A later message. `after` is "settled" (once Deskhand is done with what came before) or "at_once"."""

    author: str  # requester | staff
    body: str
    is_public: bool = True
    after: str = "settled"
    status: str = ""  # set with the message, e.g. "solved"; "" leaves it
    expect: Expectation | None = None  # of this message, where it is a case of its own


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket to be written into the sandbox. `expect` covers the opening message and every step `at_once`."""

    key: str
    requester: Customer
    subject: str
    body: str
    channel: str = "email"
    organization: Organization | None = None
    flags: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    then: tuple[Step, ...] = ()
    opened_by: str = "requester"
    expect: Expectation | None = None
    kind: str = "plain"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A question nothing answers, what staff write, and a like question that must be answered from that."""

    key: str
    ticket: Ticket
    staff_answer: str
    similar: Ticket


@dataclass(frozen=True, slots=True)
class Staff:
    name: str
    email: str
    role: str  # admin | agent
    groups: tuple[str, ...]
    signature: str = ""


@dataclass(frozen=True, slots=True)
class People:
    staff: tuple[Staff, ...]
    organizations: tuple[Organization, ...] = ()
    suspended: tuple[Customer, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    articles: tuple[Article, ...]
    tickets: tuple[Ticket, ...]
    scenes: tuple[Scene, ...]
    people: People


def load_world(folder: Path | None = None, *, policy: Policy | None = None) -> World:
    """Read the world of a folder (default: the one beside this file). Raise WorldError naming every mistake.

    With a policy, the intents, teams and groups named in the world must exist in it too.
    """
    folder = folder or Path(__file__).parent
    articles = tuple(_article(path) for path in sorted((folder / "articles").glob("*.md")))
    tickets: list[Ticket] = []
    scenes: list[Scene] = []
    for place, row in _rows(folder / "tickets.jsonl"):
        try:
            ticket = _ticket(row)
            if "learning" in row:
                scenes.append(_scene(ticket, row["learning"]))
            else:
                tickets.append(ticket)
        except (KeyError, TypeError, AttributeError) as error:
            raise WorldError(f"{place}: {type(error).__name__}: {error}") from None
    world = World(articles, tuple(tickets), tuple(scenes), _people(folder / "people.toml"))
    if problems := [*_problems(world), *(_unknown_to(policy, world) if policy else ())]:
        raise WorldError("\n".join(problems))
    return world


def articles_from_jsonl(path: Path) -> tuple[Article, ...]:
    """Read articles as rows of doc_id, title, summary, body (or text), topics, url; missing fields are left empty."""
    articles = []
    for number, (_, row) in enumerate(_rows(path), start=1):
        given = row.get("topics")
        topics = tuple(str(topic) for topic in given) if isinstance(given, list) else ()
        parts = (row.get("summary"), row.get("body") or row.get("text"))
        name = str(row.get("doc_id") or row.get("id") or f"article-{number}")
        articles.append(
            Article(
                id=name,
                title=str(row.get("title") or name.replace("-", " ")),
                body="\n\n".join(str(part).strip() for part in parts if part),
                category="Help centre",
                section=topics[0] if topics else "Articles",
                labels=topics,
                updated=_day(row.get("updated") or row.get("snapshot")),
                url=str(row.get("url") or ""),
            )
        )
    return tuple(articles)


def tickets_from_jsonl(path: Path, limit: int | None = None) -> tuple[Ticket, ...]:
    """Read up to `limit` tickets as rows of ticket_id, subject, body; `text` may stand for both.

    Requesters are invented. What others wrote later on the ticket is left out: the questions are asked afresh.
    """
    tickets: list[Ticket] = []
    for number, (_, row) in enumerate(_rows(path), start=1):
        if limit is not None and len(tickets) >= limit:
            break
        body = str(row.get("body") or row.get("text") or "").strip()
        key = str(row.get("ticket_id") or row.get("query_id") or row.get("id") or number)
        tickets.append(
            Ticket(
                key=key,
                requester=Customer(f"Requester {key}", f"requester-{number}@customers.example"),
                subject=str(row.get("subject") or "").strip() or _first_line(body),
                body=body,
                channel="web",
                kind="real",
            )
        )
    return tuple(tickets)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) for each line that is not empty; places are for error messages."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from None
    with file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode())
            except (ValueError, RecursionError) as error:
                raise WorldError(f"{path}:{number}: not JSON ({error})") from None
            if not isinstance(row, dict):
                raise WorldError(f"{path}:{number}: not a JSON object")
            yield f"{path.name}:{number}", row


def _article(path: Path) -> Article:
    try:
        before, head, body = path.read_text(encoding="utf-8").split("+++\n", 2)
        values = tomllib.loads(head)
        updated = date.fromisoformat(values["updated"])
    except (ValueError, KeyError) as error:
        raise WorldError(f"{path.name}: wants a TOML head between +++ lines ({error})") from None
    if before or values.keys() - {"outdated"} != _ARTICLE_KEYS:
        raise WorldError(
            f"{path.name}: the head wants exactly {', '.join(sorted(_ARTICLE_KEYS))} and may have outdated"
        )
    if values["id"] != path.stem:
        raise WorldError(f"{path.name}: its id is {values['id']!r}")
    return Article(
        id=values["id"],
        title=values["title"],
        body=body.strip(),
        category=values["category"],
        section=values["section"],
        labels=tuple(values["labels"]),
        locale=values["locale"],
        is_draft=values["draft"],
        restricted=values["restricted"],
        updated=updated,
        is_outdated=values.get("outdated", False),
    )


def _customer(row: Mapping[str, Any]) -> Customer:
    return Customer(row["name"], row["email"], tuple(row.get("tags", ())))


def _organization(row: Mapping[str, Any]) -> Organization:
    return Organization(row["name"], tuple(row.get("tags", ())), row.get("domain", ""))


def _expectation(row: Mapping[str, Any] | None) -> Expectation | None:
    if row is None:
        return None
    return Expectation(
        action=tuple(row["action"]),
        intent=row.get("intent", ""),
        sources=tuple(row.get("sources", ())),
        team=row.get("team", ""),
        reason=row.get("reason", ""),
        never=tuple(row.get("never", ())),
    )


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        author=row["as"],
        body=row["body"],
        is_public=row.get("public", True),
        after=row.get("after", "settled"),
        status=row.get("status", ""),
        expect=_expectation(row.get("expect")),
    )


def _ticket(row: Mapping[str, Any]) -> Ticket:
    return Ticket(
        key=row["key"],
        requester=_customer(row["requester"]),
        subject=row["subject"],
        body=row["body"],
        channel=row["channel"],
        organization=_organization(row["organization"]) if "organization" in row else None,
        flags=tuple(row.get("flags", ())),
        headers=dict(row.get("headers", {})),
        attachments=tuple(row.get("attachments", ())),
        then=tuple(_step(step) for step in row.get("then", ())),
        opened_by=row.get("opened_by", "requester"),
        expect=_expectation(row["expect"]),
        kind=row["kind"],
        why=row["why"],
    )


def _scene(ticket: Ticket, learning: Mapping[str, Any]) -> Scene:
    """Make a scene; the like question takes over what its ticket says of key, kind and reason."""
    common = {"key": f"{ticket.key}-again", "kind": ticket.kind, "why": "Answered from what staff wrote before."}
    return Scene(ticket.key, ticket, learning["staff_answer"], _ticket({**common, **learning["similar"]}))


def _people(path: Path) -> People:
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        staff = tuple(
            Staff(row["name"], row["email"], row["role"], tuple(row["groups"]), row.get("signature", ""))
            for row in rows["staff"]
        )
        organizations = tuple(_organization(row) for row in rows.get("organizations", ()))
        return People(staff, organizations, tuple(_customer(row) for row in rows.get("suspended", ())))
    except (OSError, ValueError, KeyError) as error:
        raise WorldError(f"{path.name}: {type(error).__name__}: {error}") from None


def _all_tickets(world: World) -> Iterator[Ticket]:
    yield from world.tickets
    for scene in world.scenes:
        yield scene.ticket
        yield scene.similar


def _expectations(world: World) -> Iterator[tuple[str, Expectation]]:
    for ticket in _all_tickets(world):
        if ticket.expect:
            yield ticket.key, ticket.expect
        for number, step in enumerate(ticket.then, start=1):
            if step.expect:
                yield f"{ticket.key}, step {number}", step.expect


def _doubled(values: Iterable[str]) -> list[str]:
    return sorted(value for value, count in Counter(values).items() if count > 1)


def _problems(world: World) -> Iterator[str]:
    yield from (f"two tickets have the key {key}" for key in _doubled(t.key for t in _all_tickets(world)))
    yield from (f"two articles have the title {title!r}" for title in _doubled(a.title for a in world.articles))
    for article in world.articles:
        if article.restricted not in RESTRICTIONS:
            yield f"{article.id}: restricted {article.restricted!r}"
    suspended = {person.email for person in world.people.suspended}
    for ticket in _all_tickets(world):
        if ticket.channel not in CHANNELS:
            yield f"{ticket.key}: channel {ticket.channel!r}"
        if ticket.opened_by not in {"requester", "staff"}:
            yield f"{ticket.key}: opened_by {ticket.opened_by!r}"
        if (ticket.kind == "suspended") != (ticket.requester.email in suspended):
            yield f"{ticket.key}: kind and people.toml disagree about a suspended requester"
        for step in ticket.then:
            if step.author not in {"requester", "staff"} or step.after not in MOMENTS:
                yield f"{ticket.key}: a step as {step.author!r} after {step.after!r}"
    public = {article.id for article in world.articles if article.is_public}
    for key, expect in _expectations(world):
        if not expect.action or set(expect.action) - set(Action):
            yield f"{key}: action {list(expect.action)}"
        if expect.reason and expect.reason not in set(Code):
            yield f"{key}: reason {expect.reason!r} is not a code"
        yield from (f"{key}: no public article {source!r}" for source in expect.sources if source not in public)


def _unknown_to(policy: Policy, world: World) -> Iterator[str]:
    for key, expect in _expectations(world):
        if expect.intent and expect.intent not in policy.intents:
            yield f"{key}: no intent {expect.intent!r} in the taxonomy"
        if expect.team and expect.team not in policy.teams:
            yield f"{key}: no team {expect.team!r} in the taxonomy"
    groups = {team.group for team in policy.teams.values()}
    for person in world.people.staff:
        yield from (
            f"{person.email}: no group {group!r} in the taxonomy" for group in person.groups if group not in groups
        )


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _first_line(text: str) -> str:
    first = text.split("\n", 1)[0].strip()
    return first if len(first) <= _SUBJECT_LENGTH else first[: _SUBJECT_LENGTH - 1].rsplit(" ", 1)[0] + "…"
