"""`deskhand simulate`: what another policy would have decided, from the record alone."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.policy import PolicyError, load_policy
from scripts import simulate
from scripts.__main__ import main
from tests.workers.test_replay import OLD, policy, recorded
from workers.domain import AdmitFacts
from workers.store.history import PastCase
from workers.store.migrate import migrate
from workers.store.tables import case, open_engine, writing

CONFIG = Path(__file__).parents[2] / "config"
SEND = {"swap": {"description": "swap", "team": "support", "autonomy": "send"}}


def past(number=1, *, action="draft", question="How do I swap?", **facts) -> PastCase:
    kept = recorded(**facts)
    return PastCase(number, "zendesk", str(number), "swap", action, "", question, kept.facts, {})


def test_a_changed_policy_moves_decisions():
    """Before and after, with reasons and the ticket to look at."""
    outcome = simulate.simulate([past(1), past(2, route={"language": "de"})], OLD, policy(intents=SEND))
    (change,) = outcome.changes
    assert (change.kind, change.case.ticket_id) == ("draft -> send", "1")
    assert (outcome.cases, outcome.reworded, outcome.elsewhere) == (2, 1, 0)
    told = simulate.as_json(outcome, OLD, policy(intents=SEND), 0.1)
    assert told["by_kind"] == {"draft -> send": 1}
    assert told["by_intent"] == {"swap": 1}
    assert told["changes"][0]["before"] == {"action": "draft", "reasons": ["autonomy_draft"]}
    assert told["changes"][0]["after"] == {"action": "send", "reasons": ["confident"]}


def test_the_same_policy_changes_nothing():
    """Both sides decide with the same code: what differs is the policy's."""
    outcome = simulate.simulate([past(n) for n in range(9)], OLD, OLD)
    assert (outcome.changes, outcome.reworded) == ((), 0)


def test_what_was_decided_otherwise_then_is_counted():
    """A case from before an earlier change of policy is no change of this one."""
    assert simulate.simulate([past(1, action="send")], OLD, OLD).elsewhere == 1


def test_a_case_that_would_now_be_tried_is_unknown():
    """No draft was asked for then, and no model is asked now."""
    stopped = past(1, action="assist", triage={"rules": ("legal",), "rule_action": "hand_off"}, route=None)
    rules = {"wants_person": {"reason": "p", "action": "hand_off", "any_of": ["human"]}}
    outcome = simulate.simulate([stopped], OLD, policy(rules=rules))
    (change,) = outcome.changes
    assert change.kind == "hand_off -> unknown"


def test_cases_without_facts_are_left_out_and_said():
    """Given up, or from before facts were kept."""
    bare = PastCase(1, "zendesk", "1", "", "assist", "", "", {}, {})
    asked = PastCase(2, "zendesk", "2", "", "assist", "", "", {"admit": asdict(AdmitFacts("new", "question"))}, {})
    outcome = simulate.simulate([bare, asked], OLD, OLD)
    assert dict(outcome.left_out) == {"no facts were recorded": 1, "it was never classified": 1}


def test_what_facts_cannot_tell_is_said():
    """Each change that only a model or a training could answer for is named, and what to run instead."""
    other = policy(
        thresholds={"passage_draft": 0.1},
        models={"classify": "a", "draft": "c"},
        intents={**SEND, "new": {"description": "new", "examples": ["x"]}},
        rules={},
    )
    told = " | ".join(simulate.blind_spots(OLD, other))
    for words in ("thresholds.passage_draft", "run backtest", "examples of new", "rules legal, wants_person"):
        assert words in told
    assert simulate.blind_spots(OLD, OLD) == []


def test_a_file_or_a_folder_stands_in(tmp_path):
    """A policy under any name, a taxonomy or rules under theirs, or a folder with some of them."""
    text = (CONFIG / "policy.toml").read_text().replace('default_autonomy = "draft"', 'default_autonomy = "shadow"')
    named = tmp_path / "stricter.toml"
    named.write_text(text)
    assert simulate.changed(CONFIG, named).answering.default_autonomy == "shadow"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "rules.toml").write_text("")
    assert simulate.changed(CONFIG, folder).rules == {}
    assert simulate.changed(CONFIG, folder).intents == load_policy(CONFIG).intents
    assert simulate.changed(CONFIG, folder / "rules.toml").rules == {}
    with pytest.raises(PolicyError, match="missing"):
        simulate.changed(CONFIG, tmp_path / "none.toml")
    with pytest.raises(PolicyError, match="holds none of"):
        simulate.changed(CONFIG, tmp_path)


def test_ten_thousand_cases_take_seconds():
    """Pure decisions on recorded facts: printed, and far from the limit."""
    cases = [past(n) for n in range(10_000)]
    began = time.process_time()
    outcome = simulate.simulate(cases, OLD, policy(intents=SEND))
    seconds = time.process_time() - began
    print(f"10,000 cases in {seconds:.2f} s of processor time")
    assert len(outcome.changes) == 10_000
    assert seconds < 20


def test_the_command_prints_and_writes(tmp_path, monkeypatch, capsys):
    """A table to read, JSON to keep; a file that cannot be used is one line and exit code 1."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path))
    monkeypatch.setenv("DESKHAND_CONFIG", str(CONFIG))
    monkeypatch.chdir(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path}/deskhand.sqlite3")
    migrate(engine)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    intent = "timesheets"
    facts = recorded().facts
    facts = {gate: {**values, **({"intent": intent} if "intent" in values else {})} for gate, values in facts.items()}
    with writing(engine) as connection:
        connection.execute(
            case.insert().values(
                vendor="zendesk",
                ticket_id="7",
                message_id="m7",
                state="settled",
                opened_at=at,
                settled_at=at,
                action="send",
                intent=intent,
                facts=facts,
            )
        )
    (tmp_path / "policy.toml").write_text(
        (CONFIG / "policy.toml").read_text() + "\n[thresholds]\nsend = 0.99\nsend_unseasoned = 0.99\n"
    )
    assert main(["simulate", "--policy", str(tmp_path / "policy.toml"), "--json", str(tmp_path / "out.json")]) == 0
    out = capsys.readouterr().out
    assert "send -> draft" in out
    result = json.loads((tmp_path / "out.json").read_text())
    assert (result["cases"], result["changed"], result["by_kind"]) == (1, 1, {"send -> draft": 1})
    assert result["changes"][0]["ticket"] == "7"
    assert main(["simulate", "--policy", str(tmp_path / "nothing.toml")]) == 1
    assert "missing" in capsys.readouterr().err
