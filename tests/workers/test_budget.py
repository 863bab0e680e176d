"""When one more ticket may be begun, and what several processes' news of one budget come to."""

import pytest

from integrations.limits import Limit
from workers import budget
from workers.budget import Budget

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("left", "in_work", "hold"),
    [(100, 0, 0), (31, 0, 0), (30, 0, 20), (40, 9, 0), (40, 10, 20), (0, 0, 20)],
)
def test_a_share_is_kept_for_staff(left, in_work, hold):
    """Of 100 updates the last 30 are not ours, and what is in work may need one each."""
    known = {"tickets-update": Budget(100, left, NOW + 20)}
    assert budget.hold_seconds(known, in_work, 0.3, now=NOW) == hold


def test_the_longest_wait_counts():
    """Every budget a ticket needs must have room."""
    known = {"account": Budget(700, 212, NOW + 20), "tickets-update": Budget(100, 0, NOW + 50)}
    assert budget.hold_seconds(known, 0, 0.3, now=NOW) == 50
    assert budget.hold_seconds({"account": known["account"]}, 1, 0.3, now=NOW) == 20


def test_a_window_that_has_ended_holds_nobody():
    """The next one is full until an answer says otherwise."""
    assert budget.hold_seconds({"account": Budget(700, 0, NOW - 1)}, 5, 0.3, now=NOW) == 0


def test_the_smaller_rest_of_a_window_is_the_newer():
    """News from two processes come in any order."""
    news = [(Limit("tickets-update", 100, left, 40.0),) for left in (60, 20, 50)]
    known: dict[str, Budget] = {}
    for limits in news:
        known = budget.merged(known, limits, now=NOW)
    assert known == {"tickets-update": Budget(100, 20, NOW + 40)}


def test_a_new_window_replaces_the_old_one():
    """And news of the old one that comes late changes nothing."""
    known = {"tickets-update": Budget(100, 2, NOW + 1)}
    known = budget.merged(known, (Limit("tickets-update", 100, 99, 59.0),), now=NOW)
    assert known["tickets-update"].remaining == 99
    assert budget.merged(known, (Limit("tickets-update", 100, 1, 0.5),), now=NOW) == known


def test_what_no_ticket_needs_is_not_kept():
    """A search's budget holds no reply back."""
    assert budget.merged({}, (Limit("search-index", 100, 0, 30.0),), now=NOW) == {}


def test_plenty_is_not_worth_a_write():
    """Only what runs short is told to others."""
    assert not budget.is_worth_telling((Limit("account", 700, 600),))
    assert budget.is_worth_telling((Limit("account", 700, 400),))


def test_a_refusal_holds_until_its_time():
    """Also for a budget never heard of before."""
    known = budget.refused({}, "account", 30.0, now=NOW)
    assert budget.hold_seconds(known, 0, 0.3, now=NOW) == 30
    assert budget.hold_seconds(known, 0, 0.3, now=NOW + 31) == 0
