"""Whatever a person does at whichever of our steps: never over them, never twice, always with an outcome and why.

A race that went wrong is printed as it can be run again: `course.run(Race(...))`.
"""

import shutil
from random import Random

import pytest

from tests.races.course import FATES, every_race, failures, ring, share
from tests.races.verdict import KINDS, Race
from workers import protocol
from workers.store.tables import open_engine

SHARE = 150  # half of them on each database
CHAOS = 300


@pytest.fixture
def course(database_url):
    """An account, its server and our services on a fresh database."""
    engine = open_engine(database_url)
    with ring(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def any_course(empty_sqlite, tmp_path):
    """The same where the database is no matter: what is tested is the races themselves."""
    engine = open_engine(f"sqlite:///{shutil.copy(empty_sqlite, tmp_path / 'any.sqlite3')}")
    with ring(engine) as made:
        yield made
    engine.dispose()


@pytest.mark.timeout(300)
def test_a_share_of_all_races_ends_well(course, seed):
    """Every act, and a random draw of moments, answers lost and kept."""
    races = every_race(course, KINDS, FATES, random=Random(seed), most=SHARE)
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


def test_what_is_not_looked_for_is_found_by_the_races(any_course, monkeypatch):
    """Races that find nothing wrong with a blind worker would be worth nothing."""
    acts = ("answers", "notes", "assigns", "sets pending", "solves", "asks", "stops", "merges in")
    monkeypatch.setattr(protocol, "last_look", lambda facts, decision: decision)
    races = [Race("send", act, 6) for act in acts]
    assert set(failures(any_course, races)) == set(races)


def test_words_that_changed_are_found_by_the_races(any_course, monkeypatch):
    """The same for what was asked, and by whom."""
    races = [Race("send", act, 6) for act in ("redacts", "makes private", "changes requester")]
    monkeypatch.setattr(protocol, "is_asked_otherwise", lambda before, now: False)
    assert set(failures(any_course, races)) == set(races)


def test_an_answer_that_is_lost_is_doubled_if_nobody_reads_back(any_course, monkeypatch):
    """The mark is what keeps a second try from being a second reply."""
    monkeypatch.setattr(protocol, "find_own", lambda *_: None)
    verdict = any_course.run(Race("send", "nothing", 0, "answer lost"))
    assert verdict.doubled or verdict.unexplained
