"""A race: one ticket, our real code over real HTTP, and one person's act at one exact moment between two of our steps.

Only time is ours: it stands still but for what each step takes, so that acts fall into the second of a read, or not.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from integrations.helpdesk import Helpdesk
from integrations.zendesk.client import ZendeskHelpdesk, api_token
from scripts.sandbox.desk import Origin
from scripts.sandbox.merging import merge
from scripts.sandbox.server import run_app
from scripts.sandbox.state import Ticket
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.llm import ScriptedLLM
from tests.fakes.services import INTENT_OF, classified, drafted, judged, make_services, shelve_swap
from tests.races.verdict import KINDS, Race, Verdict, judge, summed
from workers.crew import Crew
from workers.services import Services
from workers.store import tables

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OWN, STAFF = ("deskhand@tidemark.example", "sandbox-api-token"), "priya@tidemark.example/token"
QUESTION = "Hello from Harbour Cafe. How do I swap a shift?"
PACES = (0.02, 0.3, 0.7)
# What becomes of our first write: its answer comes; is lost; nothing arrives; it arrives so many steps later.
FATES = ("kept", "answer lost", "request lost", "late 1", "late 3", "late 6", "late 9")
_END = 600.0


class Watched(ScriptedLLM):
    """A scripted model whose every question is a step of the race."""

    step: Callable[[str], None]

    def ask(self, prompt: Any, *rest: Any, **named: Any) -> Any:
        self.step(f"ask {prompt.name}")
        return super().ask(prompt, *rest, **named)


class Ring:
    """The account, its server, our services and their clock; `run` lets one race happen on a fresh ticket."""

    vendor = "zendesk"

    def __init__(self, engine: Engine) -> None:
        self.now, self.engine = START, engine
        self._connect(engine)
        self.server = run_app(self.vendor, self._between)  # type: ignore[arg-type]
        self.twin.world.base_url = self.server.url
        self.people = self.app.test_client()
        self.services = {kind: self._services(kind) for kind in KINDS}
        self.crews = {kind: Crew(services, threads=1) for kind, services in self.services.items()}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.steps: list[str] = []

    def _connect(self, engine: Engine) -> None:
        self.twin = Twin(now=lambda: self.now)
        self.twin.switch({"limits_factor": 1000})
        self.app = create_zendesk_app(self.twin)
        self.bot_id = next(user.id for user in self.twin.world.staff() if user.email == OWN[0])

    def stop(self) -> None:
        for crew in self.crews.values():
            crew.stop()
        self.server.stop()

    def _helpdesk(self) -> Helpdesk:
        return ZendeskHelpdesk(self.server.url, api_token(*OWN), now=lambda: self.now, clock=self._clock)

    def _clock(self) -> float:
        return self.now.timestamp()

    def _services(self, kind: str) -> Services:
        llm = scripted_for(kind)
        llm.step = self._step
        services = make_services(
            self.engine,
            FakeHelpdesk(),
            helpdesks={self.vendor: self._helpdesk()},
            llm=llm,
            now=lambda: self.now,
            clock=self._clock,
            sleep=self._sleep,
        )
        shelve_swap(services)
        return services

    # --- time and steps

    def _sleep(self, seconds: float) -> None:
        self._step("sleep")
        self.now += timedelta(seconds=seconds)

    def _step(self, name: str) -> None:
        """One of our steps begins: what was ordered for this moment happens before it."""
        self.now += timedelta(seconds=self.race.pace)
        place = len(self.steps)
        self.steps.append(name)
        if place == self.race.place:
            self._act()
        if self.late is not None and place == self.late[0]:
            deliver, self.late = self.late[1], None
            deliver()

    def _between(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Stand between our client and the account: every request is a step, and the first write has its fate."""
        with self._lock:
            is_write = self._is_write(environ)
            self._step(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix('/api/v2')}")
            fate, self.fate = (self.fate, "kept") if is_write else ("kept", self.fate)
            if fate == "kept":
                answer = self._answer(environ, start_response)
                if is_write:
                    self._step("answer")
                return answer
            if fate == "answer lost":
                answer = self._answer(environ, start_response)
            else:
                if fate != "request lost":
                    self._hold_back(environ, int(fate.split()[1]))
                start_response("200 OK", [])
                answer = []
            environ["sandbox.spoil"] = "drop"
            return answer

    def _is_write(self, environ: dict[str, Any]) -> bool:
        return bool(environ["REQUEST_METHOD"] == "PUT")

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return list(self.app.wsgi_app(environ, start_response))

    def _hold_back(self, environ: dict[str, Any], steps: int) -> None:
        """Keep a write on its way for some steps more; nobody hears its answer."""
        body = environ["wsgi.input"].read()
        headers = {"Authorization": environ["HTTP_AUTHORIZATION"], "Content-Type": "application/json"}

        def deliver() -> None:
            self.people.open(environ["PATH_INFO"], method=environ["REQUEST_METHOD"], data=body, headers=headers)

        self.late = (len(self.steps) - 1 + steps, deliver)

    # --- what people do

    def _act(self) -> None:
        ticket = self.ticket
        if ticket.status == "closed":  # nobody changes it any more, not even by hand
            return
        ACTS[self.race.act](self, ticket)
        if self.race.is_heard:
            self.services[self.race.kind].tickets.wake("zendesk", str(ticket.id), now=self.now)

    def staff(self, **what: Any) -> None:
        self._control("staff", ticket_id=self.ticket.id, staff="Priya", **what)

    def as_staff(self, path: str, body: dict[str, Any]) -> None:
        answer = self.people.put(f"/api/v2/tickets/{self.ticket.id}{path}", json=body, auth=(STAFF, OWN[1]))
        assert answer.status_code in (200, 201), answer.text

    def ask(self, body: str, **where: Any) -> int:
        """Write as a requester; return the ticket's id."""
        return int(self._control("messages", body=body, **where)["ticket_id"])

    def _control(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.people.post(f"/_control/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json
        return found

    # --- a race

    def run(self, race: Race) -> Verdict:
        """Let it happen, then let everything come to rest; judge it by the account's books and our ledger."""
        number = next(self._numbers)
        self.now = self.now.replace(microsecond=0) + timedelta(seconds=100, milliseconds=Random(number).randrange(999))
        self.steps, self.late, self.fate, self.race = [], None, race.fate, race
        requester = {"name": "Ada Doe", "email": f"ada{number}@example.com"}
        began = self.twin.books.since(0, 0)[1]
        self.ticket = self.twin.world.tickets[self.ask(QUESTION, subject="Shifts", requester=requester)]
        self.first_message = str(self.ticket.comments[0].id)
        self._come_to_rest(race)
        entries = self.twin.books.since(began, 100_000)[0]
        return judge(race, self.ticket, self.first_message, entries, self.outcomes(), self.bot_id)

    def _come_to_rest(self, race: Race) -> None:
        tickets = self.services[race.kind].tickets
        tickets.wake(self.vendor, str(self.ticket.id), now=self.now)
        self._work(race.kind)
        while race.place >= len(self.steps) or self.late is not None:  # acts and late writes after everything
            self._step("end")
        tickets.wake(self.vendor, str(self.ticket.id), now=self.now)  # as the reconciler does
        self._work(race.kind)

    def outcomes(self) -> dict[str, tuple[str, list[str]]]:
        """Return what the ledger has of this ticket's messages; ("open", []) is one without an outcome."""
        columns = tables.case.c
        with tables.reading(self.engine) as connection:
            rows = connection.execute(select(tables.case).where(columns.ticket_id == str(self.ticket.id))).all()
        return {row.message_id: ("open" if row.state == "open" else row.action, row.reasons) for row in rows}

    def _work(self, kind: str) -> None:
        """Work on the ticket whenever it is due, as the crew's threads do, until nothing is due any more."""
        end = self.now + timedelta(seconds=_END)
        while (due := self._due()) is not None:
            assert max(due, self.now) < end, f"{self.race} does not come to rest: {self.outcomes()}"
            self._wait_until(due)
            before = len(self.steps)
            self.crews[kind]._work(self.vendor, str(self.ticket.id))
            if len(self.steps) == before:  # not begun, for a budget say: only time mends that
                self.now += timedelta(seconds=1)

    def _wait_until(self, due: datetime) -> None:
        self.now = max(self.now, due)

    def _due(self) -> datetime | None:
        columns = tables.ticket.c
        with tables.reading(self.engine) as connection:
            mine = (columns.vendor == self.vendor, columns.ticket_id == str(self.ticket.id))
            return connection.scalar(select(columns.due_at).where(*mine))


def scripted_for(kind: str) -> Watched:
    """Return a model whose answers lead to this outcome."""
    return Watched(classify=[classified(INTENT_OF[kind])], draft=[drafted()], judge=[judged()])


@contextmanager
def ring(engine: Engine, kind: type[Ring] = Ring) -> Iterator[Any]:
    made = kind(engine)
    try:
        yield made
    finally:
        made.stop()


def _merge_away(ring: Ring, ticket: Ticket, *, into_ours: bool) -> None:
    other = ring.twin.world.tickets[ring.ask("Another thing.", subject="Other", requester={"email": "bea@example.com"})]
    source, target = (other, ticket) if into_ours else (ticket, other)
    priya = next(user for user in ring.twin.world.staff() if user.email == STAFF.partition("/")[0])
    with ring.twin.world.lock:
        merge(ring.twin.desk, Origin(priya, "web"), target, [source], {"target": ("", False), "source": ("", False)})


def _destroy(ring: Ring, ticket: Ticket) -> None:
    ring.staff(delete=True)
    with ring.twin.world.lock:
        del ring.twin.world.tickets[ticket.id]


def _change_requester(ring: Ring, ticket: Ticket) -> None:
    other = ring.twin.world.tickets[
        ring.ask("Mine.", subject="Other", requester={"email": f"b{ticket.id}@example.com"})
    ]
    ring.as_staff("", {"ticket": {"requester_id": other.requester_id}})


ACTS: dict[str, Callable[[Ring, Ticket], None]] = {
    "nothing": lambda ring, ticket: None,
    "answers": lambda ring, ticket: ring.staff(body="You can do it in the app.", public=True),
    "answers and solves": lambda ring, ticket: ring.staff(body="In the app.", public=True, status="solved"),
    "notes": lambda ring, ticket: ring.staff(body="I look into this.", public=False),
    "assigns": lambda ring, ticket: ring.staff(assignee="me"),
    "sets pending": lambda ring, ticket: ring.staff(status="pending"),
    "puts on hold": lambda ring, ticket: ring.staff(status="hold"),
    "solves": lambda ring, ticket: ring.staff(status="solved"),
    "closes": lambda ring, ticket: ring.staff(status="closed"),
    "asks": lambda ring, ticket: ring.ask("And how do I swap a shift next week?", ticket_id=ticket.id) and None,
    "merges away": lambda ring, ticket: _merge_away(ring, ticket, into_ours=False),
    "merges in": lambda ring, ticket: _merge_away(ring, ticket, into_ours=True),
    "deletes": lambda ring, ticket: ring.staff(delete=True),
    "destroys": _destroy,
    "redacts": lambda ring, ticket: ring.as_staff(f"/comments/{ring.first_message}/redact", {"text": "Harbour Cafe"}),
    "makes private": lambda ring, ticket: ring.as_staff(f"/comments/{ring.first_message}/make_private", {}),
    "stops": lambda ring, ticket: ring.staff(add_tags=["deskhand_stop"]),
    "tags": lambda ring, ticket: ring.staff(add_tags=["vip"]),
    "changes requester": _change_requester,
}


def every_race(
    ring: Ring, kinds: Iterable[str], fates: Iterable[str], *, random: Random | None = None, most: int = 0
) -> list[Race]:
    """Return each act at each step that our work takes when nobody interferes, and once after its end.

    With `random`, no more than `most` of them, every act among them equally often.
    """
    races = []
    for number, (kind, fate) in enumerate(itertools.product(kinds, fates)):
        calm = Race(kind, "nothing", 0, fate, PACES[number % len(PACES)])
        ring.run(calm)
        places = range(len(ring.steps) + 1)
        for turn, (act, place) in enumerate(itertools.product(sorted(ACTS.keys() - {"nothing"}), places)):
            pace = PACES[(turn + number) % len(PACES)]
            races.append(replace(calm, act=act, place=place, pace=pace, is_heard=turn % 2 == 0))
    if random is None:
        return races
    random.shuffle(races)
    by_act = [[race for race in races if race.act == act] for act in ACTS]
    return [race for row in itertools.zip_longest(*by_act) for race in row if race is not None][:most]


def share(course: Ring, races: list[Race]) -> list[Race]:
    """Return the half of a draw that falls to this database: what a race shows does not depend on which it is."""
    middle = len(races) // 2
    return races[middle:] if course.engine.name == "postgresql" else races[:middle]


def failures(course: Ring, races: Iterable[Race]) -> dict[Race, Verdict]:
    """Run the races; print the figures, and return what went wrong by race."""
    verdicts = {race: course.run(race) for race in races}
    print(f"{course.vendor}: {summed(list(verdicts.values()))}")
    return {race: verdict for race, verdict in verdicts.items() if not verdict.is_good}
