"""People at their helpdesk, at a pace the machine can follow: requesters write, write again, thank; staff step in."""

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from scripts.sandbox import acts
from scripts.sandbox.desk import Origin
from scripts.sandbox.merging import merge
from scripts.sandbox.refusals import RefusedError
from scripts.world.load import load_world
from tests.chaos.verdict import is_gone
from tests.fakes.stack import Stack
from workers.store.tables import StoreBusyError, case, reading

QUESTIONS = (
    ("Staff can't see rota", "How do I publish the schedule for next week so that everybody sees it?"),
    ("Same shifts", "How do I copy this week's shifts to the following week?"),
    ("geofence", "My staff get the message outside the geofence when they clock in. How do I make the radius larger?"),
    ("VAT", "How do I add our VAT number to the invoices?"),
    ("TM-1042", "The import of shifts stops with TM-1042, what is wrong with my file?"),
)
AWAY = "I am out of the office until Monday with no access to mail. This is an automatic reply."
_RECENT = 60  # tickets that somebody may come back to
_QUIET_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Written:
    """A requester's message."""

    message_id: int
    ticket_id: int
    at: float  # monotonic


class Traffic:
    """Writes messages in a thread until stopped, never more than `most_open` ahead of the ledger."""

    def __init__(self, stack: Stack, seed: int, *, most_open: int) -> None:
        self.messages = 0
        self.acts_of_staff: dict[str, int] = {}
        self._stack = stack
        self._random = random.Random(seed)
        self._most_open = most_open
        self._open: dict[int, Written] = {}
        self._recent: list[int] = []
        self._lock = threading.Lock()
        self._looked_at = datetime.now(UTC) - timedelta(minutes=5)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._samples = [(row.subject, row.body) for row in load_world().tickets if row.body]
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        if self.error:
            raise self.error

    def waiting(self, *, at_least_seconds: float = _QUIET_SECONDS) -> list[Written]:
        """Return the messages without an outcome, but those whose quiet time is not over."""
        late = time.monotonic() - at_least_seconds
        with self._lock:
            return [written for written in self._open.values() if written.at <= late]

    def follow(self) -> None:
        """Take the ledger's new outcomes in. One message's outcome is that of the older ones of its ticket, too."""
        since = self._looked_at
        columns = (case.c.ticket_id, case.c.message_id, case.c.settled_at)
        with reading(self._stack.engine) as connection:
            rows = connection.execute(select(*columns).where(case.c.settled_at >= since - timedelta(seconds=5))).all()
        newest: dict[int, int] = {}
        for row in rows:
            self._looked_at = max(self._looked_at, row.settled_at)
            newest[int(row.ticket_id)] = max(newest.get(int(row.ticket_id), 0), int(row.message_id or 0))
        world = self._stack.twin.world
        with self._lock:
            for written in list(self._open.values()):
                gone = is_gone(world.tickets[written.ticket_id])
                if gone or written.message_id <= newest.get(written.ticket_id, 0):
                    del self._open[written.message_id]

    def _run(self) -> None:
        followed = 0.0
        try:
            while not self._stopping.wait(0.01):
                if time.monotonic() - followed > 0.3:
                    self._follow_if_it_can()
                    followed = time.monotonic()
                if len(self._open) < self._most_open:
                    self._act()
        except BaseException as error:
            self.error = error

    def _follow_if_it_can(self) -> None:
        try:
            self.follow()
        except (SQLAlchemyError, StoreBusyError):  # the database may be the one that is away just now
            time.sleep(0.2)

    def _act(self) -> None:
        luck = self._random.random()
        with self._stack.twin.world.lock:
            if luck < 0.60 or len(self._recent) < 5:
                self._write(*self._random.choice(QUESTIONS))
            elif luck < 0.70:
                self._write(*self._random.choice(self._samples))
            elif luck < 0.74:
                self._write("Automatic reply: your mail", AWAY)
            elif luck < 0.80:
                self._write_twice()
            elif luck < 0.90:
                self._come_back()
            else:
                self._staff()

    def _write(self, subject: str, body: str) -> int:
        number = self._random.randrange(10_000)
        row = {"subject": subject, "requester": {"name": f"Ada {number}", "email": f"ada{number}@example.com"}}
        return self._say({**row, "body": body})

    def _write_twice(self) -> None:
        ticket_id = self._write(*self._random.choice(QUESTIONS))
        self._say({"ticket_id": ticket_id, "body": "I mean on the web, not on the phone. How do I do it there?"})

    def _come_back(self) -> None:
        words = ("Thanks!", "That did not help. What else can I do?", self._random.choice(QUESTIONS)[1])
        ticket_id = self._random.choice(self._recent)
        if self._stack.twin.world.tickets[ticket_id].status != "deleted":
            self._say({"ticket_id": ticket_id, "body": self._random.choice(words)})

    def _say(self, row: dict[str, object]) -> int:
        ticket, comment_id = acts.message(self._stack.twin, row)
        with self._lock:
            self._open[comment_id] = Written(comment_id, ticket.id, time.monotonic())
        self.messages += 1
        self._recent = [*self._recent[-_RECENT:], ticket.id]
        return ticket.id

    def _staff(self) -> None:
        """Do something to a ticket that is probably in work."""
        twin, ticket_id = self._stack.twin, self._random.choice(self._recent[-20:])
        ticket = twin.world.tickets[ticket_id]
        what = self._random.choice(("reply", "reply", "note", "assign", "pending", "solve", "tag", "delete", "merge"))
        if ticket.status in ("closed", "deleted"):
            return
        rows = {
            "reply": {"body": "I am looking into it and will call you.", "public": True},
            "note": {"body": "Does anybody know this customer?", "public": False},
            "assign": {"assignee": "me"},
            "pending": {"status": "pending"},
            "solve": {"body": "Done: please publish the week under Schedule.", "public": True, "status": "solved"},
            "tag": {"add_tags": ["vip"]},
            "delete": {"delete": True},
        }
        if what in rows:
            acts.staff(twin, {"ticket_id": ticket_id, **rows[what]})
        elif not self._merge(ticket_id):
            return
        self.acts_of_staff[what] = self.acts_of_staff.get(what, 0) + 1

    def _merge(self, ticket_id: int) -> bool:
        twin, other = self._stack.twin, self._random.choice(self._recent)
        source, target = twin.world.tickets[ticket_id], twin.world.tickets[other]
        if other == ticket_id or target.status in ("closed", "deleted"):
            return False
        origin = Origin(acts.find_staff(twin, None), "web", "Agent interface")
        try:
            merge(twin.desk, origin, target, [source], {"target": ("", False), "source": ("", False)})
        except RefusedError:
            return False
        return True
