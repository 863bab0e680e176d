"""Two versions of stage one, judged by what staff said."""

import random

import pytest

from workers.trial import Duel, Winner, chance_of, duel


def case(truth, **said):
    return truth, {"opinions": [{"model": name, "intent": intent} for name, intent in said.items()]}


def test_only_tickets_both_have_seen_are_counted():
    """Whichever of the two counted for the ticket; an opinion of another version is none."""
    judged = [
        case("a", old="a", new="a"),
        case("a", new="a", old="b"),
        case("a", old="a", new="b"),
        case("a", old="b", new=""),
        case("a", old="a"),
        case("a", older="a", new="b"),
        ("a", {}),
    ]
    assert duel(judged, old="old", new="new") == Duel(both=1, only_new=1, only_old=1, neither=1)


@pytest.mark.parametrize(
    ("only_new", "only_old", "winner"),
    [(0, 0, Winner.OPEN), (4, 0, Winner.OPEN), (6, 0, Winner.NEW), (0, 6, Winner.OLD), (20, 15, Winner.OPEN)],
)
def test_a_winner_wants_evidence(only_new, only_old, winner):
    """Where both are right or wrong alike nothing is learned, however many such tickets there are."""
    assert Duel(900, only_new, only_old, 50).winner(0.05) is winner


def test_equally_good_models_seldom_have_a_winner():
    """The promised error holds, whichever way it goes."""
    dice = random.Random(3)
    won = 0
    for _ in range(2000):
        heads = sum(dice.random() < 0.5 for _ in range(40))
        won += Duel(0, heads, 40 - heads, 0).winner(0.05) is not Winner.OPEN
    assert won / 2000 <= 0.06


def test_the_chance_of_heads():
    """As any table has it."""
    assert chance_of(0, 5) == 1.0
    assert chance_of(5, 5) == pytest.approx(1 / 32)
    assert chance_of(6, 5) == 0.0
