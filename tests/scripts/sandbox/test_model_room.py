"""The switches of the model's stand-in."""

import pytest

from scripts.sandbox.model_room import ModelRoom


def test_switches_are_set_and_come_back_by_a_reset():
    """A reset goes back to what held at the start."""
    room = ModelRoom()
    room.start("1,2", "obedient")
    room.switch(
        {"character": "inventor+flatterer", "latency": 3, "limits": True, "requests_per_minute": 5}
        | {"tokens_per_second": 80}
    )
    assert room.switches() | {"input_tokens_per_minute": 0, "output_tokens_per_minute": 0} == {
        "character": "inventor+flatterer",
        "latency": 3,
        "tokens_per_second": 80,
        "limits": True,
        "requests_per_minute": 5,
        "input_tokens_per_minute": 0,
        "output_tokens_per_minute": 0,
    }
    assert room.seconds_to_say(40) == 0.5
    room.reset()
    assert room.seconds_to_say(40) == 0.0
    assert (room.character_name, room.latency.given, room.limits.enforced) == ("obedient", [1.0, 2.0], False)


@pytest.mark.parametrize(
    "wanted",
    [
        {"charm": 1},
        {"character": "kind"},
        {"latency": "soon"},
        {"limits": 1},
        {"requests_per_minute": "many"},
        {"tokens_per_second": "fast"},
    ],
)
def test_what_cannot_be_meant_changes_nothing(wanted):
    """An unknown name or a value of the wrong kind is refused as a whole."""
    room = ModelRoom()
    with pytest.raises(ValueError):
        room.switch({"limits": True} | wanted)
    assert room.switches() == ModelRoom().switches()
