"""The Help Center over the API."""

import pytest


@pytest.fixture
def shelf(control, twin):
    rows = [{"title": f"Article {n}", "body": f"Text {n}", "label_names": ["x"] if n else []} for n in range(3)]
    control("load", articles=[*rows, {"title": "Draft", "draft": True}, {"title": "Staff only", "restricted": True}])
    return {row.title: row for row in twin.world.articles.values()}


def test_staff_see_drafts_and_restricted_articles(api, shelf):
    """The list holds everything; drafts and restricted ones are marked. Locale in the path or not."""
    rows = {row["title"]: row for row in api.get("/help_center/articles.json?per_page=100").json["articles"]}
    assert len(rows) == 5
    assert rows["Draft"]["draft"] is True
    assert rows["Staff only"]["user_segment_id"] is not None
    assert rows["Article 0"]["user_segment_id"] is None
    assert rows["Article 0"]["html_url"].endswith("-Article-0")
    assert api.get("/help_center/en-us/articles.json").json["count"] == 5
    assert api.get("/help_center/de/articles.json").json["count"] == 0


def test_cursor_pages_name_no_next_page_at_the_end(api, shelf):
    """The last page has no `links.next`; earlier ones have it, and a Link header."""
    first = api.get("/help_center/articles?page[size]=3&sort_by=created_at")
    assert first.headers["Link"].endswith('rel="next"')
    after = first.json["meta"]["after_cursor"]
    last = api.get(f"/help_center/articles?page[size]=3&sort_by=created_at&page[after]={after}")
    assert "next" not in last.json["links"]
    assert "Link" not in last.headers
    titles = [row["title"] for row in first.json["articles"] + last.json["articles"]]
    assert sorted(titles) == sorted(shelf)


def test_public_page_is_not_there_for_drafts_and_restricted(api, shelf):
    """The public address answers 404 for what not everyone may read."""
    for title, status in (("Article 1", 200), ("Draft", 404), ("Staff only", 404)):
        html_url = api.get(f"/help_center/articles/{shelf[title].id}").json["article"]["html_url"]
        assert api.anyone.get("/hc/" + html_url.split("/hc/")[1]).status_code == status


def test_changes_are_listed_since_a_time_and_archiving_is_silent(api, shelf):
    """The feed lists what changed since; an archived article is simply gone."""
    article = shelf["Article 1"]
    article.updated_at = "2020-01-01T00:00:00Z"
    rows = api.get("/help_center/incremental/articles.json?start_time=1700000000").json
    assert rows["count"] == 4
    assert api.delete(f"/help_center/articles/{article.id}").status_code == 204
    assert api.get(f"/help_center/articles/{article.id}").status_code == 404
    assert api.get("/help_center/incremental/articles?start_time=0").json["count"] == 4


def test_articles_are_made_and_changed_over_the_api(api, twin):
    """A new article is 201; its text changes through the translation, its labels through the article."""
    section = next(iter(twin.world.sections))
    values = {"title": "Fix a tap", "body": "<p>Turn</p>", "locale": "en-us", "user_segment_id": None}
    made = api.post(f"/help_center/sections/{section}/articles", {"article": values, "notify_subscribers": False})
    assert made.status_code == 201
    url = f"/help_center/articles/{made.json['article']['id']}"
    api.put(f"{url}/translations/en-us", {"translation": {"body": "<p>Push</p>"}})
    api.put(url, {"article": {"label_names": ["tap"]}})
    shown = api.get(url + "-Fix-a-tap").json["article"]
    assert (shown["body"], shown["label_names"]) == ("<p>Push</p>", ["tap"])
    assert api.get("/help_center/articles?label_names=tap").json["count"] == 1
    assert api.get("/help_center/articles/search?query=push").json["results"][0]["title"] == "Fix a tap"
    assert api.post(f"/help_center/sections/{section}/articles", {"article": {"title": "x"}}).status_code == 422


def test_sections_and_categories(api, shelf, twin):
    """Sections name their category; both list with and without a locale."""
    section = api.get(f"/help_center/sections/{shelf['Draft'].section_id}").json["section"]
    names = {row["id"]: row["name"] for row in api.get("/help_center/en-us/categories").json["categories"]}
    assert names[section["category_id"]] == "Guides"
    loaded = api.get("/help_center/articles?include=sections,categories,users").json
    assert loaded["sections"]
    assert loaded["categories"]
    assert loaded["users"]
    assert api.get("/help_center/sections").json["count"] == len(twin.world.sections)
    assert api.get(f"/help_center/sections/{section['id']}/articles").json["count"] == 5


def test_locales_are_those_of_the_articles(api, control):
    """The default locale is always there, others as soon as an article is written in them."""
    assert api.get("/help_center/locales").json == {"locales": ["en-us"], "default_locale": "en-us"}
    control("load", articles=[{"title": "Hahn", "locale": "DE"}])
    assert api.get("/help_center/locales").json["locales"] == ["de", "en-us"]
    assert [row["title"] for row in api.get("/help_center/de/articles").json["articles"]] == ["Hahn"]


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


def test_segments_restrict_and_must_exist(api, section):
    """The built-in segments and new ones can be set; an unknown one is refused."""
    made = api.post("/help_center/user_segments", {"user_segment": {"name": "VIP", "user_type": "signed_in_users",
                                                                    "tags": ["vip"]}})  # fmt: skip
    segment = made.json["user_segment"]["id"]
    rows = api.get("/help_center/user_segments").json["user_segments"]
    assert [(row["user_type"], row["built_in"]) for row in rows] == [
        ("signed_in_users", True), ("staff", True), ("signed_in_users", False)]  # fmt: skip
    article = _article(api, section)
    path = f"/help_center/articles/{article['id']}"
    changed = api.put(path, {"article": {"user_segment_id": segment}}).json["article"]
    assert (changed["user_segment_id"], changed["user_segment_ids"]) == (segment, [segment])
    assert api.put(path, {"article": {"user_segment_id": 1}}).status_code == 422


def test_search_has_snippets_and_filters(api, section):
    """Words are found in title and body, the title first; section and labels narrow."""
    _article(api, section, title="Other", label_names=["a"])
    title = _article(api, section, title="Payroll", body="<p>x</p>")
    rows = api.get("/help_center/articles/search?query=payroll").json["results"]
    assert [row["title"] for row in rows] == ["Payroll", "Other"]
    assert "export payroll" in rows[1]["snippet"]
    assert [row["title"] for row in api.get("/help_center/articles/search?label_names=a").json["results"]] == ["Other"]
    assert api.get(f"/help_center/articles/search?section=1&query={title['title']}").json["results"] == []
