"""Rate-limit headers of every known form, and of none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.limits import Limit, read_limits

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            {"x-rate-limit": "700", "x-rate-limit-remaining": "699", "ratelimit-limit": "700"}
            | {"ratelimit-remaining": "698", "ratelimit-reset": "41"},
            (Limit("account", 700, 698, 41.0),),
        ),
        ({"rate-limit": "400", "rate-limit-remaining": "9", "rate-limit-reset": "5"}, (Limit("account", 400, 9, 5.0),)),
        ({"x-rate-limit": "200", "x-rate-limit-remaining": "3"}, (Limit("account", 200, 3, None),)),
        ({"x-rate-limit": "700"}, ()),  # the Help Center tells its total alone
        (
            {"zendesk-ratelimit-tickets-update": "total=100; remaining=99; resets=41"},
            (Limit("tickets-update", 100, 99, 41.0),),
        ),
        (
            {"zendesk-rate-limit-per-ticket-updates": "total=30; remaining=0; resets=590"},
            (Limit("per-ticket-updates", 30, 0, 590.0),),
        ),
        (
            {"x-ratelimit-limit": "167", "x-ratelimit-remaining": "0"}
            | {"x-ratelimit-reset": str(int(NOW.timestamp()) + 7)},
            (Limit("account", 167, 0, 7.0),),
        ),
        ({"x-ratelimit-limit": "167", "x-ratelimit-remaining": "-1"}, ()),
        ({"zendesk-ratelimit-tickets-update": "total=; remaining=many"}, ()),
        ({}, ()),
    ],
)
def test_every_form_is_read(headers, found):
    """The vendor's names differ; what they mean does not."""
    assert read_limits(headers, now=NOW) == found


words = st.text("0123456789=; -.totalremainingresets\u0663é", max_size=40) | st.integers().map(str)
names = st.sampled_from(
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-reset", "zendesk-ratelimit-x"]
)


@given(st.dictionaries(names, words))
def test_nonsense_is_no_limit(headers):
    """Whatever stands there, nothing is raised and no reset is absurd."""
    for limit in read_limits(headers, now=NOW):
        assert limit.resets_seconds is None or 0 <= limit.resets_seconds <= 3600


def test_a_limit_of_one_ticket_says_nothing_of_others():
    """Such a refusal must not stop everybody."""
    assert Limit("per-ticket-updates", 30, 0).is_of_one_ticket
    assert not Limit("tickets-update", 100, 0).is_of_one_ticket
