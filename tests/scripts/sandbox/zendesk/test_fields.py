"""Ticket fields over the API: options that are replaced, added and deleted."""

import pytest

OPTIONS = [{"name": "Billing", "value": "q_billing"}, {"name": "Bug", "value": "q_bug"}]


@pytest.fixture(name="field")
def field_fixture(api):
    """A drop-down with two options."""
    wanted = {"title": "Question", "type": "tagger", "custom_field_options": OPTIONS}
    made = api.post("/ticket_fields", {"ticket_field": wanted})
    assert made.status_code == 201
    return made.json["ticket_field"]


def test_options_left_out_are_deleted(api, field):
    """A PUT replaces all options; one kept by value keeps its id. A value in use elsewhere is refused."""
    first = field["custom_field_options"][0]
    new = [{"name": "Bills", "value": "q_billing"}]
    path = f"/ticket_fields/{field['id']}"
    changed = api.put(path, {"ticket_field": {"custom_field_options": new}}).json["ticket_field"]
    assert [(o["id"], o["name"]) for o in changed["custom_field_options"]] == [(first["id"], "Bills")]
    other = {"title": "Other", "type": "tagger", "custom_field_options": new}
    assert api.post("/ticket_fields", {"ticket_field": other}).status_code == 422
    assert api.put(path, {"ticket_field": {"type": "text"}}).status_code == 422


def test_single_options_come_and_go(api, field):
    """An option can be added, renamed and deleted on its own."""
    path = f"/ticket_fields/{field['id']}/options"
    made = api.post(path, {"custom_field_option": {"name": "New", "value": "q_new"}})
    assert made.status_code == 201
    number = made.json["custom_field_option"]["id"]
    again = api.post(path, {"custom_field_option": {"id": number, "name": "Newer", "value": "q_new"}})
    assert (again.status_code, again.json["custom_field_option"]["name"]) == (200, "Newer")
    assert api.delete(f"{path}/{number}").status_code == 204
    assert [row["value"] for row in api.get(path).json["custom_field_options"]] == ["q_billing", "q_bug"]


def test_whole_list_comes_at_once(api):
    """Without a page size all fields come, the account's own first."""
    for number in range(120):
        api.post("/ticket_fields", {"ticket_field": {"title": f"F{number}"}})
    rows = api.get("/ticket_fields").json["ticket_fields"]
    assert [row["type"] for row in rows[:3]] == ["subject", "description", "status"]
    assert len(rows) == 127
    assert api.delete(f"/ticket_fields/{rows[0]['id']}").status_code == 422
    assert api.delete(f"/ticket_fields/{rows[-1]['id']}").status_code == 204
