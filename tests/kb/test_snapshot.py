"""The snapshot: filters let through what they should, and a stale one is replaced without a wait."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from kb.chunk import chunk, content_hash
from kb.domain import Audience, Chunk, Document, Filter, ShelvedChunk, Source
from kb.snapshot import Snapshot, address, is_visible, snapshots, speaks
from tests.fakes.embedder import HashEmbedder
from tests.fakes.shelf import MemoryShelf


def doc(id_: str = "a", **other: object) -> Document:
    return Document(id_, Source.ARTICLE, "T", "text", **({"audience": Audience.PUBLIC} | other))  # type: ignore[arg-type]


def shelve(shelf: MemoryShelf, document: Document) -> None:
    pieces = chunk(document)
    vectors = HashEmbedder().embed([piece.text for piece in pieces])
    shelf.replace(document, content_hash(document), pieces, [row.tobytes() for row in vectors], "hash-1")


@pytest.mark.parametrize(
    ("document", "wanted", "expected"),
    [
        (doc(), Filter(), True),
        (doc(audience=Audience.STAFF), Filter(), False),
        (doc(audience=Audience.STAFF), Filter(audience=frozenset(Audience)), True),
        (doc(), Filter(sources=frozenset({Source.LESSON})), False),
        (doc(brand_id="2"), Filter(brand_id="1"), False),
        (doc(brand_id=""), Filter(brand_id="1"), True),
        (doc(brand_id="2"), Filter(), True),
        (doc(valid_until=datetime(2026, 1, 1, tzinfo=UTC)), Filter(at=datetime(2026, 1, 1, tzinfo=UTC)), False),
        (doc(valid_until=datetime(2026, 1, 2, tzinfo=UTC)), Filter(at=datetime(2026, 1, 1, tzinfo=UTC)), True),
        (doc(locale="fr"), Filter(locale="en"), False),
    ],
)
def test_filters(document: Document, wanted: Filter, expected: bool) -> None:
    """Audience, source, brand, locale and validity each shut out on their own, in both forms of the filter."""
    shelf = MemoryShelf()
    shelve(shelf, document)
    snapshot = snapshots(shelf, "hash-1", 256, 0).current()
    assert bool(snapshot.visible(wanted).all()) is expected
    assert is_visible(document, wanted) is expected


@pytest.mark.parametrize(
    ("locale", "wanted", "expected"),
    [
        ("en-us", "en", True),
        ("en", "en-US", True),
        ("", "fr", True),
        ("fr", "", True),
        ("en-us", "en-gb", False),
        ("es", "e", False),
    ],
)
def test_locales(locale: str, wanted: str, expected: bool) -> None:
    """A language serves its regions and the other way round, but no other language."""
    assert speaks(locale, wanted) is expected


def test_a_change_is_seen_after_the_interval() -> None:
    """The shelf's revision is looked at once in the interval, not on every call."""
    now = [0.0]
    shelf = MemoryShelf()
    shelve(shelf, doc("a"))
    level = snapshots(shelf, "hash-1", 256, 1.0, clock=lambda: now[0])
    assert len(level.current().chunks) == 1
    shelve(shelf, doc("b"))
    assert len(level.current().chunks) == 1
    now[0] = 1.5
    assert len(level.current().chunks) == 2


def test_others_go_on_while_one_builds() -> None:
    """A thread that asks during a rebuild gets the old snapshot at once."""
    shelf = SlowShelf()
    shelve(shelf, doc("a"))
    level = snapshots(shelf, "hash-1", 256, 0.0)
    old = level.current()
    shelve(shelf, doc("b"))
    shelf.gate.clear()
    builder = threading.Thread(target=level.current)
    builder.start()
    assert shelf.waiting.wait(5)
    assert level.current() is old
    shelf.gate.set()
    builder.join(5)
    assert len(level.current().chunks) == 2


def test_vectors_of_another_model_are_not_used() -> None:
    """A chunk that this model has not embedded has no vector here."""
    shelf = MemoryShelf()
    shelve(shelf, doc("a"))
    snapshot = snapshots(shelf, "other", 256, 0).current()
    assert not snapshot.has_vector.any()
    assert snapshot.nearest(np.ones(256, np.float32), np.ones(1, np.bool_), 5) == []


def test_the_short_way_through_many_vectors_finds_the_nearest() -> None:
    """In a large library too the nearest chunks come first, and none that the mask hides."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(40, 384))
    rows = centres[np.arange(2500) % 40] + 0.8 * random.normal(size=(2500, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    items = [
        ShelvedChunk(Chunk(f"d{at}#0", f"d{at}", 0, (), "text", str(at)), doc(f"d{at}"), b"") for at in range(len(rows))
    ]
    snapshot = Snapshot(1, items, {str(at): row.tobytes() for at, row in enumerate(rows)}, 384)
    mask = np.arange(2500) % 7 != 0
    for question in rows[::500]:
        exact = np.flatnonzero(mask)[np.argsort(-(rows[mask] @ question), kind="stable")]
        assert snapshot.nearest(question, mask, 10) == exact[:10].tolist()


def test_siblings_come_with_their_documents() -> None:
    """All chunks of a document that was found are there, together, and none of a hidden one."""
    shelf = MemoryShelf()
    for name in "abc":
        shelve(
            shelf, replace(doc(name), text="# One\n\n" + "First part. " * 60 + "\n\n# Two\n\n" + "Second part. " * 60)
        )
    snapshot = snapshots(shelf, "hash-1", 256, 0).current()
    mask = np.array([document.id != "b" for document in snapshot.documents])
    found = np.array([row for row, piece in enumerate(snapshot.chunks) if piece.position == 1])
    rows, documents, starts = snapshot.with_siblings(found, mask)
    assert [snapshot.document_ids[at] for at in documents] == ["a", "c"]
    assert [snapshot.documents[row].id for row in rows] == ["a"] * starts[1] + ["c"] * (len(rows) - starts[1])
    assert len(rows) == sum(document.id != "b" for document in snapshot.documents) >= 4


def test_a_worker_goes_on_while_another_model_embeds_anew() -> None:
    """What the shelf no longer has a vector of ours for keeps the one we have read; what changed has none."""
    shelf = LosingShelf()
    for name in ("a", "b"):
        shelve(shelf, replace(doc(name), text=f"text of {name}"))
    level = snapshots(shelf, "hash-1", 256, 0)
    before = level.current().matrix[0].tolist()
    shelf.has_lost = True
    shelve(shelf, replace(doc("b"), text="a new text"))
    snapshot = level.current()
    assert [document.id for document in snapshot.documents] == ["a", "b"]
    assert snapshot.has_vector.tolist() == [True, False]
    assert snapshot.matrix[0].tolist() == before


class LosingShelf(MemoryShelf):
    """A shelf that has another model's vectors in place of ours."""

    has_lost = False

    def vectors(self, chunk_hashes, model):
        return {} if self.has_lost else super().vectors(chunk_hashes, model)


class SlowShelf(MemoryShelf):
    """A shelf whose reading can be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()

    def chunks(self):
        if not self.gate.is_set():
            self.waiting.set()
            self.gate.wait(5)
        return super().chunks()


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://help.example/hc/en-us/articles/42-Swap-a-shift?x=1#y", "https://help.example/hc/de/articles/42"),
        ("https://www.help.example/en/kb/swap-a-shift/", "https://HELP.example/kb/swap-a-shift"),
        ("https://help.example/en/articles/123456-how-to", "https://help.example/articles/123456-wie-man"),
    ],
)
def test_an_address_stays_the_same(url: str, same: str) -> None:
    """Locale, title, query and case of a link do not make it another article."""
    assert address(url) == address(same) != ""


def test_other_addresses_differ() -> None:
    """Another number, host or page is another address, and what is none is empty."""
    known = [
        address(f"https://{rest}")
        for rest in ("a.example/articles/42", "a.example/articles/43", "b.example/articles/42")
    ]
    assert len(set(known)) == 3
    assert address("mailto:x") == ""


def test_of_two_alike_the_preferred_one_is_shown() -> None:
    """The other help centre's copy takes no place; what differs, is not to be seen, or is nobody's choice, stays."""
    shelf = MemoryShelf()
    hidden = doc("b:article:2", audience=Audience.STAFF)
    for document in (doc("a:article:1"), doc("a:article:9", valid_until=datetime(2030, 1, 1, tzinfo=UTC)), hidden):
        shelve(shelf, document)
    snapshot = snapshots(shelf, "hash-1", 256, 0).current()
    assert shown(snapshot, Filter(prefers="b:article:")) == {"a:article:1", "a:article:9"}
    shelve(shelf, doc("b:article:1"))
    snapshot = snapshots(shelf, "hash-1", 256, 0).current()
    assert shown(snapshot, Filter(prefers="b:article:")) == {"b:article:1", "a:article:9"}
    assert shown(snapshot, Filter(prefers="a:article:")) == {"a:article:1", "a:article:9"}
    assert shown(snapshot, Filter()) == {"a:article:1", "a:article:9", "b:article:1"}


def shown(snapshot: Snapshot, wanted: Filter) -> set[str]:
    mask = snapshot.visible(wanted)
    return {document.id for document, is_seen in zip(snapshot.documents, mask, strict=True) if is_seen}
