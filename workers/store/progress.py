"""Where intents stand and what held us back, as people read it: for the dashboard and Prometheus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from workers.store.schedule import Schedule
from workers.store.tables import autonomy, autonomy_step, reading, review


@dataclass(frozen=True, slots=True)
class Standing:
    """One intent: `step` is what counts (a pin, else what it earned), `suspicion` 0..1 how near a step down is."""

    intent: str
    step: str
    is_pinned: bool
    earned: str
    reviewed: int
    unchanged: int
    bound: float
    target: float
    sent: int
    complaints: int
    suspicion: float
    why: str
    since: datetime
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step that was taken: by Deskhand on evidence, or by policy as a pin."""

    intent: str
    before: str
    after: str
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class BrakeLine:
    """Something that holds Deskhand back now: kill_switch, overload, budget or incident, with its cause."""

    code: str
    intent: str
    detail: str


class Progress:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._schedule = Schedule(engine)

    def brakes(self, *, now: datetime) -> tuple[BrakeLine, ...]:
        """Return what holds Deskhand back now, an admin's word first."""
        held = [one for by in ("brakes", "alike") for one in json.loads(self._schedule.value(by) or "[]")]
        found = [BrakeLine(str(b["code"]), str(b["intent"]), str(b["detail"])) for b in held]
        stopped = {"all": "no ticket is touched", "drafts": "nothing is sent"}.get(self._schedule.pause(now=now))
        return (*([BrakeLine("kill_switch", "", stopped)] if stopped else []), *found)

    def standings(self) -> tuple[Standing, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(autonomy).order_by(autonomy.c.intent)).all()
        return tuple(_standing(row, row.evidence or {}) for row in rows)

    def steps(self, intent: str = "", limit: int = 10) -> tuple[StepLine, ...]:
        """Return the newest steps, of one intent or of all."""
        wanted = [autonomy_step.c.intent == intent] if intent else []
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(autonomy_step).where(*wanted).order_by(autonomy_step.c.id.desc()).limit(limit)
            ).all()
        return tuple(StepLine(row.intent, row.before, row.after, row.by, row.at, row.why) for row in rows)

    def draft_uses(self) -> dict[tuple[str, str], int]:
        """Count what became of drafts and replies, by intent and use."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(review.c.intent, review.c.use, func.count()).group_by(review.c.intent, review.c.use)
            ).all()
        return {(row[0], row[1]): row[2] for row in rows}

    def edits(self, intent: str = "", limit: int = 2000) -> dict[str, int]:
        """Count the kinds of edits in the newest edited drafts."""
        wanted = [review.c.intent == intent] if intent else []
        counted: dict[str, int] = {}
        with reading(self._engine) as connection:
            newest = select(review.c.edits).where(review.c.use == "edited", *wanted)
            for (edits,) in connection.execute(newest.order_by(review.c.id.desc()).limit(limit)):
                for kind in {str(edit.get("kind", "")) for edit in edits or ()}:
                    counted[kind] = counted.get(kind, 0) + 1
        return counted


def _standing(row: Any, evidence: Mapping[str, Any]) -> Standing:
    return Standing(
        intent=row.intent,
        step=row.pin or row.step,
        is_pinned=bool(row.pin),
        earned=row.step,
        reviewed=int(evidence.get("reviewed", 0)),
        unchanged=int(evidence.get("unchanged", 0)),
        bound=float(evidence.get("bound", 0.0)),
        target=float(evidence.get("target", 0.0)),
        sent=int(evidence.get("sent", 0)),
        complaints=int(evidence.get("complaints", 0)),
        suspicion=float(evidence.get("suspicion", 0.0)),
        why=row.why,
        since=row.since,
        looked_at=row.looked_at,
    )
