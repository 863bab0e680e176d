"""Ticket fields: options, tags, validation and what solving needs."""

import pytest

OPTIONS = [{"name": "Billing", "value": "q_billing"}, {"name": "Bug", "value": "q_bug"}]


@pytest.fixture(name="field")
def field_fixture(api):
    """A drop-down with two options."""
    wanted = {"title": "Question", "type": "tagger", "custom_field_options": OPTIONS}
    made = api.post("/ticket_fields", {"ticket_field": wanted})
    assert made.status_code == 201
    return made.json["ticket_field"]


def _set(api, ticket, field, value, **more):
    rows = [{"id": field["id"], "value": value}]
    return api.put(f"/tickets/{ticket}", {"ticket": {"custom_fields": rows, **more}})


def test_option_sets_its_tag(api, ticket, field):
    """A drop-down's value is a tag: setting, changing and emptying it moves the ticket's tags."""
    assert _set(api, ticket, field, "q_billing", tags=["own"]).json["ticket"]["tags"] == ["own", "q_billing"]
    assert _set(api, ticket, field, "q_bug").json["ticket"]["tags"] == ["own", "q_bug"]
    shown = _set(api, ticket, field, None).json["ticket"]
    assert shown["tags"] == ["own"]
    assert shown["custom_fields"] == [{"id": field["id"], "value": None}]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("integer", "12", "twelve"), ("decimal", "1.5", "x"), ("date", "2026-01-02", "soon"), ("checkbox", True, "maybe")],
)
def test_value_fits_the_type(api, ticket, kind, good, bad):
    """A value that is not of the field's type is 422, and nothing changes."""
    field = api.post("/ticket_fields", {"ticket_field": {"title": "F", "type": kind}}).json["ticket_field"]
    assert _set(api, ticket, field, good).status_code == 200
    assert _set(api, ticket, field, bad).status_code == 422


def test_unknown_option_is_refused(api, ticket, field):
    """A drop-down takes the values of its options only."""
    assert _set(api, ticket, field, "q_other").status_code == 422


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


def test_solving_needs_required_fields_when_switched_on(api, control, ticket, twin):
    """An empty required field makes solving 422; unless switched on, it does not."""
    field = api.post("/ticket_fields", {"ticket_field": {"title": "Root", "required": True}}).json["ticket_field"]
    person = next(u.id for u in twin.world.staff() if u.role == "agent")
    control("switches", required_fields=True)
    refused = api.put(f"/tickets/{ticket}", {"ticket": {"status": "solved", "assignee_id": person}})
    assert refused.status_code == 422
    assert refused.json["details"]["base"][0]["error"] == "BlankValue"
    assert _set(api, ticket, field, "x", status="solved", assignee_id=person).status_code == 200
    control("switches", required_fields=False)
    other = control("messages", subject="S", body="x", requester="b@x.example")["ticket_id"]
    assert api.put(f"/tickets/{other}", {"ticket": {"status": "solved", "assignee_id": person}}).status_code == 200


def test_whole_list_comes_at_once(api):
    """Without a page size all fields come, the account's own first."""
    for number in range(120):
        api.post("/ticket_fields", {"ticket_field": {"title": f"F{number}"}})
    rows = api.get("/ticket_fields").json["ticket_fields"]
    assert [row["type"] for row in rows[:3]] == ["subject", "description", "status"]
    assert len(rows) == 127
    assert api.delete(f"/ticket_fields/{rows[0]['id']}").status_code == 422
    assert api.delete(f"/ticket_fields/{rows[-1]['id']}").status_code == 204
