"""Which values ticket fields take, the tags they set, and what solving needs."""

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
