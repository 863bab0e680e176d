"""The library's door: nothing is embedded twice, nothing forbidden is found, and no part that is away stops it."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from kb.domain import Audience, Document, Filter, Precedent, PutReport, Query, Source
from kb.embed import Embedder
from kb.index import IndexUnavailable
from kb.knowledge_base import KnowledgeBase, Mode
from tests.fakes.embedder import HashEmbedder
from tests.fakes.shelf import MemoryShelf

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PUBLIC = Filter(locale="en", brand_id="1", at=NOW)
PREFIX = "zendesk:article:"


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def library(shelf: MemoryShelf, embedder: HashEmbedder) -> Iterator[KnowledgeBase]:
    """A library without Chroma."""
    made = KnowledgeBase(shelf, embedder, "", check_seconds=0)
    yield made
    made.close()


@pytest.fixture
def indexed(shelf: MemoryShelf, embedder: HashEmbedder, chroma_server: str) -> Iterator[KnowledgeBase]:
    """A library with a real Chroma."""
    made = KnowledgeBase(shelf, embedder, chroma_server, timeout_seconds=5, check_seconds=0)
    yield made
    made.close()


def put(library: KnowledgeBase, documents: list[Document], **other: object) -> PutReport:
    return library.put(documents, source=Source.ARTICLE, prefix=PREFIX, **other)  # type: ignore[arg-type]


def titles(library: KnowledgeBase, text: str, wanted: Filter = PUBLIC, **other: object) -> list[str]:
    return [found.title for found in library.search(Query("", text), wanted, 10, **other).passages]  # type: ignore[arg-type]


def test_unchanged_documents_cost_nothing(
    library: KnowledgeBase, embedder: HashEmbedder, help_centre: list[Document]
) -> None:
    """The second run embeds nothing; a changed document embeds only its changed chunks."""
    first = put(library, help_centre)
    assert (first.added, first.chunks_embedded) == (6, embedder.texts)
    second = put(library, help_centre)
    assert (second.added, second.changed, second.unchanged, second.chunks_embedded) == (0, 0, 6, 0)
    moved = replace(help_centre[0], url="https://tidemark.test/new")
    third = put(library, [moved, *help_centre[1:]])
    assert (third.changed, third.unchanged, third.chunks_embedded) == (1, 5, 0)
    assert embedder.texts == first.chunks_embedded


def test_the_right_passage_is_found(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """A passage carries its document's title, link and the score it was found with."""
    put(library, [replace(help_centre[1], url="https://tidemark.test/2"), *help_centre[2:]])
    result = library.search(Query("Shift swap", "Can I swap my shift with a colleague?"), PUBLIC, 3)
    best = result.passages[0]
    assert (best.title, best.url, best.chunk_id) == ("Swap a shift", "https://tidemark.test/2", "zendesk:article:2#0")
    assert best.similarity > 0.3
    assert best.keyword_score == 1.0
    assert not result.is_degraded


def test_a_code_is_found_whatever_stands_around_it(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """The document with the error code comes first although another is all about the question's other words."""
    put(library, help_centre)
    text = "We approve the week in Timesheets and choose Export, then our provider says err-1042 again"
    assert titles(library, text)[0] == "Export fails"


@pytest.mark.parametrize("mode", list(Mode))
def test_forbidden_text_never_comes_back(
    library: KnowledgeBase, help_centre: list[Document], forbidden: list[Document], mode: Mode
) -> None:
    """Staff text, drafts, another brand, another language and expired text stay out when Chroma is away."""
    put(library, [*help_centre, *forbidden])
    passages = library.search(Query("CANARY refund", "CANARY refund policy limits"), PUBLIC, 50, mode).passages
    assert not [found for found in passages if "CANARY" in found.text]
    seen = library.search(Query("CANARY refund", "CANARY"), Filter(audience=frozenset(Audience)), 50, mode).passages
    assert sum("CANARY" in found.text for found in seen) == len(forbidden)


@pytest.mark.real
@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.VECTOR])
def test_forbidden_text_never_comes_back_from_chroma(
    indexed: KnowledgeBase, help_centre: list[Document], forbidden: list[Document], mode: Mode
) -> None:
    """The same with a real index, and although the canaries are the nearest of all."""
    put(indexed, [*help_centre, *forbidden])
    assert indexed.health().indexed == len(indexed._snapshots.current().chunks)
    passages = indexed.search(Query("CANARY refund", "CANARY refund policy limits"), PUBLIC, 50, mode).passages
    assert passages
    assert not [found for found in passages if "CANARY" in found.text]


@pytest.mark.real
def test_an_article_that_turned_internal_is_gone_though_chroma_missed_it(
    shelf: MemoryShelf, embedder: HashEmbedder, chroma_server: str, help_centre: list[Document]
) -> None:
    """What Chroma still calls public is shut out by our own record, and repair() corrects Chroma."""
    with_index = KnowledgeBase(shelf, embedder, chroma_server, timeout_seconds=5, check_seconds=0)
    put(with_index, help_centre)
    without = KnowledgeBase(shelf, embedder, "", check_seconds=0)
    put(without, [replace(help_centre[1], audience=Audience.STAFF)])
    assert "Swap a shift" not in titles(with_index, "swap a shift")
    assert with_index.repair().upserted == 1
    assert with_index.health().problems == ()
    with_index.close()


def test_a_suspicious_drop_is_refused(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """A full run that lost half of the articles, or all, changes nothing and says so."""
    put(library, help_centre)
    for rest in (help_centre[:3], []):
        report = put(library, rest, full=True)
        assert "of 6 documents are missing" in report.refused
        assert len(titles(library, "schedule shift export payroll plan clock")) >= 6
    report = put(library, help_centre[:3], full=True, max_drop=0.5)
    assert (report.removed, report.refused) == (3, "")
    assert "Clock in on a phone" not in titles(library, "clock in on a phone")


def test_a_full_run_leaves_other_prefixes_alone(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """Only what stands under the prefix may go."""
    put(library, help_centre)
    other = replace(help_centre[0], id="folder:handbook", title="Handbook")
    library.put([other], source=Source.ARTICLE, prefix="folder:")
    put(library, help_centre[:5], full=True)
    assert "Handbook" in titles(library, "publish a schedule")
    assert "Change your plan" not in titles(library, "change your plan")


def test_foreign_documents_are_a_mistake(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """A document of another source or prefix is a programming error."""
    with pytest.raises(ValueError, match="does not belong"):
        library.put(help_centre, source=Source.LESSON, prefix="lesson:")


def test_progress_counts_every_document(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """Progress adds up to the number of documents, unchanged ones included."""
    many = [replace(help_centre[0], id=f"{PREFIX}{n}", title=f"T{n}") for n in range(70)]
    steps: list[int] = []
    put(library, many, progress=steps.append)
    assert sum(steps) == 70
    assert len(steps) > 1


@pytest.mark.real
def test_removed_documents_are_gone_everywhere(indexed: KnowledgeBase, help_centre: list[Document]) -> None:
    """After remove() neither shelf nor Chroma has it."""
    put(indexed, help_centre)
    indexed.remove([help_centre[1].id])
    assert "Swap a shift" not in titles(indexed, "swap a shift")
    assert indexed.health().indexed == 5
    assert indexed.health().problems == ()


@pytest.mark.real
def test_a_changed_document_leaves_no_old_chunk(indexed: KnowledgeBase, help_centre: list[Document]) -> None:
    """A document that became shorter takes its surplus chunks out of Chroma."""
    long = replace(help_centre[0], text="\n\n".join(f"# Part {n}\n\n" + f"words {n} " * 100 for n in range(4)))
    put(indexed, [long])
    assert indexed.health().indexed >= 4
    put(indexed, [help_centre[0]])
    assert indexed.health().indexed == 1


@pytest.mark.real
def test_repair_brings_chroma_level(
    shelf: MemoryShelf, embedder: HashEmbedder, chroma_server: str, help_centre: list[Document]
) -> None:
    """What was put and removed while Chroma was away is there after repair(), with nothing embedded again."""
    away = KnowledgeBase(shelf, embedder, "", check_seconds=0)
    put(away, help_centre)
    embedded = embedder.texts
    back = KnowledgeBase(shelf, embedder, chroma_server, timeout_seconds=5, check_seconds=0)
    assert any("no index" in problem for problem in back.health().problems)
    assert Source.ARTICLE in back.repair().rebuilt
    away.remove([help_centre[0].id])
    report = back.repair()
    assert (report.upserted, report.deleted, report.rebuilt, report.embedded) == (0, 1, (), 0)
    assert back.health().problems == ()
    assert embedder.texts == embedded
    back.close()


@pytest.mark.real
def test_a_lost_collection_is_rebuilt_and_searches_go_on(
    indexed: KnowledgeBase, shelf: MemoryShelf, help_centre: list[Document]
) -> None:
    """With the live collection gone a search still answers from memory, and repair() builds a new one."""
    put(indexed, help_centre)
    before = shelf.pointer("collection:article")
    indexed._index._chroma.drop(before)
    result = indexed.search(Query("", "swap a shift"), PUBLIC, 3)
    assert (result.passages[0].title, result.is_degraded) == ("Swap a shift", False)
    assert Source.ARTICLE in indexed.repair().rebuilt
    assert shelf.pointer("collection:article") != before
    assert indexed.health().problems == ()


@pytest.mark.real
def test_a_source_that_is_not_indexed_yet_is_searched_in_memory(
    indexed: KnowledgeBase, shelf: MemoryShelf, help_centre: list[Document]
) -> None:
    """Lessons shelved while Chroma was away are found by their vectors beside indexed articles."""
    put(indexed, help_centre)
    lesson = replace(help_centre[1], id="lesson:1", source=Source.LESSON, title="Trade")
    away = KnowledgeBase(shelf, HashEmbedder(), "", check_seconds=0)
    away.put([lesson], source=Source.LESSON, prefix="lesson:")
    assert shelf.pointer("collection:lesson") == ""
    assert "Trade" in titles(indexed, "swap a shift, pick a colleague", mode=Mode.VECTOR)


@pytest.mark.real
def test_another_model_builds_beside(
    indexed: KnowledgeBase, shelf: MemoryShelf, chroma_server: str, help_centre: list[Document]
) -> None:
    """The new model's collection replaces the old at the end; until then keywords answer, and say so."""
    put(indexed, help_centre)
    before = shelf.pointer("collection:article")
    newer = KnowledgeBase(shelf, HashEmbedder(128, "hash-2"), chroma_server, timeout_seconds=5, check_seconds=0)
    result = newer.search(Query("", "swap a shift"), PUBLIC, 3)
    assert (result.passages[0].title, result.is_degraded) == ("Swap a shift", True)
    put(newer, [replace(help_centre[0], title="Publish")])
    assert shelf.pointer("collection:article") == before
    report = newer.repair()
    assert report.embedded == 5
    assert shelf.pointer("collection:article") not in ("", before)
    assert not newer.search(Query("", "swap a shift"), PUBLIC, 3).is_degraded
    assert newer.health().problems == ()
    newer.close()


@pytest.mark.real
def test_a_rebuild_that_was_killed_leaves_the_old_index(
    indexed: KnowledgeBase, shelf: MemoryShelf, help_centre: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pointer moves only when the new collection is complete; the leftover goes with the next rebuild."""
    put(indexed, help_centre)
    live = shelf.pointer("collection:article")
    with monkeypatch.context() as patch:
        patch.setattr(indexed._index._chroma, "count", lambda name: 0)
        with pytest.raises(IndexUnavailable, match="holds 0 of 6"):
            indexed.repair(rebuild=True)
    assert shelf.pointer("collection:article") == live
    leftover = shelf.pointer("collection:article:building")
    indexed.repair(rebuild=True)
    assert shelf.pointer("collection:article") not in (live, leftover)
    with pytest.raises(IndexUnavailable):
        indexed._index._chroma.count(leftover)


def test_a_server_that_never_answers_does_not_stop_a_search(shelf: MemoryShelf, help_centre: list[Document]) -> None:
    """Put and search work while something silent listens on Chroma's port."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        library = KnowledgeBase(shelf, HashEmbedder(), url, timeout_seconds=0.2, check_seconds=0)
        put(library, help_centre)
        assert titles(library, "swap a shift")[0] == "Swap a shift"
        health = library.health()
        assert not health.is_index_reachable or any("no index" in problem for problem in health.problems)
        with pytest.raises(IndexUnavailable):
            library.repair()
        library.close()


@pytest.mark.parametrize(
    "query", [Query("", ""), Query(" ", "\n"), Query("", "zzzz qqqq"), Query("\ud800", "\x00" * 9)]
)
def test_odd_questions_are_answered(library: KnowledgeBase, help_centre: list[Document], query: Query) -> None:
    """Empty, unknown and broken questions give a result, never an error or a strong passage."""
    put(library, help_centre)
    assert all(found.score < 0.3 for found in library.search(query, PUBLIC, 3).passages)


def test_an_empty_library_answers(library: KnowledgeBase) -> None:
    """Nothing shelved, nothing found."""
    assert library.search(Query("a", "b"), PUBLIC, 3).passages == ()
    assert library.health().problems == ()


def test_a_long_tail_does_not_drown_the_subject(minilm: Embedder, help_centre: list[Document]) -> None:
    """Two thousand words about something else leave the subject's article on top."""
    library = KnowledgeBase(MemoryShelf(), minilm, "", check_seconds=0)
    put(library, help_centre)
    tail = "Sent from my phone. This message is confidential and meant for the addressee only. " * 150
    assert library.search(Query("Swap a shift with a colleague", tail), PUBLIC, 1).passages[0].title == "Swap a shift"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I publish next week's schedule so that everyone sees it?", "Publish a schedule"),
        ("I want to trade my shift with somebody from my team", "Swap a shift"),
        ("How can staff clock in with the mobile app?", "Clock in on a phone"),
        ("we get ERR-1042 since yesterday", "Export fails"),
    ],
)
def test_scores_mean_the_same_everywhere(
    minilm: Embedder, help_centre: list[Document], question: str, title: str
) -> None:
    """A clearly right passage is above 0.55 and the best one for another topic below 0.30, with the real model."""
    library = KnowledgeBase(MemoryShelf(), minilm, "", check_seconds=0)
    put(library, help_centre)
    best = library.search(Query("", question), PUBLIC, 1).passages[0]
    assert best.title == title
    assert best.score > 0.55
    for other in ("What is the capital of France?", "Do you sell running shoes?", "My fish has a fever"):
        assert library.search(Query("", other), PUBLIC, 1).passages[0].score < 0.30


def solved(name: str, text: str, *sent: str, **other: object) -> Precedent:
    return Precedent(f"zendesk:{name}", "", text, documents=dict.fromkeys(sent, 1.0), **other)  # type: ignore[arg-type]


ODD = "the gizmo blinks since the fair"


def teach(library: KnowledgeBase, count: int = 20, sent: str = f"{PREFIX}6") -> list[Precedent]:
    tickets = [solved(str(n), f"{ODD} {n}", sent) for n in range(count)]
    library.remember(tickets)
    return tickets


def test_staff_teach_which_article_serves(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """An article that staff sent for such tickets comes first, and the passage says for how many of them."""
    put(library, help_centre)
    assert titles(library, ODD)[:1] != ["Change your plan"]
    teach(library)
    first = library.search(Query("", ODD), PUBLIC, 3).passages[0]
    assert (first.title, first.sent_for, first.similar_tickets) == ("Change your plan", 10, 10)


def test_what_is_forgotten_teaches_no_more(
    library: KnowledgeBase, shelf: MemoryShelf, help_centre: list[Document]
) -> None:
    """Search is as before, no similar ticket is found, and the shelf has nothing of the text."""
    put(library, help_centre)
    before = titles(library, ODD)
    tickets = teach(library)
    library.forget([ticket.id for ticket in tickets])
    assert titles(library, ODD) == before
    assert library.similar(Query("", ODD), PUBLIC, 5) == ()
    assert "gizmo" not in str(shelf.precedents_after(0, "hash-1"))


def test_remembering_twice_embeds_once(library: KnowledgeBase, embedder: HashEmbedder) -> None:
    """The same ticket again costs nothing; other evidence for the same words is kept without embedding them."""
    ticket = solved("1", ODD, "a")
    assert library.remember([ticket]) == 1
    count = embedder.texts
    assert library.remember([ticket]) == 0
    assert library.remember([replace(ticket, documents={"b": 1.0})]) == 1
    assert embedder.texts == count


def test_history_never_opens_what_is_closed(
    library: KnowledgeBase, help_centre: list[Document], forbidden: list[Document]
) -> None:
    """Staff may have sent an article that this question must not see, or one that is gone: neither is found."""
    put(library, [*help_centre, *forbidden])
    for number, document in enumerate(forbidden):
        library.remember([solved(f"{number}{n}", f"{ODD} {n}", document.id, "gone") for n in range(9)])
    found = library.search(Query("", ODD), PUBLIC, 20).passages
    assert found
    assert not any("CANARY" in passage.text for passage in found)


def test_similar_tickets_are_found_with_their_answers(library: KnowledgeBase) -> None:
    """Subject, answer and address come along, the most alike first; the future is not looked into."""
    library.remember([solved("1", ODD, answer="Turn it off.", url="https://x/1", asked_at=NOW - timedelta(days=3))])
    library.remember([solved("2", ODD, asked_at=NOW + timedelta(days=3)), solved("3", "something else entirely")])
    (found,) = library.similar(Query("", ODD), PUBLIC, 5)
    assert (found.id, found.answer, found.url) == ("zendesk:1", "Turn it off.", "https://x/1")


def test_articles_are_known_by_their_address(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """A link in any locale leads to the document."""
    put(library, [replace(help_centre[1], url="https://help.example/hc/en-us/articles/42-Swap")])
    assert library.document_ids(["https://help.example/hc/de/articles/42", "https://other/42"]) == [f"{PREFIX}2"]


def test_history_answers_while_chroma_is_away(
    shelf: MemoryShelf, embedder: HashEmbedder, help_centre: list[Document]
) -> None:
    """Nothing listens at the server's address: keywords, vectors in memory and history go on."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        library = KnowledgeBase(shelf, embedder, f"http://127.0.0.1:{closed.getsockname()[1]}", check_seconds=0)
        put(library, help_centre)
        teach(library)
        assert titles(library, ODD)[0] == "Change your plan"
        assert library.similar(Query("", ODD), PUBLIC, 1)
        library.close()


def test_another_model_embeds_what_was_remembered(
    shelf: MemoryShelf, library: KnowledgeBase, help_centre: list[Document]
) -> None:
    """After a change of model history is silent until repair() has embedded it anew."""
    put(library, help_centre)
    teach(library)
    other = KnowledgeBase(shelf, HashEmbedder(name="hash-2"), "", check_seconds=0)
    assert other.similar(Query("", ODD), PUBLIC, 1) == ()
    with pytest.raises(IndexUnavailable):
        other.repair()
    assert other.similar(Query("", ODD), PUBLIC, 1)
    other.close()


@pytest.mark.parametrize("seed", range(8))
def test_a_code_that_a_document_has_is_always_found(
    library: KnowledgeBase, help_centre: list[Document], seed: int
) -> None:
    """Property: whatever else is asked and whatever staff sent before, the document with the code is shown."""
    random = Random(seed)
    words = [word for document in help_centre for word in document.text.split()]
    code = f"{random.choice(['err', 'sku', 'mail.setting'])}{random.choice('-._')}{random.randrange(10, 9999)}x"
    text = f"{' '.join(random.sample(words, 12))} {code.upper()} {random.choice(words)}"
    holder = replace(help_centre[0], id=f"{PREFIX}code", title="Other things", text=text)
    put(library, [*help_centre, holder])
    question = f"{' '.join(random.sample(words, 25))} {code}? {' '.join(random.sample(words, 25))}"
    library.remember([solved(str(n), question, f"{PREFIX}{1 + n % 3}") for n in range(40)])
    found = library.search(Query("", question), PUBLIC, 3).passages
    assert holder.id in [passage.document_id for passage in found]


def test_what_anyone_may_read_tells_what_is_unknown(library: KnowledgeBase, help_centre: list[Document]) -> None:
    """A word that only staff may read is as unknown as one that stands nowhere."""
    secret = replace(help_centre[0], id="zendesk:article:77", text="The hologram is due.", audience=Audience.STAFF)
    put(library, [*help_centre, secret])
    assert library.lacks(f"{help_centre[0].title} with a Hologram or a zeppelin") == ("Hologram", "zeppelin")


def test_a_reranker_reads_titles_and_texts_again(shelf: MemoryShelf, embedder: HashEmbedder) -> None:
    """What it likes best rises above a passage of more words in common; a part measured alone is not read again."""
    read: list[str] = []

    class Second:
        def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
            read.extend([question, *passages])
            return np.array([float("payroll" in passage) for passage in passages], np.float32)

    library = KnowledgeBase(shelf, embedder, "", check_seconds=0, reranker=Second())
    names = ("Publish the rota", "Export the payroll", "Winter rota")
    text = "Open the calendar and look at the rota."
    pages = [Document(f"{PREFIX}{n}", Source.ARTICLE, name, text, Audience.PUBLIC) for n, name in enumerate(names)]
    put(library, pages)
    plain = titles(library, "publish the rota", mode=Mode.VECTOR)
    assert not read
    again = titles(library, "publish the rota")
    assert (plain[2], again[1]) == ("Export the payroll", "Export the payroll")
    assert read[0] == "publish the rota"
    assert any(passage.startswith("Export the payroll") for passage in read)
    library.close()
