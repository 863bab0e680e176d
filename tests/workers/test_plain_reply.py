"""workers.plain_reply: lists, links and code survive without mark-up, and a channel's limit is known."""

import pytest

from workers.domain import Block, Draft, Sentence
from workers.plain_reply import LIMITS, letters_over, plain_reply

DRAFT = Draft(
    (
        Sentence("You can swap it,"),
        Sentence("[name-1]:"),
        Sentence("Open the schedule.", ("P1",), Block.STEP),
        Sentence("Press Offer <swap>.", ("P1",), Block.STEP),
        Sentence("Managers approve.", ("P1",), Block.BULLET),
        Sentence("deskhand --now\n  --all", ("P1",), Block.CODE),
        Sentence("Never send [card-1]."),
    )
)


def test_a_reply_reads_well_without_mark_up():
    """Steps have numbers, points hyphens, code its lines; what is the requester's own is put back, secrets are not."""
    vault = {"[name-1]": "Ben & Co", "[card-1]": "4111"}
    links = [("How to swap", "https://help.example/swap?a=1&b=2")]
    assert plain_reply(DRAFT, vault, greeting="Hi Ada,", read_more="Read more:", links=links) == (
        "Hi Ada,\n\nYou can swap it, Ben & Co:\n\n1. Open the schedule.\n2. Press Offer <swap>.\n\n- Managers approve."
        "\n\ndeskhand --now\n  --all\n\nNever send [card-1].\n\nRead more:\nHow to swap: https://help.example/swap?a=1&b=2"
    )


@pytest.mark.parametrize(("channel", "over"), [("sms", 100), ("whatsapp", 0), ("email", 0), ("", 0)])
def test_what_is_too_long_for_a_channel_is_counted(channel, over):
    """A channel without a limit takes everything."""
    assert letters_over("x" * (LIMITS["sms"] + 100), channel) == over
