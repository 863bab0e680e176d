"""How long the simulated model thinks."""

import statistics

import pytest

from scripts.sandbox.model_latency import Latency


def drawn(given, count):
    latency = Latency(given)
    return [latency.next_seconds() for _ in range(count)]


@pytest.mark.parametrize(
    ("given", "times"), [(2, [2, 2, 2]), ("0.5", [0.5] * 3), ([1, 3], [1, 3, 1]), ("1,3", [1, 3, 1])]
)
def test_fixed_and_listed_times(given, times):
    """A number holds always; a list is gone through again and again."""
    assert drawn(given, 3) == times


def test_distributions_are_seeded_and_as_described():
    """The same description gives the same times; the middle and the bounds are those asked for."""
    lognormal = drawn("lognormal:2,0.5,7", 2000)
    assert lognormal == drawn({"kind": "lognormal", "median": 2, "sigma": 0.5, "seed": 7}, 2000)
    assert lognormal != drawn("lognormal:2,0.5,8", 2000)
    assert statistics.median(lognormal) == pytest.approx(2, rel=0.1)
    uniform = drawn("uniform:1,3", 500)
    assert 1 <= min(uniform) < 1.1 < 2.9 < max(uniform) <= 3


@pytest.mark.parametrize("given", ["soon", "lognormal:2", "uniform:a,b", -1, [], True, {"kind": "normal"}])
def test_what_is_no_time_is_refused(given):
    """With words that say what it should have been."""
    with pytest.raises(ValueError, match="give seconds"):
        Latency(given)
