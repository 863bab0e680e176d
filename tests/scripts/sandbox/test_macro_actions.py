"""What a macro would change, as values and as words."""

import pytest

from scripts.sandbox import macro_actions
from scripts.sandbox.state import Macro


@pytest.fixture
def priya(twin):
    return twin.world.user_by_email("priya@tidemark.example")


def macro(*actions):
    return Macro(1, "M", [{"field": name, "value": value} for name, value in actions])


def test_placeholders_are_filled_in_for_a_ticket(twin, ticket, priya):
    """By the ticket and whoever applies it; without a ticket they stand as they are."""
    hello = macro(("comment_value", "Hi {{ticket.requester.first_name}}, {{current_user.first_name}}"))
    found = macro_actions.changes(hello, twin.world.tickets[ticket], priya, twin.world)
    assert found["comment"]["body"] == "Hi Ada, Priya"
    assert found["comment"]["scoped_body"] == [["channel:all", "Hi Ada, Priya"]]
    assert "{{ticket" in macro_actions.changes(hello, None, priya, twin.world)["comment"]["body"]


def test_every_action_has_words(twin, priya):
    """A person reads what a macro does before it does it."""
    billing = next(group for group in twin.world.groups.values() if group.name == "Billing")
    told = macro_actions.words(
        macro(
            ("comment_value", "x"), ("comment_mode_is_public", "false"), ("current_tags", "a b"), ("remove_tags", "c"),
            ("status", "pending"), ("priority", ""), ("group_id", billing.id), ("group_id", ""),
            ("assignee_id", "current_user"), ("assignee_id", str(priya.id)), ("custom_fields_7", "gold"),
        ),
        twin.world,
    )  # fmt: skip
    assert list(told) == [
        "writes an internal note", "adds the tags a, b", "removes the tag c", "sets status to pending",
        "sets priority to none", "moves it to Billing", "takes it out of its group", "assigns it to you",
        "assigns it to Priya Raman", "sets a field to gold",
    ]  # fmt: skip
