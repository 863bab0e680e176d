"""Passages -> a proposed reply: drafted, checked, read a second time, and repaired once if that can help."""

from dataclasses import dataclass, replace
from datetime import datetime

from config.policy import Policy
from integrations.errors import TransientError
from integrations.helpdesk import Ticket
from integrations.llm import ModelOutcome, Usage
from kb.domain import SearchResult
from workers import decide, facts
from workers.account import Account
from workers.breaker import ModelPath
from workers.domain import (
    Classification,
    Decision,
    Draft,
    Findings,
    Judgement,
    Reading,
    RouteFacts,
    Standing,
    TriageFacts,
)
from workers.reading.language import detect
from workers.services import Services
from workers.stages.check import check
from workers.stages.draft import Brief, draft
from workers.stages.judge import judge
from workers.store.ledger import Case

_MODEL_PATIENCE = 2  # attempts of a case that wait for an overloaded model, before people get it without a draft
_RETRY_LATER = frozenset({ModelOutcome.OVERLOADED, ModelOutcome.TIMED_OUT, ModelOutcome.UNREACHABLE})
_LEAST_SECONDS = 5.0  # a call with less time than this would be paid for and cut off


@dataclass(frozen=True, slots=True)
class Question:
    """What a reply is proposed to. `until` is when the case has to be decided, whatever is still missing."""

    case: Case
    ticket: Ticket
    reading: Reading
    label: Classification
    triaging: TriageFacts
    found: SearchResult
    account: Account
    until: datetime
    standing: Standing | None = None
    wish: str = ""  # what staff ask for, masked
    shown: tuple[Draft, Findings] | None = None  # the draft that it shall replace


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft with all that was found wrong with it, and what may be done with it. No draft: none was asked for."""

    draft: Draft | None
    findings: Findings
    facts: RouteFacts
    decision: Decision


def propose(question: Question, services: Services) -> Proposal:
    """Return the best reply that can be had, or the reason why there is none, within the question's time.

    Raises TransientError while a struggling model is worth waiting for.
    """
    first = _attempt(question, services)
    is_worth = first.draft is not None and decide.is_worth_repairing(first.facts, services.policy)
    if not is_worth or _seconds_left(question, services) < services.policy.timing.model_seconds:
        return first
    return _better(first, _attempt(question, services, earlier=first))


def _better(first: Proposal, repaired: Proposal) -> Proposal:
    """Return the repaired draft, unless the model failed or made it worse."""
    is_made = repaired.draft is not None and repaired.draft.model_outcome == "ok"
    is_worse = decide.stricter(first.decision.action, repaired.decision.action) is not first.decision.action
    return first if not is_made or is_worse else repaired


def _attempt(question: Question, services: Services, *, earlier: Proposal | None = None) -> Proposal:
    made = _draft(question, services, earlier)
    if made is None or not made.sentences:
        return _weighed(question, made, Findings(), services)
    findings = check(
        made,
        question.found.passages,
        question.reading,
        services.policy,
        language_of=detect,
        lacks=services.kb.lacks,
    )
    checked = _weighed(question, made, findings, services)
    if not decide.is_worth_judging(checked.decision, services.policy, _draw(question.case)):
        return checked
    return _weighed(question, made, replace(findings, judgement=_judge(question, made, services)), services)


def _weighed(question: Question, made: Draft | None, findings: Findings, services: Services) -> Proposal:
    routing = facts.for_route(
        question.ticket,
        question.reading,
        question.triaging,
        question.label,
        question.found,
        made,
        findings,
        services.policy,
        question.standing,
    )
    return Proposal(made, findings, routing, decide.route(routing, services.policy))


def _draft(question: Question, services: Services, earlier: Proposal | None) -> Draft | None:
    """Ask for a draft if there is a model and something to draft from."""
    passages = question.found.passages
    best = passages[0].score if passages else 0.0
    if services.llm is None or best < services.policy.thresholds.passage_draft:
        return None
    models = services.policy.models
    made, usage = _ask(question, services, earlier, services.policy)
    is_resting = usage.outcome is ModelOutcome.RESTING
    if is_resting and services.breakers.health(models, now=services.now()).path is ModelPath.CHEAP:
        made, usage = _ask(question, services, earlier, services.policy.with_models("", models.classify))
        made = replace(made, is_stopgap=True)
    if earlier is None and question.case.attempts <= _MODEL_PATIENCE and _may_recover(usage, services):
        wish = min(usage.retry_after_seconds or 0.0, services.policy.breaking.longest_pause_seconds)
        raise TransientError(f"model {usage.outcome.value}", operation="draft", retry_after_seconds=wish)
    return made


def _ask(question: Question, services: Services, earlier: Proposal | None, policy: Policy) -> tuple[Draft, Usage]:
    assert services.llm is not None
    brief = Brief(
        question.reading,
        question.found.passages,
        intent=question.label.intent,
        requester_name=question.ticket.requester.name,
        account=Account() if question.ticket.copies else question.account,  # those who get copies read the reply too
        flawed=(earlier.draft, earlier.findings) if earlier and earlier.draft else question.shown,
        wish=question.wish,
    )
    made, usage = draft(brief, services.prompts["draft"], services.llm, policy)
    services.ledger.record_calls(question.case.id, (usage,), now=services.now())
    return made, usage


def _may_recover(usage: Usage, services: Services) -> bool:
    """Tell whether the model is worth waiting for."""
    if usage.outcome is ModelOutcome.RESTING:
        return services.breakers.is_worth_waiting(usage.model, now=services.now())
    return usage.outcome in _RETRY_LATER


def _judge(question: Question, made: Draft, services: Services) -> Judgement:
    assert services.llm is not None
    seconds = min(services.policy.timing.model_seconds, _seconds_left(question, services))
    if seconds < _LEAST_SECONDS:
        return Judgement(0.0, 0.0, 0.0, model_outcome=ModelOutcome.TIMED_OUT.value)
    judgement, usage = judge(
        made,
        question.found.passages,
        question.reading,
        services.prompts["judge"],
        services.llm,
        services.policy,
        deadline_seconds=seconds,
    )
    services.ledger.record_calls(question.case.id, (usage,), now=services.now())
    return judgement


def _seconds_left(question: Question, services: Services) -> float:
    return (question.until - services.now()).total_seconds()


def _draw(case: Case) -> float:
    """Return a number in 0..1 that a case keeps over all its attempts; neighbouring cases are far apart."""
    return (case.id * 0.6180339887498949) % 1.0
