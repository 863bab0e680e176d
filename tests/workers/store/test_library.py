"""The shelf in SQL: what is put there is there whole or not at all, and every change is heard of."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.domain import Audience, Chunk, Document, Precedent, Source
from workers.store.library import Library

AT = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def library(engine, now):
    return Library(engine, lambda: now)


def document(name="1", **other):
    fields = {"source": Source.ARTICLE, "title": "Swap a shift", "text": "Words", "audience": Audience.PUBLIC}
    return Document(id=f"zendesk:article:{name}", **(fields | other))


def chunks(document_, *texts):
    return [
        Chunk(f"{document_.id}#{n}", document_.id, n, ("Swap", "How"), text, f"hash of {text}")
        for n, text in enumerate(texts)
    ]


def put(library, document_, *texts, model="m1", digest="d1"):
    pieces = chunks(document_, *texts)
    library.replace(document_, digest, pieces, [piece.text.encode() for piece in pieces], model)
    return pieces


def test_what_is_put_comes_back_the_same(library):
    """Every field of document and chunk survives, with times in UTC."""
    whole = document(
        url="https://help.example/1",
        locale="en-us",
        brand_id="7",
        section=("Shifts", "Swaps"),
        labels=("swap",),
        updated_at=AT,
        valid_until=AT,
    )
    pieces = put(library, whole, "one", "two")
    found = library.chunks()
    assert [item.chunk for item in found] == pieces
    assert {item.document for item in found} == {whole}
    assert [item.vector for item in found] == [b"one", b"two"]


def test_a_new_version_takes_the_place_of_the_old(library):
    """No chunk of the old version is left, and the hash is the new one."""
    put(library, document(), "one", "two", "three")
    put(library, document(title="Swapping"), "four", digest="d2")
    assert [item.chunk.text for item in library.chunks()] == ["four"]
    assert library.document_hashes(Source.ARTICLE, "zendesk:article:") == {"zendesk:article:1": "d2"}


def test_a_document_that_cannot_be_stored_leaves_the_old_one(library):
    """A vector too few: nothing of it is kept, and nobody is told of a change."""
    put(library, document(), "one")
    before = library.revision()
    with pytest.raises(ValueError, match="shorter"):
        library.replace(document(), "d2", chunks(document(), "two", "three"), [b"two"], "m1")
    assert [item.chunk.text for item in library.chunks()] == ["one"]
    assert library.revision() == before


def test_hashes_are_listed_by_source_and_prefix(library):
    """A prefix is taken literally, also with letters that mean something in SQL."""
    put(library, document("1"))
    put(library, document("1_2"), digest="d2")
    put(library, document("1x2"), digest="d3")
    put(library, document("9", source=Source.LESSON), digest="d4")
    assert library.document_hashes(Source.ARTICLE, "zendesk:article:1_") == {"zendesk:article:1_2": "d2"}
    assert library.document_hashes(Source.LESSON, "zendesk:") == {"zendesk:article:9": "d4"}


def test_vectors_are_found_by_hash_and_model(library):
    """More hashes than one statement can hold; another model's vectors are not ours."""
    put(library, document(), "one")
    asked = [f"hash of {n}" for n in range(1200)] + ["hash of one"]
    assert library.vectors(asked, "m1") == {"hash of one": b"one"}
    assert library.vectors(asked, "m2") == {}


def test_removing_many_at_once(library):
    """More documents than one statement can hold go, with their chunks; others stay."""
    for number in range(3):
        put(library, document(str(number)), f"text {number}")
    library.remove([f"zendesk:article:{n}" for n in range(1, 1200)])
    assert [item.document.id for item in library.chunks()] == ["zendesk:article:0"]


def test_the_revision_grows_with_every_change_and_only_then(library):
    """Other processes see by it that their own index is old."""
    seen = [library.revision()]
    put(library, document(), "one")
    seen.append(library.revision())
    library.remove(["zendesk:article:1"])
    seen.append(library.revision())
    assert seen == [0, 1, 2]
    library.remove(["zendesk:article:1"])
    assert library.revision() == 2


def test_pointers_are_small_named_values(library):
    """Unset is empty; the last value counts."""
    assert library.pointer("live:article") == ""
    library.set_pointer("live:article", "a")
    library.set_pointer("live:article", "b")
    assert library.pointer("live:article") == "b"


def test_documents_are_counted_by_source(library):
    """For the health page."""
    put(library, document("1"))
    put(library, document("2"))
    put(library, document("3", source=Source.LESSON))
    assert library.counts() == {"article": 2, "lesson": 1}


def solved(name, **other):
    return Precedent(f"zendesk:{name}", "Swap", "How do I swap?", **other)


def test_a_precedent_comes_back_the_same(library):
    """Every field survives; another model's vector is not handed out."""
    whole = solved("1", answer="So.", url="https://x/1", brand_id="7", asked_at=AT, documents={"a": 1.0, "b": -1.0})
    library.keep_precedent(whole, b"v", "m1")
    (found,) = library.precedents_after(0, "m1")
    assert (found.precedent, found.vector, found.is_gone) == (whole, b"v", False)
    assert library.precedents(["zendesk:1", "zendesk:2"], "m2")["zendesk:1"].vector == b""


def test_only_what_changed_since_is_read(library):
    """A change moves a precedent to the end of the changes, and so does its going; its text is then gone."""
    for name in "123":
        library.keep_precedent(solved(name), b"v", "m1")
    seen = max(item.change for item in library.precedents_after(0, "m1"))
    library.keep_precedent(solved("1", answer="New"), b"v", "m1")
    library.drop_precedents(["zendesk:2", "zendesk:9"])
    later = list(library.precedents_after(seen, "m1"))
    assert [(item.precedent.id, item.is_gone) for item in later] == [("zendesk:1", False), ("zendesk:2", True)]
    assert (later[1].precedent.subject, later[1].precedent.text, later[1].vector) == ("", "", b"")
    library.drop_precedents(["zendesk:2"])
    assert len(list(library.precedents_after(seen, "m1"))) == 2


def test_many_changes_are_read_in_batches(library, monkeypatch):
    """None is lost between two batches."""
    monkeypatch.setattr("workers.store.library._BATCH", 2)
    for name in "12345":
        library.keep_precedent(solved(name), b"v", "m1")
    assert [item.precedent.id[-1] for item in library.precedents_after(0, "m1")] == list("12345")


def test_the_oldest_precedents_go_when_there_are_too_many(engine, now, monkeypatch):
    """The newest by the time of asking stay, and workers hear of those that went."""
    monkeypatch.setattr("workers.store.library._TRIM_EVERY", 1)
    small = Library(engine, lambda: now, most_precedents=2)
    for name, days in (("1", 3), ("2", 9), ("3", 1)):
        small.keep_precedent(solved(name, asked_at=AT - timedelta(days=days)), b"v", "m1")
    assert {item.precedent.id[-1]: item.is_gone for item in small.precedents_after(0, "m1")} == {
        "1": False,
        "2": True,
        "3": False,
    }
    for _ in range(4):
        small.keep_precedent(solved("3", asked_at=AT), b"v", "m1")
    assert [item.precedent.id[-1] for item in small.precedents_after(0, "m1")] == ["1", "3"]
