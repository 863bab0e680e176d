"""What Zendesk is told to change, and how."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.helpdesk import Status, TicketWrite
from integrations.zendesk import wire, writes
from tests.fakes.zendesk_server import BOT_ID, ticket


def write_to(write: TicketWrite, **more) -> dict[str, Any]:
    known = wire.ticket(ticket(**more), [], {}, [], bot_id=str(BOT_ID), site_url="https://acme.zendesk.com")
    change: dict[str, Any] = writes.update(known, write)["ticket"]
    assert change.pop("safe_update") is True
    assert change.pop("updated_stamp") == "2026-01-02T03:04:04Z"
    return change


@pytest.mark.parametrize(
    ("write", "change"),
    [
        (TicketWrite(mark=""), {}),
        (TicketWrite(mark="m"), {"metadata": {"deskhand": "m"}}),
        (TicketWrite(mark="", html="a"), {"comment": {"html_body": "a", "public": False}}),
        (TicketWrite(mark="", html="a", is_public=True), {"comment": {"html_body": "a", "public": True}}),
        (
            TicketWrite(mark="", html="a", is_public=True, author_id="801"),
            {"comment": {"html_body": "a", "public": True, "author_id": 801}},
        ),
        (TicketWrite(mark="", status=Status.ON_HOLD), {"status": "hold"}),
        (TicketWrite(mark="", priority="urgent"), {"priority": "urgent"}),
        (TicketWrite(mark="", priority=""), {"priority": None}),
        (TicketWrite(mark="", group_id="7"), {"group_id": 7}),
        (TicketWrite(mark="", group_id="7", unassign=True), {"group_id": 7, "assignee_id": None}),
        (TicketWrite(mark="", add_tags=("web",)), {}),
        (TicketWrite(mark="", add_tags=("new", "new")), {"tags": ["web", "plan_pro", "new"]}),
        (TicketWrite(mark="", remove_tags=("web", "none")), {"tags": ["plan_pro"]}),
        (TicketWrite(mark="", add_tags=("a",), remove_tags=("a",)), {}),
    ],
)
def test_a_write_says_only_what_changes(write, change):
    """Fields left alone are not sent, tags go as the whole set and only if it changes."""
    assert write_to(write) == change


@pytest.mark.parametrize("write", [TicketWrite(mark="", status=Status.DELETED), TicketWrite(mark="", group_id="x")])
def test_a_write_zendesk_has_no_word_for_is_an_error(write):
    """A status or id without meaning there raises instead of being dropped."""
    with pytest.raises(ValueError):
        write_to(write)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("{{ticket.id}}", "&#123;{ticket.id}}"),
        ("{{{", "&#123;&#123;{"),
        ("{% if %}", "&#123;% if %}"),
        ("{a}", "{a}"),
        ("a\0b\ud800", "ab?"),
    ],
)
def test_placeholders_in_text_stay_text(html, expected):
    """Nothing in a reply is expanded by Zendesk, and the reader sees the same characters."""
    assert writes.neutral(html) == expected


@given(st.text(alphabet="{%} a", max_size=12))
def test_no_text_keeps_a_placeholder(html):
    """However braces are strewn, no opening of a placeholder is left."""
    assert "{{" not in writes.neutral(html)
    assert "{%" not in writes.neutral(html)
