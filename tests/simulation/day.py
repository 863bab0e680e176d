"""One seeded day of one ticket: workers, people and bad luck around the real send step, and what must hold at its end.

The machine, the decisions and the rules of who is asked are the product's own; helpdesk, store, processes and network
are played. Everything random comes from the seed, so a day can be played again.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any

from config.policy import Answering, Models, Policy
from integrations.helpdesk import Abilities, Message, Ticket
from tests.simulation.desk import IN_THREAD, KINDS, Desk, Landed, Put, Seen, at, seconds
from tests.simulation.store import MemoryStore
from workers import decide, facts, protocol
from workers.domain import Action, Code, Decision, MessageKind, Reason, mark_of
from workers.pipeline import _known_until, _spoken_for
from workers.protocol import Begin, Later, Look, Outbox, Patience, Record, Settle, State, Write
from workers.reading.ticket import _split
from workers.stages.conclude import is_given_up
from workers.store.ledger import Case, Intent
from workers.store.tickets import Lease, LeaseLostError

POLICY = Policy(models=Models(classify="a", draft="b"), answering=Answering(stop_tag="stop"))
PATIENCE = Patience(fresh_seconds=8.0, settle_seconds=2.0, stop_tag="stop")
LEASE_SECONDS = 8.0
DEADLINE = 20.0  # of one call to the helpdesk
TROUBLE_ENDS = 300.0
HORIZON = 4000.0
STAFF = frozenset({"answers", "notes", "assigns", "waits", "solves", "closes"})
_ACTS = ("asks", "asks", "answers", "notes", "assigns", "waits", "solves", "closes", "deletes", "tags", "redacts")
_KINDS_OF_ANSWER = (Action.SEND,) * 12 + (Action.DRAFT, Action.DRAFT, Action.ASSIST, Action.HAND_OFF)
_QUIET = Decision(Action.IGNORE, (Reason(Code.EXCLUDED),))
NO_SERVICES: Any = None  # the vendor's clock is told with every read, so nobody asks for ours
_NO_FACTS = SimpleNamespace(kind=MessageKind.QUESTION)

Visit = Generator[float, None, None]
Timed = Generator[float, None, float | None]


class StoreDownError(Exception):
    """A commit failed; whether it was made is not known."""


@dataclass(slots=True)
class Verdict:
    """What is wrong at the end of a day, and what is worth counting."""

    doubles: list[str] = field(default_factory=list)
    collisions: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    crossed: int = 0
    late_replies: int = 0
    in_doubt: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        return not (self.doubles or self.collisions or self.losses)


class Worker:
    """A process: its name, and how wrong its clock is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.skew = 0.0


class Day:
    """Everything that happens on one ticket. `play` returns the verdict; `faults` counts what was injected."""

    def __init__(self, seed: int, kind: str, *, trace: bool = False, store: Any = None) -> None:
        self.random = Random(seed * len(KINDS) + list(KINDS).index(kind))
        self._patience = Random(f"{kind} {seed}")  # of its own: a day on which nothing is given up is as it ever was
        self.abilities: Abilities = KINDS[kind]
        self.now = 0.0
        self.faults: Counter[str] = Counter()
        self.lines: list[str] | None = [] if trace else None
        self.store = store or MemoryStore()
        self.desk = Desk(self.abilities, "How?")
        self.workers = [Worker("a"), Worker("b"), Worker("c")]
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._acts_left = self.random.randint(0, 3)
        # A calm day now and then: most days are bad enough that good paths would hardly be walked.
        self._badness = self.random.choice((0.0, 0.5, 1.0, 1.0, 2.0))
        self._lowered: set[str] = set()  # messages whose reply had become a draft for what a person did
        self._doubted: set[str] = set()  # messages whose reply was lost, and may yet arrive
        self._raised: list[str] = []
        self._settled_on: dict[str, float] = {}  # how fresh the look was that a case was settled on
        self._is_flipped = False  # policy has come to exclude this requester
        self._most = self._patience.choice((1, 4, 150, 150, 150))  # failures after which a person gets the ticket
        self._replays: Counter[str] = Counter()  # how often a message's case was opened again

    # --- playing

    def play(self) -> Verdict:
        self.note("the requester asks")
        self._heard()
        for _ in range(self._acts_left):
            self.later(self.random.uniform(0, 60), self._person_acts)
        if self._chance(0.1):
            self.later(self.random.uniform(0, 60), self._flip)
        while self._queue:
            moment, _, act = heapq.heappop(self._queue)
            if moment > HORIZON:
                break
            self.now = moment
            act()
        return self._judge()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + seconds, self._count, act))

    def note(self, what: str, who: str = "") -> None:
        if self.lines is not None:
            self.lines.append(f"{self.now:9.2f}  {who:2} {what}")

    def fault(self, what: str, chance: float) -> bool:
        """Tell whether this goes wrong now; nothing does on a good day, or once the trouble is over."""
        if not self._badness:
            return False
        is_hit = self.now < TROUBLE_ENDS and self.random.random() < chance * self._badness
        if is_hit:
            self.faults[what] += 1
            self.note(f"! {what}")
        return is_hit

    def clock(self, worker: Worker) -> float:
        return self.now + worker.skew

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    # --- people, and what is heard of them

    def _person_acts(self, what: str = "") -> None:
        what = what or self.random.choice(_ACTS)
        if self.desk.act(self.now, what):
            self.faults[f"person {what}"] += 1
            self.note(f"a person {what}")
            self._heard()

    def _flip(self) -> None:
        self._is_flipped = True
        self.faults["policy changes"] += 1
        self.note("policy excludes the requester")
        self.later(0.0, self._heard)

    def _tempt(self, share: float) -> None:
        """Perhaps somebody acts right now, while a worker is between two steps."""
        if self._acts_left > 0 and self.now < TROUBLE_ENDS and self._chance(share):
            self._acts_left -= 1
            self.later(self.random.choice((0.0, 0.02, 0.1, 0.3, 1.0)), self._person_acts)

    def _heard(self) -> None:
        self.later(150.0, self._reconcile)
        if not self.fault("webhook lost", 0.15):
            self.later(self.random.uniform(0.1, 2.0), self._wake)
            if self.fault("webhook doubled", 0.1):
                self.later(self.random.uniform(0.1, 60.0), self._wake)

    def _reconcile(self) -> None:
        """Ask for what changed, as the reconciler does of all tickets every two minutes."""
        seen_at = self.store.seen_at
        if seen_at is None or seen_at <= int(self.desk.newest.since) or self.desk.is_deleted:
            self._wake()

    def _wake(self) -> None:
        self.store.wake(self.now)
        self._ring()

    def _ring(self) -> None:
        """Some worker looks whether the ticket is due; as long as it may be, another ring follows."""
        worker = self.random.choice(self.workers)
        if self.fault("clock jumps", 0.05):
            worker.skew = self.random.choice((-120.0, -30.0, -9.0, 0.0, 5.0, 9.0, 30.0, 120.0))
        lease = self.store.claim(worker.name, self.clock(worker), LEASE_SECONDS)
        if lease is not None:
            self.note(f"takes the ticket, fence {lease.fence}", worker.name)
            self._go_on(self._visit(worker, lease), lease, worker)
        due_at = self.store.due_at
        if due_at is not None:  # no clock is wrong by more than two minutes
            self.later(max(self.random.uniform(2.0, 8.0), due_at - self.now - 125.0), self._ring)

    def _replay(self, case: Case) -> None:
        """An operator sets going again what we gave up; to ask for it twice is as good as once."""
        if not self.store.replay(case.id, self.now):
            return
        self.faults["replayed"] += 1
        self.note(f"an operator replays {case.message_id}")
        self._replays[case.message_id] += 1
        self._settled_on.pop(case.message_id, None)
        self._ring()

    # --- processes

    def _go_on(self, visit: Visit, lease: Lease, worker: Worker) -> None:
        """Let a worker run to its next pause; there its process may die or sleep."""
        try:
            pause = next(visit)
        except StopIteration:
            return
        if self.fault("crash", 0.02):
            visit.close()
            return
        if self.fault("sleep", 0.02):
            pause += self.random.choice((1.0, 9.0, 9.0, 30.0, 100.0, 300.0))
        else:  # its lease is renewed for as long as it runs
            self.store.renew(lease, self.clock(worker), pause + LEASE_SECONDS)
        self.later(pause, partial(self._go_on, visit, lease, worker))

    def _visit(self, worker: Worker, lease: Lease) -> Visit:
        """Work on the ticket once, as a thread of the crew does."""
        store = self.store
        try:
            changed_at = yield from self._work(worker, lease)
            yield 0.003
            store.release(lease, self.clock(worker), None, "", changed_at)
            self.note("gives the ticket back", worker.name)
        except LeaseLostError:
            self.note("finds its lease lost", worker.name)
        except StoreDownError:
            self.note("drops the ticket: the store is down", worker.name)
        except _LaterError as error:
            if lease.attempts + 1 >= self._most and (yield from self._gives_up(worker, lease, error.why)):
                return
            due = self.clock(worker) + max(2.0 * (1 + min(lease.attempts, 20)), error.seconds)
            store.release(lease, self.clock(worker), due, error.why)
            self.note(f"comes back later: {error.why}", worker.name)

    def _work(self, worker: Worker, lease: Lease) -> Timed:
        ticket, seen = yield from self._read()
        if ticket is None:
            yield from self._settle_gone(worker, lease)
            return None
        if asked := (yield from self._settle_overtaken(worker, lease, ticket, seen)):
            changed_at: float | None = yield from self._answer(worker, lease, ticket, asked, seen)
            if changed_at is not None:
                return changed_at
        return seconds(_known_until(ticket, NO_SERVICES))

    def _settle_overtaken(
        self, worker: Worker, lease: Lease, ticket: Ticket, seen: Seen
    ) -> Generator[float, None, str]:
        """Settle what nobody asks about any more; return the message that is to be answered."""
        burst = _split([m for m in ticket.messages if m.is_public])[1]
        asked = burst[-1].id if burst else _spoken_for(ticket)
        for case in self.store.open_cases():
            if case.message_id != asked:
                quiet = Decision(Action.IGNORE, (Reason(protocol.overtaken_by(ticket, case.message_id)),))
                yield from self._drive(worker, lease, case, quiet, ticket, seen)
        return asked

    def _answer(self, worker: Worker, lease: Lease, ticket: Ticket, asked: str, seen: Seen) -> Timed:
        case = yield from self._open(worker, lease, ticket, asked, seen)
        if case is None:
            return None
        decision = yield from self._decide(ticket, case)
        return (yield from self._drive(worker, lease, case, decision, ticket, seen))

    def _open(
        self, worker: Worker, lease: Lease, ticket: Ticket, asked: str, seen: Seen
    ) -> Generator[float, None, Case | None]:
        """Open the case; return None if it has its outcome, perhaps from what an earlier attempt wrote."""
        yield from self._commit()
        case: Case = self.store.open_case(lease, asked)
        if case.is_settled:
            return None
        intent = self.store.begun(case.id)
        outbox, now = outbox_of(intent, case), at(self.clock(worker))
        step = protocol.arrived(outbox, ticket, asked, self.abilities, PATIENCE, at=now)
        if isinstance(step, Later):
            raise _LaterError(step.seconds, step.why)
        if step is None:
            return case
        yield from self._settle(worker, lease, case, intent, step, seen)
        return None

    def _decide(self, ticket: Ticket, case: Case) -> Generator[float, None, Decision]:
        is_settled = protocol.find_own(ticket, case.message_id, case.set_aside) is not None
        if stop := self._admit(ticket, case, is_settled=is_settled):
            return stop
        if self._is_flipped:
            return _QUIET
        yield self.random.choice((0.05, 0.3, 3.0, 25.0))  # classifier, search, model
        wanted = Action.DRAFT if ticket.assignee_id else self.random.choice(_KINDS_OF_ANSWER)
        return Decision(wanted, (Reason(Code.CONFIDENT),))

    def _admit(self, ticket: Ticket, case: Case, *, is_settled: bool) -> Decision | None:
        reading: Any = SimpleNamespace(kind=_NO_FACTS.kind, message_id=case.message_id)
        return decide.admit(facts.for_admit(ticket, reading, is_settled=is_settled), POLICY)

    def _gives_up(self, worker: Worker, lease: Lease, why: str) -> Generator[float, None, bool]:
        """Leave the ticket to a person, as `pipeline.give_up` does; return False if that failed, too."""
        self.note("gives the ticket up", worker.name)
        try:
            ticket, seen = yield from self._read()
            if ticket is None:
                return False
            asked = yield from self._settle_overtaken(worker, lease, ticket, seen)
            case = (yield from self._open(worker, lease, ticket, asked, seen)) if asked else None
            if case is not None:
                tired = Decision(Action.ASSIST, (Reason(Code.GAVE_UP, why),))
                decision = self._admit(ticket, case, is_settled=False) or tired
                yield from self._drive(worker, lease, case, decision, ticket, seen)
            self.store.release(lease, self.clock(worker))
        except LeaseLostError:
            self.note("finds its lease lost", worker.name)
        except (_LaterError, StoreDownError):
            return False
        return True

    # --- the send step, driven

    def _drive(
        self, worker: Worker, lease: Lease, case: Case, decision: Decision, ticket: Ticket, before: Seen
    ) -> Timed:
        """Do what the attempt says, as workers/stages/conclude.py does; return the vendor's time of our change."""
        changed_at: float | None = None
        own_id = ""
        intent = self.store.begun(case.id)
        look = before
        attempt = protocol.Attempt(
            decision,
            ticket,
            case.message_id,
            outbox_of(intent, case),
            self.abilities,
            PATIENCE,
            at=at(self.clock(worker)),
        )
        while True:
            step = attempt.next
            if self.lines is not None:
                self.note(told(step), worker.name)
            if isinstance(step, Look):
                yield step.after_seconds
                ticket_now, look = yield from self._read()
                if ticket_now is None:
                    attempt.gone()
                else:
                    ticket = ticket_now
                    attempt.looked(ticket, at=at(self.clock(worker)))
            elif isinstance(step, Begin):
                outbox, wanted = step.outbox, step.decision
                self._tempt(0.15)
                yield 0.01  # the text is written
                yield from self._commit()
                intent = self.store.begin(
                    lease,
                    case.id,
                    mark_of(case.message_id),
                    {
                        "action": wanted.action.value,
                        "is_public": outbox.is_public,
                        "lowered_for": outbox.lowered_for,
                        "reasons": [str(reason) for reason in wanted.reasons],
                    },
                    outbox.stamp,
                    outbox.state.value,
                    outbox.looked_at,
                )
                self._note_begun(case.message_id, wanted, outbox)
                yield from self._committed()
                attempt.begun(age_seconds=self.now - look.at)
                put = Put(case.message_id, intent.mark, outbox.is_public, outbox.stamp, before, look, self.now)
            elif isinstance(step, Write):
                changed_at = yield from self._call(attempt, put)
                own_id = self.desk.own_id(put)
            elif isinstance(step, Record):
                assert intent is not None
                yield from self._commit()
                self.store.end_try(lease, intent, step.state.value)
                yield from self._committed()
                attempt.recorded()
            elif isinstance(step, Settle):
                yield from self._settle(worker, lease, case, intent, step, look, own_id)
                return changed_at
            else:
                raise _LaterError(step.seconds, step.why)

    def _note_begun(self, message_id: str, wanted: Decision, outbox: Outbox) -> None:
        """Once it is on record that a person's act made a draft of a reply, or that a reply may yet arrive, no later
        try may reply."""
        if outbox.state is State.NOTING:
            self._doubted.add(message_id)
        if wanted.action is Action.DRAFT and wanted.reasons[0].code in (Code.STAFF_AT_WORK, Code.STATUS_CHANGED):
            self._lowered.add(message_id)
        elif wanted.action is Action.SEND and message_id in self._lowered | self._doubted:
            self._raised.append(f"{message_id} became a reply again")

    def _settle(
        self,
        worker: Worker,
        lease: Lease,
        case: Case,
        intent: Intent | None,
        step: Settle,
        look: Seen,
        own_id: str = "",
    ) -> Visit:
        decision = step.decision
        if decision is None:
            assert intent is not None
            assert step.own is not None
            decision = _recorded(intent, step.own)
        own_id = step.own.id if step.own else own_id
        ended = (intent, step.state.value) if intent else None
        outcome = {"action": decision.action.value, "reasons": [str(reason) for reason in decision.reasons]}
        is_lost = is_given_up(decision)
        yield from self._commit()
        self.store.settle(lease, case.id, ended, own_id, outcome, is_lost)
        self._settled_on.setdefault(case.message_id, look.messages_at)
        self.note(f"settled {case.message_id}: {outcome}", worker.name)
        if is_lost and not self.abilities.has_keys:  # a key is good for one request, and a replay makes another
            for _ in range(self._patience.randint(0, 2)):
                self.later(self._patience.uniform(0, 200), partial(self._replay, case))
        yield from self._committed()

    def _settle_gone(self, worker: Worker, lease: Lease) -> Visit:
        for case in self.store.open_cases():
            intent = self.store.begun(case.id)
            ended = (intent, protocol.without_ticket(outbox_of(intent, case)).state.value) if intent else None
            outcome = {"action": "ignore", "reasons": ["ticket_gone"]}
            yield from self._commit()
            self.store.settle(lease, case.id, ended, "", outcome)

    def _commit(self) -> Visit:
        yield 0.005
        if self.fault("commit fails", 0.01):
            raise StoreDownError

    def _committed(self) -> Visit:
        if self.fault("commit's answer lost", 0.01):
            raise StoreDownError
        yield 0.001

    # --- the network

    def _read(self) -> Generator[float, None, tuple[Ticket | None, Seen]]:
        asked_at = self.now
        yield self.random.uniform(0.02, 0.2)
        if self.fault("read fails", 0.02):
            yield self.random.choice((0.1, DEADLINE))
            raise _LaterError(0.0, "the helpdesk does not answer")
        lag = self.random.uniform(0, self.abilities.read_lag_seconds) if self.fault("old read", 0.2) else 0.0
        thread_lag = lag if not lag or self._chance(0.5) else self.random.uniform(0, self.abilities.read_lag_seconds)
        ticket = self.desk.read(self.now, lag=lag, messages_lag=thread_lag)
        seen = Seen(asked_at, self.now - lag, self.now - thread_lag)
        self._tempt(0.1)
        yield self.random.uniform(0.02, 0.2)
        return ticket, seen

    def _call(self, attempt: protocol.Attempt, put: Put) -> Timed:
        """Send one write on its way, and tell the attempt what came back, if anything does."""
        yield 0.0005  # between the check and the socket a process may still be stopped
        answers: list[tuple[str, float]] = []
        flight, is_answered, fate = self._fate()
        put = Put(put.message_id, put.mark, put.is_public, put.stamp, put.before, put.look, self.now)
        if fate in ("turned away", "refused"):
            yield 0.1
        elif fate != "request lost":
            self.later(flight, lambda: answers.append((self._arrives(put), self.now)))
            if fate == "request doubled":
                self.later(
                    self.random.uniform(0, self.abilities.longest_flight_seconds),
                    lambda: answers.append((self._arrives(put), self.now)),
                )
        if fate == "turned away":
            attempt.missed("429", maybe_done=False, seconds=5.0)
        elif fate == "refused":
            attempt.refused("422")
        elif not is_answered or flight > DEADLINE:
            yield self.random.choice((0.2, DEADLINE)) if flight < 0.2 else DEADLINE
            attempt.missed("no answer", maybe_done=True)
        else:
            yield flight + self.random.uniform(0.02, 0.2)
            answer, moment = answers[-1]
            self._tell(attempt, answer)
            return int(moment) if answer == "applied" and self.abilities.has_lock else None
        return None

    def _fate(self) -> tuple[float, bool, str]:
        """Return how long a request is under way, whether its answer comes, and what else becomes of it."""
        quick = self.random.uniform(0.02, 0.2)
        if self.fault("request lost", 0.08):
            return quick, False, "request lost"
        if self.fault("answer lost", 0.12):
            return quick, False, ""
        if self.fault("request late", 0.12):
            return self.random.uniform(1.0, self.abilities.longest_flight_seconds), False, ""
        if self.fault("request slow", 0.05):
            return self.random.uniform(1.0, DEADLINE - 1.0), True, ""
        if self.fault("turned away", 0.04):
            return quick, True, "turned away"
        if self.fault("refused", 0.02):
            return quick, True, "refused"
        # A proxy may repeat a PUT; RFC 9110 forbids it to repeat a POST, and the vendor without a lock has POSTs.
        may_double = self.abilities.has_lock or self.abilities.has_keys
        if may_double and self.fault("request doubled", 0.06):
            return quick, True, "request doubled"
        return quick, True, ""

    def _arrives(self, put: Put) -> str:
        result = self.desk.write(put, self.now)
        self.note(f"-> {'reply' if put.is_public else 'note'} on stamp {put.stamp} arrives: {result}")
        return result

    def _tell(self, attempt: protocol.Attempt, answer: str) -> None:
        if answer == "applied":
            attempt.applied()
        elif answer == "conflict":
            attempt.conflicted()
        elif answer == "gone":
            attempt.gone()
        else:
            attempt.refused("closed")

    # --- the end of the day

    def _judge(self) -> Verdict:
        verdict, desk, store = Verdict(), self.desk, self.store
        public = Counter(landed.put.mark for landed in desk.landed if landed.put.is_public)
        every = Counter(landed.put.mark for landed in desk.landed)
        verdict.doubles = [f"{mark} {times} times" for mark, times in public.items() if times > 1]
        if self.abilities.has_lock:
            most = {mark_of(message_id): 1 + times for message_id, times in self._replays.items()}
            verdict.doubles += [
                f"{mark} as {times} messages" for mark, times in every.items() if times > most.get(mark, 1)
            ]
        for landed in desk.landed:
            self._judge_landed(landed, verdict)
        verdict.collisions += self._raised
        self._judge_records(verdict)
        if store.due_at is not None or store.open_cases():
            verdict.losses.append("never settled")
        newest = desk.requester_messages[-1]
        if newest not in store.cases and not desk.is_deleted:
            verdict.losses.append(f"{newest} was never seen")
        return verdict

    def _judge_landed(self, landed: Landed, verdict: Verdict) -> None:
        """A reply over a person: somebody had acted when it arrived, and the worker could have known."""
        if not landed.put.is_public:
            return
        put = landed.put
        since = [act for act in self.desk.acts if act.at <= landed.at and act.what != "tags"]
        since = [act for act in since if not put.before.knows(act)]
        if self.desk.is_alike(put.before.fields_at, put.look.fields_at):  # put on hold again: as we knew it
            since = [act for act in since if act.what in IN_THREAD or not put.look.knows(act)]
        if self.abilities.has_lock or any(put.look.knows(act) for act in since):
            verdict.collisions += [f"{put.mark} over {act.what} at {act.at:.2f}" for act in since]
        else:
            verdict.crossed += bool(since)

    def _judge_records(self, verdict: Verdict) -> None:
        """Every case says what stands on the ticket, no more and no less."""
        landed: dict[str, list[Message]] = {}
        for one in self.desk.landed:
            landed.setdefault(one.put.message_id, []).append(one.own)
        for message_id, case in self.store.cases.items():
            outcome = self.store.outcomes.get(case.id)
            if outcome is None:
                continue
            verdict.outcomes[outcome["action"]] += 1
            own = [m for m in landed.pop(message_id, []) if m.is_public or m.id not in case.set_aside]
            shown = any(message.is_public for message in own)
            is_in_doubt = "in_doubt" in outcome["reasons"]
            verdict.in_doubt += is_in_doubt
            if outcome["action"] == "send" and not shown:
                verdict.losses.append(f"{message_id} is recorded as sent and was not")
            elif outcome["action"] in ("draft", "assist", "hand_off") and not own:
                verdict.losses.append(f"{message_id} is recorded as noted and was not")
            elif shown and outcome["action"] != "send":
                self._judge_late(message_id, outcome, is_in_doubt, verdict)
        if any(message.is_public for own in landed.values() for message in own):
            verdict.losses.append("a reply without a case")

    def _judge_late(self, message_id: str, outcome: dict[str, Any], is_in_doubt: bool, verdict: Verdict) -> None:
        """A reply came in after its case was settled as something else: right only where people were warned of it."""
        shown_at = min(one.at for one in self.desk.landed if one.put.message_id == message_id and one.put.is_public)
        if shown_at < self._settled_on.get(message_id, 0.0) and "ticket_gone" not in outcome["reasons"]:
            verdict.losses.append(f"{message_id} was settled as {outcome} over its own reply")
            return
        is_gone = self.desk.is_deleted
        slept = any(
            one.put.message_id == message_id and one.put.called_at > one.put.look.at + PATIENCE.fresh_seconds
            for one in self.desk.landed
        )
        state = self.store.outbox[self.store.cases[message_id].id].state
        if is_in_doubt or is_gone or slept or state in (State.IN_DOUBT.value, State.NOTING.value):
            verdict.late_replies += 1
        else:
            verdict.losses.append(f"{message_id} was replied to and is recorded as {outcome}")


class _LaterError(Exception):
    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why


def outbox_of(intent: Intent | None, case: Case) -> Outbox:
    if intent is None:
        return Outbox(set_aside=case.set_aside)
    kept = intent.write
    is_public, lowered_for = kept["is_public"], kept["lowered_for"]
    return Outbox(State(intent.state), is_public, intent.stamp, intent.looked_at, case.set_aside, lowered_for)


def _recorded(intent: Intent, own: Message) -> Decision:
    """Return what an earlier try did: a note is what was begun last, with its reasons."""
    split = [] if own.is_public else [text.partition(":") for text in intent.write["reasons"]]
    reasons = tuple(Reason(Code(code), detail) for code, _, detail in split) or (Reason(Code.CONFIDENT),)
    return Decision(protocol.as_found(Action(intent.write["action"]), own), reasons)


def told(step: protocol.Step) -> str:
    """Say a step in a line of the trace."""
    if isinstance(step, Begin):
        return f"begins {step.decision.action.value} on stamp {step.outbox.stamp} ({step.outbox.state.value})"
    if isinstance(step, Settle):
        return f"settles as {step.decision.action.value if step.decision else 'found'} ({step.state.value})"
    return str(step)
