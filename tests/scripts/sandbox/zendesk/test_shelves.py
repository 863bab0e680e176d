"""Categories and sections of the Help Center."""

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


def test_deleting_a_category_takes_all_that_is_in_it(api, section):
    """Sections and articles go with their category; a renamed section stays."""
    article = _article(api, section)
    renamed = api.put(f"/help_center/sections/{section['id']}", {"section": {"name": "N"}}).json["section"]
    assert (renamed["name"], renamed["position"]) == ("N", 2)
    assert api.delete(f"/help_center/categories/{section['category_id']}").status_code == 204
    assert api.get(f"/help_center/articles/{article['id']}").status_code == 404
    assert api.get(f"/help_center/sections/{section['id']}").status_code == 404
