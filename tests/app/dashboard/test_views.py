"""How values look on a page."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.dashboard import views


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "–"),
        (0, "0.00 s"),
        (0.42, "0.42 s"),
        (9.96, "10.0 s"),
        (59, "59 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (18_720, "5 h 12 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_lengths_of_time_have_two_parts_at_most(value, wanted):
    """Short ones exactly, long ones roughly."""
    assert views.seconds(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, "–"), (Decimal("0.004642"), "$0.0046"), (Decimal("12.5"), "$12.50"), (Decimal("1234.5"), "$1,234.50")],
)
def test_money_keeps_the_digits_that_matter(value, wanted):
    """Fractions of a cent are seen where the sum is small."""
    assert views.usd(value) == wanted


def test_the_bar_fills_its_width_in_a_fixed_order():
    """Pieces touch, end at 1000, and an outcome without a case has none."""
    pieces = views.bars({"ignore": 1, "send": 1, "hand_off": 2, "draft": 0})
    assert [(piece.name, piece.x, piece.width) for piece in pieces] == [
        ("send", 0.0, 250.0),
        ("hand_off", 250.0, 500.0),
        ("ignore", 750.0, 250.0),
    ]
    assert views.bars({}) == []


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (True, "yes"),
        (False, "no"),
        ("", "–"),
        ([], "–"),
        ({}, "–"),
        (None, "–"),
        (0, "0"),
        (0.8123, "0.812"),
        (["a", True], "a, yes"),
        ({"new_ones": 3, "zendesk": {"changed": 1}}, "new ones 3, zendesk changed 1"),
    ],
)
def test_facts_are_said_plainly(value, wanted):
    """Yes and no, lists and tables in words, nothing as a dash."""
    assert views.plain(value) == wanted


def test_gates_come_in_the_order_a_ticket_passes_them():
    """Known gates first, a new one after, and what is no table is left out."""
    facts = {"later": {}, "route": {}, "admit": {}, "odd": 3}
    assert [name for name, _ in views.gates(facts)] == ["admit", "route", "later"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", "", None])
def test_only_web_addresses_become_links(url):
    """Anything a browser could run is shown as text."""
    assert views.safe_link(url) == ""
    assert views.safe_link("https://help.example/a") == "https://help.example/a"


def test_what_is_asked_for_is_made_harmless():
    """NUL and other signs that no id has are dropped, and a huge question is cut."""
    assert views.printable(" 47\x0011\r\n") == "4711"
    assert len(views.printable("x" * 5000)) == 80


def test_the_small_ones():
    """Times, shares, counts and names."""
    assert views.when(datetime(2026, 11, 20, 9, 5, 1, tzinfo=UTC)) == "2026-11-20 09:05:01"
    assert views.when(None) == views.number(None) == views.share(1, 0) == "–"
    assert (views.share(1, 3), views.number(12_345), views.number(0.5)) == ("33 %", "12,345", "0.50")
    assert (views.label(""), views.label("hand_off"), views.label("new_kind")) == ("open", "handed off", "new kind")
