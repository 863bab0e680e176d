"""The help centre reaches the library: only what everyone may read is public, and a suspicious loss stops."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.policy import FolderSource
from integrations.errors import TransientError
from kb.domain import Audience, Filter, Query
from tests.fakes.services import make_services
from workers.stages.shelve import document_id, is_shelved, shelve, shelve_folder, to_document


@pytest.fixture
def services(engine, desk):
    """Services with an empty shelf."""
    return make_services(engine, desk)


@pytest.fixture
def articles(desk):
    """Ten articles, an hour old."""
    made = [desk.add_article(f"Article {n}", f"<h2>Part</h2><p>Words of number{n}.</p>") for n in range(10)]
    desk.tick(3600)
    return made


def seen(services, words, audience=Audience.PUBLIC):
    found = services.kb.search(Query("", words), Filter(audience=frozenset({audience})), 20)
    return {passage.title for passage in found.passages}


def test_a_first_run_takes_everything(services, articles):
    """All articles are found, and the run is remembered."""
    assert not is_shelved("zendesk", services)
    report = shelve("zendesk", services, full=False)
    assert (report["added"], report["unchanged"]) == (10, 0)
    assert is_shelved("zendesk", services)
    assert "Article 3" in seen(services, "number3")


def test_what_did_not_change_costs_nothing(services, articles):
    """A second full run embeds nothing."""
    shelve("zendesk", services, full=False)
    texts = services.embedder.texts
    report = shelve("zendesk", services, full=True)
    assert (report["unchanged"], report["chunks_embedded"], services.embedder.texts) == (10, 0, texts)


def test_drafts_and_restricted_articles_are_never_public(services, desk):
    """A draft is not shelved at all; what only some may read serves staff alone."""
    desk.add_article("Secret draft", "<p>CANARY draft.</p>", is_draft=True)
    desk.add_article("Inner circle", "<p>CANARY restricted.</p>", is_public=False)
    desk.add_article("For all", "<p>CANARY public.</p>")
    shelve("zendesk", services, full=True)
    assert seen(services, "CANARY") == {"For all"}
    assert seen(services, "CANARY", Audience.STAFF) == {"Inner circle"}


@pytest.mark.parametrize("full", [False, True])
def test_an_article_that_is_no_longer_public_is_gone_with_the_next_run(services, desk, articles, full):
    """Turned back into a draft, or restricted: no reply is made from it any more."""
    shelve("zendesk", services, full=True)
    desk.add_article("Article 1", "<p>Words of number1.</p>", article_id=articles[1].id, is_draft=True)
    desk.add_article("Article 2", "<p>Words of number2.</p>", article_id=articles[2].id, is_public=False)
    shelve("zendesk", services, full=full)
    assert {"Article 1", "Article 2"} & seen(services, "number1 number2") == set()


def test_an_incremental_run_asks_for_changes_only(services, desk, articles):
    """Only what changed since the last run, and a little before it, is read and embedded."""
    shelve("zendesk", services, full=False)
    desk.tick(600)
    desk.add_article("Article 4", "<p>Words of novelty.</p>", article_id=articles[4].id)
    report = shelve("zendesk", services, full=False)
    assert (report["changed"], report["unchanged"], report["added"]) == (1, 0, 0)
    assert "Article 4" in seen(services, "novelty")


def test_a_deleted_article_goes_with_the_next_full_run(services, desk, articles):
    """The list of changes does not tell of deletions; the whole list does."""
    shelve("zendesk", services, full=False)
    desk.remove_article(articles[5].id)
    assert shelve("zendesk", services, full=False)["removed"] == 0
    assert shelve("zendesk", services, full=True)["removed"] == 1
    assert "Article 5" not in seen(services, "number5")


def test_a_suspicious_loss_stops_the_run(services, desk, articles):
    """Half of the articles missing is rather a mistake: nothing is removed, and the run does not count."""
    shelve("zendesk", services, full=True)
    at = services.schedule.value("shelved:zendesk")
    desk.article_list[:] = desk.article_list[:5]
    desk.tick()
    report = shelve("zendesk", services, full=True)
    assert report["refused"] == "5 of 10 documents are missing from a full run"
    assert "Article 9" in seen(services, "number9")
    assert services.schedule.value("shelved:zendesk") == at


def test_an_empty_help_centre_is_a_suspicious_loss_too(services, desk, articles):
    """A login that sees nothing does not empty the library."""
    shelve("zendesk", services, full=True)
    desk.article_list.clear()
    assert shelve("zendesk", services, full=True)["refused"]
    assert len(services.library.chunks()) == 10


def test_a_run_that_breaks_off_is_done_again(services, desk, articles):
    """The time is remembered only at the end, so nothing that changed is missed."""

    def breaks_off():
        yield articles[0]
        raise TransientError("HTTP 503")

    class Breaking:
        def articles(self, *, updated_since=None):
            return breaks_off()

    with pytest.raises(TransientError):
        shelve("zendesk", replace(services, helpdesks={"zendesk": Breaking()}), full=False)
    assert not is_shelved("zendesk", services)
    shelve("zendesk", services, full=False)
    assert len(services.library.chunks()) == 10


def test_progress_is_told(services, articles):
    """Somebody who waits sees how many are done."""
    done = []
    shelve("zendesk", services, full=True, progress=done.append)
    assert sum(done) == 10


def test_an_article_becomes_a_document(desk):
    """Id, locale and address stay; mark-up becomes readable text."""
    article = desk.add_article("Swap", "<h2>How</h2><ol><li>Open it</li></ol>", article_id="7", section=("Shifts",))
    made = to_document("zendesk", article)
    assert made.id == document_id("zendesk", article) == "zendesk:article:7:en-us"
    assert (made.audience, made.url, made.section) == (Audience.PUBLIC, article.url, ("Shifts",))
    assert "## How" in made.text
    assert "Open it" in made.text
    assert "<" not in made.text


def test_a_folder_is_shelved_and_what_is_gone_goes(services, tmp_path):
    """New, changed, deleted: each run leaves the library as the folder is, and nothing unchanged is embedded again."""
    folder = {"handbook": FolderSource(path=tmp_path, audience="public")}
    made = replace(services, policy=services.policy.model_copy(update={"folders": folder}))
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.md").write_text(f"# Page {name}\n\nHow to reset the {name} clock.")
    assert shelve_folder("handbook", made)["added"] == 4
    again = shelve_folder("handbook", made)
    assert (again["unchanged"], again["chunks_embedded"]) == (4, 0)
    (tmp_path / "a.md").unlink()
    (tmp_path / "b.md").write_text("---\nlabels: [open\n---\n")
    report = shelve_folder("handbook", made)
    assert (report["removed"], list(report["unread"])) == (1, ["b.md"])
    assert "Page b" in seen(made, "reset the b clock")


def test_an_unmounted_folder_empties_nothing(services, tmp_path):
    """A folder that is not there is refused, and said."""
    folder = {"handbook": FolderSource(path=tmp_path / "gone", audience="public")}
    made = replace(services, policy=services.policy.model_copy(update={"folders": folder}))
    assert "is no folder" in shelve_folder("handbook", made)["refused"]


def test_a_page_for_later_answers_nobody_yet(services, tmp_path):
    """Before its first day it is not found; on it, it is."""
    begins = services.now() + timedelta(days=2)
    (tmp_path / "a.md").write_text(f"---\nvalid_from: {begins:%Y-%m-%d}\n---\nWinter prices begin at ten.")
    folder = {"handbook": FolderSource(path=tmp_path, audience="public")}
    made = replace(services, policy=services.policy.model_copy(update={"folders": folder}))
    shelve_folder("handbook", made)
    question = Query("", "winter prices")
    assert made.kb.search(question, Filter(at=services.now()), 3).passages == ()
    assert len(made.kb.search(question, Filter(at=begins + timedelta(days=1)), 3).passages) == 1
