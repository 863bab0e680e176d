"""A change of the embedding model that is killed, at every step it has: the index that was there goes on working."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from kb.domain import Document, Filter, Precedent, Query, Source
from kb.knowledge_base import KnowledgeBase
from tests.fakes.embedder import HashEmbedder
from workers.services import utc_now
from workers.store.library import Library
from workers.store.migrate import migrate
from workers.store.tables import open_engine

STEPS = {
    "_shelf": ("replace", "keep_precedent", "set_pointer"),
    "_index._chroma": ("create", "upsert", "count", "drop"),
}
ASKED = "Where do I swap a shift with a colleague?"
RIGHT = "zendesk:article:2"


@contextmanager
def opened(folder: Path, chroma: str, embedder: HashEmbedder) -> Iterator[KnowledgeBase]:
    engine = open_engine(f"sqlite:///{folder}/test.sqlite3")
    library = KnowledgeBase(Library(engine, utc_now), embedder, chroma, timeout_seconds=5, check_seconds=0)
    yield library
    library.close()
    engine.dispose()


def dies(work: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    """Let a step be done, and end the process as `kill -9` does once there are none left."""

    def step(*given: Any, **named: Any) -> Any:
        done = work(*given, **named)
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return step


def is_killed_after(steps: int, folder: Path, chroma: str, embedder: HashEmbedder) -> bool:
    """Change to this model in a process of its own; say whether it was killed before it came to the end."""
    child = os.fork()
    if not child:
        try:
            with opened(folder, chroma, embedder) as library:
                left = [steps]
                for path, names in STEPS.items():
                    part = attrgetter(path)(library)
                    for name in names:
                        setattr(part, name, dies(getattr(part, name), left))
                library.repair()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.fixture
def in_use(tmp_path: Path, chroma_server: str, help_centre: list[Document]) -> Path:
    """A folder with the database of a library in use, its collections built twice."""
    engine = open_engine(f"sqlite:///{tmp_path}/test.sqlite3")
    migrate(engine)
    engine.dispose()
    with opened(tmp_path, chroma_server, HashEmbedder()) as library:
        library.put(help_centre[:3], source=Source.ARTICLE, prefix="zendesk:article:")
        library.remember([Precedent("zendesk:1", "Swap", ASKED, documents={RIGHT: 1.0})])
        for _ in range(2):
            library.repair(rebuild=True)
    return tmp_path


@pytest.mark.real
def test_a_model_change_may_be_killed_at_any_step(in_use: Path, chroma_server: str) -> None:
    """After a kill at each step workers of the old model and of the new find the article, and the next run ends it."""
    before, after = HashEmbedder(), HashEmbedder(128, "hash-2")
    kills = 0
    while True:
        folder = in_use / str(kills)
        folder.mkdir()
        shutil.copy(in_use / "test.sqlite3", folder)
        was_killed = is_killed_after(kills, folder, chroma_server, after)
        with opened(folder, chroma_server, before) as older, opened(folder, chroma_server, after) as newer:
            for worker in (older, newer):
                assert worker.search(Query("", ASKED), Filter(), 3).passages[0].document_id == RIGHT, kills
            newer.repair()
            assert newer.health().problems == (), kills
            assert newer.similar(Query("Swap", ASKED), Filter(), 1), kills
        if not was_killed:
            break
        kills += 1
    assert kills >= 3 + 1 + 2 * 6  # each article, the ticket, and six steps for each of two collections
