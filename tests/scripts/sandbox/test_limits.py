"""The vendor's request limits: counted always, refused only when they are switched on."""

from scripts.sandbox.limits import Limits, Rule

RULE = Rule("small", 2, 60)


def limits(enforced=True):
    seconds = [30.0]
    held = Limits(clock=lambda: seconds[0])
    held.enforced = enforced
    return held, seconds


def test_one_too_many_is_over_until_the_window_ends():
    """The third of two is refused, with the seconds until the next window; then counting starts anew."""
    held, seconds = limits()
    assert [held.count(RULE).over for _ in range(3)] == [False, False, True]
    assert held.count(RULE).resets == 30
    seconds[0] = 60.0
    budget = held.count(RULE)
    assert (budget.over, budget.remaining) == (False, 1)


def test_keys_are_counted_apart():
    """A limit by ticket leaves other tickets alone."""
    held, _ = limits()
    assert [held.count(RULE, key).over for key in (1, 1, 1, 2)] == [False, False, True, False]


def test_without_enforcement_it_only_counts():
    """Nothing is refused, and what is left never goes below nought."""
    held, _ = limits(enforced=False)
    assert [held.count(RULE).over for _ in range(5)] == [False] * 5
    assert held.count(RULE).remaining == 0
    held.clear()
    assert held.count(RULE).remaining == 1
