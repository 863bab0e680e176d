"""The nouns of a check-up, and that one broken part hides no other."""

from scripts.checkup import State, fail, guarded, ok, warn


def test_what_a_check_trips_over_is_a_finding():
    """Everything found before it stands, and the error's first line is told."""

    def look():
        yield ok("one")
        raise RuntimeError("first line\nsecond line")

    found = list(guarded("part", look))
    assert [(check.name, check.state) for check in found] == [("one", State.OK), ("part", State.FAIL)]
    assert found[1].what == "RuntimeError: first line"
    assert found[1].mend


def test_trouble_always_comes_with_a_reason_and_a_way_out():
    """Both are asked for by the signature."""
    for check in (warn("n", "what", why="why", mend="mend"), fail("n", "what", why="why", mend="mend")):
        assert (check.what, check.why, check.mend) == ("what", "why", "mend")
