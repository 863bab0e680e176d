"""A message comes in by a signed webhook, and the ticket in the helpdesk gets its one outcome."""

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def test_a_question_gets_one_public_reply(stack):
    """A question the help centre answers is answered in public, once, with our mark, and waits for the requester."""
    ticket_id, message_id = stack.write()
    outcome = stack.outcome(message_id)
    assert (outcome["action"], outcome["tier"]) == ("send", 0)
    (answer,) = stack.answers(ticket_id)
    assert answer["public"]
    assert answer["metadata"]["custom"]["deskhand"] == f"dh-{message_id}"
    assert "Publish" in answer["body"]
    assert "automatic assistant" in answer["body"]
    ticket = stack.ticket(ticket_id)
    assert ticket["status"] == "pending"
    assert {"deskhand_send", "deskhand_intent_schedule_shifts"} <= set(ticket["tags"])


def test_an_intent_that_has_not_earned_it_gets_a_draft(stack):
    """Where policy says draft, the answer is an internal note for a person, with its source, and nothing is public."""
    ticket_id, message_id = stack.write(
        "VAT number on invoices", "How do I add our VAT number to the invoices, and where can I download them as PDF?"
    )
    outcome = stack.outcome(message_id)
    assert outcome["action"] == "draft"
    assert "autonomy_draft" in outcome["reasons"]
    (note,) = stack.answers(ticket_id)
    assert not note["public"]
    assert "/hc/en-us/articles/" in note["html_body"]
    assert stack.ticket(ticket_id)["status"] == "new"


def test_what_nothing_answers_goes_to_a_team_as_a_package(stack):
    """A question without an answer in the library becomes a note for a person, in a group that exists."""
    ticket_id, message_id = stack.write(
        "Telescope eyepieces",
        "Do you sell 25 mm eyepieces for a Dobsonian telescope, and do they fit a 2 inch focuser?",
    )
    outcome = stack.outcome(message_id)
    assert outcome["action"] == "assist"
    (note,) = stack.answers(ticket_id)
    assert not note["public"]
    assert "eyepieces" in note["body"]
    assert stack.group(ticket_id) in {"Support", "Billing", "Technical"}


def test_a_rule_sends_it_straight_to_the_team(stack):
    """A lawyer's letter reaches its team at once, and the model is never asked about it."""
    asked = len(stack.model.requests)
    ticket_id, message_id = stack.write(
        "you will hear from my lawyer", "My lawyer will sue you over this. Formal notice before legal action follows."
    )
    outcome = stack.outcome(message_id)
    assert outcome["action"] == "hand_off"
    assert len(stack.model.requests) == asked
    (note,) = stack.answers(ticket_id)
    assert not note["public"]
    assert stack.group(ticket_id) == "Security & Privacy"


def test_automatic_mail_is_left_alone_with_a_reason(stack):
    """An out-of-office reply gets nothing at all, and the ledger says why."""
    ticket_id, message_id = stack.write(
        "Automatic reply: Your ticket",
        "I am out of the office until Monday with no access to mail.",
        flags=["automatic"],
    )
    outcome = stack.outcome(message_id)
    assert outcome["action"] == "ignore"
    assert set(outcome["reasons"]) & {"out_of_office", "automatic_mail"}
    assert stack.answers(ticket_id) == []
    assert stack.ticket(ticket_id)["tags"] == []


def test_a_burst_of_messages_is_one_question(stack):
    """Three messages within the quiet time get one answer, which is to the last of them."""
    ticket_id, _ = stack.write("publish", "Hi, one more question about the schedule")
    stack.write(ticket_id=ticket_id, body="I've put in all the shifts for next week")
    _, last = stack.write(
        ticket_id=ticket_id, body="but staff can't see them. How do I publish the schedule so that everybody sees it?"
    )
    stack.outcome(last)
    assert [answer["metadata"]["custom"]["deskhand"] for answer in stack.answers(ticket_id)] == [f"dh-{last}"]


def test_the_story_of_a_ticket_stands_on_the_dashboard(stack):
    """The dashboard shows one ticket's story to the holder of the token, and nothing to anybody else."""
    import requests

    ticket_id, message_id = stack.write()
    stack.outcome(message_id)
    page = f"{stack.url}/dashboard/tickets/zendesk/{ticket_id}"
    shown = requests.get(page, headers={"Authorization": "Bearer e2e-token"}, timeout=10)
    assert shown.status_code == 200
    assert "schedule_shifts" in shown.text
    closed = requests.get(page, timeout=10, allow_redirects=False)
    assert closed.status_code in (302, 303, 401, 403)
    assert "schedule_shifts" not in closed.text
