"""The nouns of the library: what is shelved (Document, Chunk), what is asked (Filter) and what is found (Passage)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Source(StrEnum):
    ARTICLE = "article"
    LESSON = "lesson"  # what staff wrote on a solved ticket


class Audience(StrEnum):
    """Who may read it. Only PUBLIC text may ever feed a reply; STAFF text serves notes alone."""

    PUBLIC = "public"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Document:
    """An article or lesson as the library takes it in. `text` is Markdown-like: `#` headings, lists, code."""

    id: str  # stable over syncs, e.g. "zendesk:article:42:en-us", "lesson:17"
    source: Source
    title: str
    text: str
    audience: Audience
    url: str = ""
    locale: str = ""
    brand_id: str = ""
    section: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    updated_at: datetime | None = None
    valid_until: datetime | None = None
    valid_from: datetime | None = None
    reviewed_at: datetime | None = None  # when somebody last said that it is right; None: when it was last changed


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored piece of a document. `heading` is the path of headings above it, `hash` covers what is embedded."""

    id: str
    document_id: str
    position: int
    heading: tuple[str, ...]
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What a search may see; applied before retrieval, never after."""

    audience: frozenset[Audience] = frozenset({Audience.PUBLIC})
    sources: frozenset[Source] = frozenset(Source)
    locale: str = ""  # "" is any
    brand_id: str = ""
    at: datetime | None = None  # documents not valid at this moment are left out
    prefers: str = ""  # where two say the same word for word, the one whose id begins with this stands for both


@dataclass(frozen=True, slots=True)
class Query:
    """A question in its parts, so that a long tail does not drown the subject."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece found. `score` is 0..1 and comparable between searches; the other two say which search found it."""

    chunk_id: str
    document_id: str
    source: Source
    title: str
    heading: tuple[str, ...]
    text: str
    url: str
    score: float
    similarity: float = 0.0  # cosine of question and chunk, -1..1
    keyword_score: float = 0.0  # BM25 divided by its own maximum for this question, 0..1
    audience: Audience = Audience.PUBLIC
    updated_at: datetime | None = None
    sent_for: int = 0  # on so many of the `similar_tickets` most similar ones staff sent this document
    similar_tickets: int = 0


@dataclass(frozen=True, slots=True)
class Precedent:
    """A ticket that staff dealt with: what was asked, masked, and which documents served or failed.

    `documents` is document id -> weight: 1 what staff sent, less what only we sent, below 0 what was called wrong.
    """

    id: str  # "zendesk:123"
    subject: str
    text: str
    answer: str = ""
    url: str = ""
    brand_id: str = ""
    asked_at: datetime | None = None
    documents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """An earlier ticket and how much alike it is; from 0.55 on they share more than the product."""

    id: str
    subject: str
    answer: str
    url: str
    asked_at: datetime | None
    alike: float


@dataclass(frozen=True, slots=True)
class ShelvedPrecedent:
    """A precedent as the shelf keeps it. Without a vector (another model's, or the ticket is gone) it says nothing.

    `change` is the number of its last change; it grows over all precedents.
    """

    precedent: Precedent
    vector: bytes = field(repr=False)
    change: int = 0
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`is_degraded` says that vectors were not to be had and keywords alone answered."""

    passages: tuple[Passage, ...]
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class PutReport:
    """What one `put` did, in documents and chunks."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks_embedded: int = 0
    refused: str = ""  # set when a full run would have dropped a suspicious share; nothing was changed then


@dataclass(frozen=True, slots=True)
class ShelvedChunk:
    """A chunk with its vector (float32 bytes, L2-normalised) as the shelf keeps it."""

    chunk: Chunk
    document: Document = field(repr=False)
    vector: bytes = field(repr=False)


class Shelf(Protocol):
    """Where documents, chunks and vectors are kept for good; Chroma and the keyword index are built from it.

    `workers.store.library` fills this protocol with SQL. `revision` grows with every change, so that a process
    knows when its own keyword index is stale.
    """

    def revision(self) -> int: ...

    def document_hashes(self, source: Source, prefix: str) -> dict[str, str]:
        """Return document id -> content hash of what is shelved under this source and id prefix."""

    def vectors(self, chunk_hashes: list[str], model: str) -> dict[str, bytes]:
        """Return chunk hash -> vector for those this model embedded already: nothing is embedded twice."""

    def replace(
        self, document: Document, content_hash: str, chunks: list[Chunk], vectors: list[bytes], model: str
    ) -> None:
        """Store a document with its chunks in one transaction, in place of what was there."""

    def remove(self, document_ids: list[str]) -> None: ...

    def chunks(self) -> list[ShelvedChunk]:
        """Return everything that is shelved."""

    def pointer(self, name: str) -> str:
        """Return a small named value, e.g. which Chroma collection is live; "" if unset."""

    def set_pointer(self, name: str, value: str) -> None: ...

    def precedents_after(self, change: int, model: str) -> Iterable[ShelvedPrecedent]:
        """Return what changed after a change, in the order of changes; among it what is gone, without its text."""

    def precedents(self, ids: Sequence[str], model: str) -> dict[str, ShelvedPrecedent]:
        """Return those that are known and not gone."""

    def keep_precedent(self, precedent: Precedent, vector: bytes, model: str) -> None:
        """Store a precedent in place of an older one of the same ticket. The oldest go when there are too many."""

    def drop_precedents(self, ids: Sequence[str]) -> None:
        """Forget all text and numbers of these; that they went is told by precedents_after()."""
