"""Conditions and placeholders of triggers, one table row a rule."""

from collections.abc import Sequence

import pytest

from scripts.sandbox import triggers
from scripts.sandbox.state import Comment, Ticket, User, World

REQUESTER = User(1, "Ada Doe", "ada@example.com")
AGENT = User(2, "Priya Raman", "priya@example.com", role="agent")
VIA = {"channel": "email", "source": {}}


def an_update(
    *,
    status: str = "open",
    was: str = "pending",
    actor: User = REQUESTER,
    channel: str = "email",
    public: bool | None = True,
    tags: Sequence[str] = (),
    created: bool = False,
) -> triggers.Update:
    ticket = Ticket(7, 'Say "hi"', 1, 1, VIA, "2026-01-02T03:00:00Z", "2026-01-02T03:04:04Z", status=status)
    ticket.tags = list(tags)
    before = None if created else {**triggers.snapshot(ticket), "status": was}
    comment = None
    if public is not None:
        comment = Comment(9, actor.id, "It drips", "<p>It drips</p>", "It drips", public, VIA, "", 8)
        ticket.comments.append(comment)
    return triggers.Update(ticket, before, actor, channel, comment)


@pytest.mark.parametrize(
    ("field", "operator", "value", "facts", "truth"),
    [
        ("update_type", "is", "Create", {"created": True}, True),
        ("update_type", "is", "Create", {}, False),
        ("status", "is", "open", {}, True),
        ("status", "is_not", "open", {}, False),
        ("status", "less_than", "solved", {}, True),
        ("status", "less_than", "solved", {"status": "solved"}, False),
        ("status", "greater_than", "pending", {"status": "hold"}, True),
        ("status", "value", "solved", {"status": "solved"}, True),
        ("status", "value", "solved", {"status": "solved", "was": "solved"}, False),
        ("status", "not_value", "solved", {"status": "solved"}, False),
        ("status", "changed", None, {}, True),
        ("status", "not_changed", None, {"was": "open"}, True),
        ("status", "value_previous", "pending", {}, True),
        ("status", "value_previous", "pending", {"was": "new"}, False),
        ("current_tags", "includes", "b x", {"tags": ["a", "b"]}, True),
        ("current_tags", "not_includes", "deskhand_off", {"tags": ["deskhand_off"]}, False),
        ("comment_is_public", "is", "true", {}, True),
        ("comment_is_public", "is", True, {"public": False}, False),
        ("comment_is_public", "is", "false", {"public": None}, False),
        ("comment_is_public", "is", "not_relevant", {"public": False}, True),
        ("role", "is", "end_user", {}, True),
        ("role", "is", "end_user", {"actor": AGENT}, False),
        ("role", "is", "agent", {"actor": AGENT}, True),
        ("current_via_id", "is_not", "5", {"channel": "api"}, False),
        ("current_via_id", "is", 4, {}, True),
        ("via_id", "is", "4", {"channel": "api"}, True),
        ("group_id", "is", "", {}, True),
        ("assignee_id", "is_not", "", {}, False),
        ("requester_id", "is", "current_user", {}, True),
    ],
)
def test_condition(field, operator, value, facts, truth):
    """A condition holds exactly when the update has what it names."""
    conditions = {"all": [{"field": field, "operator": operator, "value": value}], "any": []}
    assert triggers.holds(conditions, an_update(**facts)) is truth


def test_any_needs_one_of_its_conditions():
    """With an `any` list at least one of it must hold, besides all of `all`."""
    yes = {"field": "status", "operator": "is", "value": "open"}
    no = {"field": "status", "operator": "is", "value": "closed"}
    assert triggers.holds({"all": [yes], "any": [no, yes]}, an_update())
    assert not triggers.holds({"all": [yes], "any": [no]}, an_update())


def test_placeholders_render_text_and_empty_for_the_unknown():
    """Values render unescaped as text; what is unknown or unset renders as nothing."""
    world = World()
    for user in (REQUESTER, AGENT):
        world.add_user(user)
    text = "{{ticket.id}}|{{ ticket.status }}|{{ticket.title}}|{{ticket.latest_comment.id}}|{{current_user.id}}|"
    text += "{{ticket.requester.email}}|{{ticket.via}}|{{ticket.group.name}}|{{nonsense.x}}|{{ticket.latest_comment}}"
    rendered = triggers.render(text, an_update(), world)
    assert rendered == '7|Open|Say "hi"|9|1|ada@example.com|Mail|||It drips'


@pytest.mark.parametrize(
    ("conditions", "actions"),
    [
        ([{"field": "moon_phase", "operator": "is", "value": "full"}], [{"field": "status", "value": "open"}]),
        ([{"field": "status", "operator": "smells", "value": "x"}], [{"field": "status", "value": "open"}]),
        ([{"field": "status", "operator": "is", "value": "open"}], [{"field": "explode", "value": 1}]),
        ([{"field": "status", "operator": "is", "value": "open"}], [{"field": "notification_webhook", "value": "x"}]),
        ([], [{"field": "status", "value": "open"}]),
    ],
)
def test_refuses_rules_it_could_not_carry_out(conditions, actions):
    """A rule with unknown words is named as faulty instead of never firing."""
    assert triggers.faults_in({"all": conditions, "any": []}, actions)
