"""Whatever a person does in an Intercom conversation at whichever of our steps: never over what we could know.

A race that went wrong is printed as it can be run again: `course.run(Race(...))`.
"""

from random import Random

import pytest

from tests.races.course import FATES, failures, ring, share
from tests.races.intercom import IntercomRing, every_race
from tests.races.verdict import KINDS, Race
from workers import protocol
from workers.store.tables import open_engine

SHARE = 30  # half of them on each database
CHAOS = 150


@pytest.fixture
def course(database_url):
    """A workspace, its server and our services on a fresh database."""
    engine = open_engine(database_url)
    with ring(engine, IntercomRing) as made:
        yield made
    engine.dispose()


@pytest.mark.timeout(300)
def test_a_share_of_all_races_ends_well(course, seed):
    """Every act, and a random draw of moments, answers lost and kept."""
    races = every_race(course, KINDS, FATES[:3], random=Random(seed), most=SHARE)
    print(f"seed {seed}")
    assert failures(course, share(course, races)) == {}


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_all_races_end_well(course, seed, soak_minutes):
    """Each act at each step; with lost and late writes a large draw, and all of these too in a soak."""
    others = [fate for fate in FATES if fate != "kept"]
    draw = None if soak_minutes else Random(seed)
    races = every_race(course, KINDS, ["kept"]) + every_race(course, KINDS, others, random=draw, most=CHAOS)
    print(f"seed {seed}")
    assert failures(course, races) == {}


def test_what_is_not_looked_for_is_found_by_the_races(course, monkeypatch):
    """Races that find nothing wrong with a blind worker would be worth nothing."""
    monkeypatch.setattr(protocol, "last_look", lambda facts, decision: decision)
    course.run(Race("send", "nothing", 0))
    looks = [place for place, step in enumerate(course.steps) if step.startswith("GET /conversations/")]
    races = [Race("send", act, looks[1]) for act in ("notes", "stops")]
    assert set(failures(course, races)) == set(races)
