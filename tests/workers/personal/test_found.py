"""workers.personal.found: what finders share."""

import re

from workers.personal.found import groups


def test_the_first_group_is_what_counts():
    """Words around a value tell what it is and stay readable; a pattern without groups is all value."""
    patterns = (re.compile(r"badge (\d+)"), re.compile(r"room \d+"))
    assert list(groups("x", patterns, "badge 12, room 7")) == [("x", 6, 8), ("x", 10, 16)]
