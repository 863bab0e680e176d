"""Chroma: a real server is written to and asked; one that is away, silent or slow costs its time limit and no more."""

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest

from kb.domain import Audience, Source
from kb.index import FOREVER, ChromaIndex, Entry, IndexUnavailable, Where

PUBLIC = frozenset({Audience.PUBLIC})


def entry(number: int, **other: object) -> Entry:
    vector = np.zeros(8, np.float32)
    vector[number % 8] = 1.0
    usual = {"audience": Audience.PUBLIC, "locale": "en", "brand_id": "1", "valid_until": FOREVER, "valid_from": 0.0}
    return Entry(f"d{number}#0", f"d{number}", "s1", vector=vector, **(usual | other))  # type: ignore[arg-type]


@pytest.fixture
def index(chroma_server: str) -> Iterator[ChromaIndex]:
    made = ChromaIndex(chroma_server, timeout_seconds=5)
    yield made
    made.close()


@pytest.mark.real
def test_written_rows_are_found(index: ChromaIndex) -> None:
    """Nearest first, with the cosine; the same id replaces; what is deleted is gone."""
    name = index.create(Source.ARTICLE, "test")
    index.upsert(name, [entry(number) for number in range(5)])
    index.upsert(name, [entry(2)])
    assert index.count(name) == 5
    best, similarity = index.query(name, entry(2).vector, 3, Where())[0]
    assert (best, round(similarity, 4)) == ("d2#0", 1.0)
    index.delete(name, index.ids_of(name, ["d2"]))
    assert index.stamps(name) == {f"d{number}#0": "s1" for number in (0, 1, 3, 4)}


@pytest.mark.real
def test_conditions_are_applied(index: ChromaIndex) -> None:
    """Audience, locale, brand and end of validity each shut out on their own and together."""
    name = index.create(Source.ARTICLE, "test")
    rows = [entry(0), entry(1, audience=Audience.STAFF), entry(2, locale="fr"), entry(3, brand_id="2")]
    index.upsert(name, [*rows, entry(4, valid_until=1000.0)])

    def found(where: Where) -> set[str]:
        return {id_ for id_, _ in index.query(name, entry(0).vector, 10, where)}

    everything = {f"d{number}#0" for number in range(5)}
    assert found(Where()) == everything
    assert found(Where(audience=PUBLIC)) == everything - {"d1#0"}
    assert found(Where(locales=frozenset({"en"}))) == everything - {"d2#0"}
    assert found(Where(brands=frozenset({"", "1"}))) == everything - {"d3#0"}
    assert found(Where(valid_at=1000.0)) == everything - {"d4#0"}
    assert found(Where(PUBLIC, frozenset({"en"}), frozenset({"1"}), 1000.0)) == {"d0#0"}


@pytest.mark.real
def test_a_dropped_collection_is_unavailable(index: ChromaIndex) -> None:
    """Asking a collection that is gone raises, and the others still answer at once."""
    gone, kept = index.create(Source.ARTICLE, "test"), index.create(Source.LESSON, "test")
    index.upsert(kept, [entry(0)])
    index.drop(gone)
    with pytest.raises(IndexUnavailable):
        index.query(gone, entry(0).vector, 1, Where())
    assert index.query(kept, entry(0).vector, 1, Where())
    index.drop(gone)


def test_a_silent_server_costs_the_limit_once() -> None:
    """A server that accepts and never answers costs the limit; the next query does not wait at all."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = ChromaIndex(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.3)
        with pytest.raises(IndexUnavailable):
            index.query("any", entry(0).vector, 1, Where())
        started = time.monotonic()
        with pytest.raises(IndexUnavailable, match="resting"):
            index.query("any", entry(0).vector, 1, Where())
        assert time.monotonic() - started < 0.2
        index.close()


def test_no_server_is_unavailable() -> None:
    """Nobody listening, or no server set: the same error."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", ""):
        index = ChromaIndex(url, timeout_seconds=1)
        with pytest.raises(IndexUnavailable):
            index.count("any")
        index.close()
