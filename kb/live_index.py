"""The live Chroma collection of each source: kept level with the shelf, swapped by a pointer there, and searched.

Collections are bound to a model by name; a server full of another model's vectors is just not ours.
"""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from config.logs import get_logger
from kb.domain import Audience, Chunk, Document, Filter, Shelf, Source
from kb.index import FOREVER, ChromaIndex, Entry, IndexUnavailable, Where
from kb.snapshot import Snapshot, since, speaks, until

_REBUILD_SHARE = 0.3  # with more to mend than this, a fresh collection is cheaper and finds better

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What it took to bring Chroma level with the shelf."""

    upserted: int = 0
    deleted: int = 0
    embedded: int = 0
    rebuilt: tuple[Source, ...] = ()


class LiveIndex:
    """Safe to share between threads for searches; who writes sees to it that nobody else does."""

    def __init__(self, shelf: Shelf, chroma: ChromaIndex, model: str, check_seconds: float) -> None:
        self._shelf = shelf
        self._chroma = chroma
        self._model = hashlib.sha256(model.encode()).hexdigest()[:10]
        self._check_seconds = check_seconds
        self._pointers: dict[Source, tuple[float, str]] = {}

    def put(
        self, source: Source, pairs: Sequence[tuple[Document, Chunk]], vectors: dict[str, bytes], ids: list[str]
    ) -> None:
        """Write the chunks of some documents in place of what is there. Chroma may be away: repair() is for later."""
        if not self._chroma.is_set:
            return
        entries = [_entry(document, piece, vectors[piece.hash]) for document, piece in pairs]
        try:
            name = self._live(source) or self._create_live(source)
            stale = self._chroma.ids_of(name, ids) - {entry.id for entry in entries}
            self._chroma.upsert(name, entries)
            self._chroma.delete(name, stale)
        except IndexUnavailable as error:
            log.warning("index_behind", source=source.value, documents=len(ids), reason=str(error))

    def remove(self, ids: list[str]) -> None:
        """Take documents out of all collections; quietly, as put() does."""
        for source in Source:
            if name := self._live(source):
                try:
                    self._chroma.delete(name, sorted(self._chroma.ids_of(name, ids)))
                except IndexUnavailable as error:
                    log.warning("index_behind", source=source.value, documents=len(ids), reason=str(error))

    def nearest(
        self, snapshot: Snapshot, vector: NDArray[np.float32], wanted: Filter, mask: NDArray[np.bool_], limit: int
    ) -> list[int]:
        """Return the nearest rows under the mask: by Chroma, or from memory if a live collection cannot answer."""
        found: list[tuple[str, float]] = []
        try:
            for source in wanted.sources:
                if not snapshot.traits(source).audiences:
                    continue  # nothing of it is shelved
                if not (name := self._live(source, self._check_seconds)):
                    raise IndexUnavailable(f"no {source.value}s are indexed yet")
                found += self._chroma.query(name, vector, limit, _where(snapshot, source, wanted))
        except IndexUnavailable:
            found = []
        # What Chroma says is checked against our own record: it may lag behind the shelf.
        best = sorted(found, key=lambda hit: -hit[1])
        rows = [row for id_, _ in best if (row := snapshot.row_of.get(id_)) is not None and mask[row]]
        return rows[:limit] or snapshot.nearest(vector, mask, limit)

    def repair(self, snapshot: Snapshot, *, rebuild: bool, report: RepairReport) -> RepairReport:
        """Bring every collection level with the snapshot and add to the report. Raise IndexUnavailable."""
        for source in Source:
            entries = {entry.id: entry for entry in _entries(snapshot, source)}
            report = self._repair(source, entries, rebuild, report)
        return report

    def _repair(self, source: Source, entries: dict[str, Entry], rebuild: bool, report: RepairReport) -> RepairReport:
        name = self._live(source)
        try:
            stamps = self._chroma.stamps(name) if name else {}
        except IndexUnavailable:
            name, stamps = "", {}  # lost with the server's disk, if the server is there at all: creating will tell
        lacking = [entry for id_, entry in entries.items() if stamps.get(id_) != entry.stamp]
        extra = sorted(stamps.keys() - entries.keys())
        if rebuild or not name or len(lacking) + len(extra) > _REBUILD_SHARE * max(len(stamps), 1):
            self._rebuild(source, list(entries.values()))
            return replace(report, upserted=report.upserted + len(entries), rebuilt=(*report.rebuilt, source))
        self._chroma.upsert(name, lacking)
        self._chroma.delete(name, extra)
        return replace(report, upserted=report.upserted + len(lacking), deleted=report.deleted + len(extra))

    def check(self, source: Source, snapshot: Snapshot) -> tuple[int, list[str]]:
        """Return how many chunks a live collection has and what is wrong with it. Raise IndexUnavailable."""
        entries = _entries(snapshot, source)
        name = self._live(source)
        if not name:
            return 0, [f"{source.value}s: no index for this model: run `deskhand reindex`"] if entries else []
        problems = []
        if (count := self._chroma.count(name)) != len(entries):
            problems.append(f"{source.value}s: Chroma has {count} of {len(entries)} chunks: run `deskhand reindex`")
        public = frozenset({Audience.PUBLIC})
        for entry in entries[:: max(1, len(entries) // 5)]:
            near = self._chroma.query(name, entry.vector, 10, Where(audience=public))
            is_public = entry.audience is Audience.PUBLIC
            if not is_public and entry.id in dict(near):
                problems.append(f"{entry.id}: staff text is in the public index: run `deskhand reindex --full`")
            if is_public and not any(id_ == entry.id or similarity > 0.999 for id_, similarity in near):
                problems.append(f"{entry.id}: not found by its own vector: run `deskhand reindex --full`")
        return count, problems

    def close(self) -> None:
        self._chroma.close()

    def _rebuild(self, source: Source, entries: list[Entry]) -> None:
        """Build beside, count, swap, and drop what nobody can be reading any more."""
        key = f"collection:{source.value}"
        if left := self._shelf.pointer(f"{key}:building"):  # by a run that was killed
            self._chroma.drop(left)
        name = self._chroma.create(source, self._model)
        self._shelf.set_pointer(f"{key}:building", name)
        self._chroma.upsert(name, entries)
        if (count := self._chroma.count(name)) != len(entries):
            raise IndexUnavailable(f"{name} holds {count} of {len(entries)} chunks after it was built")
        live, older = self._shelf.pointer(key), self._shelf.pointer(f"{key}:previous")
        self._shelf.set_pointer(f"{key}:previous", live)
        self._shelf.set_pointer(key, name)
        self._shelf.set_pointer(f"{key}:building", "")
        if older and older not in (live, name):
            self._chroma.drop(older)

    def _create_live(self, source: Source) -> str:
        """Make the first collection of a source. Not for one of another model: that is repair()'s, beside the old."""
        key = f"collection:{source.value}"
        if self._shelf.pointer(key):
            raise IndexUnavailable("the live collection is another model's")
        name = self._chroma.create(source, self._model)
        self._shelf.set_pointer(key, name)
        return name

    def _live(self, source: Source, max_age_seconds: float = 0.0) -> str:
        """Return the live collection if it holds this model's vectors, else "".

        A search may go by what it read a moment ago: the collection before the last swap is still there.
        """
        now = time.monotonic()
        read_at, name = self._pointers.get(source, (-math.inf, ""))
        if now - read_at >= max_age_seconds:
            name = self._shelf.pointer(f"collection:{source.value}")
            self._pointers[source] = (now, name)
        return name if f"-{self._model}-" in name else ""


def _entry(document: Document, piece: Chunk, vector: bytes) -> Entry:
    begins, ends = since(document), min(until(document), FOREVER)
    parts = (piece.hash, document.audience.value, document.locale, document.brand_id, str(begins), str(ends))
    return Entry(
        piece.id,
        document.id,
        hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16],
        document.audience,
        document.locale,
        document.brand_id,
        ends,
        begins,
        np.frombuffer(vector, np.float32),
    )


def _entries(snapshot: Snapshot, source: Source) -> list[Entry]:
    return [
        _entry(document, piece, snapshot.matrix[row].tobytes())
        for row, (document, piece) in enumerate(zip(snapshot.documents, snapshot.chunks, strict=True))
        if document.source is source and snapshot.has_vector[row]
    ]


def _where(snapshot: Snapshot, source: Source, wanted: Filter) -> Where:
    """Say what Chroma has to leave out. A condition that excludes nothing is not sent: each costs time per row."""
    known = snapshot.traits(source)
    locales = frozenset(locale for locale in known.locales if speaks(locale, wanted.locale))
    brands = frozenset(brand for brand in known.brands if not wanted.brand_id or brand in ("", wanted.brand_id))
    return Where(
        audience=wanted.audience if known.audiences - wanted.audience else None,
        locales=locales if known.locales - locales else None,
        brands=brands if known.brands - brands else None,
        valid_at=wanted.at.timestamp() if wanted.at and known.expires else 0.0,
    )
