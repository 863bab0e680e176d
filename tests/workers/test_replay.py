"""Decisions again from the record: the same under the same policy, and what another policy would have made of them."""

import json
from dataclasses import asdict

from sqlalchemy import select

from config.policy import Policy
from tests.fakes.services import take
from workers import pipeline
from workers.domain import Action, AdmitFacts, Code, Decision, LastLookFacts, Reason, RouteFacts, TriageFacts, Urgency
from workers.replay import Recorded, again, changed_rules, restored, under
from workers.store.tables import case, reading

BASE = {
    "models": {"classify": "a", "draft": "b"},
    "teams": {"support": {"group": "Support"}, "billing": {"group": "Billing"}},
    "intents": {
        "swap": {"description": "swap", "team": "support"},
        "refund": {"description": "refund", "team": "billing", "needs_action": True, "is_money": True},
    },
    "rules": {
        "legal": {"reason": "legal", "action": "hand_off", "any_of": ["lawyer"], "team": "billing", "urgency": "high"},
        "wants_person": {"reason": "person", "action": "hand_off", "any_of": ["human"]},
    },
}


def policy(**changes) -> Policy:
    return Policy.model_validate({**BASE, **changes})


OLD = policy()


def recorded(triage=(), route=(), look=None, **others) -> Recorded:
    """A question that was drafted, as the ledger keeps it; `route=None` stopped before."""
    triaging = TriageFacts("swap", 0.9, "one", **{"team": "support", **dict(triage)})
    facts = {"admit": asdict(AdmitFacts("new", "question")), "triage": asdict(triaging)}
    if route is not None:
        full = {
            "urgency": "normal",
            "team": "support",
            "sentiment": "calm",
            "ceiling": "send",
            "autonomy": "draft",
            "corrections": 60,
            "is_sampled": False,
            "passages": 2,
            "best_score": 0.7,
            "used_score": 0.7,
            "best_source": "article",
            "has_model": True,
            "model_outcome": "ok",
            "support": 1.0,
            "asks_covered": 1,
            "is_verified": True,
            "language": "en",
            **dict(route),
        }
        facts["route"] = asdict(RouteFacts("swap", 0.9, "one", **full))
    if look is not None:
        facts["last_look"] = asdict(look)
    return Recorded(json.loads(json.dumps(facts)), **others)


def outcome(kept: Recorded, new: Policy) -> Decision | None:
    return again(under(kept, OLD, new), new).decision


def test_the_record_of_a_real_case_replays(services, desk, engine):
    """What the pipeline wrote down gives the decision that it made, from JSON and without any model."""
    opened = desk.open_ticket()
    desk.tick()
    pipeline.work(take(services, opened.id), services)
    with reading(engine) as connection:
        row = connection.execute(select(case)).one()
    again_ = again(row.facts, services.policy).decision
    assert (again_.action.value, [str(reason) for reason in again_.reasons]) == (row.action, row.reasons)
    assert row.policy_hash == services.policy.hash


def test_an_unchanged_policy_changes_nothing():
    """Stating the facts again under the same policy leaves them as they were."""
    kept = recorded()
    assert outcome(kept, OLD) == Decision(Action.DRAFT, (Reason(Code.AUTONOMY_DRAFT),), "support", Urgency.NORMAL)
    assert json.loads(json.dumps(under(kept, OLD, OLD))) == kept.facts


def test_a_pin_moves_a_decision():
    """An intent that the new taxonomy lets send would have sent."""
    pinned = policy(intents={"swap": {"description": "swap", "team": "support", "autonomy": "send"}})
    assert outcome(recorded(), pinned).action is Action.SEND


def test_an_earned_step_stays_without_a_pin():
    """Taking a pin away leaves the step that the intent had earned by itself."""
    earned = recorded(triage={"step": "send", "autonomy": "draft"})
    assert outcome(earned, OLD).action is Action.SEND


def test_what_the_taxonomy_says_of_an_intent_is_taken_anew():
    """Ceiling, team, money and needed actions follow the new file."""
    entry = {"description": "swap", "team": "billing", "is_money": True, "needs_action": True, "autonomy": "send"}
    decision = outcome(recorded(), policy(intents={"swap": entry}))
    assert decision.team == "billing"
    assert [reason.code for reason in decision.reasons] == [Code.NEEDS_ACTION]
    closed = policy(intents={"swap": {"description": "swap", "ceiling": "assist"}})
    assert outcome(recorded(), closed).reasons == (Reason(Code.INTENT_CEILING, "assist"),)


def test_what_the_model_said_of_actions_stays():
    """The taxonomy's own word goes with the file; the classifier's stays, for the record has no more of it."""
    send = {"swap": {"description": "swap", "autonomy": "send"}}
    said = recorded(route={"needs_action": True})
    assert outcome(said, policy(intents=send)).reasons == (Reason(Code.NEEDS_ACTION),)
    old = policy(intents={"swap": {"description": "swap", "needs_action": True}})
    assert again(under(said, old, policy(intents=send)), policy(intents=send)).decision.action is Action.SEND


def test_a_new_rule_is_matched_on_the_masked_text():
    """The text that the record keeps suffices; the rule's team and urgency come with it."""
    rules = {
        **BASE["rules"],
        "press": {"reason": "press", "action": "assist", "any_of": ["journalist"], "team": "billing"},
    }
    kept = recorded(subject="Question", question="I am a journalist and need a quote.")
    decision = outcome(kept, policy(rules=rules))
    assert (decision.action, decision.team) == (Action.ASSIST, "billing")
    assert Reason(Code.RULE, "press") in decision.reasons
    assert outcome(recorded(question="How do I swap?"), policy(rules=rules)).action is Action.DRAFT


def test_a_rule_by_tag_is_matched_on_the_recorded_tags():
    """The requester's tags and the organisation's are told apart."""
    rules = {"vip": {"reason": "vip", "action": "assist", "organization_tags": ["vip"]}}
    assert outcome(recorded({"tags": ("/vip",)}, question="Hello"), policy(rules=rules)).action is Action.ASSIST
    assert outcome(recorded({"tags": ("vip",)}, question="Hello"), policy(rules=rules)).action is Action.DRAFT


def test_a_changed_rule_takes_its_old_verdict_back():
    """A rule that no longer matches stops nothing; without the text nobody can tell, and its verdict stays."""
    milder = {**BASE["rules"], "legal": {"reason": "legal", "action": "assist", "any_of": ["court"]}}
    stopped = {"rules": ("legal",), "rule_action": "hand_off"}
    with_text = recorded(stopped, None, question="My lawyer asks how to swap.")
    assert again(under(with_text, OLD, policy(rules=milder)), policy(rules=milder)).missing.startswith("it would now")
    without = recorded(stopped, None)
    assert outcome(without, policy(rules=milder)).action is Action.ASSIST


def test_an_unchanged_rule_keeps_its_verdict_beside_a_changed_one():
    """Only what moved is looked at again."""
    moved = {**BASE["rules"], "wants_person": {"reason": "p", "action": "hand_off", "any_of": ["agent"]}}
    kept = recorded({"rules": ("legal",), "rule_action": "hand_off"}, None, question="How do I swap?")
    assert outcome(kept, policy(rules=moved)).reasons == (Reason(Code.RULE, "legal"),)
    assert changed_rules(OLD, policy(rules=moved)) == {"wants_person"}


def test_who_asked_for_a_person_still_did():
    """The classifier's own verdict stands when the rule of that name changes."""
    moved = policy(rules={"legal": BASE["rules"]["legal"]})
    kept = recorded({"wants_person": True}, None, question="Hm", classification={"wants_person": True})
    assert outcome(kept, moved).reasons == (Reason(Code.WANTS_PERSON),)


def test_a_subject_of_an_old_thread_is_left_out():
    """A rule looks at a reply's own words, as it did when the ticket came."""
    rules = {**BASE["rules"], "press": {"reason": "press", "action": "assist", "any_of": ["journalist"]}}
    kept = recorded({"is_reply": True}, subject="A journalist writes", question="How do I swap?")
    assert outcome(kept, policy(rules=rules)).action is Action.DRAFT


def test_the_last_look_replays_too():
    """A reply that a colleague's assignment lowered is lowered again."""
    look = LastLookFacts("send", staff_assigned=True)
    pinned = policy(intents={"swap": {"description": "swap", "team": "support", "autonomy": "send"}})
    assert outcome(recorded(look=look), pinned).reasons[0] == Reason(Code.STAFF_AT_WORK)


def test_what_the_record_does_not_have_is_said():
    """No facts, no classification, no draft: each is another kind of missing."""
    assert again({}, OLD).missing == "no facts were recorded"
    assert again({"admit": asdict(AdmitFacts("new", "question"))}, OLD).missing == "it was never classified"
    assert again({"admit": asdict(AdmitFacts("solved", "question"))}, OLD).decision.action is Action.IGNORE
    assert under(Recorded({}), OLD, OLD) == {}


def test_facts_of_another_release_are_read():
    """A fact that is gone is left out, and one that is new is named as missing."""
    route = restored("route", {"intent": "swap", "confidence": 0.9, "stage": "one", "moon": "full"})
    assert "urgency" in route.missing
    assert "moon" not in route.missing
    assert restored("triage", {}).intent == ""


def test_what_a_message_sounded_like_is_on_record():
    """A rule that now reads like something holds for what was heard then, without hearing again."""
    new = policy(rules={**BASE["rules"], "legal": {**BASE["rules"]["legal"], "reads_like": "legal"}})
    said = {"subject": "", "question": "My counsel is preparing the claim."}
    assert outcome(recorded({"heard": ("legal",)}, **said), new).reasons == (Reason(Code.RULE, "legal"),)
    assert outcome(recorded(**said), new) == outcome(recorded(), OLD)
