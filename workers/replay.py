"""Pure: from what the ledger recorded of a case to its decision again, under the same policy or a changed one.

No model is asked and nothing is read but the record. What a changed policy cannot tell from it, `Replayed` says.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from config.policy import Policy
from workers import decide, rules
from workers.domain import (
    Action,
    AdmitFacts,
    Decision,
    LastLookFacts,
    MessageKind,
    Reading,
    RouteFacts,
    RuleHit,
    TriageFacts,
    Turn,
    Urgency,
)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when an earlier message was written is nothing to a rule
# Of the facts that have no default.
_UNKNOWN: Mapping[str, Any] = {
    "intent": "",
    "confidence": float("nan"),
    "stage": "",
    "status": "",
    "message_kind": "",
    "action": "",
}
Facts = AdmitFacts | TriageFacts | RouteFacts | LastLookFacts
_GATES: dict[str, type[Facts]] = {
    "admit": AdmitFacts,
    "triage": TriageFacts,
    "route": RouteFacts,
    "last_look": LastLookFacts,
}
_NAMES = {gate: frozenset(f.name for f in fields(kind)) - {"missing"} for gate, kind in _GATES.items()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A settled case as the ledger has it. `subject` and `question` are masked, and empty once they were deleted."""

    facts: Mapping[str, Mapping[str, Any]]
    subject: str = ""
    question: str = ""
    classification: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The decision, or None with what is missing: the case went no further when it was decided, or was not recorded."""

    decision: Decision | None
    missing: str = ""


def restored(gate: str, recorded: Mapping[str, Any]) -> Facts:
    """Read a gate's facts from JSON. What this release does not know is left out.

    What route's record does not have is named in `missing`: a decision cannot take it for harmless.
    """
    kind, names = _GATES[gate], _NAMES[gate]
    values = {name: value for name, value in _UNKNOWN.items() if name in names}
    values |= {name: tuple(v) if isinstance(v, list) else v for name, v in recorded.items() if name in names}
    if kind is RouteFacts:
        values["missing"] = tuple(sorted((names - recorded.keys()) | set(recorded.get("missing", ()))))
    make: Callable[..., Facts] = kind
    return make(**values)


def again(recorded: Mapping[str, Mapping[str, Any]], policy: Policy) -> Replayed:
    """Decide once more from recorded facts, gate by gate, as workers/pipeline.py does."""
    if "admit" not in recorded:
        return Replayed(None, "no facts were recorded")
    admitting = restored("admit", recorded["admit"])
    assert isinstance(admitting, AdmitFacts)
    if stop := decide.admit(admitting, policy):
        return Replayed(stop)
    if "triage" not in recorded:
        return Replayed(None, "it was never classified")
    triaging = restored("triage", recorded["triage"])
    assert isinstance(triaging, TriageFacts)
    decision = decide.triage(triaging, policy)
    if decision is None:
        if "route" not in recorded:
            return Replayed(None, "it would now be tried, and no draft was asked for then")
        routing = restored("route", recorded["route"])
        assert isinstance(routing, RouteFacts)
        decision = decide.route(routing, policy)
    if "last_look" not in recorded:
        return Replayed(decision)
    looking = restored("last_look", recorded["last_look"])
    assert isinstance(looking, LastLookFacts)
    return Replayed(decide.last_look(replace(looking, action=decision.action.value), decision))


def under(
    recorded: Recorded, old: Policy, new: Policy, moved: frozenset[str] | None = None
) -> dict[str, Mapping[str, Any]]:
    """Return the facts as they would have been under another policy.

    What policy says of an intent is taken from the new one. A rule that is new or changed is matched again on the
    masked text; without the text its old verdict stays. Urgency is raised by a new match, and never lowered. `moved`
    spares comparing the rules again for every case.
    """
    facts = dict(recorded.facts)
    if "triage" not in facts:
        return facts
    triage = restored("triage", facts["triage"])
    assert isinstance(triage, TriageFacts)
    triage = _restated(triage, recorded, changed_rules(old, new) if moved is None else moved, new)
    facts["triage"] = _plain(triage)
    if "route" in facts:
        route = restored("route", facts["route"])
        assert isinstance(route, RouteFacts)
        entries = [new.intents[name] for name in (route.intent, *route.second_intents) if name in new.intents]
        route = replace(
            route,
            ceiling=triage.ceiling,
            autonomy=triage.autonomy,
            team=triage.rule_team or triage.team,
            rules=triage.rules,
            rule_action=triage.rule_action,
            urgency=triage.urgency,
            wants_person=triage.wants_person,
            is_money=any(entry.is_money for entry in entries),
            needs_action=_needs_action(route, old, new),
        )
        facts["route"] = _plain(route)
    return facts


def _plain(facts: TriageFacts | RouteFacts) -> dict[str, Any]:
    return {f.name: getattr(facts, f.name) for f in fields(facts)}


def changed_rules(old: Policy, new: Policy) -> frozenset[str]:
    """Return the ids of rules that one policy has and the other has not, or has otherwise."""
    return frozenset(name for name in old.rules.keys() | new.rules.keys() if old.rules.get(name) != new.rules.get(name))


def _restated(triage: TriageFacts, recorded: Recorded, moved: frozenset[str], new: Policy) -> TriageFacts:
    entry = new.intents.get(triage.intent)
    triage = replace(
        triage,
        ceiling=new.ceiling_of(triage.intent),
        autonomy=(entry.autonomy if entry else None) or triage.step or new.answering.default_autonomy,
        team=new.team_of(triage.intent),
    )
    if not moved or not (recorded.question or recorded.subject):
        return triage
    hits = _hits(triage, recorded, moved, new)
    action = rules.strictest(hits)
    told = [hit.urgency for hit in hits if hit.urgency and hit.id not in triage.rules]
    levels = [level for level in Urgency if level == triage.urgency] + told
    return replace(
        triage,
        rules=tuple(hit.id for hit in hits),
        rule_action=action.value if action else "",
        rule_team=next((hit.team for hit in hits if hit.team and hit.action is action), ""),
        urgency=max(levels, key=list(Urgency).index).value if levels else triage.urgency,
        wants_person=bool(recorded.classification.get("wants_person")) or any(hit.id == "wants_person" for hit in hits),
    )


def _hits(triage: TriageFacts, recorded: Recorded, moved: Iterable[str], new: Policy) -> list[RuleHit]:
    """Return the old verdicts of the rules that are as they were, and a fresh look at the others, strictest first."""
    kept = [name for name in triage.rules if name not in moved and name in new.rules]
    hits = [
        RuleHit(name, Action(new.rules[name].action), new.rules[name].reason, team=new.rules[name].team)
        for name in kept
    ]
    hits += rules.match(
        _reading(triage, recorded),
        requester_tags=[tag for tag in triage.tags if not tag.startswith("/")],
        organization_tags=[tag[1:] for tag in triage.tags if tag.startswith("/")],
        rules={name: new.rules[name] for name in moved if name in new.rules},
        heard=dict.fromkeys(triage.heard, recorded.question),
    )
    return sorted(hits, key=lambda hit: -decide.ORDER.index(hit.action))


def _reading(triage: TriageFacts, recorded: Recorded) -> Reading:
    thread = (Turn("requester", "", _LONG_AGO),) if triage.is_reply else ()
    return Reading("", MessageKind.QUESTION, recorded.subject, recorded.question, recorded.question, (), "", thread)


def _needs_action(route: RouteFacts, old: Policy, new: Policy) -> bool:
    """Return what the taxonomy says now, or what the classifier said where the taxonomy had not said it already."""
    is_known = route.confidence >= new.thresholds.review
    before, now = old.intents.get(route.intent), new.intents.get(route.intent)
    said_by_model = route.needs_action and not (before and before.needs_action)
    return said_by_model or bool(is_known and now and now.needs_action)
