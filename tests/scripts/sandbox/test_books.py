"""The books: numbered, in order, bounded, and a reader's place stays good."""

from scripts.sandbox import books as module
from scripts.sandbox.books import Books


def test_a_reader_goes_on_where_it_stopped():
    """`since` gives what is newer, at most so many, and the newest number of all."""
    books = Books()
    for number in range(5):
        books.add("write", number=number)
    entries, newest = books.since(0, limit=2)
    assert [(entry["seq"], entry["number"], entry["kind"]) for entry in entries] == [(1, 0, "write"), (2, 1, "write")]
    rest, _ = books.since(entries[-1]["seq"])
    assert ([entry["number"] for entry in rest], newest) == ([2, 3, 4], 5)
    assert books.since(newest) == ([], 5)


def test_numbers_go_on_after_they_were_cleared():
    """A reader from before sees only what came after."""
    books = Books()
    books.add("write")
    books.clear()
    books.add("request")
    entries, newest = books.since(1)
    assert ([entry["seq"] for entry in entries], newest) == ([2], 2)


def test_the_oldest_go_first(monkeypatch):
    """When more are kept than allowed a tenth is dropped, and numbers do not change."""
    monkeypatch.setattr(module, "_KEPT", 20)
    books = Books()
    for _ in range(21):
        books.add("write")
    entries, newest = books.since(0)
    assert (entries[0]["seq"], entries[-1]["seq"], newest) == (3, 21, 21)
