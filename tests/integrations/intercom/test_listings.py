"""Intercom's articles and collections as nouns."""

from datetime import UTC, datetime

import pytest

from integrations.intercom import listings
from tests.fakes.intercom_server import START, article


def test_an_article_in_its_languages():
    """Each with its own state and address; the audience is the article's."""
    content = {"type": "article_content", "title": "Schicht tauschen", "body": "<p>x</p>", "updated_at": START + 9}
    texts = {
        "type": "article_translated_content",
        "de": {**content, "state": "published", "url": "https://h.example/de/articles/41"},
        "pt-BR": {**content, "state": "draft", "url": None},
        "fr": None,
    }
    found = {
        one.locale: one
        for one in listings.articles(article("41", "x", translated_content=texts, default_locale="de"), {})
    }
    assert set(found) == {"de", "pt-br"}
    assert (found["de"].is_public, found["de"].title) == (True, "Schicht tauschen")
    assert found["de"].updated_at == datetime.fromtimestamp(START + 9, UTC)
    assert (found["pt-br"].is_public, found["pt-br"].is_draft) == (False, True)


@pytest.mark.parametrize("audience", ["restricted", "all_users", "all_leads", None, ""])
def test_what_not_everyone_may_read_is_not_public(audience):
    """A missing audience counts as restricted; an article without an address is in no help centre."""
    (found,) = listings.articles(article("41", "x", help_center_audience=audience), {})
    assert not found.is_public
    assert not next(iter(listings.articles(article("41", "x", url=None), {}))).is_public


def test_collections_that_stand_in_each_other():
    """A circle ends."""
    rows = [
        {"id": 1, "name": "A", "parent_id": "2"},
        {"id": "2", "name": "B", "parent_id": 1},
        {"id": "3", "name": "C"},
    ]
    assert listings.shelf(rows)["1"] == ("B", "A")
    assert listings.shelf(rows)["3"] == ("C",)
