"""What an intent may do is what policy pins, else what it has earned; the evidence is looked at and acted on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workers.store.test_reviews import settle
from workers import ladder
from workers.autonomy import Step


def pinned(services, pin=None, **autonomy):
    """The same services with one intent, `swap`, pinned or not."""
    policy = services.policy
    entry = next(iter(policy.intents.values())).model_copy(update={"autonomy": pin})
    rules = policy.autonomy.model_copy(update=autonomy)
    return replace(services, policy=policy.model_copy(update={"intents": {"swap": entry}, "autonomy": rules}))


def approve(services, engine, count, *, use="unchanged"):
    """Let staff send so many drafts as they are."""
    start = services.now()
    for _ in range(count):
        approve.number += 1
        settle(engine, approve.number, at=start)
        (item,) = services.reviews.of_ticket("zendesk", str(approve.number))
        services.reviews.put(item, use=use, now=start + timedelta(seconds=approve.number))


approve.number = 0


def test_a_new_intent_stands_where_policy_begins(services):
    """Before anybody has looked, the default counts; after, it is on record."""
    services = pinned(services)
    assert ladder.standing("swap", "m1", services).autonomy == "draft"
    assert ladder.look(services) == {"off": 0, "shadow": 0, "draft": 1, "send": 0}
    assert services.reviews.place("swap").why == "draft: 0 reviewed; 200 are needed"


def test_a_message_of_two_kinds_stands_where_the_lower_does(services):
    """The standing of a second intent is told beside the first one's, and none is none."""
    services = pinned(services, "send")
    entries = services.policy.intents | {"bill": services.policy.intents["swap"].model_copy(update={"autonomy": None})}
    services = replace(services, policy=services.policy.model_copy(update={"intents": entries}))
    assert ladder.standing("swap", "m1", services).second_autonomy == ""
    assert ladder.standing("swap", "m1", services, ("swap",)).second_autonomy == "send"
    both = ladder.standing("swap", "m1", services, ("swap", "bill"))
    assert (both.autonomy, both.second_autonomy) == ("send", "draft")


def test_an_intent_rises_and_falls_by_what_staff_do(services, engine, desk):
    """From the reviews in the record to the fact that decides, and back."""
    services = pinned(services, min_reviewed=60, target=0.80)
    ladder.look(services)
    approve(services, engine, 70)
    desk.tick(4 * 86_400)
    assert ladder.reconsider("swap", services).step is Step.SEND
    standing = ladder.standing("swap", "m1", services)
    assert (standing.autonomy, standing.step, standing.corrections) == ("send", "send", 70)
    approve(services, engine, 25, use="replaced")
    desk.tick(60)
    assert ladder.reconsider("swap", services).step is Step.DRAFT
    assert ladder.standing("swap", "m1", services).autonomy == "draft"


def test_young_approvals_are_waited_for(services, engine, desk):
    """Requesters get their days to come back before anything rises."""
    services = pinned(services, min_reviewed=60, target=0.80)
    ladder.look(services)
    approve(services, engine, 70)
    desk.tick(3600)
    assert ladder.reconsider("swap", services).step is Step.DRAFT


@pytest.mark.parametrize("pin", ["off", "shadow", "draft", "send"])
def test_a_pin_wins(services, pin):
    """Whatever was earned; nothing is then checked by chance, for an admin has decided."""
    services = pinned(services, pin)
    ladder.look(services)
    standing = ladder.standing("swap", "m1", services)
    assert (standing.autonomy, standing.step, standing.is_sampled) == (pin, "draft", False)


def test_chance_picks_the_share_that_policy_wants(services):
    """About a tenth of the messages, and always the same ones."""
    services = pinned(services)
    ladder.look(services)
    picked = [ladder.standing("swap", f"m{n}", services).is_sampled for n in range(400)]
    assert 20 <= sum(picked) <= 65
    assert picked == [ladder.standing("swap", f"m{n}", services).is_sampled for n in range(400)]


def test_switched_off_the_ladder_moves_nothing(services):
    """Only pins and the default count then."""
    services = pinned(services, is_on=False)
    assert ladder.look(services) == {}
    assert ladder.standing("swap", "m1", services).autonomy == "draft"


def test_the_most_that_policy_allows_caps_what_was_earned(services, engine, desk):
    """Lowering it takes hold at the next message."""
    services = pinned(services, min_reviewed=60, target=0.80)
    ladder.look(services)
    approve(services, engine, 70)
    desk.tick(4 * 86_400)
    ladder.look(services)
    assert ladder.standing("swap", "m1", pinned(services, most="draft")).autonomy == "draft"
