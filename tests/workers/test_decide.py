"""Decision tables: facts in, decision out. Every reason code of the product appears in one of them."""

import tomllib
from dataclasses import fields
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

TABLES = Path(__file__).parent / "decide"
FACTS = {"admit": AdmitFacts, "triage": TriageFacts, "route": RouteFacts, "last_look": LastLookFacts}

POLICY = Policy.model_validate(
    {
        "answering": {
            "excluded_domains": ["desk.example"],
            "excluded_channels": ["sms"],
            "draft_only_channels": ["twitter"],
            "fallback_team": "support",
        },
        "models": {"classify": "a", "draft": "b"},
        "teams": {"support": {"group": "Support"}, "security": {"group": "Security"}},
        "intents": {
            "how_to": {"description": "how to", "team": "support", "autonomy": "send"},
            "careful": {"description": "careful", "autonomy": "send", "min_confidence": 0.95},
        },
        "rules": {
            "legal": {"reason": "legal threat", "action": "hand_off", "team": "security"},
            "anger": {"reason": "anger", "action": "draft"},
            "erasure": {"reason": "erasure", "action": "assist"},
        },
    }
)


def load(gate: str) -> list[tuple[str, dict, dict]]:
    table = tomllib.loads((TABLES / f"{gate}.toml").read_text())
    return [
        (case["name"], {**table["facts"], **case.get("facts", {})}, case.get("decision", {})) for case in table["case"]
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
    elsewhere = {"write_refused", "gave_up", "learned"}  # given by conclude, crew and learn, not by a decision
    assert {code.value for code in Code} - shown - elsewhere == set()


route_facts = st.builds(
    RouteFacts,
    intent=st.sampled_from(["how_to", "careful", "", "unknown"]),
    confidence=st.floats(0, 1),
    stage=st.just("one"),
    is_out_of_scope=st.booleans(),
    sentiment=st.sampled_from(["calm", "unhappy", "frustrated"]),
    needs_action=st.booleans(),
    is_money=st.booleans(),
    ceiling=st.sampled_from(["send", "draft", "assist"]),
    autonomy=st.sampled_from(["off", "shadow", "draft", "send"]),
    rules=st.sampled_from([(), ("anger",), ("erasure",), ("legal", "anger")]),
    passages=st.integers(0, 3),
    best_score=st.floats(0, 1),
    has_model=st.booleans(),
    model_outcome=st.sampled_from(["ok", "refused", "malformed"]),
    findings=st.sampled_from([(), ("unsupported_number",), ("promise",), ("too_long",)]),
    support=st.floats(0, 1),
    asks_covered=st.integers(0, 2),
    is_verified=st.booleans(),
    has_injection=st.booleans(),
)


@given(route_facts)
def test_only_a_clean_case_is_sent(facts):
    """Whatever else is known, a reply goes out only when nothing at all speaks against it."""
    decision = decide.route(facts, POLICY)
    if decision.action is Action.SEND:
        assert decision.reasons == (Reason(Code.CONFIDENT),)
        assert facts.intent in POLICY.intents
        assert not facts.rules
        assert not facts.findings
        assert facts.autonomy == "send"
        assert facts.sentiment != "frustrated"


@given(route_facts, st.sampled_from(["legal", "erasure", "anger"]))
def test_a_rule_never_makes_us_bolder(facts, rule):
    """Adding a rule's verdict never gives a more autonomous action."""
    from dataclasses import replace

    order = [Action.SEND, Action.DRAFT, Action.ASSIST, Action.HAND_OFF]
    before = decide.route(facts, POLICY).action
    after = decide.route(replace(facts, rules=(*facts.rules, rule)), POLICY).action
    assert order.index(after) >= order.index(before)
    assert order.index(after) >= order.index(Action(POLICY.rules[rule].action))


@given(route_facts, st.floats(0, 1))
def test_less_confidence_never_makes_us_bolder(facts, lower):
    """Lowering the confidence alone never gives a more autonomous action."""
    from dataclasses import replace

    order = [Action.SEND, Action.DRAFT, Action.ASSIST, Action.HAND_OFF]
    worse = replace(facts, confidence=min(lower, facts.confidence))
    assert order.index(decide.route(worse, POLICY).action) >= order.index(decide.route(facts, POLICY).action)
