"""Custom statuses over the API."""

import pytest


def test_each_category_begins_with_its_default(api):
    """Listed whole, picked by category, by default and by whether they are active."""
    rows = api.get("/custom_statuses").json["custom_statuses"]
    assert [row["status_category"] for row in rows] == ["new", "open", "pending", "hold", "solved"]
    assert all(row["default"] and row["active"] for row in rows)
    wanted = {"status_category": "hold", "agent_label": "At the supplier", "active": False}
    made = api.post("/custom_statuses", {"custom_status": wanted})
    assert (made.status_code, made.json["custom_status"]["end_user_label"]) == (201, "At the supplier")

    def names(query):
        return [row["agent_label"] for row in api.get(f"/custom_statuses?{query}").json["custom_statuses"]]

    assert names("status_categories=hold,new") == ["New", "On-hold", "At the supplier"]
    assert names("default=false") == names("active=false") == ["At the supplier"]


def test_words_change_and_defaults_move(api, ticket):
    """Tickets in the default one move with it; a default one stays active."""
    wanted = {"status_category": "new", "agent_label": "Fresh"}
    number = api.post("/custom_statuses", {"custom_status": wanted}).json["custom_status"]["id"]
    assert api.get(f"/tickets/{ticket}").json["ticket"]["custom_status_id"] != number
    assert api.put("/custom_status/default", {"ids": str(number)}).json == {}
    assert api.get(f"/tickets/{ticket}").json["ticket"]["custom_status_id"] == number
    changed = api.put(f"/custom_statuses/{number}", {"custom_status": {"agent_label": "Fresher"}})
    assert changed.json["custom_status"]["agent_label"] == "Fresher"
    assert api.put(f"/custom_statuses/{number}", {"custom_status": {"active": False}}).status_code == 422
    assert api.get("/custom_statuses/1").status_code == 404


@pytest.mark.parametrize(
    "values", [{"status_category": "closed", "agent_label": "X"}, {"status_category": "new", "agent_label": "x" * 49}]
)
def test_what_cannot_be_is_refused(api, values):
    """Closed has no custom statuses; a label is short."""
    assert api.post("/custom_statuses", {"custom_status": values}).status_code == 422
    assert api.put("/custom_status/default", {}).status_code == 400
