"""Decision tables: facts in, decision out. Every reason code of the product appears in one of them."""

import json
import tomllib
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.policy import Policy
from workers import decide
from workers.domain import (
    Action,
    AdmitFacts,
    Code,
    Decision,
    LastLookFacts,
    Reason,
    RouteFacts,
    TriageFacts,
)
from workers.replay import restored

TABLES = Path(__file__).parent / "decide"
FACTS = {"admit": AdmitFacts, "triage": TriageFacts, "route": RouteFacts, "last_look": LastLookFacts}

POLICY = Policy.model_validate(
    {
        "answering": {
            "excluded_domains": ["desk.example"],
            "excluded_channels": ["sms", "sample_ticket"],
            "draft_only_channels": ["twitter"],
            "fallback_team": "support",
        },
        "models": {"classify": "a", "draft": "b"},
        "teams": {"support": {"group": "Support"}, "security": {"group": "Security"}},
        "intents": {
            "how_to": {"description": "how to", "team": "support", "autonomy": "send"},
            "careful": {"description": "careful", "autonomy": "send", "min_confidence": 0.95},
            "lenient": {"description": "lenient", "autonomy": "send", "min_confidence": 0.6},
            "disputed": {"description": "disputed", "ceiling": "hand_off", "is_money": True},
        },
        "rules": {
            "legal": {"reason": "legal threat", "action": "hand_off", "team": "security"},
            "anger": {"reason": "anger", "action": "draft"},
            "erasure": {"reason": "erasure", "action": "assist"},
        },
    }
)


def load(gate: str) -> list[tuple[str, dict, dict]]:
    """Return the rows of a gate's tables: `route.toml`, and one file a theme, `route_people.toml`."""
    tables = [tomllib.loads(path.read_text()) for path in sorted(TABLES.glob(f"{gate}*.toml"))]
    return [
        (case["name"], {**table["facts"], **case.get("facts", {})}, case.get("decision", {}))
        for table in tables
        for case in table["case"]
    ]


def cases() -> list:
    return [pytest.param(gate, *case, id=f"{gate}: {case[0]}") for gate in FACTS for case in load(gate)]


def facts_of(gate: str, values: dict):
    known = {f.name for f in fields(FACTS[gate])}
    assert values.keys() <= known, f"{gate}: unknown facts {values.keys() - known}"
    return FACTS[gate](**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def decided(gate: str, facts) -> Decision | None:
    if gate == "last_look":
        return decide.last_look(facts, Decision(Action(facts.action), (Reason(Code.CONFIDENT),)))
    return {"admit": decide.admit, "triage": decide.triage, "route": decide.route}[gate](facts, POLICY)


@pytest.mark.parametrize(("gate", "name", "values", "expected"), cases())
def test_the_tables_hold(gate, name, values, expected):
    """Each row of a decision table gives exactly the action and the reasons it names."""
    decision = decided(gate, facts_of(gate, values))
    if not expected:
        assert decision is None
        return
    assert decision is not None
    assert decision.action.value == expected["action"]
    assert [reason.code.value for reason in decision.reasons] == expected["reasons"]
    if "team" in expected:
        assert decision.team == expected["team"]


def test_every_code_appears():
    """A reason that no table shows is a reason nobody has thought through."""
    shown = {code for gate in FACTS for _, _, expected in load(gate) for code in expected.get("reasons", [])}
    elsewhere = {"write_refused", "gave_up", "learned", "bad_rating"}  # given by conclude, crew, learn and rated
    assert {code.value for code in Code} - shown - elsewhere == set()


ROUTE = {
    "intent": st.sampled_from(["how_to", "careful", "lenient", "", "unknown"]),
    "confidence": st.floats(0, 1),
    "stage": st.sampled_from(["one", "two", "none"]),
    "is_out_of_scope": st.booleans(),
    "urgency": st.sampled_from(["low", "normal", "high", "critical"]),
    "sentiment": st.sampled_from(["calm", "unhappy", "frustrated"]),
    "wants_person": st.booleans(),
    "needs_action": st.booleans(),
    "is_money": st.booleans(),
    "ceiling": st.sampled_from(["send", "draft", "assist", "hand_off"]),
    "autonomy": st.sampled_from(["off", "shadow", "draft", "send"]),
    "corrections": st.integers(0, 100),
    "is_sampled": st.booleans(),
    "rules": st.sampled_from([(), ("anger",), ("erasure",), ("legal", "anger")]),
    "attempts": st.integers(0, 4),
    "failed_answers": st.integers(0, 3),
    "brakes": st.sampled_from([(), ("incident:x",), ("overload:x", "kill_switch:x")]),
    "passages": st.integers(0, 3),
    "best_score": st.floats(0, 1),
    "used_score": st.floats(0, 1),
    "best_source": st.sampled_from(["article", "lesson"]),
    "is_degraded_search": st.booleans(),
    "has_model": st.booleans(),
    "model_outcome": st.sampled_from(["ok", "refused", "malformed", ""]),
    "escalate": st.sampled_from(["", "cannot"]),
    "findings": st.sampled_from([(), ("unsupported_number",), ("promise",), ("too_long",)]),
    "support": st.floats(0, 1),
    "unknown_things": st.sampled_from([(), ("NFC",), ("lifetime", "licence")]),
    "unread_files": st.sampled_from([(), ("a.png",)]),
    "asks": st.integers(1, 3),
    "asks_covered": st.integers(0, 3),
    "is_verified": st.booleans(),
    "is_participant": st.booleans(),
    "has_injection": st.booleans(),
    "is_messaging": st.booleans(),
    "is_shared": st.booleans(),
    "has_assignee": st.booleans(),
    "channel": st.sampled_from(["email", "twitter"]),
    "language": st.sampled_from(["en", "de", ""]),
    "masked_kinds": st.sampled_from([(), ("email",), ("card", "token")]),
}
CLEAN = RouteFacts(
    intent="how_to",
    confidence=0.93,
    stage="one",
    urgency="normal",
    sentiment="calm",
    ceiling="send",
    autonomy="send",
    corrections=80,
    is_sampled=False,
    passages=3,
    best_score=0.7,
    used_score=0.7,
    best_source="article",
    has_model=True,
    model_outcome="ok",
    support=1.0,
    asks_covered=1,
    is_verified=True,
    language="en",
    judge_outcome="ok",
)
# Each risk on its own scale, from harmless to worst.
SCALES = {
    "confidence": (1.0, 0.93, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.3, 0.0),
    "urgency": ("normal", "critical"),
    "sentiment": ("calm", "unhappy", "frustrated"),
    "is_out_of_scope": (False, True),
    "wants_person": (False, True),
    "needs_action": (False, True),
    "is_money": (False, True),
    "ceiling": ("send", "draft", "assist", "hand_off"),
    "autonomy": ("send", "draft", "shadow", "off"),
    "corrections": (100, 50, 49, 0),
    "is_sampled": (False, True),
    "rules": ((), ("anger",), ("anger", "erasure"), ("anger", "erasure", "legal")),
    "attempts": (0, 2, 3, 9),
    "failed_answers": (0, 1, 2, 5),
    "brakes": ((), ("incident:x",), ("incident:x", "overload:x"), ("incident:x", "overload:x", "mystery")),
    "is_degraded_search": (False, True),
    "has_model": (True, False),
    "escalate": ("", "cannot"),
    "findings": ((), ("too_long",), ("too_long", "unsupported_number"), ("too_long", "unsupported_number", "promise")),
    "support": (1.0, 0.8, 0.79, 0.0),
    "unknown_things": ((), ("NFC",), ("NFC", "badges")),
    "unread_files": ((), ("a.png",), ("a.png", "b.mp4")),
    "asks": (1, 2, 3),
    "is_participant": (False, True),
    "has_injection": (False, True),
    "is_messaging": (False, True),
    "is_shared": (False, True),
    "has_assignee": (False, True),
    "language": ("en", "de"),
    "masked_kinds": ((), ("email",), ("email", "card")),
    "is_verified": (True, False),
    "used_score": (1.0, 0.7, 0.45, 0.2, 0.0),
    "is_stopgap": (False, True),
    "faithfulness": (1.0, 0.8, 0.79, 0.3),
    "relevance": (1.0, 0.7, 0.69, 0.3),
    "safety": (1.0, 0.95, 0.94, 0.0),
}
RISKS = sorted(SCALES)
# Facts drawn near to a clean case, or the strictest reason would hide every other.
nearly_clean = st.fixed_dictionaries({}, optional={name: st.sampled_from(SCALES[name]) for name in RISKS}).map(
    lambda changes: replace(CLEAN, **dict(list(changes.items())[:4]))
)
route_facts = st.one_of(st.builds(RouteFacts, **ROUTE), nearly_clean)


def rank(facts: RouteFacts) -> int:
    return decide.ORDER.index(decide.route(facts, POLICY).action)


def test_the_clean_case_is_sent():
    """What the properties start from is a case with nothing against it."""
    assert decide.route(CLEAN, POLICY).action is Action.SEND


@given(route_facts)
def test_only_a_clean_case_is_sent(facts):
    """Whatever else is known, a reply goes out only when nothing at all speaks against it."""
    decision = decide.route(facts, POLICY)
    if decision.action is Action.SEND:
        assert decision.reasons == (Reason(Code.CONFIDENT),)
        assert facts.intent in POLICY.intents
        assert (facts.rules, facts.findings, facts.brakes) == ((), (), ())
        assert not facts.escalate
        assert not facts.wants_person
        assert facts.autonomy == facts.ceiling == "send"
        assert facts.sentiment != "frustrated"
        assert facts.urgency != "critical"
        assert facts.confidence >= (0.6 if facts.intent == "lenient" else 0.9 if facts.is_money else 0.75)
        assert facts.corrections >= 50 or facts.confidence >= 0.85 or facts.intent == "lenient"


@given(route_facts, st.sampled_from(RISKS), st.data())
def test_more_risk_never_makes_us_bolder(facts, name, data):
    """Moving any one fact towards the worse never gives a more autonomous action, whatever the others are."""
    scale = SCALES[name]
    better, worse = sorted(data.draw(st.tuples(*[st.integers(0, len(scale) - 1)] * 2)))
    assert rank(replace(facts, **{name: scale[worse]})) >= rank(replace(facts, **{name: scale[better]}))


@given(route_facts, st.sampled_from(["legal", "erasure", "anger"]), st.floats(0, 1))
def test_no_confidence_undoes_a_rule(facts, rule, confidence):
    """Under a rule the outcome is never more autonomous than the rule allows, at whatever confidence and score."""
    sure = replace(facts, rules=(*facts.rules, rule), confidence=confidence, best_score=1.0, used_score=1.0)
    assert rank(sure) >= decide.ORDER.index(Action(POLICY.rules[rule].action))
    assert rank(sure) >= rank(replace(sure, rules=facts.rules))


@given(
    st.sampled_from(["legal", "erasure"]),
    st.floats(0, 1),
    st.sampled_from(["how_to", ""]),
    st.booleans(),
    st.sampled_from(["send", "draft"]),
)
def test_no_confidence_undoes_a_rule_at_triage(rule, confidence, intent, has_model, autonomy):
    """What a rule stops is stopped before any text is generated, and the rule's team gets it."""
    action = POLICY.rules[rule].action
    facts = TriageFacts(
        intent,
        confidence,
        "one",
        rules=(rule,),
        rule_action=action,
        rule_team="security",
        has_model=has_model,
        autonomy=autonomy,
    )
    decision = decide.triage(facts, POLICY)
    assert decision is not None
    assert (decision.action.value, decision.team) == (action, "security")
    assert Reason(Code.RULE, rule) in decision.reasons


@given(route_facts, st.sets(st.sampled_from([f.name for f in fields(RouteFacts)]), min_size=1, max_size=8))
def test_a_missing_fact_never_sends(facts, missing):
    """Whatever is known, a case of which any fact was never recorded goes to a person, who learns which."""
    kept = {name: value for name, value in asdict(facts).items() if name not in missing}
    decision = decide.route(restored("route", kept), POLICY)
    told = {reason.detail for reason in decision.reasons if reason.code is Code.UNKNOWN_FACT}
    assert told >= missing - {"missing"}
    assert decision.action is not Action.SEND or missing == {"missing"}


@pytest.mark.parametrize(
    "name",
    [
        "urgency",
        "sentiment",
        "ceiling",
        "autonomy",
        "confidence",
        "support",
        "used_score",
        "language",
        "faithfulness",
        "relevance",
        "safety",
    ],
)
def test_what_cannot_be_read_is_not_sent(name):
    """A word of another release, or no number, in any fact that a reply depends on keeps it from going out."""
    strange = float("nan") if isinstance(getattr(CLEAN, name), float) else "?"
    assert decide.route(replace(CLEAN, **{name: strange}), POLICY).action is not Action.SEND


@given(route_facts)
def test_a_decision_replays_from_the_record(facts):
    """Facts that went through JSON give the same decision, word for word, under the policy of the same hash."""
    recorded = json.loads(json.dumps(asdict(facts)))
    assert decide.route(restored("route", recorded), POLICY) == decide.route(facts, POLICY)


def test_defaults_are_those_of_practice():
    """The thresholds that the product promises stand in policy without any file saying so."""
    thresholds, limits = Policy.model_validate({"models": {"classify": "a", "draft": "b"}}).thresholds, POLICY.limits
    assert (thresholds.send, thresholds.send_money, thresholds.review) == (0.75, 0.90, 0.65)
    assert (thresholds.send_unseasoned, thresholds.seasoned_corrections) == (0.85, 50)
    assert (limits.replies_per_ticket, limits.failed_answers) == (3, 2)


def test_there_are_tables_enough():
    """The tables hold at least 400 cases, each under a name of its own."""
    named = [(gate, name) for gate in FACTS for name, _, _ in load(gate)]
    assert len(named) == len(set(named))
    assert len(named) >= 400


def test_policy_may_answer_beside_the_helpdesks_own_ai_agent():
    """A team that wants both says so; then nothing makes way, and for how long is nothing to it."""
    both = POLICY.model_copy(update={"answering": POLICY.answering.model_copy(update={"yields_to_ai_agent": False})})
    held = AdmitFacts("new", "question", is_with_ai_agent=True)
    assert decide.admit(held, both) is None
    assert decide.admit(held, POLICY) == Decision(Action.IGNORE, (Reason(Code.AI_AGENT),))
