"""Mails that triggers would send: who would get them stands in the audit."""

import pytest


def rule(api, name, value):
    conditions = {"all": [{"field": "comment_is_public", "operator": "is", "value": "true"}], "any": []}
    body = {"title": "Tell", "conditions": conditions, "actions": [{"field": name, "value": value}]}
    return api.post("/triggers", {"trigger": body})


@pytest.fixture
def told(api, ticket, twin):
    """Let Priya answer Ada's ticket, which Cc reads too; return the notifications."""

    def told(name, whom):
        assert rule(api, name, [whom, "On {{ticket.title}}", "{{ticket.latest_comment}}"]).status_code == 201
        change = {"comment": {"body": "Hello"}, "email_ccs": [{"user_email": "cc@x.example"}],
                  "group_id": next(iter(twin.world.groups))}  # fmt: skip
        audit = api.put(f"/tickets/{ticket}", {"ticket": change}).json["audit"]
        return [event for event in audit["events"] if event["type"] == "Notification"]

    return told


def test_requester_and_copies_are_told(told, twin):
    """With subject and body filled in, and the rule that did it."""
    found = told("notification_user", "requester_and_ccs")
    people = [twin.world.user_by_email(email).id for email in ("ada@example.com", "cc@x.example")]
    assert [(e["recipients"], e["subject"], e["body"]) for e in found] == [(people, "On Tap", "Hello")]
    assert found[0]["via"]["source"]["rel"] == "trigger"


def test_nobody_is_told_what_they_did(told):
    """No assignee, no mail."""
    assert told("notification_user", "assignee_id") == []


def test_a_group_is_told(told, twin):
    """All of its members."""
    found = told("notification_group", "group_id")
    assert found[0]["recipients"] == next(iter(twin.world.groups.values())).member_ids


def test_a_notification_without_words_is_refused(api):
    """Whom, subject and body are needed."""
    assert rule(api, "notification_user", ["requester_id"]).status_code == 422
