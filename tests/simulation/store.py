"""Leases, cases and outbox in memory: the rules of Tickets and Ledger for one ticket, without SQL.

Times are seconds, because that is ten times as fast. `test_store.py` plays random calls to this and to the real ones,
and compares every answer.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from workers.store import dead
from workers.store.ledger import Case, Intent
from workers.store.tickets import Lease, LeaseLostError

VENDOR, TICKET = "zendesk", "7"


class AlreadyDoneError(Exception):
    """What is done is not begun again: SQL says so by a constraint."""


class MemoryStore:
    """One ticket's rows. Every method is one transaction: it happens whole or not at all."""

    def __init__(self) -> None:
        self.due_at: float | None = None
        self.lease_until: float | None = None
        self.seen_at: float | None = None
        self.fence = self.wakes = self.attempts = 0
        self.cases: dict[str, Case] = {}
        self.outcomes: dict[int, dict[str, Any]] = {}
        self.outbox: dict[int, Intent] = {}
        self.ended: dict[int, str] = {}
        self.given_up: set[int] = set()

    def wake(self, now: float) -> None:
        self.wakes += 1
        self.due_at = now

    def claim(self, owner: str, now: float, lease_seconds: float) -> Lease | None:
        if self.due_at is None or self.due_at > now or (self.lease_until is not None and self.lease_until >= now):
            return None
        self.fence += 1
        self.lease_until = now + lease_seconds
        return Lease(1, VENDOR, TICKET, self.fence, self.wakes, self.attempts, owner)

    def renew(self, lease: Lease, now: float, lease_seconds: float) -> None:
        if self.fence == lease.fence and self.lease_until is not None:
            self.lease_until = now + lease_seconds

    def release(
        self,
        lease: Lease,
        now: float,
        next_due: float | None = None,
        error: str = "",
        seen_at: float | None = None,
    ) -> None:
        if self.fence != lease.fence:
            return
        self.lease_until = None
        self.due_at = (now if self.due_at is None else self.due_at) if self.wakes != lease.wakes else next_due
        self.attempts = self.attempts + 1 if error else 0
        self.seen_at = self.seen_at if seen_at is None else seen_at

    def hold(self, lease: Lease) -> None:
        if self.fence != lease.fence:
            raise LeaseLostError(f"fence {lease.fence}, now {self.fence}")

    def open_case(self, lease: Lease, message_id: str) -> Case:
        self.hold(lease)
        known = self.cases.get(message_id)
        if known is None:
            known = Case(len(self.cases) + 1, VENDOR, TICKET, message_id, False, 1)
        elif not known.is_settled:
            known = replace(known, attempts=known.attempts + 1)
        self.cases[message_id] = known
        return known

    def open_cases(self) -> tuple[Case, ...]:
        return tuple(case for case in self.cases.values() if not case.is_settled)

    def begun(self, case_id: int) -> Intent | None:
        intent = self.outbox.get(case_id)
        return intent if intent and intent.state != "done" else None

    def begin(
        self,
        lease: Lease,
        case_id: int,
        mark: str,
        write: dict[str, Any],
        stamp: str,
        state: str,
        looked_at: datetime | None,
    ) -> Intent:
        self.hold(lease)
        known = self.outbox.get(case_id)
        if known and known.state == "done":
            raise AlreadyDoneError
        tries, mark = (known.tries + 1, known.mark) if known else (1, mark)
        self.outbox[case_id] = Intent(case_id, case_id, mark, state, write, stamp, tries, looked_at)
        return self.outbox[case_id]

    def end_try(self, lease: Lease, intent: Intent, state: str) -> None:
        self.hold(lease)
        self._move(intent.case_id, state)

    def settle(
        self,
        lease: Lease,
        case_id: int,
        ended: tuple[Intent, str] | None,
        message_id: str,
        outcome: dict[str, Any],
        is_given_up: bool = False,
    ) -> None:
        self.hold(lease)
        if ended:
            self._move(case_id, ended[1])
            self.ended[case_id] = message_id
        case = self._case(case_id)
        if not case.is_settled:
            self.cases[case.message_id] = replace(case, is_settled=True)
            self.outcomes[case_id] = outcome
            if is_given_up:
                self.given_up.add(case_id)

    def replay(self, case_id: int, now: float) -> bool:
        """Open a case again that was given up; its ticket is due at once. No lease: an operator holds none."""
        if case_id not in self.given_up:
            return False
        self.given_up.remove(case_id)
        del self.outcomes[case_id]
        case, note = self._case(case_id), self.ended.pop(case_id, "")
        set_aside = (*case.set_aside, note) if note else case.set_aside
        self.cases[case.message_id] = replace(case, is_settled=False, set_aside=set_aside)
        if begun := self.outbox.get(case_id):
            is_feared = dead.may_yet_arrive(begun.state, begun.write.get("reasons", ()))
            self._move(case_id, "in_doubt" if is_feared else "cancelled")
        self.attempts = 0
        self.wake(now)
        return True

    def _case(self, case_id: int) -> Case:
        return next(case for case in self.cases.values() if case.id == case_id)

    def _move(self, case_id: int, state: str) -> None:
        self.outbox[case_id] = replace(self.outbox[case_id], state=state)
