"""The shelf in SQL: what is put there is there whole or not at all, and every change is heard of."""

from datetime import UTC, datetime

import pytest

from kb.domain import Audience, Chunk, Document, Source
from workers.store.library import Lessons, Library

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


def learned(lessons, now, **other):
    values = {"state": "live", "note": "", "intent": "swap", "question": "Q", "answer": "A"}
    values |= {"message_ids": ("1", "2"), "content_hash": "h1", "now": now}
    return lessons.put("zendesk", "5", **(values | other))


def test_a_ticket_has_one_lesson(engine, now):
    """A second one takes the place of the first, under the same number."""
    lessons = Lessons(engine)
    assert lessons.hash_of("zendesk", "5") == ""
    first = learned(lessons, now)
    assert learned(lessons, now, content_hash="h2", state="refused", note="x" * 500) == first
    assert lessons.hash_of("zendesk", "5") == "h2"
    assert lessons.live_count() == 0


def test_a_lesson_taken_back_leaves_no_text(engine, now):
    """That there was one is all that stays; its hash no longer keeps the same lesson out."""
    lessons = Lessons(engine)
    learned(lessons, now)
    lessons.remove("zendesk", "5", now=now)
    lessons.remove("zendesk", "6", now=now)
    assert (lessons.hash_of("zendesk", "5"), lessons.live_count()) == ("", 0)
    learned(lessons, now)
    assert lessons.live_count() == 1
