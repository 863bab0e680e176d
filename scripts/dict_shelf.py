"""A shelf in memory for one run of a measurement: nothing of it is left behind."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kb.domain import Chunk, Document, Precedent, ShelvedChunk, ShelvedPrecedent, Source


class DictPrecedents:
    """The part of a `Shelf` that keeps precedents."""

    def __init__(self) -> None:
        self._precedents: dict[str, tuple[ShelvedPrecedent, str]] = {}
        self._change = 0

    def precedents_after(self, change: int, model: str) -> Iterable[ShelvedPrecedent]:
        every = (self._as_of(item, known, model) for item, known in self._precedents.values())
        return sorted((item for item in every if item.change > change), key=lambda item: item.change)

    def precedents(self, ids: Sequence[str], model: str) -> dict[str, ShelvedPrecedent]:
        known = {id_: self._as_of(*self._precedents[id_], model) for id_ in ids if id_ in self._precedents}
        return {id_: item for id_, item in known.items() if not item.is_gone}

    def keep_precedent(self, precedent: Precedent, vector: bytes, model: str) -> None:
        self._change += 1
        self._precedents[precedent.id] = ShelvedPrecedent(precedent, vector, self._change), model

    def drop_precedents(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            if id_ in self._precedents:
                self._change += 1
                gone = ShelvedPrecedent(Precedent(id_, "", ""), b"", self._change, is_gone=True)
                self._precedents[id_] = gone, ""

    @staticmethod
    def _as_of(item: ShelvedPrecedent, known: str, model: str) -> ShelvedPrecedent:
        return item if known == model else replace(item, vector=b"")


class DictShelf(DictPrecedents):
    """A shelf for one run: nothing of a measurement is left behind."""

    def __init__(self) -> None:
        super().__init__()
        self._documents: dict[str, tuple[Document, str, list[Chunk]]] = {}
        self._vectors: dict[str, bytes] = {}
        self._pointers: dict[str, str] = {}
        self._revision = 0

    def revision(self) -> int:
        return self._revision

    def document_hashes(self, source: Source, prefix: str) -> dict[str, str]:
        return {
            id_: digest
            for id_, (document, digest, _) in self._documents.items()
            if document.source is source and id_.startswith(prefix)
        }

    def vectors(self, chunk_hashes: list[str], model: str) -> dict[str, bytes]:  # noqa: ARG002 (one model a run)
        return {digest: self._vectors[digest] for digest in chunk_hashes if digest in self._vectors}

    def replace(
        self,
        document: Document,
        content_hash: str,
        chunks: list[Chunk],
        vectors: list[bytes],
        model: str,  # noqa: ARG002
    ) -> None:
        self._vectors |= {piece.hash: vector for piece, vector in zip(chunks, vectors, strict=True)}
        self._documents[document.id] = (document, content_hash, chunks)
        self._revision += 1

    def remove(self, document_ids: list[str]) -> None:
        for id_ in document_ids:
            self._documents.pop(id_, None)
        self._revision += 1

    def chunks(self) -> list[ShelvedChunk]:
        return [
            ShelvedChunk(piece, document, self._vectors[piece.hash])
            for document, _, chunks in self._documents.values()
            for piece in chunks
        ]

    def pointer(self, name: str) -> str:
        return self._pointers.get(name, "")

    def set_pointer(self, name: str, value: str) -> None:
        self._pointers[name] = value
