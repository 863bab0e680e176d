"""Ranking: one comparable score, cosine first, codes win, documents share the list."""

import pytest

from kb.retrieve import PER_DOCUMENT, Candidate, calibrate, rank


def test_the_cosine_leads() -> None:
    """A clearly nearer chunk wins against the best keywords."""
    near, worded = Candidate(0, "a", 0.60, 0.0), Candidate(1, "b", 0.45, 1.0)
    assert [found.row for found in rank([worded, near], 5)] == [0, 1]


def test_keywords_tip_the_balance() -> None:
    """Between equally near chunks the one with the words wins."""
    assert rank([Candidate(0, "a", 0.5, 0.1), Candidate(1, "b", 0.5, 0.9)], 5)[0].row == 1


def test_a_rare_code_wins() -> None:
    """The chunk with the error code comes before one that is much nearer."""
    assert rank([Candidate(0, "a", 0.62, 0.4), Candidate(1, "b", 0.42, 1.0, has_code=True)], 5)[0].row == 1


def test_a_second_fitting_chunk_supports_its_document() -> None:
    """Of two documents with equally good best chunks, the one that has another good one wins."""
    lone = [Candidate(0, "a", 0.5, 0.0), Candidate(1, "a", 0.1, 0.0)]
    twice = [Candidate(2, "b", 0.5, 0.0), Candidate(3, "b", 0.48, 0.0)]
    assert rank([*lone, *twice], 5)[0].row == 2


def test_documents_share_the_list() -> None:
    """No document takes more than its places, and the limit holds."""
    crowd = [Candidate(row, "a", 0.7, 0.0) for row in range(10)] + [Candidate(10, "b", 0.3, 0.0)]
    assert [found.row for found in rank(crowd, 5)] == [0, 1, 10]
    assert len(rank(crowd, 1)) == 1
    assert PER_DOCUMENT == 2


def test_scores_keep_the_order_and_the_range() -> None:
    """The score grows with its raw value and stays within 0..1, far beyond the usual values too."""
    scores = [calibrate(raw / 50) for raw in range(-60, 100)]
    assert scores == sorted(scores)
    assert (min(scores), max(scores)) == (0.0, 1.0)


def test_keywords_alone_are_weak() -> None:
    """Without vectors even the best words stay below what policy asks for a reply; a code may pass it."""
    assert rank([Candidate(0, "a", None, 1.0)], 1)[0].score < 0.45
    assert rank([Candidate(0, "a", None, 1.0, has_code=True)], 1)[0].score > 0.45


@pytest.mark.parametrize("limit", [0, 3])
def test_nothing_gives_nothing(limit: int) -> None:
    """No candidates, no passages."""
    assert rank([], limit) == []
