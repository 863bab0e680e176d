"""The live collections without their server: writes are quiet, searches answer from memory, repairs say what is amiss.

What they do with a real Chroma, and killed at each step, is shown in test_knowledge_base.py and test_model_change.py.
"""

import numpy as np
import pytest

from kb.domain import Audience, Chunk, Document, Filter, ShelvedChunk, Source
from kb.index import ChromaIndex, IndexUnavailable
from kb.live_index import LiveIndex, RepairReport
from kb.snapshot import Snapshot
from tests.fakes.shelf import MemoryShelf

PAGE = Document("a:1", Source.ARTICLE, "Swap a shift", "", Audience.PUBLIC)
PIECE = Chunk("a:1#0", "a:1", 0, (), "Open the calendar.", "h1")
VECTOR = np.array([1.0, 0.0, 0.0, 0.0], np.float32)
MODEL = "model-1"


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def live(shelf: MemoryShelf) -> LiveIndex:
    """Collections of a server that is not set."""
    return LiveIndex(shelf, ChromaIndex("", 0.5), MODEL, check_seconds=0.0)


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot(1, [ShelvedChunk(PIECE, PAGE, VECTOR.tobytes())], {"h1": VECTOR.tobytes()}, 4)


def test_writing_without_a_server_changes_nothing(live: LiveIndex, shelf: MemoryShelf) -> None:
    """A library for one run shelves and removes as usual; no collection is named."""
    live.put(Source.ARTICLE, [(PAGE, PIECE)], {"h1": VECTOR.tobytes()}, ["a:1"])
    live.remove(["a:1"])
    assert shelf.pointer("collection:article") == ""


def test_a_search_answers_from_memory(live: LiveIndex, snapshot: Snapshot) -> None:
    """What the mask hides is not found there either."""
    seen = np.array([True])
    assert live.nearest(snapshot, VECTOR, Filter(), seen, 5) == [0]
    assert live.nearest(snapshot, VECTOR, Filter(), ~seen, 5) == []


def test_a_collection_of_another_model_is_not_ours(live: LiveIndex, shelf: MemoryShelf, snapshot: Snapshot) -> None:
    """The pointer names a collection made for other vectors: as good as none, and health says how to mend it."""
    shelf.set_pointer("collection:article", "deskhand-article-0123456789-abcd")
    assert live.check(Source.ARTICLE, snapshot) == (0, ["articles: no index for this model: run `deskhand reindex`"])
    assert live.check(Source.LESSON, snapshot) == (0, [])


def test_a_repair_without_a_server_is_refused(live: LiveIndex, shelf: MemoryShelf, snapshot: Snapshot) -> None:
    """It is told, and the pointer stays where it was."""
    with pytest.raises(IndexUnavailable):
        live.repair(snapshot, rebuild=False, report=RepairReport())
    assert shelf.pointer("collection:article") == ""
