"""Articles in several locales, published and taken back."""

import pytest


@pytest.fixture(name="section")
def section_fixture(api):
    """A section made over the API, in a category made over the API."""
    category = api.post("/help_center/en-us/categories", {"category": {"name": "C"}})
    assert category.status_code == 201
    path = f"/help_center/categories/{category.json['category']['id']}/sections"
    made = api.post(path, {"section": {"name": "S", "position": 2}})
    assert made.status_code == 201
    return made.json["section"]


def _article(api, section, **more):
    wanted = {"title": "T", "body": "<p>how to export payroll</p>", "locale": "en-us", "user_segment_id": None, **more}
    made = api.post(f"/help_center/sections/{section['id']}/articles", {"article": wanted})
    assert made.status_code == 201
    return made.json["article"]


def test_translations_are_articles_of_their_locale(api, section):
    """A translation is listed under its locale, has its own draft, and names the locale it came from."""
    article = _article(api, section)
    path = f"/help_center/articles/{article['id']}/translations"
    german = {"locale": "de", "title": "Wie", "body": "<p>so</p>", "draft": True}
    assert api.post(path, {"translation": german}).status_code == 201
    assert api.post(path, {"translation": german}).status_code == 422
    (row,) = api.get("/help_center/de/articles").json["articles"]
    assert (row["title"], row["locale"], row["source_locale"], row["draft"]) == ("Wie", "de", "en-us", True)
    assert [t["locale"] for t in api.get(path).json["translations"]] == ["en-us", "de"]
    assert api.get("/help_center/locales").json["locales"] == ["de", "en-us"]
    assert api.put(f"{path}/de", {"translation": {"draft": False}}).json["translation"]["draft"] is False
    assert api.get(f"/help_center/de/articles/{article['id']}").json["article"]["draft"] is False
    assert api.delete(f"{path}/en-us").status_code == 422
    assert api.delete(f"{path}/de").status_code == 204
    assert api.get(f"/help_center/de/articles/{article['id']}").status_code == 404


def test_publishing_moves_updated_but_not_edited(api, control, section):
    """Draft is taken back and set by the translation; only title and body move `edited_at`."""
    article = _article(api, section, draft=True)
    assert article["draft"] is True
    control("clock", hours=1)
    path = f"/help_center/articles/{article['id']}/translations/en-us"
    api.put(path, {"translation": {"draft": False}})
    shown = api.get(f"/help_center/articles/{article['id']}").json["article"]
    assert (shown["draft"], shown["edited_at"]) == (False, article["edited_at"])
    assert shown["updated_at"] > article["updated_at"]
    api.put(path, {"translation": {"body": "<p>new</p>"}})
    assert api.get(f"/help_center/articles/{article['id']}").json["article"]["edited_at"] > article["edited_at"]
