"""The search language by itself."""

import pytest

from scripts.sandbox.intercom.query import QueryError, compile_query

FIELDS = frozenset({"state", "count", "tag_ids", "name"})
ROW = {"state": "open", "count": 5, "tag_ids": ["1", "2"], "name": "Ada Doe", "source": {"body": "The tap drips"}}


def says(field, operator, value):
    return compile_query({"field": field, "operator": operator, "value": value}, FIELDS, ("source.",))(ROW)


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("state", "=", "OPEN", True), ("state", "!=", "open", False), ("count", ">", 5, True), ("count", ">", 6, False),
        ("count", "<", "5", True), ("tag_ids", "=", "2", True), ("tag_ids", "!=", "2", False),
        ("tag_ids", "IN", ["3", "1"], True), ("tag_ids", "NIN", ["3"], True), ("name", "~", "a d", True),
        ("name", "!~", "zed", True),
        ("name", "^", "ada", True), ("name", "$", "ada", False), ("source.body", "=", "Tap", True),
        ("source.body", "=", "tap drips", False), ("source.url", "=", None, True),
    ],
    ids=str,
)  # fmt: skip
def test_operators(field, operator, value, expected):
    """Above and below mean or equal; lists are looked through; text knows no case; bodies go word by word."""
    assert says(field, operator, value) is expected


@pytest.mark.parametrize(
    "query",
    [
        None,
        {"field": "state"},
        {"field": "shoe", "operator": "=", "value": 1},
        {"field": "state", "operator": "==", "value": 1},
        {"field": "count", "operator": ">", "value": "many"},
        {"field": "count", "operator": "IN", "value": 1},
        {"operator": "AND", "value": []},
        {"operator": "OR", "value": [{"field": "state", "operator": "=", "value": "open"}] * 16},
    ],
)
def test_what_cannot_be_meant_is_refused(query):
    """With words that say what is wrong."""
    with pytest.raises(QueryError):
        compile_query(query, FIELDS)


def test_groups_nest_two_deep():
    """And no deeper."""
    one = {"field": "state", "operator": "=", "value": "open"}
    two = {"operator": "OR", "value": [{**one, "value": "closed"}, one]}
    assert compile_query({"operator": "AND", "value": [two, one]}, FIELDS)(ROW)
    with pytest.raises(QueryError):
        compile_query({"operator": "AND", "value": [{"operator": "OR", "value": [two]}]}, FIELDS)
