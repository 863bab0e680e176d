"""Another draft, as staff ask for it: proposed, checked and read a second time like any other."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from integrations.helpdesk import Ticket
from kb.domain import Passage, Query, Source
from workers import decide, facts, ladder, rules
from workers.account import account_of
from workers.commands import Decided, Refusal
from workers.domain import (
    Action,
    Block,
    Classification,
    Code,
    Decision,
    Draft,
    Finding,
    Findings,
    Judgement,
    Reading,
    Reason,
    Sentence,
    Sentiment,
    Stage,
    Urgency,
)
from workers.ear import heard
from workers.enclosures import with_enclosures
from workers.letter import Package
from workers.reading import read
from workers.services import Services
from workers.stages.propose import Question, propose
from workers.stages.shelve import public_filter
from workers.store.ledger import Case
from workers.wording import in_words

_PATIENT = 99  # attempts: a person waits for the answer, so that a struggling model is not waited for


@dataclass(frozen=True, slots=True)
class Redone:
    """A new draft as the record keeps it, and as the note shows it; or why there is none."""

    made: Mapping[str, Any] | None = None
    package: Package | None = None
    decision: Decision | None = None
    refusal: Refusal | None = None
    why: str = ""


def redo(decided: Decided, ticket: Ticket, wish: str, services: Services) -> Redone:
    """Write another draft to the message of a case; `wish` is what staff ask for, masked."""
    reading = reading_of(ticket, decided.message_id)
    if services.llm is None:
        return Redone(refusal=Refusal.NO_MODEL)
    if reading is None:
        return Redone(refusal=Refusal.NO_CASE)
    question = _question(decided, ticket, reading, wish, services)
    stop = decide.triage(question.triaging, services.policy)
    if stop and stop.action is Action.HAND_OFF:
        wording = {name: rule.reason.rstrip(".") for name, rule in services.policy.rules.items()}
        return Redone(refusal=Refusal.POLICY, why="; ".join(in_words(reason, wording) for reason in stop.reasons))
    proposal = propose(question, services)
    draft = proposal.draft
    if draft is None:
        return Redone(refusal=Refusal.NOTHING_FOUND)
    if draft.model_outcome != "ok":
        return Redone(refusal=Refusal.MODEL_FAILED)
    if not draft.sentences:
        return Redone(refusal=Refusal.NO_TEXT, why=draft.escalate)
    passages = question.found.passages
    package = Package(ticket, reading, question.label, passages=passages, draft=draft, findings=proposal.findings)
    return Redone(_made(draft, proposal.findings, passages, proposal.decision), package, proposal.decision)


def again(made: Mapping[str, Any], decided: Decided, ticket: Ticket) -> Redone:
    """Return a draft that an attempt before this one made and recorded, as it was."""
    reading = reading_of(ticket, decided.message_id)
    if reading is None:
        return Redone(refusal=Refusal.NO_CASE)
    decision = Decision(Action(made["action"]), reasons_of(made["reasons"]))
    package = Package(
        ticket,
        reading,
        label_of(decided),
        passages=passages_of(made["passages"]),
        draft=draft_of(made["draft"]),
        findings=findings_of(made["findings"]),
    )
    return Redone(made, package, decision)


def reading_of(ticket: Ticket, message_id: str) -> Reading | None:
    """Read the ticket as it stood when this message was its newest; None if it does not stand there any more."""
    place = next((place for place, m in enumerate(ticket.messages) if m.id == message_id), None)
    if place is None:
        return None
    reading = read(replace(ticket, messages=ticket.messages[: place + 1]))
    return reading if reading.message_id == message_id else None


def _question(decided: Decided, ticket: Ticket, reading: Reading, wish: str, services: Services) -> Question:
    policy, label = services.policy, label_of(decided)
    reading = with_enclosures(ticket, reading, services.helpdesks[ticket.vendor], policy.limits)
    sounds = heard(reading, services.ear, services.embedder.embed)
    hits = rules.match(
        reading,
        requester_tags=ticket.requester.tags,
        organization_tags=ticket.organization.tags if ticket.organization else (),
        rules=policy.rules,
        heard=sounds,
    )
    standing = ladder.standing(label.intent, decided.message_id, services, label.second_intents)
    triaging = facts.for_triage(
        reading, label, hits, policy, has_model=True, standing=standing, tags=facts.tags_of(ticket), heard=sounds
    )
    seen = public_filter(ticket, now=services.now())
    found = services.kb.search(Query(reading.topic, reading.newest), seen, policy.limits.passages)
    account, reading = account_of(ticket, reading, (), policy, now=services.now())
    case = Case(decided.id, ticket.vendor, ticket.id, decided.message_id, is_settled=True, attempts=_PATIENT)
    until = services.now() + timedelta(seconds=policy.timing.case_seconds * 0.75)
    shown = (draft_of(decided.draft), Findings()) if decided.draft and decided.draft.get("sentences") else None
    return Question(case, ticket, reading, label, triaging, found, account, until, standing, wish, shown)


def _made(draft: Draft, findings: Findings, passages: tuple[Passage, ...], decision: Decision) -> dict[str, Any]:
    return {
        "draft": asdict(draft),
        "findings": asdict(findings),
        "action": decision.action.value,
        "reasons": [str(reason) for reason in decision.reasons],
        "passages": [
            {
                "chunk_id": p.chunk_id,
                "title": p.title,
                "heading": list(p.heading),
                "url": p.url,
                "source": p.source.value,
                "score": round(p.score, 4),
            }
            for p in passages
        ],
    }


def reasons_of(kept: Iterable[str]) -> tuple[Reason, ...]:
    """Return reasons from the record."""
    split = (text.partition(":") for text in kept)
    return tuple(Reason(Code(code), detail) for code, _, detail in split)


def label_of(decided: Decided) -> Classification:
    known = decided.classification
    return Classification(
        intent=decided.intent,
        confidence=decided.confidence,
        stage=Stage(decided.stage or "none"),
        is_out_of_scope=bool(known.get("is_out_of_scope")),
        urgency=Urgency(known.get("urgency") or "normal"),
        sentiment=Sentiment(known.get("sentiment") or "calm"),
        needs_action=bool(known.get("needs_action")),
        wants_person=bool(known.get("wants_person")),
        summary=str(known.get("summary") or ""),
    )


def draft_of(kept: Mapping[str, Any]) -> Draft:
    """Return a draft from the record."""
    sentences = (
        Sentence(str(one["text"]), tuple(one.get("passages") or ()), Block(one.get("block") or "paragraph"))
        for one in kept.get("sentences") or ()
    )
    covered = tuple(int(number) for number in kept.get("asks_covered") or ())
    return Draft(tuple(sentences), str(kept.get("escalate") or ""), covered, str(kept.get("model_outcome") or ""))


def findings_of(kept: Mapping[str, Any]) -> Findings:
    judged = kept.get("judgement")
    judgement = None
    if judged:
        judgement = Judgement(
            float(judged["faithfulness"]),
            float(judged["relevance"]),
            float(judged["safety"]),
            _findings(judged.get("doubts")),
            str(judged.get("reason") or ""),
            str(judged["model_outcome"]),
        )
    return Findings(_findings(kept.get("findings")), float(kept.get("score", 1.0)), judgement=judgement)


def _findings(kept: Any) -> tuple[Finding, ...]:
    return tuple(Finding(str(one["code"]), str(one["words"]), int(one["sentence"])) for one in kept or ())


def passages_of(kept: Any) -> tuple[Passage, ...]:
    """Return the passages of a case as the record has them: without their text."""
    return tuple(
        Passage(
            chunk_id=str(one.get("chunk_id", "")),
            document_id=str(one.get("chunk_id", "")).rpartition("#")[0],
            source=Source(one.get("source") or "article"),
            title=str(one.get("title", "")),
            heading=tuple(one.get("heading") or ()),
            text="",
            url=str(one.get("url", "")),
            score=float(one.get("score", 0.0)),
        )
        for one in kept or ()
    )
