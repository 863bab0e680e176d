"""Ranking: one comparable score, cosine first, codes win, documents share the list."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from kb.retrieve import PER_DOCUMENT, Candidates, Ranked, Reread, calibrate
from kb.retrieve import rank as rank_arrays


class Candidate(NamedTuple):
    """One chunk, as the searches saw it."""

    row: int
    document_id: str
    similarity: float | None
    bm25: float = 0.0
    has_code: bool = False


def rank(
    chunks: Sequence[Candidate],
    limit: int,
    *,
    whole: Mapping[str, float] | None = None,
    votes: Mapping[str, float] | None = None,
    reread: Reread | None = None,
) -> list[Ranked]:
    """Rank chunks given one by one; a document that `whole` does not name is as near as its best chunk."""
    ids = list(dict.fromkeys(chunk.document_id for chunk in chunks))
    groups = [[chunk for chunk in chunks if chunk.document_id == id_] for id_ in ids]
    every = [chunk for group in groups for chunk in group]
    nearest = [max(chunk.similarity or 0.0 for chunk in group) for group in groups]
    found = Candidates(
        np.array([chunk.row for chunk in every], np.int64),
        np.cumsum([0, *map(len, groups)])[:-1],
        np.array([np.nan if chunk.similarity is None else chunk.similarity for chunk in every]),
        np.array([chunk.bm25 for chunk in every]),
        np.array([chunk.has_code for chunk in every], np.bool_),
        np.array([(whole or {}).get(id_, near) for id_, near in zip(ids, nearest, strict=True)]),
        np.array([(votes or {}).get(id_, 0.0) for id_ in ids]),
    )
    return rank_arrays(found, limit, reread)


def test_the_cosine_leads() -> None:
    """A clearly nearer chunk wins against the best keywords."""
    near, worded = Candidate(0, "a", 0.60, 0.0), Candidate(1, "b", 0.45, 1.0)
    assert [found.row for found in rank([worded, near], 5)] == [0, 1]


def test_keywords_tip_the_balance() -> None:
    """Between equally near chunks the one with the words wins."""
    few, many = Candidate(0, "a", 0.5, 1.0), Candidate(1, "b", 0.5, 9.0)
    assert rank([few, many], 5)[0].row == 1


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
    scores = list(calibrate(np.arange(-60, 100) / 50))
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


def test_a_code_always_has_a_place() -> None:
    """However good the others are and whatever staff sent before, one passage with the code is among the first."""
    others = [Candidate(row, f"d{row}", 0.9, 40.0) for row in range(9)]
    coded = Candidate(9, "z", 0.05, 0.0, has_code=True)
    votes = {f"d{row}": 1.0 for row in range(9)}
    assert [found.row for found in rank([*others, coded], 3, votes=votes)] == [0, 1, 9]


def test_a_code_is_not_kept_out_by_another_one() -> None:
    """Of two codes in a question, the one whose document is far behind has its place too; the best stays first."""
    others = [Candidate(row, f"d{row}", 0.9, 40.0) for row in range(9)]
    near, far = Candidate(9, "y", 0.7, 5.0, has_code=True), Candidate(10, "z", 0.05, 0.0, has_code=True)
    votes = {f"d{row}": 1.0 for row in range(9)}
    assert [found.row for found in rank([*others, near, far], 3, votes=votes)] == [0, 10, 9]


def test_what_staff_sent_comes_first_and_what_was_wrong_last() -> None:
    """The history orders documents of like words; it strengthens the score of one a little, and never by itself."""
    three = [Candidate(row, name, 0.5, 0.5) for row, name in enumerate("abc")]
    plain = {found.row: found.score for found in rank(three, 3)}
    found = rank(three, 3, votes={"b": 0.6, "a": -0.3})
    assert [passage.row for passage in found] == [1, 2, 0]
    assert 0 < found[0].score - plain[1] < 0.1


def test_a_document_near_as_a_whole_wins() -> None:
    """Of documents with equal chunks the one whose middle is nearer comes first."""
    pair = [Candidate(0, "a", 0.5, 0.5), Candidate(1, "b", 0.5, 0.5)]
    assert rank(pair, 2, whole={"a": 0.3, "b": 0.5})[0].row == 1


def test_one_ticket_says_more_than_its_share() -> None:
    """That staff sent a document at all counts for more than that they sent another one more often."""
    three = [Candidate(row, name, 0.5 - 0.1 * row) for row, name in enumerate("abc")]
    assert [found.row for found in rank(three, 3, votes={"a": 0.4, "c": 0.2})] == [0, 2, 1]
    assert [found.row for found in rank(three, 3, votes={"b": 0.1})] == [1, 0, 2]


def test_a_second_reading_moves_passages_by_places() -> None:
    """What both put well leads; the first that it puts last stays before what is behind in both. No score changes."""
    chunks = [Candidate(row, f"d{row}", 0.9 - row / 10) for row in range(4)]
    plain = rank(chunks, 4)
    again = rank(chunks, 4, reread=lambda rows: np.array([{0: 0.1, 1: 9.0, 2: 0.3, 3: 0.2}[row] for row in rows]))
    assert [found.row for found in plain] == [0, 1, 2, 3]
    assert [found.row for found in again] == [1, 0, 2, 3]
    assert {found.row: found.score for found in again} == {found.row: found.score for found in plain}


def test_a_second_reading_does_not_hide_a_code() -> None:
    """Whatever it thinks of the chunk with the code, that chunk has a place."""
    others = [Candidate(row, f"d{row}", 0.9, 40.0) for row in range(9)]
    coded = Candidate(9, "z", 0.05, 0.0, has_code=True)
    found = rank([*others, coded], 3, reread=lambda rows: -np.asarray(rows, np.float32))
    assert 9 in [one.row for one in found]
