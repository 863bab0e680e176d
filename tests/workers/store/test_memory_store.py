"""The simulation's store keeps the rules of the real one: any sequence of calls has the same answers from both."""

import random
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.simulation.store import TICKET, VENDOR, AlreadyDoneError, MemoryStore
from workers.store.dead import DeadLetter, DeadLetters
from workers.store.ledger import Ledger
from workers.store.tickets import LeaseLostError, Tickets

SEQUENCES = 10
CALLS = 40


class Both:
    """Makes each call to the memory and to SQL, and compares what comes of it. Leases are remembered, lost ones too."""

    def __init__(self, engine, now):
        self.memory, self.tickets, self.ledger = MemoryStore(), Tickets(engine), Ledger(engine)
        self.letters = DeadLetters(engine)
        self.now, self.seconds = now, 0.0
        self.leases, self.cases, self.intents = [], [], []

    def at(self, seconds):
        return None if seconds is None else self.now + timedelta(seconds=seconds)

    def same(self, in_memory, in_sql):
        """Return what both answered; a lost lease is an answer, too."""
        answers = []
        for call in (in_memory, in_sql):
            try:
                answers.append(call())
            except LeaseLostError:
                answers.append("no: lease lost")
            except (AlreadyDoneError, IntegrityError):
                answers.append("no: already done")
        assert answers[0] == answers[1]
        return answers[1]

    def wake(self, dice):
        self.memory.wake(self.seconds)
        self.tickets.wake(VENDOR, TICKET, now=self.at(self.seconds))

    def claim(self, dice):
        skewed = self.seconds + (dice.choice((0, 0, 9, -9)) if self.leases else 0)
        lease = self.same(
            lambda: self.memory.claim("a", skewed, 8.0),
            lambda: self.tickets.claim(VENDOR, TICKET, owner="a", now=self.at(skewed), lease_seconds=8.0),
        )
        if lease:
            self.leases.append(lease)

    def renew(self, dice):
        lease = dice.choice(self.leases)
        self.memory.renew(lease, self.seconds, 8.0)
        self.tickets.renew([lease], now=self.at(self.seconds), lease_seconds=8.0)

    def release(self, dice):
        lease, due, error = dice.choice(self.leases), dice.choice((None, self.seconds + 5)), dice.choice(("", "no"))
        seen = dice.choice((None, self.seconds))
        self.memory.release(lease, self.seconds, due, error, seen)
        self.tickets.release(
            lease, now=self.at(self.seconds), next_due=self.at(due), error=error, seen_at=self.at(seen)
        )

    def open_case(self, dice):
        lease, name = dice.choice(self.leases), dice.choice("pq")
        case = self.same(
            lambda: self.memory.open_case(lease, name),
            lambda: self.ledger.open_case(lease, name, now=self.at(self.seconds)),
        )
        if not isinstance(case, str):
            self.cases.append(case)

    def begin(self, dice):
        lease, case, public = dice.choice(self.leases), dice.choice(self.cases), dice.choice((True, False))
        reasons = dice.choice((["confident"], ["in_doubt", "gave_up: tired"]))
        write, state = {"is_public": public, "reasons": reasons}, dice.choice(("sending", "noting"))
        intent = self.same(
            lambda: self.memory.begin(lease, case.id, "m", write, "s", state, self.at(self.seconds)),
            lambda: self.ledger.begin(
                lease,
                case.id,
                mark="m",
                write=write,
                stamp="s",
                now=self.at(self.seconds),
                state=state,
                looked_at=self.at(self.seconds),
            ),
        )
        if not isinstance(intent, str):
            self.intents.append(intent)

    def end_try(self, dice):
        lease, intent = dice.choice(self.leases), dice.choice(self.intents)
        self.same(
            lambda: self.memory.end_try(lease, intent, "cancelled"),
            lambda: self.ledger.end_try(lease, intent, "cancelled", now=self.at(self.seconds), error=""),
        )

    def settle(self, dice):
        lease, case = dice.choice(self.leases), dice.choice(self.cases)
        intent = self.memory.begun(case.id)
        ended = (intent, dice.choice(("done", "done", "in_doubt", "refused"))) if intent else None
        own, is_given_up = dice.choice(("9", "10", "")), dice.choice((True, False))
        self.same(
            lambda: self.memory.settle(lease, case.id, ended, own, {"action": "send"}, is_given_up),
            lambda: self.ledger.settle(
                lease,
                case.id,
                now=self.at(self.seconds),
                ended=ended,
                message_id=own,
                is_given_up=is_given_up,
                action="send",
            ),
        )

    def replay(self, dice):
        case, now = dice.choice(self.cases), self.at(self.seconds)
        letter = DeadLetter(f"case:{case.id}", VENDOR, TICKET, now, "given_up", "")
        self.same(lambda: self.memory.replay(case.id, self.seconds), lambda: self.letters.replay(letter, now=now))

    def compare(self):
        assert self.memory.open_cases() == self.ledger.open_cases(VENDOR, TICKET)
        for case in self.cases:
            assert self.memory.begun(case.id) == self.ledger.begun(case.id)
        seen = self.tickets.seen(VENDOR, [TICKET]).get(TICKET)
        assert self.at(self.memory.seen_at) == seen


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_memory_and_sql_answer_alike(engine, now, seed):
    """Claims, fences, cases and outbox: what the one refuses or returns, the other does."""
    dice, both = random.Random(seed), Both(engine, now)
    both.wake(dice)
    both.claim(dice)
    both.open_case(dice)
    both.begin(dice)
    calls = (both.wake, both.claim, both.claim, both.renew, both.release, both.open_case, both.begin, both.end_try)
    for _ in range(CALLS):
        both.seconds += dice.choice((0.5, 1.0, 6.0, 9.0))
        dice.choice((*calls, both.settle, both.replay))(dice)
        both.compare()
