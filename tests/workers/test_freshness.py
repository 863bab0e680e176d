"""What a person should look at: stale, said twice, contradicting, called wrong, and missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kb.chunk import chunk
from kb.domain import Audience, Document, Precedent, ShelvedChunk, Source
from tests.fakes.embedder import HashEmbedder
from workers.freshness import Asked, called_wrong, compared, gaps, out_of_date, overdue

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REFUND = (
    "Owners ask for a refund under Billing. A refund reaches the card within 5 days. Plans that were used cannot be"
    " returned. Support answers every question about money."
)
OTHER = "Tap the shift, choose Offer swap and pick a colleague. A manager approves the swap before it holds."


def doc(id_="a", text="text", **other):
    return Document(id_, Source.ARTICLE, f"Title {id_}", text, **({"audience": Audience.PUBLIC} | other))


def look_at(*documents):
    items = [ShelvedChunk(piece, document, b"") for document in documents for piece in chunk(document)]
    return compared(items, HashEmbedder().embed([item.chunk.text for item in items]))


def kinds(findings):
    return [(one.kind, one.document_id, one.other_id) for one in findings]


def test_what_nobody_looked_at_is_overdue():
    """A review counts as a change does; a lesson or an undated page is not known to be old; the oldest come first."""
    old, older = NOW - timedelta(days=61), NOW - timedelta(days=300)
    documents = [
        doc("old", updated_at=old),
        doc("older", updated_at=older),
        doc("reviewed", updated_at=older, reviewed_at=NOW - timedelta(days=3)),
        doc("undated"),
        replace(doc("lesson", updated_at=older), source=Source.LESSON),
    ]
    found = overdue(documents, NOW, 60)
    assert [(one.document_id, one.why) for one in found] == [
        ("older", "last looked at 300 days ago"),
        ("old", "last looked at 61 days ago"),
    ]


def test_what_is_out_of_its_dates_is_named():
    """Before its first day and after its last an article answers nobody; without dates it always does."""
    day = timedelta(days=1)
    documents = [doc("past", valid_until=NOW), doc("future", valid_from=NOW + day), doc("now", valid_until=NOW + day)]
    assert [(one.document_id, one.why) for one in out_of_date(documents, NOW)] == [
        ("past", "ended 2026-06-01"),
        ("future", "begins 2026-06-02"),
    ]


def test_what_was_called_wrong_is_named_with_its_tickets():
    """The most often first; what served, and documents that are gone, are not."""
    said = [{"a": -1.0}, {"b": -1.0, "a": 1.0}, {"b": -1.0, "gone": -1.0}]
    precedents = [Precedent(f"t{at}", "", "", documents=documents) for at, documents in enumerate(said)]
    found = called_wrong({"a": doc("a"), "b": doc("b")}, precedents)
    assert [(one.document_id, one.why) for one in found] == [
        ("b", "wrong 2 times, as in t1, t2"),
        ("a", "wrong 1 times, as in t0"),
    ]


def test_the_same_said_twice_is_found():
    """A copy is; a text about something else is not."""
    assert kinds(look_at(doc("a", REFUND), doc("b", REFUND), doc("c", OTHER))) == [("said_twice", "a", "b")]


@pytest.mark.parametrize(
    ("before", "after"),
    [("within 5 days", "within 14 days"), ("cannot be returned", "can be returned")],
)
def test_a_contradiction_is_found(before, after):
    """Another number, or a sentence turned round, in words that are otherwise the same."""
    found = [one for one in look_at(doc("a", REFUND), doc("b", REFUND.replace(before, after))) if one.other_id == "b"]
    contradictions = [one for one in found if one.kind == "contradiction"]
    assert len(contradictions) == 1
    assert before in contradictions[0].why
    assert after in contradictions[0].why


def test_what_an_article_is_about_is_no_contradiction():
    """Two versions have two articles; headings, questions and cases claim nothing."""
    text = "# Version {0}\n\nThis page tells what is new in version {0}. If it fails within {0} days, ask us. {0} days?"
    pair = [Document(str(n), Source.ARTICLE, f"New in {n}", text.format(n), Audience.PUBLIC) for n in (52, 60)]
    assert "contradiction" not in [one.kind for one in look_at(*pair)]


@pytest.mark.parametrize("other", [{"locale": "de"}, {"brand_id": "2"}])
def test_what_nobody_sees_together_is_not_compared(other):
    """Brands and languages say the same in their own way."""
    assert (
        look_at(
            doc("a", REFUND, brand_id="1", locale="en"),
            replace(doc("b", REFUND.replace("5 days", "9 days"), brand_id="1", locale="en"), **other),
        )
        == []
    )


def test_like_questions_are_one_gap():
    """The most asked first; a ticket counts once, and the first tickets are named."""
    texts = [
        "Can I print the schedule on paper?",
        "Is there a student price?",
        "How can I print the schedule on paper?",
    ]
    asked = [Asked("zendesk", str(at), text) for at, text in enumerate(texts)]
    found = gaps(asked, HashEmbedder().embed(texts))
    assert [(gap.count, gap.ticket_ids) for gap in found] == [(2, ("zendesk:0", "zendesk:2")), (1, ("zendesk:1",))]
    assert found[0].example == texts[0]


def test_nothing_to_compare_finds_nothing():
    """An empty library and an empty record are no error."""
    empty = np.empty((0, 256), np.float32)
    assert (compared([], empty), gaps([], empty)) == ([], [])
