"""Zendesk's groups, changes and articles as nouns."""

import pytest

from integrations.helpdesk import Team
from integrations.zendesk import listings
from tests.fakes.zendesk_server import article, ticket


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"id": 1, "name": "Support", "deleted": False}, Team("1", "Support")),
        ({"id": 1, "name": "Support"}, Team("1", "Support")),
        ({"id": 1, "deleted": True}, None),
        ({"name": "no id"}, None),
    ],
)
def test_groups_become_teams(group, expected):
    """A group is a team unless it is deleted."""
    assert listings.team(group) == expected


@pytest.mark.parametrize(
    ("change", "is_public", "is_draft"),
    [
        ({}, True, False),
        ({"draft": True}, False, True),
        ({"draft": None}, False, True),
        ({"user_segment_id": 5}, False, False),
        ({"user_segment_id": 0}, False, False),
        ({"user_segment_ids": [5]}, False, False),
        ({"user_segment_ids": None}, True, False),
    ],
)
def test_only_what_is_plainly_open_is_public(change, is_public, is_draft):
    """An article is public if restriction and draft are both denied; anything unclear is not."""
    found = listings.article(article(41, "Swap", **change), {"31": ("Scheduling", "Shifts")})
    assert found
    assert (found.is_public, found.is_draft, found.section) == (is_public, is_draft, ("Scheduling", "Shifts"))


@pytest.mark.parametrize("missing", ["draft", "user_segment_id"])
def test_an_article_that_does_not_say_is_not_public(missing):
    """A missing field counts as restricted."""
    raw = article(41, "Swap")
    del raw[missing]
    found = listings.article(raw, {})
    assert found
    assert not found.is_public


def test_an_article_without_a_body_or_an_id():
    """An empty article stays an article; one without an id is none."""
    found = listings.article(article(41, "Swap", body=None, locale="EN-US", label_names=None) | {"title": None}, {})
    assert found
    assert (found.html, found.locale, found.title, found.labels) == ("", "en-us", "Swap", ())
    assert listings.article({"title": "x"}, {}) is None


def test_the_shelf_names_category_and_nested_sections():
    """A section's place names its category and parents; a circle of parents ends."""
    sections = [
        {"id": 1, "name": "Shifts", "category_id": 9},
        {"id": 2, "name": "Swaps", "category_id": 9, "parent_section_id": 1},
        {"id": 3, "name": "Lone", "category_id": None},
        {"id": 4, "name": "A", "parent_section_id": 5},
        {"id": 5, "name": "B", "parent_section_id": 4},
    ]
    shelf = listings.shelf(sections, [{"id": 9, "name": "Scheduling"}])
    assert shelf["1"] == ("Scheduling", "Shifts")
    assert shelf["2"] == ("Scheduling", "Shifts", "Swaps")
    assert shelf["3"] == ("Lone",)
    assert shelf["4"] == ("B", "A")


@pytest.mark.parametrize(
    ("page", "ids", "cursor", "is_last"),
    [
        ({"tickets": [ticket(1)], "after_cursor": "b", "end_of_stream": False}, ["1"], "b", False),
        ({"tickets": [], "after_cursor": "b", "end_of_stream": True}, [], "b", True),
        ({"tickets": [], "after_cursor": None, "end_of_stream": False}, [], "a", True),
        ({"tickets": [ticket(1, updated_at=None), 5, {}]}, [], "a", True),
        ({}, [], "a", True),
    ],
)
def test_a_page_of_changes(page, ids, cursor, is_last):
    """The cursor is kept when no new one comes, and rows without id or time are passed over."""
    found = listings.changes(page, "a")
    assert ([t.ticket_id for t in found.tickets], found.cursor, found.is_last) == (ids, cursor, is_last)
