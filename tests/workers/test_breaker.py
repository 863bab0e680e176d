"""The breaker as a pure machine: what opens it, who probes, what closes it, and what is left meanwhile."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.policy import Breaking
from integrations.llm import ModelOutcome
from workers import breaker
from workers.breaker import Breaker, ModelHealth, ModelPath, State

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = Breaking()
CLOSED = Breaker()


def after(*outcomes, start=CLOSED, now=NOW, **more):
    """Return the breaker after these calls, a second apart."""
    for number, outcome in enumerate(outcomes):
        start = breaker.heard(start, outcome, POLICY, now=now + timedelta(seconds=number), **more)
    return start


@pytest.mark.parametrize("outcome", sorted(breaker.STRUGGLES))
def test_five_failures_open_it(outcome):
    """Overload, silence, no connection, and answers that are none: four are bad luck, five are not."""
    assert after(*[outcome] * 4).state(NOW + timedelta(seconds=5)) is State.CLOSED
    opened = after(*[outcome] * 5)
    assert opened.state(NOW + timedelta(seconds=5)) is State.OPEN
    assert (opened.outcome, opened.needs_person) == (outcome.value, False)


@pytest.mark.parametrize("outcome", [ModelOutcome.REFUSED, ModelOutcome.TRUNCATED, ModelOutcome.REJECTED])
def test_what_was_about_one_request_never_opens_it(outcome):
    """A refusal, a text cut off and a request that is not taken say nothing of the next one."""
    assert after(*[outcome] * 30).state(NOW + timedelta(seconds=30)) is State.CLOSED


def test_a_few_failures_among_many_answers_do_not_open_it():
    """Five of twenty is a bad hour, not an outage."""
    mixed = ([ModelOutcome.OK] * 3 + [ModelOutcome.OVERLOADED]) * 5
    assert after(*mixed).state(NOW + timedelta(seconds=20)) is State.CLOSED


def test_failures_long_apart_do_not_add_up():
    """Only the newest minute counts."""
    found = Breaker()
    for minute in range(12):
        found = breaker.heard(found, ModelOutcome.OVERLOADED, POLICY, now=NOW + timedelta(minutes=2 * minute))
    assert found.state(NOW + timedelta(minutes=23)) is State.CLOSED


def test_a_key_that_is_not_let_in_opens_it_at_once():
    """Asking again is no use; it is looked at again every five minutes, and comes back by itself."""
    opened = after(ModelOutcome.DENIED)
    assert (opened.state(NOW), opened.needs_person, opened.wait_seconds(NOW)) == (State.OPEN, True, 300)
    later = NOW + timedelta(seconds=301)
    probing = breaker.admit(opened, POLICY, now=later)
    assert after(ModelOutcome.OK, start=probing, now=later) == Breaker()


def test_a_long_wish_to_wait_opens_it_and_is_cut():
    """An API that asks for an hour is believed, but looked at again after twelve seconds."""
    opened = after(ModelOutcome.OVERLOADED, retry_after_seconds=3600.0)
    assert (opened.state(NOW), opened.wait_seconds(NOW)) == (State.OPEN, 12)


def test_one_probes_at_a_time():
    """The second comer waits; a prober that never comes back is replaced."""
    opened = after(*[ModelOutcome.OVERLOADED] * 5)
    then = NOW + timedelta(seconds=15)
    assert breaker.admit(opened, POLICY, now=NOW + timedelta(seconds=5)) is None
    probing = breaker.admit(opened, POLICY, now=then)
    assert probing is not None
    assert breaker.admit(probing, POLICY, now=then) is None
    assert probing.wait_seconds(then) == 5
    assert breaker.admit(probing, POLICY, now=then + timedelta(seconds=11)) is not None


def test_a_probe_that_fails_doubles_the_pause_up_to_a_limit():
    """10 s, then 12 s each time; and the time it has been so goes on counting."""
    found, now, pauses = after(*[ModelOutcome.OVERLOADED] * 5), NOW + timedelta(seconds=4), []
    for _ in range(6):
        pauses.append(found.wait_seconds(now))
        now += timedelta(seconds=pauses[-1])
        found = breaker.heard(breaker.admit(found, POLICY, now=now), ModelOutcome.OVERLOADED, POLICY, now=now)
    assert pauses == [10, 12, 12, 12, 12, 12]
    assert found.open_seconds(now) == sum(pauses)


def test_a_call_begun_before_it_opened_changes_nothing():
    """Forty workers hang up one after another: that is one outage, not forty."""
    opened = after(*[ModelOutcome.TIMED_OUT] * 5)
    assert after(*[ModelOutcome.TIMED_OUT] * 5, start=opened, now=NOW + timedelta(seconds=5)).times == 1


@pytest.mark.parametrize(
    ("small", "large", "path"),
    [
        ([], [], ModelPath.FULL),
        ([], [ModelOutcome.OVERLOADED] * 5, ModelPath.CHEAP),
        ([ModelOutcome.OVERLOADED] * 5, [], ModelPath.FULL),
        ([ModelOutcome.OVERLOADED] * 5, [ModelOutcome.OVERLOADED] * 5, ModelPath.NONE),
    ],
)
def test_the_path_that_is_left(small, large, path):
    """The small model stands in for the large one; without both, passages are quoted."""
    assert breaker.health(after(*small), after(*large), now=NOW).path is path


def test_one_model_for_both_has_no_stand_in():
    """It cannot stand in for itself."""
    one = after(ModelOutcome.DENIED)
    assert breaker.health(one, one, now=NOW) == ModelHealth(ModelPath.NONE, "denied", True, 0.0)


def test_tickets_wait_a_minute_and_never_for_a_person():
    """A blip is sat out; an outage is gone around; a wrong key is not waited for at all."""
    opened = after(*[ModelOutcome.OVERLOADED] * 5)
    assert breaker.is_worth_waiting(opened, POLICY, now=NOW + timedelta(seconds=30))
    assert not breaker.is_worth_waiting(opened, POLICY, now=NOW + timedelta(seconds=90))
    assert not breaker.is_worth_waiting(after(ModelOutcome.DENIED), POLICY, now=NOW)


steps = st.lists(st.tuples(st.sampled_from(list(ModelOutcome)), st.floats(0, 200), st.floats(0, 1e6)), max_size=60)


@given(steps)
def test_whatever_happens_it_comes_back(steps):
    """After any history it can be written down and read, waits bounded times, and one good answer closes it."""
    found, now = Breaker(), NOW
    for outcome, seconds, wish in steps:
        now += timedelta(seconds=seconds)
        found = breaker.heard(found, outcome, POLICY, now=now, retry_after_seconds=wish)
        assert 0 <= found.wait_seconds(now) <= 300
        assert len(found.recent) <= breaker.REMEMBERED
    assert breaker.from_json(json.loads(json.dumps(breaker.to_json(found)))) == found
    now += timedelta(seconds=found.wait_seconds(now) + 0.001)
    probing = breaker.admit(found, POLICY, now=now)
    assert probing is not None
    assert breaker.heard(probing, ModelOutcome.OK, POLICY, now=now).state(now) is State.CLOSED
