"""Sudden clusters of alike tickets are seen early, and ordinary traffic makes none."""

from datetime import UTC, datetime

import numpy as np
import pytest

from config.policy import Brakes
from workers.brakes import Measures, weigh
from workers.clusters import Past, alike

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = Brakes()
KINDS, WIDTH = 24, 48
DICE = np.random.default_rng(11)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


CENTRES = unit(DICE.normal(size=(KINDS, WIDTH)))
OUTAGE = unit(DICE.normal(size=WIDTH))


def said_about(centres: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Write a message about each: about half of two such are more alike than the bar, as real ones are."""
    return unit(centres + dice.normal(scale=0.135, size=centres.shape))


def usual(count: int, dice: np.random.Generator) -> np.ndarray:
    """Usual traffic; some kinds come far more often than others."""
    shares = 1 / np.arange(1, KINDS + 1)
    return said_about(CENTRES[dice.choice(KINDS, count, p=shares / shares.sum())], dice)


def past_of(per_half_hour: float, dice: np.random.Generator) -> Past:
    """A fortnight of it; of more than two thousand messages, two thousand."""
    total = int(per_half_hour * 48 * 13)
    return Past(usual(min(total, 2000), dice), 48 * 13 * min(1.0, 2000 / total))


def seen(vectors, past, held=()):
    """Return the incidents that are on after one look."""
    tickets = [str(number) for number in range(len(vectors))]
    centres = {brake.intent: np.array(brake.centre, np.float32) for brake in held}
    return weigh(Measures(clusters=tuple(alike(tickets, vectors, past, centres, RULES))), held, RULES, now=NOW)


@pytest.mark.parametrize(("rate", "half_hours"), [(4.0, 1440), (20.0, 1440), (60.0, 336)])
def test_usual_traffic_raises_no_alarm(rate, half_hours):
    """A month of two hundred tickets a day or of a thousand, a week of three thousand, more by day than by night."""
    dice = np.random.default_rng(int(rate))
    past = past_of(rate, dice)
    busy = dice.choice([0.2, 1.0, 2.0], half_hours)
    assert [n for n in busy if seen(usual(dice.poisson(rate * n), dice), past)] == []


@pytest.mark.parametrize(("rate", "most"), [(4.0, 14), (20.0, 16), (60.0, 20)])
def test_an_outage_is_seen_within_so_many_tickets(rate, most):
    """Its tickets come among the usual ones, each in other words; of twenty outages all are seen by then."""
    for seed in range(20):
        dice = np.random.default_rng(seed)
        past, others = past_of(rate, dice), usual(dice.poisson(rate), dice)
        about = said_about(np.tile(OUTAGE, (most, 1)), dice)
        (brake,) = seen(np.concatenate([others, about]), past)
        own = [ticket for ticket in brake.tickets if int(ticket) >= len(others)]
        assert len(own) > len(brake.tickets) * 0.8
        assert brake.detail.startswith("alike in what they say, ")


def test_a_busy_hour_alone_is_no_incident():
    """Five times the tickets of all kinds are a busy hour: their mixture is the usual one."""
    dice = np.random.default_rng(3)
    past = past_of(20.0, dice)
    assert seen(usual(100, dice), past) == ()


def test_an_incident_keeps_its_name_and_goes_by_itself():
    """As long as tickets like its first ones come in numbers it stays; then it goes."""
    dice = np.random.default_rng(4)
    past = past_of(20.0, dice)
    first = seen(np.concatenate([usual(20, dice), said_about(np.tile(OUTAGE, (16, 1)), dice)]), past)
    still = seen(np.concatenate([usual(20, dice), said_about(np.tile(OUTAGE, (5, 1)), dice)]), past, first)
    assert [brake.intent for brake in still] == [brake.intent for brake in first]
    assert still[0].since == first[0].since
    assert seen(usual(20, dice), past, still) == ()
    assert seen(np.empty((0, WIDTH), np.float32), past, still) == ()


def test_without_a_past_nothing_is_sudden():
    """A first day has nothing to be put beside."""
    dice = np.random.default_rng(5)
    about = said_about(np.tile(OUTAGE, (30, 1)), dice)
    assert seen(about, Past(np.empty((0, WIDTH), np.float32), 0.0)) == ()
