"""What holds Deskhand back comes on when it must, names its cause, and goes by itself."""

import json
import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.policy import Brakes
from workers.brakes import Brake, Cluster, Measures, chance_of, dumped, facts_of, is_sudden, loaded, weigh

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = Brakes(overload_tickets=500, usd_per_day=Decimal(10), usd_per_hour=Decimal(2))
QUIET = Measures()


def on(measures, held=(), rules=RULES, now=NOW):
    return weigh(measures, held, rules, now=now)


def test_nothing_unusual_puts_no_brake_on():
    """A few tickets, a few cents."""
    assert on(Measures(due=40, oldest_due_seconds=60, spent_today_usd=Decimal("3.2"))) == ()


@pytest.mark.parametrize("many", [Measures(due=500), Measures(due=50, oldest_due_seconds=900)])
def test_overload_comes_on_by_number_or_by_age(many):
    """People first: what waits is said in figures."""
    (brake,) = on(many)
    assert (brake.code, brake.since) == ("overload", NOW)
    assert brake.detail.startswith(f"{many.due} tickets wait")


def test_one_old_ticket_is_no_overload():
    """It may wait for its helpdesk; the others are answered as ever."""
    assert on(Measures(due=1, oldest_due_seconds=86_400)) == ()


def test_overload_goes_at_half():
    """In between it stays as it is, so it does not flicker; `since` is kept."""
    held = on(Measures(due=500))
    later = NOW + timedelta(minutes=5)
    assert [brake.since for brake in on(Measures(due=300), held, now=later)] == [NOW]
    assert on(Measures(due=300)) == ()
    assert on(Measures(due=249), held) == ()


@pytest.mark.parametrize(
    ("spent", "detail"),
    [
        (Measures(spent_today_usd=Decimal("10.02")), "10.02 of 10.00 USD today"),
        (Measures(spent_hour_usd=Decimal("2.00")), "2.00 of 2.00 USD this hour"),
    ],
)
def test_a_spent_budget_stops_the_model(spent, detail):
    """By day or by hour; the next one begins with a full budget."""
    held = on(spent)
    assert [(brake.code, brake.detail) for brake in held] == [("budget", detail)]
    assert on(QUIET, held) == ()
    assert on(spent, rules=Brakes()) == ()


def cluster(count, *, usual=140, windows=672.0, usual_hour=12, windows_hour=56.0, intent="login"):
    return Cluster(intent, tuple(str(n) for n in range(count)), usual, windows, usual_hour, windows_hour)


def test_a_sudden_cluster_is_an_incident():
    """Fourteen of a kind in half an hour, where five a day are usual; the note names the others."""
    (brake,) = on(Measures(clusters=(cluster(14), cluster(2, intent="other"))))
    assert (brake.code, brake.intent, len(brake.tickets)) == ("incident", "login", 14)
    assert brake.detail == "login, 14 tickets in 30 minutes: 6, 7, 8, 9, 10, 11, 12, 13"


def test_an_incident_ends_when_chance_would_do():
    """It stays while there are more than usual, and goes when there are not."""
    held = on(Measures(clusters=(cluster(14),)))
    assert on(Measures(clusters=(cluster(5),)), held)
    assert on(Measures(clusters=(cluster(5),))) == ()
    assert on(Measures(clusters=(cluster(1),)), held) == ()
    assert on(QUIET, held) == ()


def test_what_is_usual_at_this_hour_is_no_incident():
    """Every Monday at nine a dozen ask for their roster."""
    assert not is_sudden(cluster(14, usual_hour=56 * 9), RULES, is_on=False)


def test_without_a_past_nothing_is_sudden():
    """A first day knows no usual, and a few tickets are no cluster whatever the odds."""
    assert not is_sudden(cluster(30, usual=0, windows=0.0, usual_hour=0, windows_hour=0.0), RULES, is_on=False)
    assert not is_sudden(cluster(7, usual=0, windows=9000.0, usual_hour=0, windows_hour=900.0), RULES, is_on=False)


def test_a_brake_counts_for_whom_it_concerns():
    """An incident for its kind of request, the others for all."""
    held = (Brake("incident", NOW, "login, 14 tickets", "login"), Brake("overload", NOW, "520 tickets wait"))
    assert facts_of(held, "login", _never) == ("incident:login, 14 tickets", "overload:520 tickets wait")
    assert facts_of(held, "swap", _never) == ("overload:520 tickets wait",)


def test_an_incident_by_content_counts_for_what_is_like_it():
    """Whatever its intent; and its name is no intent that a message could have."""
    held = (Brake("incident", NOW, "alike in what they say, 14 tickets", "~7", ("7",), (1.0, 0.0)),)
    assert facts_of(held, "swap", lambda brake: brake.centre == (1.0, 0.0)) == (f"incident:{held[0].detail}",)
    assert facts_of(held, "~7", _never) == ()


def _never(brake: Brake) -> bool:
    return False


def test_brakes_go_through_the_record():
    """What one process writes another reads."""
    held = on(Measures(due=600, clusters=(cluster(14),)))
    assert loaded(json.loads(json.dumps(dumped(held)))) == held


@given(st.integers(0, 60), st.integers(0, 500), st.floats(0.1, 1000))
def test_a_chance_is_a_chance(count, usual, windows):
    """Between 0 and 1, and more tickets are never likelier."""
    chance = chance_of(count, usual, windows)
    assert 0.0 <= chance <= 1.0
    assert chance_of(count + 1, usual, windows) <= chance + 1e-9


def days(seed, *, rate, minutes, burst=0):
    """Play a fortnight of usual traffic and then some days; return after how many minutes each incident was seen."""
    draw = random.Random(seed)
    seen = []
    arrivals: list[float] = []
    for minute in range(minutes):
        busy = 1.6 if 480 <= minute % 1440 < 1080 else 0.4
        extra = burst if minute >= minutes - 60 else 0.0
        chance = rate * busy / 1440 + extra / 60
        arrivals += [minute] * sum(draw.random() < chance / 4 for _ in range(4))
        recent = [at for at in arrivals if at > minute - 30]
        past_ = draw_past(rate, minute)
        now = Cluster("login", tuple(str(at) for at in recent), *past_)
        if minute % 5 == 0 and is_sudden(now, RULES, is_on=False):
            seen.append(minute - (minutes - 60))
    return seen


def draw_past(rate, minute):
    """What a fortnight of this traffic counts on average, all day and at this hour."""
    busy = 1.6 if 480 <= minute % 1440 < 1080 else 0.4
    return round(rate * 14), 672.0, round(rate * busy * 14 * 3 / 24), 84.0


def test_usual_traffic_raises_no_false_alarm():
    """Twenty busy days of 60 tickets each, looked at every five minutes: no incident."""
    false = sum(len(days(seed, rate=60, minutes=1440)) for seed in range(20))
    print(f"false incidents in 20 days of 60 tickets: {false}")
    assert false == 0


def test_a_real_incident_is_noticed_in_minutes():
    """Forty tickets in an hour where 60 a day are usual: noticed within 30 minutes in 19 of 20 runs."""
    found = [days(seed, rate=60, minutes=720, burst=40) for seed in range(20)]
    delays = sorted(seen[0] if seen else math.inf for seen in found)
    print(f"minutes until noticed: median {delays[10]}, 95 % within {delays[18]}")
    assert delays[18] <= 30
