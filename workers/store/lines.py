"""The record's rows as people read them: frozen, plain values; JSON columns as they were written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Row

from workers.store.told import Told, told

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CaseLine:
    id: int
    vendor: str
    ticket_id: str
    state: str
    action: str
    tier: int | None
    intent: str
    confidence: float | None
    subject: str  # masked
    reasons: tuple[Told, ...]
    opened_at: datetime
    asked_at: datetime | None
    settled_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the outbox: what was done to the ticket for one case."""

    kind: str
    mark: str
    state: str
    stamp: str
    tries: int
    message_id: str
    begun_at: datetime
    finished_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Call:
    """One model call."""

    prompt: str
    prompt_hash: str
    model: str
    outcome: str
    latency_seconds: float
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: Decimal
    attempts: int
    detail: str
    called_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What staff asked of us on a ticket, and what came of it. `words` is masked; `result` is "" while it is open."""

    name: str
    words: str
    by: str
    tag: str
    asked_at: datetime | None
    settled_at: datetime | None
    result: str
    replaced: str  # the draft whose place another took


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything recorded about one case."""

    line: CaseLine
    message_id: str
    channel: str
    language: str
    team: str
    urgency: str
    stage: str
    question: str  # masked
    policy_hash: str
    facts: Mapping[str, Mapping[str, Any]]  # gate -> facts
    classification: Mapping[str, Any]
    passages: Sequence[Mapping[str, Any]]
    draft: Mapping[str, Any]
    findings: Mapping[str, Any]
    acts: tuple[Act, ...]
    calls: tuple[Call, ...]

    @property
    def cost_usd(self) -> Decimal:
        return sum((call.cost_usd for call in self.calls), Decimal(0))


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as listed. Its body is never shown: it holds what the requester wrote, unmasked."""

    id: int
    vendor: str
    key: str
    state: str
    note: str
    received_at: datetime
    handled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketLine:
    """Where a ticket stands in the list of due tickets."""

    vendor: str
    ticket_id: str
    due_at: datetime | None
    waiting_since: datetime | None
    lease_until: datetime | None
    attempts: int
    urgency: int
    error: str


@dataclass(frozen=True, slots=True)
class LessonLine:
    state: str
    note: str
    intent: str
    question: str  # masked
    answer: str  # masked
    learned_at: datetime


def of_row(noun: type[T], row: Row[Any], **given: object) -> T:
    """Return the noun whose fields are columns of this row; `given` stands for those that are not."""
    names = {one.name for one in fields(noun)} - given.keys()  # type: ignore[arg-type]
    return noun(**{name: getattr(row, name) for name in names}, **given)


def case_line(row: Row[Any]) -> CaseLine:
    told_reasons = tuple(told(reason) for reason in row.reasons or ())
    return of_row(CaseLine, row, reasons=told_reasons)


def case_story(row: Row[Any], acts: Sequence[Row[Any]], calls: Sequence[Row[Any]]) -> CaseStory:
    """Return the case of this row with its writes and model calls."""
    return of_row(
        CaseStory,
        row,
        line=case_line(row),
        facts=row.facts or {},
        classification=row.classification or {},
        passages=row.passages or (),
        draft=row.draft or {},
        findings=row.findings or {},
        acts=tuple(of_row(Act, one) for one in acts),
        calls=tuple(of_row(Call, one, cost_usd=Decimal(one.cost_usd)) for one in calls),
    )


def asked(row: Row[Any]) -> Asked:
    sentences = ((row.replaced or {}).get("draft") or {}).get("sentences") or ()
    return Asked(
        name=row.name,
        words=row.words,
        by=row.asked_name or row.asked_by,
        tag=row.tag,
        asked_at=row.asked_at,
        settled_at=row.settled_at,
        result=row.result,
        replaced=" ".join(str(one.get("text", "")) for one in sentences),
    )
