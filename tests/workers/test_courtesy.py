"""Greeting and sign-off come off; what a letter says stays."""

import pytest

from workers.courtesy import without_courtesy


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi Ada,\n\nOpen the schedule and choose it.\n\nBest regards,\nGrace", "Open the schedule and choose it."),
        ("Hello, open the schedule.", "open the schedule."),
        ("Guten Tag Frau Meier,\nbitte neu laden.\nViele Grüße\nTom", "bitte neu laden."),
        ("Open the schedule. Thanks, Grace", "Open the schedule."),
        ("Thanks for asking. Open the schedule and press Offer swap.", None),
        ("Best regards to your team for their patience with the long answer that follows here.", None),
        ("", ""),
    ],
)
def test_only_the_frame_comes_off(text, left):
    """What looks like a sign-off above most of the text is a part of it."""
    assert without_courtesy(text) == (text if left is None else left)
