"""A helpdesk with one ticket, as unkind as networks are: old reads, stamps of one second, late and repeated writes."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from integrations.helpdesk import Abilities, Message, Person, Role, Status, Ticket
from tests.simulation.store import TICKET, VENDOR

EPOCH = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADA = Person("501", "Ada Doe", Role.REQUESTER, email="ada@harbour.example")
GRACE = Person("801", "Grace Hill", Role.STAFF)
BOT = Person("900", "Deskhand", Role.BOT)
LOCKED = Abilities(has_lock=True, has_keys=False, longest_flight_seconds=80.0, read_lag_seconds=1.0)
UNLOCKED = Abilities(has_lock=False, has_keys=False, longest_flight_seconds=80.0, read_lag_seconds=1.0)
KEYED = Abilities(has_lock=False, has_keys=True, longest_flight_seconds=80.0, read_lag_seconds=1.0)
SPOKEN = frozenset({"asks", "answers", "notes"})
IN_THREAD = SPOKEN | {"redacts"}
KINDS = {"lock": LOCKED, "none": UNLOCKED, "key": KEYED}
_STATUS = {"waits": Status.ON_HOLD, "solves": Status.SOLVED, "closes": Status.CLOSED}


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def seconds(moment: datetime | None) -> float:
    return (moment - EPOCH).total_seconds() if moment else 0.0


@dataclass(frozen=True, slots=True)
class Version:
    """The ticket from one moment on."""

    since: float
    messages: tuple[Message, ...]
    status: Status
    assignee_id: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """How fresh a read was: its fields and its messages are those of these moments. `at` is when it was asked for."""

    at: float
    fields_at: float
    messages_at: float

    def knows(self, act: "Act") -> bool:
        return act.at < (self.messages_at if act.what in IN_THREAD else self.fields_at)


@dataclass(frozen=True, slots=True)
class Put:
    """One write on its way, and what its worker knew: when it decided, looked, and called."""

    message_id: str
    mark: str
    is_public: bool
    stamp: str
    before: "Seen"
    look: "Seen"
    called_at: float


@dataclass(frozen=True, slots=True)
class Landed:
    """A write of ours that became a message."""

    put: Put
    at: float
    own: Message


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person did."""

    at: float
    what: str


class Desk:
    """The vendor's truth, and its books: every act of a person and every write that landed, with times."""

    def __init__(self, abilities: Abilities, first: str) -> None:
        self.abilities = abilities
        self.landed: list[Landed] = []
        self.acts: list[Act] = []
        self.is_deleted = False
        self._numbers = 100
        self._times = [0.0]
        opening = self._said(0.0, ADA, first)
        self._versions = [Version(0.0, (opening,), Status.NEW, "", ())]

    @property
    def newest(self) -> Version:
        return self._versions[-1]

    @property
    def requester_messages(self) -> list[str]:
        return [message.id for message in self.newest.messages if message.author is ADA]

    def read(self, now: float, *, lag: float = 0.0, messages_lag: float = 0.0) -> Ticket | None:
        """Return the ticket as it was `lag` ago, its messages as they were `messages_lag` ago; None if it is gone."""
        if self.is_deleted:
            return None
        version = self._as_of(now - lag)
        thread = version if lag == messages_lag else self._as_of(now - messages_lag)
        updated = int(version.since)
        return Ticket(
            vendor=VENDOR,
            id=TICKET,
            subject="",
            status=version.status,
            requester=ADA,
            messages=thread.messages,
            created_at=EPOCH,
            updated_at=at(updated),
            stamp=str(updated),
            assignee_id=version.assignee_id,
            tags=version.tags,
            read_at=at(int(now)),
        )

    def write(self, put: Put, now: float) -> str:
        """Carry a write out if it may be; return applied, conflict, refused or gone."""
        newest = self.newest
        if self.is_deleted:
            return "gone"
        if newest.status is Status.CLOSED:
            return "refused"
        if self.abilities.has_lock and put.stamp != str(int(newest.since)):
            return "conflict"
        if self.abilities.has_keys and (known := [one.put for one in self.landed if one.put.mark == put.mark]):
            return "applied" if known[0].is_public is put.is_public else "conflict"  # a key is good for one request
        own = self._said(now, BOT, put.mark, is_public=put.is_public, mark=put.mark)
        status = Status.PENDING if put.is_public else newest.status
        self._change(now, messages=(*newest.messages, own), status=status)
        self.landed.append(Landed(put, now, own))
        return "applied"

    def own_id(self, put: Put) -> str:
        """Return the message that such a write became; "" if none landed."""
        found = (
            one.own.id
            for one in reversed(self.landed)
            if (one.put.mark, one.put.is_public) == (put.mark, put.is_public)
        )
        return next(found, "")

    def act(self, now: float, what: str) -> bool:
        """Let a person do something; return False if the ticket does not take it any more."""
        newest = self.newest
        if self.is_deleted or newest.status is Status.CLOSED:
            return False
        if what in SPOKEN:
            author = ADA if what == "asks" else GRACE
            said = self._said(now, author, what, is_public=what != "notes")
            is_waiting = what == "asks" and newest.status in (Status.PENDING, Status.SOLVED)
            self._change(now, messages=(*newest.messages, said), status=Status.OPEN if is_waiting else newest.status)
        elif what == "deletes":
            self.is_deleted = True
        elif not self._change_field(now, what):
            return False
        self.acts.append(Act(now, what))
        return True

    def _change_field(self, now: float, what: str) -> bool:
        """Change a field, or a message that stands there; what is so already is no change."""
        newest = self.newest
        if what == "tags":
            self._change(now, tags=(*newest.tags, "vip"))
        elif what == "redacts":
            words = {self.requester_messages[-1]: "▇"}
            known = tuple(replace(m, text=words[m.id]) if m.id in words else m for m in newest.messages)
            if known == newest.messages:
                return False
            self._change(now, messages=known)
        elif what == "assigns" and not newest.assignee_id:
            self._change(now, assignee_id=GRACE.id)
        elif what in _STATUS and newest.status is not _STATUS[what]:
            self._change(now, status=_STATUS[what])
        else:
            return False
        return True

    def _change(
        self,
        now: float,
        *,
        messages: tuple[Message, ...] | None = None,
        status: Status | None = None,
        assignee_id: str | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> None:
        old = self.newest
        self._times.append(now)
        self._versions.append(
            Version(
                now,
                old.messages if messages is None else messages,
                old.status if status is None else status,
                old.assignee_id if assignee_id is None else assignee_id,
                old.tags if tags is None else tags,
            )
        )

    def is_alike(self, one: float, other: float) -> bool:
        """Tell whether status and assignee were the same at two moments, whatever they were in between."""
        a, b = self._as_of(one), self._as_of(other)
        return (a.status, a.assignee_id) == (b.status, b.assignee_id)

    def _as_of(self, moment: float) -> Version:
        return self._versions[max(0, bisect_right(self._times, moment) - 1)]

    def _said(self, now: float, author: Person, text: str, *, is_public: bool = True, mark: str = "") -> Message:
        self._numbers += 1
        return Message(str(self._numbers), author, is_public, text, at(now), mark=mark)
