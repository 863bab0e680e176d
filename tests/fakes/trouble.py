"""Trouble at any call: processes that die between two calls, and a storm of everything that goes wrong at once."""

import random
from collections.abc import Callable
from typing import Any

from integrations.errors import TransientError
from integrations.helpdesk import Applied, Status, Ticket, TicketWrite
from tests.fakes.helpdesk import GRACE, FakeHelpdesk


class SimulatedCrash(BaseException):
    """The process is gone: nothing that catches errors may catch it."""


class Fuse:
    """Ends the process at the n-th call of what it is wrapped around, before the call is made or after.

    `burnt` says whether it came to that.
    """

    def __init__(self, at: int, *, after: bool) -> None:
        self._left = at
        self._after = after
        self.burnt = ""

    def around(self, target: Any) -> Any:
        """Return something that does what `target` does, as long as the fuse holds."""
        return _Fused(target, self)

    def pass_through(self, name: str, call: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            self.burnt = name
            raise SimulatedCrash
        is_last = self._left == 0
        result = call()
        if is_last:
            self.burnt = name
            raise SimulatedCrash
        return result


class _Fused:
    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found
        return lambda *args, **named: self._fuse.pass_through(name, lambda: found(*args, **named))


class Storm:
    """A helpdesk on a very bad day, the same for the same seed: stands in front of a FakeHelpdesk and one ticket.

    Before and after every call the process may die, time may pass until its lease is over, somebody else may work on
    the ticket meanwhile (`somebody_else`), people may write or change it, and held-up writes may arrive.
    """

    def __init__(self, desk: FakeHelpdesk, seed: int, somebody_else: Callable[[], object]) -> None:
        self.random = random.Random(seed)
        self.vendor = desk.vendor
        self.abilities = desk.abilities
        self.is_over = False
        self._desk = desk
        self._somebody_else = somebody_else
        self._is_elsewhere = False
        self._people = 3  # how often people interfere at most
        self._ticket_id = ""

    def watch(self, ticket_id: str) -> None:
        self._ticket_id = ticket_id

    def limits(self) -> Any:
        return self._desk.limits()

    def me(self) -> Any:
        return self._desk.me()

    def teams(self) -> Any:
        self._weather()
        return self._desk.teams()

    def ticket(self, ticket_id: str) -> Ticket:
        self._weather()
        self._maybe_away()
        found = self._desk.ticket(ticket_id)
        self._weather()
        return found

    def requested_by(self, requester_id: str, *, limit: int) -> Any:
        self._weather()
        self._maybe_away()
        return self._desk.requested_by(requester_id, limit=limit)

    def write(self, ticket: Ticket, write: TicketWrite) -> Applied:
        self._weather()
        self._maybe_away()
        luck = 1.0 if self.is_over else self.random.random()
        if luck < 0.12:
            self._desk.lose_answers(1, done=True)
        elif luck < 0.24:
            self._desk.lose_answers(1, done=False)
        elif luck < 0.36:
            self._desk.hold_writes()
        applied = self._desk.write(ticket, write)
        self._weather()
        return applied

    def _maybe_away(self) -> None:
        if not self.is_over and self.random.random() < 0.08:
            raise TransientError("HTTP 503", vendor=self.vendor, operation="any")

    def _weather(self) -> None:
        """Let something happen between two calls."""
        if self.is_over:
            return
        luck = self.random.random()
        if luck < 0.05:
            raise SimulatedCrash
        if luck < 0.12:
            self._desk.release_writes()
        elif luck < 0.20 and self._people:
            self._people -= 1
            self._interfere()
        elif luck < 0.30:
            self._desk.tick(self.random.choice((0.2, 1, 3, 9, 20)))
        elif luck < 0.36 and not self._is_elsewhere:
            self._is_elsewhere = True
            try:
                self._desk.tick(9)  # our lease is over, and we do not know
                self._somebody_else()
            finally:
                self._is_elsewhere = False

    def _interfere(self) -> None:
        desk, ticket_id = self._desk, self._ticket_id
        if desk.peek(ticket_id).status in (Status.CLOSED, Status.DELETED):
            return
        acts: list[Callable[[], object]] = [
            lambda: desk.requester_writes(ticket_id, "And how do I swap a shift on Sunday?"),
            lambda: desk.requester_writes(ticket_id, "Are you there? How do I swap it?"),
            lambda: desk.staff_writes(ticket_id, "I am looking into it."),
            lambda: desk.staff_writes(ticket_id, "Does anybody know?", is_public=False),
            lambda: desk.change(ticket_id, assignee_id=GRACE.id),
            lambda: desk.change(ticket_id, status=Status.PENDING),
            lambda: desk.change(ticket_id, status=Status.SOLVED),
            lambda: desk.change(ticket_id, tags=("vip",)),
            lambda: desk.delete(ticket_id) if self.random.random() < 0.3 else None,
        ]
        self.random.choice(acts)()
