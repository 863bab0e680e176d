"""The library's door: put(), remove(), search(); remember(), forget(), similar() for what solved tickets teach; and
repair() and health() for those who run it.

The shelf (SQL) is the truth. Chroma and the in-memory snapshot are built from it, so either may be lost.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from kb.chunk import chunk, content_hash, embedded_text
from kb.domain import (
    Chunk,
    Document,
    Filter,
    Passage,
    Precedent,
    PutReport,
    Query,
    SearchResult,
    Shelf,
    ShelvedChunk,
    ShelvedPrecedent,
    SimilarTicket,
    Source,
)
from kb.embed import Embedder
from kb.history import LEAST_ALIKE, Votes, histories
from kb.index import ChromaIndex, IndexUnavailable
from kb.live_index import LiveIndex, RepairReport
from kb.rerank import Reranker
from kb.retrieve import Candidates, Ranked, Reread, rank
from kb.snapshot import Snapshot, address, best_keywords, snapshots

_CANDIDATES = 40  # from each of the two searches, before they are fused
_QUESTION_TOKENS = 128  # what is read of a question: 256 find up to 1 % more first, and take twice the time
_ENOUGH_VECTORS = 0.95  # share of chunks; with fewer, those that have one would drown the others
_REMEMBERED = 32  # questions whose vectors are at hand
_BATCH = 32  # documents embedded and indexed together
_MIN_DROP = 3  # so few documents may always go: in a small library one is a large share


class Mode(StrEnum):
    """Which searches take part. Anything but HYBRID is there to be measured."""

    HYBRID = "hybrid"
    VECTOR = "vector"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the library. `problems` is empty when all is well, and says how to mend it otherwise."""

    documents: int
    chunks: int
    indexed: int
    is_index_reachable: bool
    model: str
    problems: tuple[str, ...] = ()


class KnowledgeBase:
    """Keeps documents and finds passages. Safe to share between threads."""

    def __init__(
        self,
        shelf: Shelf,
        embedder: Embedder,
        chroma_url: str,
        timeout_seconds: float = 0.5,
        check_seconds: float = 1.0,
        reranker: Reranker | None = None,
    ) -> None:
        self._shelf = shelf
        self._embedder = embedder
        self._reranker = reranker
        self._index = LiveIndex(shelf, ChromaIndex(chroma_url, timeout_seconds), embedder.name, check_seconds)
        self._snapshots = snapshots(shelf, embedder.name, embedder.dimension, check_seconds)
        self._histories = histories(shelf, embedder.name, embedder.dimension, check_seconds)
        self._asked: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._asking = Lock()
        self._writing = Lock()

    def put(
        self,
        documents: Iterable[Document],
        *,
        source: Source,
        prefix: str,
        full: bool = False,
        max_drop: float = 0.2,
        keep: Collection[str] = (),
        progress: Callable[[int], None] | None = None,
    ) -> PutReport:
        """Shelve documents whose ids start with the prefix; what did not change costs nothing.

        `full`: these are all there are, and what else is shelved under the prefix goes, unless that is more than the
        `max_drop` share of it (or all): then the report says `refused` and nothing was changed. Ids in `keep`, which is
        looked at once `documents` has come to its end, stay as they are. `progress` is called with the number of
        documents done since its last call. Chroma may be away: a later repair() brings it level.
        """
        with self._writing:
            known = self._shelf.document_hashes(source, prefix)
            missing: list[str] = []
            if full:
                documents = list(documents)
                missing = sorted(known.keys() - {document.id for document in documents} - set(keep))
                if _is_suspicious(len(missing), len(known), max_drop):
                    refused = f"{len(missing)} of {len(known)} documents are missing from a full run"
                    return PutReport(unchanged=len(known), refused=refused)
            report = PutReport(removed=len(missing))
            rest = iter(documents)
            while batch := list(islice(rest, _BATCH)):
                report = self._put_batch(batch, source, prefix, known, report)
                if progress:
                    progress(len(batch))
            if missing:
                self._remove(missing)
            return report

    def remove(self, ids: Sequence[str]) -> None:
        """Take documents out of the library: at once from the shelf, and from Chroma if it is there."""
        with self._writing:
            self._remove(list(ids))

    def search(self, query: Query, wanted: Filter, limit: int, mode: Mode = Mode.HYBRID) -> SearchResult:
        """Return the best passages that the filter lets through, best first.

        Without Chroma the vectors in memory are searched; without vectors of all or nearly all chunks (the model is
        being changed) keywords answer alone, and `is_degraded` says so.
        """
        snapshot = self._snapshots.current()
        mask = snapshot.visible(wanted)
        query = Query(snapshot.speller.mend(query.subject), snapshot.speller.mend(query.text))
        text = f"{query.subject}\n{query.text}".strip()
        if not text or not mask.any():
            return SearchResult(())
        has_vectors = mode is not Mode.KEYWORD and bool(snapshot.has_vector[mask].mean() >= _ENOUGH_VECTORS)
        rows: list[int] = []
        vector = None
        if has_vectors:
            vector = self._embedded(text)
            rows = self._index.nearest(snapshot, vector, wanted, mask, _CANDIDATES)
        bm25 = np.zeros(len(mask), np.float32)
        has_code = np.zeros(len(mask), np.bool_)
        if mode is not Mode.VECTOR:
            scores = snapshot.lexical.score(query.subject, query.text)
            bm25, has_code = np.where(mask, scores.bm25, 0.0), scores.has_code & mask
            rows += best_keywords(bm25, mask, _CANDIDATES)
            rows += [int(row) for row in np.flatnonzero(has_code)]
        votes = Votes({}, {})
        if mode is Mode.HYBRID and vector is not None:
            votes = self._histories.current().votes(vector, wanted)
            rows += snapshot.first_rows(sorted(votes.share, key=lambda id_: -votes.share[id_])[:_CANDIDATES])
        found = _candidates(snapshot, rows, mask, vector, bm25, has_code, votes)
        ranked = rank(found, limit, self._reread(text, snapshot) if mode is Mode.HYBRID else None)
        return SearchResult(
            tuple(_passage(snapshot, found, votes) for found in ranked),
            is_degraded=mode is not Mode.KEYWORD and not has_vectors,
        )

    def _reread(self, question: str, snapshot: Snapshot) -> Reread | None:
        """Return what judges chunks once more, if there is a reranker."""
        if self._reranker is None:
            return None
        scores, documents, chunks = self._reranker.scores, snapshot.documents, snapshot.chunks
        return lambda rows: scores(
            question, [embedded_text(documents[row].title, chunks[row].heading, chunks[row].text) for row in rows]
        )

    def remember(self, precedents: Iterable[Precedent]) -> int:
        """Learn from tickets that staff dealt with; what did not change costs nothing. Return how many did.

        The texts must be masked already. What is known of a ticket is replaced.
        """
        changed = 0
        rest = iter(precedents)
        while batch := list(islice(rest, _BATCH)):
            known = self._shelf.precedents([precedent.id for precedent in batch], self._embedder.name)
            for precedent in batch:
                old = known.get(precedent.id)
                if old and old.precedent == precedent and old.vector:
                    continue
                vector = old.vector if old and _asked(old.precedent) == _asked(precedent) else b""
                vector = vector or self._embedder.embed([_asked(precedent)], _QUESTION_TOKENS)[0].tobytes()
                self._shelf.keep_precedent(precedent, vector, self._embedder.name)
                changed += 1
        self._histories.expire()
        return changed

    def forget(self, ids: Sequence[str]) -> None:
        """Take back all that these tickets taught."""
        self._shelf.drop_precedents(ids)
        self._histories.expire()

    def similar(
        self, query: Query, wanted: Filter, limit: int, least: float = LEAST_ALIKE
    ) -> tuple[SimilarTicket, ...]:
        """Return earlier tickets like this one, most alike first: of its brand or none, and asked before `wanted.at`.

        They are what staff wrote to others: for notes and context, masked, and never for a reply as they are.
        """
        text = f"{query.subject}\n{query.text}".strip()
        history = self._histories.current()
        if not text or not len(history):
            return ()
        found = history.similar(self._embedded(text), query.subject, query.text, wanted, limit, least)
        return tuple(SimilarTicket(p.id, p.subject, p.answer, p.url, p.asked_at, alike) for p, alike in found)

    def document_ids(self, urls: Iterable[str]) -> list[str]:
        """Return the documents at these addresses; query, fragment, locale and title in them do not matter."""
        at = self._snapshots.current().at_address
        return list(dict.fromkeys(id_ for url in urls for id_ in at.get(address(url), ())))

    def mend(self, text: str) -> str:
        """Return the text with misspelt words replaced by those of the library that were meant."""
        return self._snapshots.current().speller.mend(text)

    def lacks(self, text: str) -> tuple[str, ...]:
        """Return the words of a text, as written, that nothing anyone may read has, everyday ones aside."""
        snapshot = self._snapshots.current()
        return snapshot.vocabulary.lacks(text, snapshot.speller.mend)

    def repair(self, rebuild: bool = False) -> RepairReport:
        """Bring vectors and Chroma level with the shelf. Raise IndexUnavailable if Chroma is away.

        Chunks that the present model has not embedded are embedded first. A collection of another model, or one too
        far off, is built anew beside the old; the pointer in the shelf moves when it is complete, and until then
        searches use the old one. Killed at any step, the old pointer stands.
        """
        with self._writing:
            report = RepairReport(embedded=self._embed_missing())
            self._snapshots.expire()
            return self._index.repair(self._snapshots.current(), rebuild=rebuild, report=report)

    def health(self) -> Health:
        """Compare shelf and Chroma, and ask canaries: known vectors that must be found, staff text that must not."""
        snapshot = self._snapshots.current()
        problems: list[str] = []
        indexed = 0
        is_reachable = True
        if lacking := len(snapshot.chunks) - int(snapshot.has_vector.sum()):
            problems.append(f"{lacking} chunks have no vector of {self._embedder.name}: run `deskhand reindex`")
        for source in Source:
            try:
                count, found = self._index.check(source, snapshot)
            except IndexUnavailable as error:
                is_reachable = False
                problems.append(f"Chroma, {source.value}s: {error}")
                continue
            indexed += count
            problems += found
        return Health(
            len({document.id for document in snapshot.documents}),
            len(snapshot.chunks),
            indexed,
            is_reachable,
            self._embedder.name,
            tuple(problems),
        )

    def close(self) -> None:
        self._index.close()

    def _embedded(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a question; the next step of the same ticket asks for it again.

        The subject stands first, and only so much is read: a long tail cannot drown it.
        """
        with self._asking:
            if text in self._asked:
                return self._asked[text]
        vector: NDArray[np.float32] = self._embedder.embed([text], _QUESTION_TOKENS)[0]
        with self._asking:
            self._asked[text] = vector
            while len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
        return vector

    def _put_batch(
        self, batch: list[Document], source: Source, prefix: str, known: dict[str, str], report: PutReport
    ) -> PutReport:
        changed: dict[str, tuple[Document, str, list[Chunk]]] = {}
        added = 0
        for document in batch:
            if document.source is not source or not document.id.startswith(prefix):
                raise ValueError(f"document {document.id!r} does not belong to {source.value} {prefix!r}")
            digest = content_hash(document)
            if known.get(document.id) == digest:
                continue
            added += document.id not in known
            known[document.id] = digest
            changed[document.id] = (document, digest, chunk(document))
        pairs = [(document, piece) for document, _, chunks in changed.values() for piece in chunks]
        vectors, embedded = self._vectors(pairs)
        for document, digest, chunks in changed.values():
            packed = [vectors[piece.hash] for piece in chunks]
            self._shelf.replace(document, digest, chunks, packed, self._embedder.name)
        if changed:
            self._snapshots.expire()
            self._index.put(source, pairs, vectors, list(changed))
        return replace(
            report,
            added=report.added + added,
            changed=report.changed + len(changed) - added,
            unchanged=report.unchanged + len(batch) - len(changed),
            chunks_embedded=report.chunks_embedded + embedded,
        )

    def _vectors(self, pairs: Sequence[tuple[Document, Chunk]]) -> tuple[dict[str, bytes], int]:
        """Return chunk hash -> vector, and how many had to be embedded."""
        texts = {piece.hash: embedded_text(document.title, piece.heading, piece.text) for document, piece in pairs}
        vectors = self._shelf.vectors(list(texts), self._embedder.name) if texts else {}
        lacking = [digest for digest in texts if digest not in vectors]
        if lacking:
            fresh = self._embedder.embed([texts[digest] for digest in lacking])
            vectors |= {digest: row.tobytes() for digest, row in zip(lacking, fresh, strict=True)}
        return vectors, len(lacking)

    def _remove(self, ids: list[str]) -> None:
        self._shelf.remove(ids)
        self._snapshots.expire()
        self._index.remove(ids)

    def _embed_missing(self) -> int:
        """Embed with the present model what only another one has embedded, document by document."""
        waiting: dict[str, list[ShelvedChunk]] = {}
        for item in self._shelf.chunks():
            waiting.setdefault(item.document.id, []).append(item)
        total = 0
        for items in waiting.values():
            document, chunks = items[0].document, [item.chunk for item in items]
            vectors, embedded = self._vectors([(document, piece) for piece in chunks])
            if embedded:
                packed = [vectors[piece.hash] for piece in chunks]
                self._shelf.replace(document, content_hash(document), chunks, packed, self._embedder.name)
                total += embedded
        silent = (item.precedent for item in self._shelf.precedents_after(0, self._embedder.name) if _is_silent(item))
        return total + self.remember(silent)


def _is_suspicious(missing: int, known: int, max_drop: float) -> bool:
    return missing > 0 and (missing == known or (missing >= _MIN_DROP and missing > max_drop * known))


def _candidates(
    snapshot: Snapshot,
    found: Sequence[int],
    mask: NDArray[np.bool_],
    vector: NDArray[np.float32] | None,
    bm25: NDArray[np.float32],
    has_code: NDArray[np.bool_],
    votes: Votes,
) -> Candidates:
    """Return all chunks of the documents that were found and may be seen."""
    rows, documents, starts = snapshot.with_siblings(np.unique(np.array(found, np.int64)), mask)
    cosines = np.full(len(rows), np.nan, np.float32)
    whole = np.zeros(len(documents), np.float32)
    if vector is not None and len(rows):
        has_vector = snapshot.has_vector[rows]
        cosines[has_vector] = snapshot.matrix[rows[has_vector]] @ vector
        whole[:] = np.add.reduceat(np.nan_to_num(cosines), starts) / snapshot.lengths[documents]
    said = np.array([votes.share.get(snapshot.document_ids[at], 0.0) for at in documents], np.float32)
    return Candidates(rows, starts, cosines, bm25[rows], has_code[rows], whole, said)


def _asked(precedent: Precedent) -> str:
    return f"{precedent.subject}\n{precedent.text}".strip()


def _is_silent(item: ShelvedPrecedent) -> bool:
    return not item.is_gone and not item.vector


def _passage(snapshot: Snapshot, found: Ranked, votes: Votes) -> Passage:
    piece, document = snapshot.chunks[found.row], snapshot.documents[found.row]
    return Passage(
        chunk_id=piece.id,
        document_id=document.id,
        source=document.source,
        title=document.title,
        heading=piece.heading,
        text=piece.text,
        url=document.url,
        score=found.score,
        similarity=found.similarity,
        keyword_score=found.keyword,
        audience=document.audience,
        updated_at=document.updated_at,
        sent_for=votes.sent.get(document.id, 0),
        similar_tickets=votes.of,
    )
