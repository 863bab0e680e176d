"""An immutable copy of the shelf in memory: which chunks a filter lets through, exact vectors, the keyword index."""

import math
import re
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from kb.domain import Audience, Chunk, Document, Filter, Shelf, ShelvedChunk, Source
from kb.embed import everyday_words, real_words
from kb.level import Level
from kb.lexical import LexicalIndex
from kb.spelling import Speller
from kb.vocabulary import Vocabulary

Rows = NDArray[np.int64]
_BATCH = 500
_LOCALE = re.compile(r"[a-z]{2}(?:-[a-z]{2,4})?")
_NUMBERED = re.compile(r"(\d{2,})(?:-|$)")
_FEW = 2000  # chunks that are compared in full
_SHORT = 128  # numbers of each vector that choose which are
_SAMPLE = 5000  # chunks at most that these numbers are chosen by
_POOL = 8  # times as many as asked for are chosen
_MASKS = 64  # remembered filters: as many as there are brands and locales, not one a search


@dataclass(frozen=True, slots=True)
class Traits:
    """What the documents of one source have among them, so that a query need not exclude what is not there."""

    audiences: frozenset[Audience]
    locales: frozenset[str]
    brands: frozenset[str]
    expires: bool


class Snapshot:
    """Chunks by row number, in the shelf's order."""

    def __init__(
        self,
        revision: int,
        items: Sequence[ShelvedChunk],
        vectors: dict[str, bytes],
        dimension: int,
        older: "Snapshot | None" = None,
    ) -> None:
        self.revision = revision
        self.chunks: list[Chunk] = [item.chunk for item in items]
        self.documents: list[Document] = [item.document for item in items]  # one entry a chunk
        self.row_of = {chunk.id: row for row, chunk in enumerate(self.chunks)}
        self.lexical: LexicalIndex = LexicalIndex(items, older.lexical if older else None)
        self.matrix = np.zeros((len(items), dimension), np.float32)
        self.has_vector = np.zeros(len(items), np.bool_)
        for row, chunk in enumerate(self.chunks):
            raw = vectors.get(chunk.hash, b"")
            if len(raw) == 4 * dimension:
                self.matrix[row] = np.frombuffer(raw, np.float32)
                self.has_vector[row] = True
        self._rows_of: dict[str, list[int]] = {}
        for row, chunk in enumerate(self.chunks):
            self._rows_of.setdefault(chunk.document_id, []).append(row)
        self.document_ids = list(self._rows_of)
        sizes = [len(rows) for rows in self._rows_of.values()]
        self._begins = np.cumsum([0, *sizes])  # of each document's rows in _grouped
        self._grouped = np.array([row for rows in self._rows_of.values() for row in rows], np.int64)
        self._owner = np.zeros(len(items), np.int64)
        self._owner[self._grouped] = np.repeat(np.arange(len(sizes)), sizes)
        self.lengths = self._lengths()
        self._traits = {source: _traits(self.documents, source) for source in Source}
        self._until = np.array([until(document) for document in self.documents], np.float64)
        self._since = np.array([since(document) for document in self.documents], np.float64)
        self._masks: dict[Filter, NDArray[np.bool_]] = {}

    @cached_property
    def speller(self) -> Speller:
        """Know the words of what anyone may read: made when the first question comes."""
        public = zip(self.documents, self.chunks, strict=True)
        texts = (f"{document.title} {chunk.text}" for document, chunk in public if document.audience is Audience.PUBLIC)
        return Speller(texts, real_words())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Know whether anything anyone may read has a word: made when the first question comes."""
        public = zip(self.documents, self.chunks, strict=True)
        texts = (
            " ".join((document.title, *document.labels, *chunk.heading, chunk.text))
            for document, chunk in public
            if document.audience is Audience.PUBLIC
        )
        return Vocabulary(texts, real_words(), everyday_words())

    @cached_property
    def at_address(self) -> dict[str, list[str]]:
        """Return address -> ids of the documents that stand there."""
        found: dict[str, list[str]] = {}
        for document in {document.id: document for document in self.documents}.values():
            if name := address(document.url):
                found.setdefault(name, []).append(document.id)
        return found

    def vectors_of(self, hashes: Set[str]) -> dict[str, bytes]:
        """Return chunk hash -> vector, of those among the hashes that have one here."""
        rows = [row for row, chunk in enumerate(self.chunks) if chunk.hash in hashes and self.has_vector[row]]
        return {self.chunks[row].hash: self.matrix[row].tobytes() for row in rows}

    def first_rows(self, ids: Sequence[str]) -> list[int]:
        """Return one row of each of these documents that are here."""
        return [self._rows_of[id_][0] for id_ in ids if id_ in self._rows_of]

    def traits(self, source: Source) -> Traits:
        return self._traits[source]

    def visible(self, wanted: Filter) -> NDArray[np.bool_]:
        """Return for every row whether the filter lets it through."""
        lasting = replace(wanted, at=None)
        mask = self._masks.get(lasting)
        if mask is None:
            mask = np.zeros(len(self.chunks), np.bool_)
            for rows in self._rows_of.values():
                mask[rows] = is_visible(self.documents[rows[0]], lasting)
            self._hide_twins(mask, wanted.prefers)
            if len(self._masks) < _MASKS:
                self._masks[lasting] = mask
        if not wanted.at:
            return mask
        at = wanted.at.timestamp()
        return mask & (self._until > at) & (self._since <= at)

    def _hide_twins(self, mask: NDArray[np.bool_], preferred: str) -> None:
        """Take out what a preferred document says word for word: else a few places are taken by one text twice."""
        if not preferred:
            return
        shown = [rows for rows in self._rows_of.values() if mask[rows[0]]]
        own = {self._said(rows) for rows in shown if self.documents[rows[0]].id.startswith(preferred)}
        for rows in shown:
            if not self.documents[rows[0]].id.startswith(preferred) and self._said(rows) in own:
                mask[rows] = False

    def _said(self, rows: Sequence[int]) -> tuple[object, ...]:
        """Return what a document says, and from when to when."""
        document = self.documents[rows[0]]
        return document.valid_from, document.valid_until, *(self.chunks[row].hash for row in rows)

    def with_siblings(self, rows: Rows, mask: NDArray[np.bool_]) -> tuple[Rows, Rows, Rows]:
        """Return all rows of the documents these rows belong to, which documents those are, and where each begins.

        The mask hides whole documents.
        """
        documents = np.unique(self._owner[rows[mask[rows]]])
        sizes = self._begins[documents + 1] - self._begins[documents]
        starts = np.cumsum(sizes) - sizes
        places = np.arange(int(sizes.sum())) + np.repeat(self._begins[documents] - starts, sizes)
        return self._grouped[places], documents, starts

    def _lengths(self) -> NDArray[np.float32]:
        """Return for each document what makes the sum of its chunks' cosines a cosine with the middle of them."""
        lengths = [np.linalg.norm(self.matrix[rows].sum(axis=0)) for rows in self._rows_of.values()]
        return np.maximum(np.array(lengths, np.float32), 1e-9)

    def nearest(self, vector: NDArray[np.float32], mask: NDArray[np.bool_], limit: int) -> list[int]:
        """Return the rows under the mask with the highest cosine, best first, without Chroma.

        Reading all vectors is what takes the time. In a large library a few numbers of each choose those that are
        compared in full: so many more than asked for that about one in two thousand of the right ones is missed.
        """
        rows = np.flatnonzero(mask & self.has_vector)
        if len(rows) <= _FEW:
            return _best(rows, (self.matrix @ vector)[rows], limit)  # all rows: taking some would copy them
        basis, short = self._short
        rows = np.array(_best(rows, (short @ (basis.T @ vector))[rows], _POOL * limit), np.int64)
        return _best(rows, self.matrix[rows] @ vector, limit)

    @cached_property
    def _short(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the directions in which the vectors differ most, and how far each row goes in them."""
        sample = self.matrix[:: 1 + len(self.matrix) // _SAMPLE]
        _, directions = np.linalg.eigh(sample.T @ sample)
        basis = np.ascontiguousarray(directions[:, -_SHORT:], np.float32)
        return basis, self.matrix @ basis


def best_keywords(bm25: NDArray[np.float32], mask: NDArray[np.bool_], limit: int) -> list[int]:
    """Return the rows under the mask with the highest BM25 above nought, best first."""
    rows = np.flatnonzero(mask & (bm25 > 0))
    return _best(rows, bm25[rows], limit)


def address(url: str) -> str:
    """Return what of an article's address stays the same over locales, titles and links: host and path or number.

    "https://Help.example/hc/en-us/articles/42-Swap-a-shift?x=1#y" -> "help.example/hc/articles/42"
    """
    parts = urlsplit(url.strip())
    if not parts.netloc:
        return ""
    steps = [step for step in parts.path.lower().split("/") if step and not _LOCALE.fullmatch(step)]
    steps = [found[1] if (found := _NUMBERED.match(step)) else step for step in steps]
    return "/".join([parts.netloc.lower().removeprefix("www."), *steps])


def is_visible(document: Document, wanted: Filter) -> bool:
    """Say whether a filter lets a document through. What names no brand or locale belongs to all of them."""
    return (
        document.audience in wanted.audience
        and document.source in wanted.sources
        and (not wanted.brand_id or document.brand_id in ("", wanted.brand_id))
        and speaks(document.locale, wanted.locale)
        and (wanted.at is None or since(document) <= wanted.at.timestamp() < until(document))
    )


def since(document: Document) -> float:
    """Return when a document begins, in seconds since 1970; 0 if it always was."""
    return document.valid_from.timestamp() if document.valid_from else 0.0


def until(document: Document) -> float:
    """Return when a document ends, in seconds since 1970; infinite if never."""
    return document.valid_until.timestamp() if document.valid_until else math.inf


def speaks(locale: str, wanted: str) -> bool:
    """Say whether a document's locale serves the wanted one: en-us serves en, and en serves en-us."""
    has, wants = locale.lower().replace("_", "-"), wanted.lower().replace("_", "-")
    return not has or not wants or has == wants or has.startswith(f"{wants}-") or wants.startswith(f"{has}-")


def _traits(documents: Sequence[Document], source: Source) -> Traits:
    own = [document for document in documents if document.source is source]
    return Traits(
        frozenset(document.audience for document in own),
        frozenset(document.locale for document in own),
        frozenset(document.brand_id for document in own),
        any(document.valid_until or document.valid_from for document in own),
    )


def _best(rows: Rows, values: NDArray[np.float32], limit: int) -> list[int]:
    if len(rows) > limit:
        top = np.argpartition(-values, limit)[:limit]
        rows, values = rows[top], values[top]
    return [int(row) for row in rows[np.argsort(-values, kind="stable")]]


def snapshots(
    shelf: Shelf, model: str, dimension: int, check_seconds: float, clock: Callable[[], float] = time.monotonic
) -> Level[Snapshot]:
    """Return what keeps a snapshot level with the shelf: a new one for each of its revisions."""

    def newest(known: Snapshot | None) -> Snapshot:
        revision = shelf.revision()  # before the chunks: at worst they are newer, and are read again
        if known and known.revision == revision:
            return known
        items = shelf.chunks()
        hashes = list(dict.fromkeys(item.chunk.hash for item in items))
        vectors: dict[str, bytes] = {}
        for at in range(0, len(hashes), _BATCH):
            vectors |= shelf.vectors(hashes[at : at + _BATCH], model)
        if known and len(vectors) < len(hashes):  # another model is embedding anew: ours goes on meanwhile
            vectors = known.vectors_of(set(hashes) - vectors.keys()) | vectors
        return Snapshot(revision, items, vectors, dimension, known)

    return Level(newest, check_seconds, clock)
