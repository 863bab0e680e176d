"""The only module that knows Chroma. The index is a cache of the shelf: it may be lost, late or away at any time.

Our own vectors go in and no embedding function is ever set or fetched, so a poisoned collection cannot make the
client load code. Every call has a hard limit in time, which the client itself has not.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from kb.domain import Audience, Source

BATCH = 200  # rows a write
FOREVER = 9e12  # stands for "no end" in valid_until, which is in seconds since 1970
_PAGE = 5000
_THREADS = 16
_REST_SECONDS = 5.0  # after a failure Chroma is left alone for so long, so that searches do not queue up behind it

T = TypeVar("T")


class IndexUnavailable(Exception):  # noqa: N818 (it is a state, and the caller goes on without)
    """Chroma is away, too slow, or does not have the collection."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One chunk as the index keeps it. `stamp` changes whenever anything else here does."""

    id: str
    document_id: str
    stamp: str
    audience: Audience
    locale: str
    brand_id: str
    valid_until: float
    valid_from: float
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Where:
    """What a query is narrowed to; None or 0 leaves that part out, and each part costs Chroma time."""

    audience: frozenset[Audience] | None = None
    locales: frozenset[str] | None = None
    brands: frozenset[str] | None = None
    valid_at: float = 0.0


class ChromaIndex:
    """Collections of a Chroma server, by name. Safe to share between threads; connects on first use.

    With "" for the server every call raises IndexUnavailable: a library for one run does without.
    """

    def __init__(self, url: str, timeout_seconds: float, write_timeout_seconds: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_seconds
        self._write_timeout = write_timeout_seconds
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="chroma")
        self._lock = threading.Lock()
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._rests_until = 0.0

    @property
    def is_set(self) -> bool:
        return bool(self._url)

    def query(self, name: str, vector: NDArray[np.float32], limit: int, where: Where) -> list[tuple[str, float]]:
        """Return (chunk id, cosine), nearest first. Raise IndexUnavailable."""
        if time.monotonic() < self._rests_until:
            raise IndexUnavailable("resting after a failure")

        def ask() -> list[tuple[str, float]]:
            found = self._collection(name).query(
                query_embeddings=[vector.tolist()], n_results=limit, where=_where(where), include=["distances"]
            )
            return [(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

        return self._call(ask, self._timeout)

    def stamps(self, name: str) -> dict[str, str]:
        """Return chunk id -> stamp of all that is in a collection."""
        stamps: dict[str, str] = {}
        while True:
            page = self._do(name, "get", limit=_PAGE, offset=len(stamps), include=["metadatas"])
            stamps |= {id_: str(data["stamp"]) for id_, data in zip(page["ids"], page["metadatas"], strict=True)}
            if len(page["ids"]) < _PAGE:
                return stamps

    def ids_of(self, name: str, document_ids: Sequence[str]) -> set[str]:
        """Return the ids of the chunks that the collection has of these documents."""
        if not document_ids:
            return set()
        found = self._do(name, "get", where={"document_id": {"$in": list(document_ids)}}, include=[])
        return set(found["ids"])

    def upsert(self, name: str, entries: Iterable[Entry]) -> None:
        """Write entries in batches; the same id replaces. Raise IndexUnavailable."""
        rows = list(entries)
        for at in range(0, len(rows), BATCH):
            part = rows[at : at + BATCH]
            vectors = np.stack([entry.vector for entry in part])
            data = [_metadata(entry) for entry in part]
            self._do(name, "upsert", ids=[entry.id for entry in part], embeddings=vectors, metadatas=data)

    def delete(self, name: str, ids: Iterable[str]) -> None:
        rows = list(ids)
        for at in range(0, len(rows), BATCH):
            self._do(name, "delete", ids=rows[at : at + BATCH])

    def count(self, name: str) -> int:
        return int(self._do(name, "count"))

    def create(self, source: Source, model: str) -> str:
        """Make an empty collection and return its name, which says what it is for and which model's vectors it has."""
        name = f"deskhand-{source.value}-{model}-{secrets.token_hex(4)}"
        settings = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 24}}
        self._call(
            lambda: self._connected().create_collection(
                name, configuration=settings, embedding_function=None, metadata={"model": model}
            ),
            self._write_timeout,
        )
        return name

    def drop(self, name: str) -> None:
        """Delete a collection; one that is not there is fine."""
        with contextlib.suppress(IndexUnavailable):
            self._call(lambda: self._connected().delete_collection(name), self._write_timeout)
        self._collections.pop(name, None)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, name: str, method: str, **arguments: object) -> Any:
        return self._call(lambda: getattr(self._collection(name), method)(**arguments), self._write_timeout)

    def _call(self, act: Callable[[], T], timeout_seconds: float) -> T:
        if not self._url:
            raise IndexUnavailable("no Chroma server is set")
        import chromadb.errors

        try:
            result = self._pool.submit(act).result(timeout_seconds)
        except chromadb.errors.NotFoundError as error:
            self._collections.clear()  # the others are well: no rest
            raise IndexUnavailable(str(error)) from None
        except (chromadb.errors.ChromaError, httpx.HTTPError, FutureTimeoutError, OSError, ValueError) as error:
            self._rests_until = time.monotonic() + _REST_SECONDS
            raise IndexUnavailable(f"{type(error).__name__}: {error}") from None
        self._rests_until = 0.0
        return result

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                # The client's first calls have no time limit at all: see that somebody answers before it is made.
                httpx.get(f"{self._url}/api/v2/heartbeat", timeout=self._timeout).raise_for_status()
                import chromadb
                from chromadb.config import Settings

                parts = urlsplit(self._url)
                is_ssl = parts.scheme == "https"
                client = chromadb.HttpClient(
                    host=parts.hostname or "127.0.0.1",
                    port=parts.port or (443 if is_ssl else 80),
                    ssl=is_ssl,
                    settings=Settings(anonymized_telemetry=False),
                )
                # Bounds the thread that waits; the caller's own limit is in _call.
                client._server._session.timeout = httpx.Timeout(self._write_timeout)  # type: ignore[attr-defined]
                self._client = client
        return self._client

    def _collection(self, name: str) -> Any:
        found = self._collections.get(name)  # once: another thread may forget them all at any moment
        if found is None:
            found = self._collections[name] = self._connected().get_collection(name, embedding_function=None)
        return found


def _metadata(entry: Entry) -> dict[str, str | float]:
    return {
        "document_id": entry.document_id,
        "stamp": entry.stamp,
        "audience": entry.audience.value,
        "locale": entry.locale,
        "brand_id": entry.brand_id,
        "valid_until": entry.valid_until,
        "valid_from": entry.valid_from,
    }


def _where(where: Where) -> dict[str, Any] | None:
    parts: list[dict[str, Any]] = []
    for key, allowed in (("audience", where.audience), ("locale", where.locales), ("brand_id", where.brands)):
        if allowed is not None:
            parts.append({key: {"$in": sorted(str(value) for value in allowed)}})
    if where.valid_at:
        parts += [{"valid_until": {"$gt": where.valid_at}}, {"valid_from": {"$lte": where.valid_at}}]
    return {"$and": parts} if len(parts) > 1 else (parts[0] if parts else None)
