"""Macros: their life, and the preview that changes nothing."""


def _make(api, actions, title="M"):
    made = api.post("/macros", {"macro": {"title": title, "actions": actions}})
    assert made.status_code == 201
    return made.json["macro"]["id"]


def test_preview_shows_the_ticket_as_it_would_be(api, ticket, twin):
    """Status, tags and comment stand in the preview; the ticket itself stays as it is."""
    api.put(f"/tickets/{ticket}", {"ticket": {"tags": ["a", "b"]}})
    group = next(iter(twin.world.groups))
    actions = [
        {"field": "status", "value": "pending"},
        {"field": "current_tags", "value": "c"},
        {"field": "remove_tags", "value": "a"},
        {"field": "group_id", "value": str(group)},
        {"field": "comment_value", "value": ["channel:all", "Please wait."]},
        {"field": "comment_mode_is_public", "value": "false"},
        {"field": "custom_fields_77", "value": "x"},
    ]
    number = _make(api, actions)
    before = api.get(f"/tickets/{ticket}").json
    shown = api.get(f"/tickets/{ticket}/macros/{number}/apply").json["result"]["ticket"]
    assert (shown["status"], shown["tags"], shown["group_id"]) == ("pending", ["b", "c"], group)
    assert (shown["comment"]["body"], shown["comment"]["public"]) == ("Please wait.", False)
    assert shown["fields"] == {"id": 77, "value": "x"}
    assert api.get(f"/tickets/{ticket}").json == before
    alone = api.get(f"/macros/{number}/apply").json["result"]["ticket"]
    assert (alone["status"], alone["tags"]) == ("pending", ["c"])


def test_macros_are_listed_changed_and_deleted(api):
    """Actions are replaced whole; inactive ones are not among the active; titles give categories."""
    number = _make(api, [{"field": "status", "value": "open"}], "Billing::Refund")
    new = [{"field": "priority", "value": "low"}]
    changed = api.put(f"/macros/{number}", {"macro": {"actions": new, "active": False}}).json["macro"]
    assert (changed["actions"], changed["active"]) == (new, False)
    assert number not in [row["id"] for row in api.get("/macros/active").json["macros"]]
    assert api.get("/macros").json["macros"][-1]["id"] == number
    assert api.get("/macros/categories").json == {"categories": ["Billing", "Deskhand"]}
    assert api.put(f"/macros/{number}", {"macro": {"actions": []}}).status_code == 422
    assert api.delete(f"/macros/{number}").status_code == 204
    assert api.get(f"/macros/{number}").status_code == 404
