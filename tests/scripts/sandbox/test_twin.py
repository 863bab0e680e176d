"""All parts of one account together: switches by name, and a way back to the start."""

import pytest

from scripts.sandbox.twin import Options, Twin


def test_switches_are_set_by_name_and_shown(twin):
    """What was set is what is shown, and reaches the part it belongs to."""
    twin.switch({"limits": True, "withhold_last_minute": True, "drop_share": 0.5})
    shown = twin.switches()
    assert (shown["limits"], shown["withhold_last_minute"], shown["drop_share"]) == (True, True, 0.5)
    assert twin.limits.enforced
    assert twin.sender.switches.drop_share == 0.5


@pytest.mark.parametrize("wanted", [{"limit": True}, {"limits": 1}, {"drop_share": True}, {"drop_share": "much"}])
def test_a_wrong_switch_changes_nothing(twin, wanted):
    """Unknown names and values of the wrong kind are refused as a whole."""
    before = twin.switches()
    with pytest.raises(ValueError, match="switch"):
        twin.switch({"delay_seconds": 3.0, **wanted})
    assert twin.switches() == before


def test_limits_from_the_options_come_back_with_a_reset():
    """A reset is the start, not a milder account."""
    twin = Twin(Options(has_limits=True))
    twin.switch({"limits": False, "withhold_last_minute": False, "has_breaker": False})
    twin.reset()
    assert (twin.limits.enforced, twin.withholds_last_minute, twin.sender.switches.has_breaker) == (True, True, True)
    twin.sender.stop()
