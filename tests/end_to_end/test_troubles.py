"""Things that go wrong outside: lost webhooks, a kill switch, no model, a helpdesk without answers."""

import json
import time

import pytest

from tests.fakes.stack import wait_until

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def test_a_lost_webhook_is_found_by_reconciling(stack):
    """Not one webhook arrives; `deskhand reconcile` finds the ticket, and it gets its answer."""
    with stack.switched(drop_share=1.0):
        ticket_id, message_id = stack.write()
        time.sleep(1)
        assert message_id not in stack.outcomes()
        done = stack.command("reconcile", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["zendesk"]["woken"] >= 1
    assert stack.outcome(message_id)["action"] == "send"
    assert len(stack.answers(ticket_id)) == 1


def test_while_paused_nothing_is_touched_and_nothing_is_lost(stack):
    """After `deskhand pause` webhooks are stored and tickets rest; `deskhand resume` takes them up."""
    assert stack.command("pause").returncode == 0
    try:
        ticket_id, message_id = stack.write()
        time.sleep(5)
        assert message_id not in stack.outcomes()
        assert stack.answers(ticket_id) == []
    finally:
        assert stack.command("resume").returncode == 0
    assert stack.outcome(message_id)["action"] == "send"


def test_an_overloaded_model_is_waited_for_and_then_done_without(stack):
    """With 529 from the model a person gets the passages and the reason; when it is back, questions are answered."""
    stack.model.refuse_with = 529
    try:
        ticket_id, message_id = stack.write()
        outcome = stack.outcome(message_id, seconds=90)
    finally:
        stack.model.refuse_with = 0
    assert outcome["action"] == "assist"
    assert any(reason.startswith("model_failed") for reason in outcome["reasons"])
    (note,) = stack.answers(ticket_id)
    assert not note["public"]
    assert "Create, edit and publish shifts" in note["body"]
    _, after = stack.write()
    assert stack.outcome(after)["action"] == "send"


def test_a_model_that_comes_back_in_time_still_answers(stack):
    """An outage of a few seconds costs the requester a few seconds and nothing else."""
    stack.model.refuse_with = 529
    asked = len(stack.model.requests)
    try:
        _, message_id = stack.write()
        wait_until(lambda: len(stack.model.requests) > asked, what="a first try")
        time.sleep(2)
    finally:
        stack.model.refuse_with = 0
    assert stack.outcome(message_id)["action"] == "send"


def test_without_a_key_people_get_quoted_passages(stack):
    """Workers without a model key classify and hand over a note that quotes the best passages and says so."""
    asked = len(stack.model.requests)
    with stack.workers_with(ANTHROPIC_API_KEY=""):
        ticket_id, message_id = stack.write()
        outcome = stack.outcome(message_id)
        assert outcome["action"] == "assist"
        assert "no_model" in outcome["reasons"]
        (note,) = stack.answers(ticket_id)
        assert not note["public"]
        assert "Create, edit and publish shifts" in note["body"]
        assert "no language model is connected" in note["body"]
        assert "nearest to this" in note["body"]
        assert any(words in note["body"] for words in ("Publish week", "dashed border")), note["body"]
        assert len(stack.model.requests) == asked


def test_a_helpdesk_that_falters_gets_each_reply_once(stack):
    """Refused for now, done without an answer, done with an error for an answer: each ticket ends with one reply."""
    kinds = (
        {"drop_answer": True, "times": 1},
        {"status": 502, "after_commit": True, "times": 1},
        {"status": 503, "headers": {"Retry-After": "1"}, "times": 2},
        {"status": 429, "headers": {"Retry-After": "1"}, "times": 2},
    )
    written = [stack.write() for _ in kinds]
    rows = [
        {"method": "PUT", "path": f"/tickets/{ticket_id}$", **kind}
        for (ticket_id, _), kind in zip(written, kinds, strict=True)
    ]
    with stack.faults(*rows):
        assert [stack.outcome(message_id, seconds=60)["action"] for _, message_id in written] == ["send"] * len(kinds)
        stack.rest()
    assert [len(stack.answers(ticket_id)) for ticket_id, _ in written] == [1] * len(kinds)
