"""Habits: what the tickets of a document have in common decides, rare documents have none, and chances add up."""

import numpy as np
import pytest

from kb.habits import LEAST_SENT, MOST_DOCUMENTS, Habits, habits


def near(direction: int, count: int, seed: int = 1) -> np.ndarray:
    """Return unit vectors around one of eight axes."""
    rows = np.random.default_rng(seed).normal(0, 0.2, (count, 8)).astype(np.float32)
    rows[:, direction] += 1.0
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def learned(*groups: tuple[str, int, int]) -> Habits:
    """Learn from groups of (document, axis, tickets)."""
    vectors = np.vstack([near(axis, count) for _, axis, count in groups])
    found = habits(vectors, [{name: 1.0} for name, _, count in groups for _ in range(count)])
    assert found is not None
    return found


def test_a_question_leads_to_what_is_sent_for_its_kind() -> None:
    """The document of alike tickets is likely, the other is not, and all chances together are one."""
    shares = learned(("swap", 0, 20), ("pay", 1, 20)).shares(near(0, 1, seed=5)[0])
    assert shares["swap"] > 0.9
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-5)


def test_of_two_that_fit_as_well_the_usual_is_likelier() -> None:
    """Where two articles serve the same kind of ticket, what is sent four times as often leads."""
    shares = learned(("often", 0, 40), ("seldom", 0, 10), ("other", 1, 30)).shares(near(0, 1, seed=5)[0])
    assert shares["often"] > 2 * shares["seldom"]


def test_one_odd_ticket_makes_no_habit() -> None:
    """What was sent fewer times than it takes is not among the documents."""
    assert "odd" not in learned(("swap", 0, 9), ("pay", 1, 9), ("odd", 0, LEAST_SENT - 1)).documents


def test_what_was_wrong_is_no_habit() -> None:
    """A document that was called wrong on every ticket is never likely."""
    vectors = np.vstack([near(0, 9), near(1, 9)])
    found = habits(vectors, [{"a": 1.0, "bad": -1.0}] * 9 + [{"b": 1.0, "bad": -1.0}] * 9)
    assert found is not None
    assert set(found.documents) == {"a", "b"}


def test_a_ticket_with_two_documents_speaks_for_both() -> None:
    """Neither of two articles that were sent together is taken for wrong."""
    both = habits(np.vstack([near(0, 12), near(1, 12)]), [{"a": 1.0, "b": 1.0}] * 12 + [{"c": 1.0}] * 12)
    assert both is not None
    shares = both.shares(near(0, 1, seed=5)[0])
    assert min(shares["a"], shares["b"]) > 5 * shares["c"]


@pytest.mark.parametrize("sent", [[], [{}] * 9, [{"only": 1.0}] * 9, [{"a": 1.0}, {"b": 1.0}]])
def test_too_little_makes_none(sent: list[dict[str, float]]) -> None:
    """Without tickets, with one document, or with nothing sent often enough there is nothing to choose between."""
    assert habits(near(0, max(len(sent), 1))[: len(sent)], sent) is None


def test_only_the_most_sent_have_one() -> None:
    """The number of documents is bounded, and with it the memory and the time."""
    sent = [{str(number): 1.0} for number in range(MOST_DOCUMENTS + 5) for _ in range(LEAST_SENT + (number >= 5))]
    found = habits(np.zeros((len(sent), 8), np.float32), sent)
    assert found is not None
    assert set(found.documents) == {str(number) for number in range(5, MOST_DOCUMENTS + 5)}
