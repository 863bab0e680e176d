"""Faults to order: which call they meet, how often, and what is refused."""

import pytest

from scripts.sandbox.faults import Faults, parse


def ordered(*rows):
    faults = Faults()
    faults.replace([parse(row) for row in rows])
    return faults


def test_the_first_that_matches_is_taken_until_used_up():
    """Method and path decide; `times` runs out, and then the next one's turn comes."""
    faults = ordered(
        {"method": "put", "path": r"/tickets/1$", "status": 503, "times": 1}, {"path": "/tickets/", "status": 429}
    )
    assert faults.take("GET", "/api/v2/users/me") is None
    assert faults.take("PUT", "/api/v2/tickets/1").status == 503
    assert faults.take("PUT", "/api/v2/tickets/1").status == 429
    assert faults.take("GET", "/api/v2/tickets/12").status == 429


def test_a_share_is_met_about_as_often_and_always_the_same_way():
    """Chance is seeded, so a run can be repeated."""
    rows = [ordered({"path": "", "share": 0.3}) for _ in range(2)]
    first, second = ([faults.take("GET", "/x") is not None for _ in range(1000)] for faults in rows)
    assert first == second
    assert 250 < sum(first) < 350


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"path": "/x", "stauts": 500}, "unknown fields stauts"),
        ({"path": "("}, "not a regular expression"),
        ({"path": "/x", "share": "half"}, "share wants a number"),
        ({"path": "/x", "times": 1.5}, "times wants a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_words(row, words):
    """A typo does not become a fault that never fires."""
    with pytest.raises(ValueError, match=words):
        parse(row)
