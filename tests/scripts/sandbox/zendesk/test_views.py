"""Views: their conditions, order, cells and counts."""

import pytest


@pytest.fixture(name="view")
def view_fixture(api, control):
    """A view of unsolved tickets tagged hot, over three tickets of which two fit."""
    for number, tags in enumerate((["hot"], ["cold"], ["hot"])):
        control("messages", subject=f"T{number}", body="x", requester="a@x.example", tags=tags)
    conditions = [
        {"field": "status", "operator": "less_than", "value": "solved"},
        {"field": "current_tags", "operator": "includes", "value": "hot"},
    ]
    output = {"columns": ["nice_id", "subject", "requester"], "sort_by": "nice_id", "sort_order": "asc"}
    made = api.post("/views", {"view": {"title": "Hot", "all": conditions, "any": [], "output": output}})
    assert made.status_code == 201
    return made.json["view"]


def test_view_lists_what_fits(api, view):
    """Tickets, rows and count agree; rows hold the cells of the columns."""
    path = f"/views/{view['id']}"
    assert [row["id"] for row in api.get(f"{path}/tickets").json["tickets"]] == [1, 3]
    executed = api.get(f"{path}/execute").json
    assert [(row["nice_id"], row["subject"]) for row in executed["rows"]] == [(1, "T0"), (3, "T2")]
    assert [column["id"] for column in executed["columns"]] == ["nice_id", "subject", "requester"]
    assert executed["users"][0]["email"] == "a@x.example"
    count = api.get(f"{path}/count").json["view_count"]
    assert (count["value"], count["pretty"], count["fresh"]) == (2, "2", True)
    assert api.get(f"/views/count_many?ids={view['id']},9").json["view_counts"] == [count]
    assert [row["id"] for row in api.get(f"{path}/tickets?sort_order=desc").json["tickets"]] == [3, 1]


def test_put_replaces_all_conditions(api, view):
    """Giving conditions replaces all; a title alone keeps them."""
    path = f"/views/{view['id']}"
    api.put(path, {"view": {"title": "New name"}})
    assert len(api.get(path).json["view"]["conditions"]["all"]) == 2
    only = [{"field": "status", "operator": "is", "value": "new"}]
    assert api.put(path, {"view": {"conditions": {"all": only}}}).json["view"]["conditions"]["all"] == only
    assert len(api.get(f"{path}/tickets").json["tickets"]) == 3
    assert [row["title"] for row in api.get("/views/search?query=name").json["views"]] == ["New name"]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "T", "all": [{"field": "current_tags", "operator": "includes", "value": "x"}]},
        {"title": "", "all": [{"field": "status", "operator": "is", "value": "new"}]},
        {"title": "T"},
        {"title": "T", "all": [{"field": "status", "operator": "is", "value": "new"}],
         "output": {"columns": list("abcdefghijk")}},
    ],
)  # fmt: skip
def test_view_without_an_anchor_is_refused(api, wrong):
    """A view needs a title, a condition on status, type or people that all tickets meet, and at most ten columns."""
    assert api.post("/views", {"view": wrong}).status_code == 422
