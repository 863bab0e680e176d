"""A shelf in memory, as strict about its promises as the one in SQL."""

from threading import RLock

from kb.domain import Chunk, Document, ShelvedChunk, Source
from scripts.dict_shelf import DictPrecedents


class MemoryShelf(DictPrecedents):
    """Fills the `Shelf` protocol with dictionaries. Safe to share between threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = RLock()
        self._revision = 0
        self._documents: dict[str, tuple[Document, str, list[Chunk]]] = {}
        self._vectors: dict[tuple[str, str], bytes] = {}
        self._pointers: dict[str, str] = {}

    def revision(self) -> int:
        return self._revision

    def document_hashes(self, source: Source, prefix: str) -> dict[str, str]:
        with self._lock:
            return {
                id_: digest
                for id_, (document, digest, _) in self._documents.items()
                if document.source is source and id_.startswith(prefix)
            }

    def vectors(self, chunk_hashes: list[str], model: str) -> dict[str, bytes]:
        with self._lock:
            return {h: self._vectors[h, model] for h in chunk_hashes if (h, model) in self._vectors}

    def replace(
        self, document: Document, content_hash: str, chunks: list[Chunk], vectors: list[bytes], model: str
    ) -> None:
        with self._lock:
            for chunk, vector in zip(chunks, vectors, strict=True):
                self._vectors[chunk.hash, model] = vector
            self._documents[document.id] = (document, content_hash, list(chunks))
            self._revision += 1

    def remove(self, document_ids: list[str]) -> None:
        with self._lock:
            for id_ in document_ids:
                self._documents.pop(id_, None)
            self._revision += 1

    def chunks(self) -> list[ShelvedChunk]:
        with self._lock:
            vectors = {digest: vector for (digest, _), vector in self._vectors.items()}
            return [
                ShelvedChunk(chunk, document, vectors[chunk.hash])
                for document, _, chunks in self._documents.values()
                for chunk in chunks
            ]

    def pointer(self, name: str) -> str:
        return self._pointers.get(name, "")

    def set_pointer(self, name: str, value: str) -> None:
        self._pointers[name] = value
