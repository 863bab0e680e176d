"""Rate limits of the model's API: shown always, held on request, refilled steadily."""

import pytest

from scripts.sandbox.model_errors import ApiError
from scripts.sandbox.model_limits import ModelLimits


class Time:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_spent_budget_refuses_until_it_has_refilled():
    """429 with Retry-After, which is enough to wait; each class of model has its own budget."""
    time = Time()
    limits = ModelLimits(time)
    limits.enforced, limits.per_minute["requests"] = True, 6
    for _ in range(6):
        limits.admit("haiku", 10)
    with pytest.raises(ApiError, match="6 requests per minute") as refused:
        limits.admit("haiku", 10)
    limits.admit("sonnet", 10)
    assert refused.value.headers == {"Retry-After": "10"}
    time.now += 10
    limits.admit("haiku", 10)


def test_tokens_are_budgets_too():
    """Uncached input counts before the answer, output after it."""
    limits = ModelLimits(Time())
    limits.enforced, limits.per_minute["input_tokens"] = True, 1000
    with pytest.raises(ApiError, match="1000 input tokens"):
        limits.admit("haiku", 1001)
    limits.spend("haiku", limits.per_minute["output_tokens"])
    with pytest.raises(ApiError, match="output tokens"):
        limits.admit("haiku", 10)


def test_nothing_is_refused_unless_enforced():
    """Counted and shown all the same."""
    limits = ModelLimits(Time())
    limits.per_minute["requests"] = 2
    for _ in range(5):
        limits.admit("haiku", 1)
    headers = limits.headers("haiku")
    assert headers["anthropic-ratelimit-requests-limit"] == "2"
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert headers["anthropic-ratelimit-input-tokens-remaining"] == "399995"
