"""What became of drafts and replies, and where each intent stands on the ladder of autonomy."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, func, select, update
from sqlalchemy.exc import IntegrityError

from workers.autonomy import Kind, Observation, Step, Verdict
from workers.domain import Code
from workers.draft_outcome import Use
from workers.store.tables import autonomy, autonomy_step, case, reading, review, writing

_SEEN = 5000  # newest observations of an intent that are weighed
# What speaks against the intent alone: such a draft would have been sent by an intent that may send.
_HELD_BACK = frozenset({Code.AUTONOMY_DRAFT.value, Code.AUTONOMY_SHADOW.value, Code.REVIEW_SAMPLE.value})
_GOOD = frozenset({"unchanged", "agreed"})


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A settled case that a person or the requester may have a word on; `use` is "" until they had."""

    case_id: int
    message_id: str
    intent: str
    kind: Kind
    is_eligible: bool
    draft: Mapping[str, Any]
    passages: tuple[Mapping[str, Any], ...]
    use: str
    message_ids: tuple[str, ...]
    solved_at: datetime | None
    is_reopened: bool
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where an intent stands. `pin` wins over `step`; `suspicion` is 0..1."""

    intent: str
    step: Step
    pin: str
    since: datetime
    climb: int
    corrections: int
    suspicion: float
    evidence: Mapping[str, Any]
    why: str
    looked_at: datetime


class Reviews:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_ticket(self, vendor: str, ticket_id: str) -> tuple[Reviewable, ...]:
        """Return the ticket's cases that left a draft or sent a reply, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(case, review.c.use, review.c.message_ids, review.c.solved_at, review.c.is_reopened)
                .add_columns(review.c.is_wrong)
                .outerjoin(review, review.c.case_id == case.c.id)
                .where(case.c.vendor == vendor, case.c.ticket_id == ticket_id, case.c.state != "open")
                .where(case.c.action.in_(("send", "draft", "assist")))
                .order_by(case.c.id)
            ).all()
        return tuple(found for row in rows if (found := _reviewable(row)))

    def put(
        self,
        item: Reviewable,
        *,
        use: str,
        now: datetime,
        kept: float | None = None,
        edits: tuple[Mapping[str, str], ...] = (),
        message_ids: tuple[str, ...] = (),
    ) -> None:
        """Write what became of a case; a later word of staff on the same one replaces it."""
        values = {"use": use, "kept": kept, "edits": list(edits), "message_ids": list(message_ids)}
        changed = update(review).where(review.c.case_id == item.case_id).values(**values)
        with writing(self._engine, durable=False) as connection:
            if connection.execute(changed).rowcount:
                return
            try:
                with connection.begin_nested():
                    connection.execute(
                        review.insert().values(
                            case_id=item.case_id,
                            intent=item.intent,
                            kind=item.kind.value,
                            is_eligible=item.is_eligible,
                            reviewed_at=now,
                            **values,
                        )
                    )
            except IntegrityError:  # another process wrote it first
                connection.execute(changed)

    def note(self, case_id: int, **columns: Any) -> None:
        """Add what became known later: solved_at, is_reopened, is_wrong."""
        with writing(self._engine, durable=False) as connection:
            connection.execute(update(review).where(review.c.case_id == case_id).values(**columns))

    def observations(self, intent: str, since: datetime, *, now: datetime, settle_days: float) -> list[Observation]:
        """Return what was seen of an intent since a time, oldest first, its newest `_SEEN` cases at most.

        A sent reply counts as good until somebody objects; a draft counts once staff have used or replaced it.
        """
        ripe = now - timedelta(days=settle_days)
        judged = (
            select(
                review.c.kind, review.c.use, review.c.is_reopened, review.c.is_wrong, review.c.reviewed_at.label("at")
            )
            .where(review.c.intent == intent, review.c.kind != Kind.SEND.value, review.c.reviewed_at > since)
            .where(review.c.is_eligible, review.c.use != Use.IGNORED.value)
            .order_by(review.c.reviewed_at.desc())
            .limit(_SEEN)
        )
        sent = (
            select(review.c.use, review.c.is_reopened, review.c.is_wrong, case.c.settled_at.label("at"))
            .select_from(case)
            .outerjoin(review, review.c.case_id == case.c.id)
            .where(case.c.intent == intent, case.c.action == "send", case.c.settled_at > since)
            .order_by(case.c.settled_at.desc())
            .limit(_SEEN)
        )
        with reading(self._engine) as connection:
            found = [(row.at, Kind(row.kind), _is_good(row)) for row in connection.execute(judged)]
            found += [(row.at, Kind.SEND, row.use is None or _is_good(row)) for row in connection.execute(sent)]
        found.sort(key=lambda entry: entry[0])
        return [Observation(kind, is_good, at <= ripe) for at, kind, is_good in found[-_SEEN:]]

    def corrections(self, intent: str) -> int:
        """Return how many drafts of an intent staff have judged by sending, changing or replacing them."""
        with reading(self._engine) as connection:
            return (
                connection.scalar(
                    select(func.count()).where(
                        review.c.intent == intent, review.c.kind == Kind.DRAFT.value, review.c.use != Use.IGNORED.value
                    )
                )
                or 0
            )

    def place(self, intent: str) -> Place | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(autonomy).where(autonomy.c.intent == intent)).one_or_none()
        return _place(row) if row else None

    def places(self) -> tuple[Place, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(autonomy).order_by(autonomy.c.intent)).all()
        return tuple(_place(row) for row in rows)

    def settle_place(
        self, intent: str, place: Place | None, verdict: Verdict, *, pin: str, corrections: int, now: datetime
    ) -> bool:
        """Write the outcome of a look at the evidence, and the step in the audit if one was taken; tell whether it was.

        Of two processes that take the same step at once, one writes it.
        """
        before = place.step if place else verdict.step
        is_down = list(Step).index(verdict.step) < list(Step).index(before)
        moves = place is not None and verdict.step is not before
        row = {
            "step": verdict.step.value,
            "pin": pin,
            "since": now if moves or place is None else place.since,
            "climb": (1 if place is None else place.climb) + (1 if moves and is_down else 0),
            "corrections": corrections,
            "evidence": asdict(verdict.evidence),
            "why": verdict.why[:300],
            "looked_at": now,
        }
        taken = []
        if moves:
            taken.append((before.value, verdict.step.value, "deskhand", verdict.why))
        if pin != (place.pin if place else ""):
            shown = place.pin or place.step.value if place else verdict.step.value
            taken.append(
                (shown, pin or verdict.step.value, "policy", "pinned in the taxonomy" if pin else "pin taken out")
            )
        try:
            with writing(self._engine, durable=False) as connection:
                number = connection.scalar(select(func.count()).where(autonomy_step.c.intent == intent)) or 0
                for offset, (old, new, by, why) in enumerate(taken, 1):
                    connection.execute(
                        autonomy_step.insert().values(
                            intent=intent,
                            number=number + offset,
                            before=old,
                            after=new,
                            by=by,
                            at=now,
                            why=why[:300],
                            evidence=row["evidence"],
                        )
                    )
                if not connection.execute(update(autonomy).where(autonomy.c.intent == intent).values(**row)).rowcount:
                    connection.execute(autonomy.insert().values(intent=intent, **row))
        except IntegrityError:  # another process took the step first
            return False
        return moves


def _reviewable(row: Row[Any]) -> Reviewable | None:
    codes = {str(reason).partition(":")[0] for reason in row.reasons or ()}
    is_shadow = row.action == "assist" and Code.AUTONOMY_SHADOW.value in codes
    if (row.action == "assist" and not is_shadow) or not row.draft or not row.intent:
        return None
    kind = {"send": Kind.SEND, "draft": Kind.DRAFT, "assist": Kind.SHADOW}[row.action]
    return Reviewable(
        case_id=row.id,
        message_id=row.message_id,
        intent=row.intent,
        kind=kind,
        is_eligible=kind is Kind.SEND or (bool(codes) and codes <= _HELD_BACK),
        draft=row.draft,
        passages=tuple(row.passages or ()),
        use=row.use or "",
        message_ids=tuple(row.message_ids or ()),
        solved_at=row.solved_at,
        is_reopened=bool(row.is_reopened),
        is_wrong=bool(row.is_wrong),
    )


def _is_good(row: Any) -> bool:
    return row.use in _GOOD and not row.is_reopened and not row.is_wrong


def _place(row: Row[Any]) -> Place:
    return Place(
        intent=row.intent,
        step=Step(row.step),
        pin=row.pin,
        since=row.since,
        climb=row.climb,
        corrections=row.corrections,
        suspicion=float(row.evidence.get("suspicion", 0.0)),
        evidence=row.evidence,
        why=row.why,
        looked_at=row.looked_at,
    )
