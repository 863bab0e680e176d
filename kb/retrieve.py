"""Pure: what the searches and the history say about the chunks of a few documents -> best passages first.

A document is ordered by its best two chunks, by how near it is as a whole, by the words it shares with the question
over all its chunks, and by how often staff sent it for similar tickets. BM25 counts as it is, not as a share of the
best one: it grows with the rare words of a question, so keywords weigh more for a long ticket than for a short one.
Rank fusion was measured and dropped: it forgets how good a match is, and let keywords outvote better vectors.

The score of a passage is another thing: it says how strong the evidence is, 0..1, the same for every question.
The weights are fitted on real questions to one help centre and checked on later ones and on six other sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SECOND_WEIGHT = 0.3  # of a document's second best chunk: an article about it says so more than once
WHOLE_WEIGHT = 0.3  # of the cosine with the middle of all its chunks
WORDS_WEIGHT = 0.0045  # of the BM25 of its chunks, added up and divided by the root of their number
HISTORY_WEIGHT = 0.8  # of the share that a document has in what staff sent for similar tickets
KEYWORD_WEIGHT = 0.07  # in the score
HISTORY_TRUST = 0.1  # in the score: a well-proven article is stronger evidence, but never by itself
CODE_WEIGHT = 0.4  # the chunk holds an error code, SKU or setting of the question that few documents have
PER_DOCUMENT = 2  # passages of one document
_LONE = 0.9  # a document of one chunk is taken to have a second one nearly as good: short articles are no worse

# Raw value -> score. Anchors: the best chunk for questions about other things, weak ones, and clearly right ones.
_RAW = (0.0, 0.36, 0.45, 0.53, 0.75, 1.05)
_SCORE = (0.0, 0.30, 0.45, 0.57, 0.85, 1.0)
_KEYWORDS_ALONE = 0.44  # keywords without vectors are never strong evidence, unless they are a code


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk as both searches saw it. `similarity` is None where no vector was to be had."""

    row: int
    document_id: str
    similarity: float | None
    keyword: float  # BM25 divided by the best one for this question
    has_code: bool = False
    bm25: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranked:
    row: int
    score: float
    similarity: float
    keyword: float


@dataclass(frozen=True, slots=True)
class _Placed:
    order: float
    passage: Ranked
    has_code: bool


def rank(
    candidates: Sequence[Candidate],
    limit: int,
    *,
    whole: Mapping[str, float] | None = None,
    votes: Mapping[str, float] | None = None,
) -> list[Ranked]:
    """Return the best passages, at most PER_DOCUMENT of a document, best first.

    All chunks of a document that may be seen should be among the candidates: how well the others fit counts. `whole`
    is document id -> cosine with the middle of its chunks, `votes` document id -> what the history says for it, -1..1.
    A chunk with a rare code of the question always has a place, the last if no better one.
    """
    documents: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        documents.setdefault(candidate.document_id, []).append(candidate)
    placed = [
        passage
        for id_, group in documents.items()
        for passage in _rank_document(group, (whole or {}).get(id_), (votes or {}).get(id_, 0.0))
    ]
    placed.sort(key=lambda found: (-found.order, found.passage.row))
    shown = placed[:limit]
    if shown and not any(found.has_code for found in shown):
        shown[-1] = next((found for found in placed if found.has_code), shown[-1])
    return [found.passage for found in shown]


def calibrate(raw: float) -> float:
    """Return the score for a raw value. Monotone, so it never changes an order."""
    return float(np.interp(raw, _RAW, _SCORE))


def _rank_document(group: list[Candidate], whole: float | None, vote: float) -> list[_Placed]:
    """Return a document's best chunks, each with what orders it among those of others."""
    group = sorted(group, key=lambda candidate: (-_strength(candidate), candidate.row))
    words = sum(candidate.bm25 for candidate in group) / len(group) ** 0.5
    near = max(candidate.similarity or 0.0 for candidate in group) if whole is None else whole
    extra = WHOLE_WEIGHT * near + WORDS_WEIGHT * words + HISTORY_WEIGHT * vote
    best, support = _supported([_near(candidate) for candidate in group])
    strongest, strength = _supported([_strength(candidate) for candidate in group])
    return [
        _Placed(
            _near(candidate) - best + support + extra,
            _ranked(candidate, _strength(candidate) - strongest + strength + HISTORY_TRUST * vote),
            candidate.has_code,
        )
        for candidate in group[:PER_DOCUMENT]
    ]


def _supported(values: list[float]) -> tuple[float, float]:
    """Return the best of a document's chunks, and the same after the second best has had its say."""
    best, *others = sorted(values, reverse=True)
    second = others[0] if others else _LONE * best
    return best, (best + SECOND_WEIGHT * second) / (1.0 + SECOND_WEIGHT)


def _ranked(candidate: Candidate, raw: float) -> Ranked:
    score = calibrate(raw)
    if candidate.similarity is None:
        code = CODE_WEIGHT if candidate.has_code else 0.0
        score = _KEYWORDS_ALONE * candidate.keyword + code
    return Ranked(candidate.row, score, candidate.similarity or 0.0, candidate.keyword)


def _near(candidate: Candidate) -> float:
    return (candidate.similarity or 0.0) + (CODE_WEIGHT if candidate.has_code else 0.0)


def _strength(candidate: Candidate) -> float:
    return _near(candidate) + KEYWORD_WEIGHT * candidate.keyword
