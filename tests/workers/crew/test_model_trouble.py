"""A model that struggles is waited for, stood in for, or done without; no ticket stays behind with it."""

from dataclasses import replace

import pytest

from integrations.llm import ModelOutcome
from tests.fakes.crews import keep_working, somebody, work
from tests.fakes.services import classified, drafted, outcome_of
from workers.model_guard import GuardedModel


@pytest.mark.parametrize("outcome", [ModelOutcome.OVERLOADED, ModelOutcome.TIMED_OUT, ModelOutcome.UNREACHABLE])
def test_a_struggling_model_is_waited_for_twice(services, desk, llm, crew_of, asked, outcome):
    """Then people get the ticket with the passages, and are told why there is no draft."""
    llm.say("draft", outcome)
    crew = crew_of(services)
    keep_working(services, crew, desk, asked.id, times=2)
    assert desk.own_messages(asked.id) == []
    keep_working(services, crew, desk, asked.id, times=1)
    (note,) = desk.own_messages(asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("assist", [f"model_failed:{outcome.value}"])
    assert "Open the schedule, choose the shift and press Offer swap." in note.text
    assert [usage.name for usage in llm.asked].count("draft") == 3


def test_a_model_that_recovers_still_drafts(services, desk, llm, crew_of, asked):
    """The second attempt finds it well, and the reply goes out."""
    llm.say("draft", ModelOutcome.OVERLOADED, {"sentences": [], "asks_covered": [], "escalate": "No."})
    crew = crew_of(services)
    keep_working(services, crew, desk, asked.id, times=2)
    assert outcome_of(services, asked.messages[0].id) == ("assist", ["model_escalated"])


def test_a_storm_wears_out_the_model_and_not_the_workers(services, desk, llm, crew_of):
    """Five failures of each model, a probe now and then; all tickets have an outcome, and the record says why."""
    llm.say("classify", ModelOutcome.OVERLOADED)
    llm.say("draft", ModelOutcome.OVERLOADED)
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    crew = crew_of(guarded)
    many = [desk.open_ticket(requester=somebody(number)) for number in range(12)]
    for one in many:
        services.tickets.wake("zendesk", one.id, now=desk.now)
    for _ in range(4):
        for one in many:
            work(crew, one.id)
        desk.tick(20)
    reasons = [outcome_of(services, one.messages[0].id)[1] for one in many]
    assert all({"model_failed:overloaded", "model_failed:resting"} & set(named) for named in reasons)
    assert len(llm.asked) <= 5 + 5 + 6
    llm.say("classify", classified())
    llm.say("draft", drafted())
    desk.tick(121)
    after = desk.open_ticket(requester=somebody(13))
    services.tickets.wake("zendesk", after.id, now=desk.now)
    work(crew, after.id)
    assert outcome_of(services, after.messages[0].id) == ("send", ["confident"])


def test_the_small_model_stands_in_and_a_person_sends(services, desk, llm, crew_of, asked):
    """While only the large model fails the small one writes, and its draft goes through a person."""
    for _ in range(5):
        services.breakers.heard("large", ModelOutcome.OVERLOADED, now=services.now())
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    keep_working(guarded, crew_of(guarded), desk, asked.id, times=1)
    assert outcome_of(services, asked.messages[0].id) == ("draft", ["stopgap_model"])
    assert "smaller model" in desk.own_messages(asked.id)[0].text


def test_a_key_that_is_refused_is_said_in_the_note_and_not_waited_for(services, desk, llm, crew_of, asked):
    """An admin reads in the note where to look."""
    llm.say("draft", ModelOutcome.DENIED)
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    keep_working(guarded, crew_of(guarded), desk, asked.id, times=1)
    (note,) = desk.own_messages(asked.id)
    assert "an admin has to look at the key or the bill" in note.text
    assert services.breakers.of("large").needs_person
