"""The breakers in SQL: shared by all processes, written only in trouble, and of use while the database is away."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config.policy import Breaking, Models, Outage
from integrations.llm import ModelOutcome
from workers.breaker import ModelPath
from workers.store.breakers import HELPDESK, Breakers
from workers.store.tables import pointer, reading

OVERLOADED, OK = ModelOutcome.OVERLOADED, ModelOutcome.OK


@pytest.fixture
def shared(engine):
    """Make the breakers of one more process."""
    return lambda: Breakers(engine, Breaking(), fresh_seconds=0.0)


def test_what_one_process_hears_all_know(shared, now):
    """Five failures in five processes open it for the sixth, and one good probe closes it for all."""
    for _ in range(5):
        shared().heard("large", OVERLOADED, now=now)
    assert shared().admit("large", now=now) == 10
    later = now + timedelta(seconds=11)
    assert shared().admit("large", now=later) is None
    assert shared().admit("large", now=later) == 5  # somebody probes
    shared().heard("large", OK, now=later)
    assert shared().admit("large", now=later) is None
    assert shared().admit("small", now=now) is None


def test_one_of_many_threads_probes(shared, now):
    """However many ask in the same moment."""
    shared().heard("large", ModelOutcome.DENIED, now=now)
    later, admitted = now + timedelta(seconds=301), []
    threads = [
        threading.Thread(target=lambda: admitted.append(shared().admit("large", now=later) is None)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 1


def test_a_healthy_model_costs_no_write(shared, engine, now):
    """A good answer is noted only while failures are being counted."""
    breakers = shared()
    for _ in range(20):
        assert breakers.admit("large", now=now) is None
        breakers.heard("large", OK, now=now)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(pointer)) == 0


def test_the_path_left_is_told_by_the_models_of_policy(shared, now):
    """The small model writes while only the large one rests."""
    for _ in range(5):
        shared().heard("large", OVERLOADED, now=now)
    health = shared().health(Models(classify="small", draft="large"), now=now)
    assert (health.path, health.outcome) == (ModelPath.CHEAP, "overloaded")
    assert shared().is_worth_waiting("large", now=now)


def test_a_model_and_a_helpdesk_of_one_name_are_two(shared, engine, now):
    """Each kind has its own rows and its own rules."""
    outages = Breakers(engine, Outage(), kind=HELPDESK, fresh_seconds=0.0)
    for _ in range(3):
        outages.heard("large", ModelOutcome.UNREACHABLE, now=now)
    assert (outages.admit("large", now=now), shared().admit("large", now=now)) == (2, None)


def test_a_probe_that_is_not_made_is_given_back(shared, now):
    """Another one may ask at once."""
    shared().heard("large", ModelOutcome.DENIED, now=now)
    later = now + timedelta(seconds=301)
    assert shared().admit("large", now=later) is None
    shared().gave_back("large", now=later)
    assert shared().admit("large", now=later) is None


def test_without_a_database_each_process_goes_on_alone(shared, engine, now, monkeypatch):
    """What it heard itself still opens its own breaker."""
    breakers = shared()
    for table in ("pointer",):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO away")
    for _ in range(5):
        breakers.heard("large", OVERLOADED, now=now)
    assert breakers.admit("large", now=now) == 10
