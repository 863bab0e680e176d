"""SQL behind the library's `Shelf`: documents, chunks, vectors and precedents, for good."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from kb.domain import Audience, Chunk, Document, Precedent, ShelvedChunk, ShelvedPrecedent, Source
from workers.store.schedule import Schedule, increase
from workers.store.tables import chunk, document, precedent, reading, writing

_REVISION = "library:revision"
_PRECEDENTS = "library:precedents"
MOST_PRECEDENTS = 20_000  # of the newest: a worker holds their vectors in memory, 1.5 KB each
_TRIM_EVERY = 100
_BATCH = 500  # both databases limit the number of bound values


class Library:
    """Fills kb.domain.Shelf. `clock` gives the time that pointers are stamped with."""

    def __init__(self, engine: Engine, clock: Any, most_precedents: int = MOST_PRECEDENTS) -> None:
        self._engine = engine
        self._most_precedents = most_precedents
        self._schedule = Schedule(engine)
        self._now = clock

    def revision(self) -> int:
        return int(self._schedule.value(_REVISION) or 0)

    def document_hashes(self, source: Source, prefix: str) -> dict[str, str]:
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(document.c.id, document.c.hash).where(
                    document.c.source == source.value, document.c.id.startswith(prefix, autoescape=True)
                )
            )
            return {row.id: row.hash for row in rows}

    def vectors(self, chunk_hashes: list[str], model: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(chunk_hashes), _BATCH):
                rows = connection.execute(
                    select(chunk.c.hash, chunk.c.vector).where(
                        chunk.c.model == model, chunk.c.hash.in_(chunk_hashes[start : start + _BATCH])
                    )
                )
                found.update({row.hash: row.vector for row in rows})
        return found

    def replace(
        self, document_: Document, content_hash: str, chunks: list[Chunk], vectors: list[bytes], model: str
    ) -> None:
        with writing(self._engine, durable=False) as connection:
            connection.execute(delete(chunk).where(chunk.c.document_id == document_.id))
            connection.execute(delete(document).where(document.c.id == document_.id))
            connection.execute(
                document.insert().values(
                    id=document_.id,
                    source=document_.source.value,
                    title=document_.title,
                    text=document_.text,
                    audience=document_.audience.value,
                    url=document_.url,
                    locale=document_.locale,
                    brand_id=document_.brand_id,
                    section=list(document_.section),
                    labels=list(document_.labels),
                    updated_at=document_.updated_at,
                    valid_until=document_.valid_until,
                    valid_from=document_.valid_from,
                    reviewed_at=document_.reviewed_at,
                    hash=content_hash,
                )
            )
            if chunks:
                connection.execute(
                    chunk.insert(),
                    [
                        {
                            "id": piece.id,
                            "document_id": document_.id,
                            "position": piece.position,
                            "heading": list(piece.heading),
                            "text": piece.text,
                            "hash": piece.hash,
                            "model": model,
                            "vector": vector,
                        }
                        for piece, vector in zip(chunks, vectors, strict=True)
                    ],
                )
            increase(connection, _REVISION, now=self._now())

    def remove(self, document_ids: list[str]) -> None:
        gone = 0
        with writing(self._engine, durable=False) as connection:
            for start in range(0, len(document_ids), _BATCH):
                ids = document_ids[start : start + _BATCH]
                connection.execute(delete(chunk).where(chunk.c.document_id.in_(ids)))
                gone += connection.execute(delete(document).where(document.c.id.in_(ids))).rowcount
            if gone:
                increase(connection, _REVISION, now=self._now())

    def document(self, id_: str) -> Document | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(document).where(document.c.id == id_)).first()
        return _document(row) if row else None

    def chunks(self) -> list[ShelvedChunk]:
        with reading(self._engine) as connection:
            documents = {row.id: _document(row) for row in connection.execute(select(document))}
            rows = connection.execute(select(chunk).order_by(chunk.c.document_id, chunk.c.position)).all()
        return [
            ShelvedChunk(
                Chunk(row.id, row.document_id, row.position, tuple(row.heading), row.text, row.hash),
                documents[row.document_id],
                row.vector,
            )
            for row in rows
        ]

    def precedents_after(self, change: int, model: str) -> Iterator[ShelvedPrecedent]:
        """Yield what changed after a change, oldest change first, a batch at a time."""
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(
                    select(precedent).where(precedent.c.change > change).order_by(precedent.c.change).limit(_BATCH)
                ).all()
            yield from (_precedent(row, model) for row in rows)
            if len(rows) < _BATCH:
                return
            change = rows[-1].change

    def precedents(self, ids: Sequence[str], model: str) -> dict[str, ShelvedPrecedent]:
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(precedent).where(precedent.c.id.in_(list(ids)), ~precedent.c.is_gone)
            ).all()
        return {row.id: _precedent(row, model) for row in rows}

    def keep_precedent(self, kept: Precedent, vector: bytes, model: str) -> None:
        values = {
            "is_gone": False,
            "subject": kept.subject,
            "question": kept.text,
            "answer": kept.answer,
            "url": kept.url,
            "brand_id": kept.brand_id,
            "asked_at": kept.asked_at,
            "documents": dict(kept.documents),
            "model": model,
            "vector": vector,
        }
        with writing(self._engine, durable=False) as connection:
            # The counter is taken inside the transaction and held to its end: changes are committed in their order.
            change = increase(connection, _PRECEDENTS, now=self._now())
            changed = update(precedent).where(precedent.c.id == kept.id).values(change=change, **values)
            if not connection.execute(changed).rowcount:
                connection.execute(precedent.insert().values(id=kept.id, change=change, **values))
            if change % _TRIM_EVERY == 0:
                self._trim(connection, change)

    def drop_precedents(self, ids: Sequence[str]) -> None:
        with writing(self._engine) as connection:
            for id_ in ids:
                self._drop(connection, id_)

    def _drop(self, connection: Connection, id_: str) -> None:
        if connection.scalar(select(precedent.c.id).where(precedent.c.id == id_, ~precedent.c.is_gone)) is None:
            return
        change = increase(connection, _PRECEDENTS, now=self._now())
        empty: dict[str, Any] = dict.fromkeys(("subject", "question", "answer", "url", "brand_id", "model"), "")
        empty |= {"asked_at": None, "documents": {}, "vector": b"", "is_gone": True}
        connection.execute(update(precedent).where(precedent.c.id == id_).values(change=change, **empty))

    def _trim(self, connection: Connection, change: int) -> None:
        """Let the oldest go when there are too many, and the traces of what went long ago."""
        live = select(precedent.c.id).where(~precedent.c.is_gone)
        oldest_last = live.order_by(precedent.c.asked_at.desc(), precedent.c.change.desc())
        for id_ in connection.scalars(oldest_last.offset(self._most_precedents)).all():
            self._drop(connection, id_)
        old = precedent.c.change < change - self._most_precedents
        connection.execute(delete(precedent).where(precedent.c.is_gone, old))

    def pointer(self, name: str) -> str:
        return self._schedule.value(f"library:{name}")

    def set_pointer(self, name: str, value: str) -> None:
        self._schedule.set_value(f"library:{name}", value, now=self._now())

    def counts(self) -> dict[str, int]:
        """Return how many documents each source has on the shelf."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(document.c.source, func.count()).group_by(document.c.source)).all()
        return {row[0]: row[1] for row in rows}


def _precedent(row: Any, model: str) -> ShelvedPrecedent:
    kept = Precedent(
        row.id, row.subject, row.question, row.answer, row.url, row.brand_id, row.asked_at, dict(row.documents)
    )
    return ShelvedPrecedent(kept, row.vector if row.model == model else b"", row.change, is_gone=row.is_gone)


def _document(row: Any) -> Document:
    return Document(
        id=row.id,
        source=Source(row.source),
        title=row.title,
        text=row.text,
        audience=Audience(row.audience),
        url=row.url,
        locale=row.locale,
        brand_id=row.brand_id,
        section=tuple(row.section),
        labels=tuple(row.labels),
        updated_at=row.updated_at,
        valid_until=row.valid_until,
        valid_from=row.valid_from,
        reviewed_at=row.reviewed_at,
    )
