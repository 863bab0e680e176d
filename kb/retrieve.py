"""Pure: what the searches and the history say about the chunks of a few documents -> best passages first.

A document is ordered by its best two chunks, by how near it is as a whole, by the words it shares with the question
over all its chunks, and by how often staff sent it for similar tickets. BM25 counts as it is, not as a share of the
best one: it grows with the rare words of a question, so keywords weigh more for a long ticket than for a short one.
Rank fusion was measured and dropped: it forgets how good a match is, and let keywords outvote better vectors.

The score of a passage is another thing: it says how strong the evidence is, 0..1, the same for every question.
The weights are chosen on real questions to one help centre together with six other sets, large and small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Reread = Callable[[Ints], Floats]

SECOND_WEIGHT = 0.3  # of a document's second best chunk: an article about it says so more than once
WHOLE_WEIGHT = 0.3  # of the cosine with the middle of all its chunks
WORDS_WEIGHT = 0.015  # of the BM25 of its chunks, added up and divided by their number to the power of WORDS_BEND
WORDS_BEND = 0.75  # between a sum, which favours long articles, and a mean, which favours short ones
HISTORY_WEIGHT = 1.0  # of what the history says for a document
HISTORY_BEND = 0.6  # its power: that staff sent it at all says more than how often, for they send a few all the time
KEYWORD_WEIGHT = 0.07  # in the score
HISTORY_TRUST = 0.1  # in the score: a well-proven article is stronger evidence, but never by itself
CODE_WEIGHT = 0.4  # the chunk holds an error code, SKU or setting of the question that few documents have
REREAD = 20  # passages that a reranker judges
PER_DOCUMENT = 2  # passages of one document
_LONE = 0.9  # a document of one chunk is taken to have a second one nearly as good: short articles are no worse

# Raw value -> score. Anchors: the best chunk for questions about other things, weak ones, and clearly right ones.
_RAW = (0.0, 0.36, 0.45, 0.53, 0.75, 1.05)
_SCORE = (0.0, 0.30, 0.45, 0.57, 0.85, 1.0)
_KEYWORDS_ALONE = 0.44  # keywords without vectors are never strong evidence, unless they are a code


@dataclass(frozen=True)
class Candidates:
    """Chunks as both searches saw them: a value a chunk, those of a document together; or a value a document.

    All chunks of a document that may be seen should be there: how well the others fit counts.
    """

    rows: Ints
    starts: Ints  # where each document begins
    similarity: Floats  # cosine with the question; nan where no vector was to be had
    bm25: Floats
    has_code: NDArray[np.bool_]
    whole: Floats  # a document: cosine with the middle of its chunks
    votes: Floats  # a document: what the history says for it, -1..1

    @cached_property
    def sizes(self) -> Ints:
        return np.diff(self.starts, append=len(self.rows))

    @cached_property
    def owners(self) -> Ints:
        """Return the number of the document of each chunk."""
        return np.repeat(np.arange(len(self.starts)), self.sizes)


@dataclass(frozen=True, slots=True)
class Ranked:
    row: int
    score: float
    similarity: float
    keyword: float  # BM25 divided by the best one for this question


def rank(found: Candidates, limit: int, reread: Reread | None = None) -> list[Ranked]:
    """Return the best passages, at most PER_DOCUMENT of a document, best first.

    `reread` judges the best of them once more, by their rows. A better place there counts as much as a better place
    here, so that what staff sent and exact words keep their say whatever its numbers mean.

    Documents with a rare code of the question always have a place, if need be of those that have none but the first.
    """
    if not len(found.rows):
        return []
    similarity = np.nan_to_num(found.similarity)
    keyword = found.bm25 / (float(found.bm25.max()) or 1.0)
    near = similarity + CODE_WEIGHT * found.has_code
    strength = near + KEYWORD_WEIGHT * keyword
    order = near + (_support(near, found) + _extra(found))[found.owners]
    raw = strength + (_support(strength, found) + HISTORY_TRUST * found.votes)[found.owners]
    kept = _best_of_each(strength, found)
    kept = kept[np.lexsort((found.rows[kept], -order[kept]))]
    if reread and len(kept):
        best, rest = kept[:REREAD], kept[REREAD:]
        places = np.argsort(np.argsort(-reread(found.rows[best]), kind="stable"), kind="stable")
        kept = np.concatenate([best[np.argsort(places + np.arange(len(best)), kind="stable")], rest])
    shown = _with_codes(kept, limit, found)
    alone = _KEYWORDS_ALONE * keyword + CODE_WEIGHT * found.has_code
    score = np.where(np.isnan(found.similarity), alone, calibrate(raw))
    return [Ranked(int(found.rows[at]), float(score[at]), float(similarity[at]), float(keyword[at])) for at in shown]


def calibrate(raw: Floats) -> Floats:
    """Return the scores for raw values. Monotone, so it never changes an order."""
    return np.asarray(np.interp(raw, _RAW, _SCORE))


def _with_codes(kept: Ints, limit: int, found: Candidates) -> Ints:
    """Return the first of the kept chunks; the last of them make room for documents with a code that are not there."""
    shown = kept[:limit].copy()
    room = [at for at in range(1, len(shown)) if not found.has_code[shown[at]]] or ([0] if len(shown) == 1 else [])
    present = set(found.owners[shown[found.has_code[shown]]].tolist())
    for chunk in kept[limit:][found.has_code[kept[limit:]]]:
        if room and found.owners[chunk] not in present:
            present.add(found.owners[chunk])
            shown[room.pop()] = chunk
    return shown


def _extra(found: Candidates) -> Floats:
    """Return what counts for a document beside its best chunks."""
    words = np.add.reduceat(found.bm25, found.starts) / found.sizes**WORDS_BEND
    said = np.sign(found.votes) * np.abs(found.votes) ** HISTORY_BEND
    return np.asarray(WHOLE_WEIGHT * found.whole + WORDS_WEIGHT * words + HISTORY_WEIGHT * said)


def _support(values: Floats, found: Candidates) -> Floats:
    """Return what a document's second best chunk adds to its best one, or takes from it."""
    order = np.lexsort((-values, found.owners))
    best = values[order[found.starts]]
    following = values[order[np.minimum(found.starts + 1, len(values) - 1)]]
    second = np.where(found.sizes > 1, following, _LONE * best)
    return np.asarray((best + SECOND_WEIGHT * second) / (1.0 + SECOND_WEIGHT) - best)


def _best_of_each(strength: Floats, found: Candidates) -> Ints:
    """Return where the strongest chunks of each document are."""
    order = np.lexsort((found.rows, -strength, found.owners))
    place = np.arange(len(order)) - np.repeat(found.starts, found.sizes)
    return np.asarray(order[place < PER_DOCUMENT], np.int64)
