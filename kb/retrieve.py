"""Pure: what two searches say about the chunks of a few documents -> one score 0..1, best passages first.

The cosine carries the score, so that it means the same for every question; keywords only tip the balance. Rank fusion
was measured and dropped: it forgets how good a match is, and let keywords outvote better vectors.
The weights are fitted on 1,111 real questions to a help centre and were checked on 609 later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SECOND_WEIGHT = 0.3  # of a document's second best chunk: an article about it says so more than once
KEYWORD_WEIGHT = 0.07
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


@dataclass(frozen=True, slots=True)
class Ranked:
    row: int
    score: float
    similarity: float
    keyword: float


def rank(candidates: Sequence[Candidate], limit: int) -> list[Ranked]:
    """Return the best passages, at most PER_DOCUMENT of a document, in the order of their scores.

    All chunks of a document that may be seen should be among the candidates: how well the second one fits counts.
    """
    documents: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        documents.setdefault(candidate.document_id, []).append(candidate)
    ranked = sorted(
        (passage for group in documents.values() for passage in _rank_document(group)),
        key=lambda pair: (-pair[0], pair[1].row),
    )
    return [passage for _, passage in ranked[:limit]]


def calibrate(raw: float) -> float:
    """Return the score for a raw value. Monotone, so it never changes an order."""
    return float(np.interp(raw, _RAW, _SCORE))


def _rank_document(group: list[Candidate]) -> list[tuple[float, Ranked]]:
    """Return raw value and passage of a document's best chunks. The raw value orders: the score ends at 1."""
    group = sorted(group, key=lambda candidate: (-_own(candidate), candidate.row))
    best = _own(group[0])
    second = _own(group[1]) if len(group) > 1 else _LONE * best
    support = (best + SECOND_WEIGHT * second) / (1.0 + SECOND_WEIGHT)
    return [_ranked(candidate, _own(candidate) - best + support) for candidate in group[:PER_DOCUMENT]]


def _ranked(candidate: Candidate, raw: float) -> tuple[float, Ranked]:
    score = calibrate(raw)
    if candidate.similarity is None:
        code = CODE_WEIGHT if candidate.has_code else 0.0
        score = _KEYWORDS_ALONE * candidate.keyword + code
    return raw, Ranked(candidate.row, score, candidate.similarity or 0.0, candidate.keyword)


def _own(candidate: Candidate) -> float:
    code = CODE_WEIGHT if candidate.has_code else 0.0
    return (candidate.similarity or 0.0) + KEYWORD_WEIGHT * candidate.keyword + code
