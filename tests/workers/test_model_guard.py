"""A model that fails is not asked again by anybody, and the answer says so at once."""

from datetime import timedelta

from pydantic import BaseModel

from integrations.llm import ModelOutcome, RenderedPrompt
from tests.fakes.llm import ScriptedLLM
from workers.model_guard import GuardedModel

PROMPT = RenderedPrompt("draft", "hash", "system", "user")


class Said(BaseModel):
    text: str


def ask(guard):
    return guard.ask(PROMPT, Said, model="large", max_tokens=10, deadline_seconds=5.0)


def test_a_resting_model_is_not_asked(services, desk):
    """Five calls fail; the sixth is not made and costs nothing; after the pause one probe finds it well."""
    llm = ScriptedLLM(draft=[*[ModelOutcome.OVERLOADED] * 5, {"text": "Hello."}])
    guard = GuardedModel(llm, services.breakers, services.now)
    assert [ask(guard).usage.outcome for _ in range(5)] == [ModelOutcome.OVERLOADED] * 5
    resting = ask(guard)
    assert (resting.value, resting.usage.outcome, resting.usage.attempts) == (None, ModelOutcome.RESTING, 0)
    assert resting.usage.retry_after_seconds == 10
    assert len(llm.asked) == 5
    desk.tick(11)
    assert ask(guard).value == Said(text="Hello.")
    assert ask(guard).usage.outcome is ModelOutcome.OK


def test_the_wish_of_the_api_is_passed_on(services, desk):
    """A long Retry-After closes the door for all at once."""
    guard = GuardedModel(
        ScriptedLLM(retry_after_seconds=300.0, draft=[ModelOutcome.OVERLOADED]), services.breakers, services.now
    )
    ask(guard)
    assert ask(guard).usage.retry_after_seconds == 12
    desk.now += timedelta(seconds=121)
    assert ask(guard).usage.outcome is ModelOutcome.OVERLOADED
