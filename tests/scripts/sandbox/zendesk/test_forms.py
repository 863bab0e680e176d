"""Ticket forms over the API, and which one a ticket has."""

import pytest


def made(api, **values):
    return api.post("/ticket_forms", {"ticket_form": {"name": "Damage", **values}}).json["ticket_form"]


def form_of(api, ticket):
    return api.get(f"/tickets/{ticket}").json["ticket"]["ticket_form_id"]


def test_there_is_a_default_form_with_every_field(api, ticket):
    """A ticket that names none has it; it can be neither deleted nor switched off."""
    (default,) = api.get("/ticket_forms").json["ticket_forms"]
    fields = [row["id"] for row in api.get("/ticket_fields").json["ticket_fields"]]
    assert (default["default"], default["ticket_field_ids"]) == (True, fields)
    assert form_of(api, ticket) == default["id"]
    assert api.delete(f"/ticket_forms/{default['id']}").status_code == 422
    assert api.put(f"/ticket_forms/{default['id']}", {"ticket_form": {"active": False}}).status_code == 422


def test_a_ticket_takes_a_form_and_loses_it_with_the_form(api, ticket):
    """An unknown or inactive form is refused; the change stands in the audit."""
    default = form_of(api, ticket)
    form = made(api)
    change = api.put(f"/tickets/{ticket}", {"ticket": {"ticket_form_id": form["id"]}})
    assert form_of(api, ticket) == form["id"]
    assert "ticket_form_id" in [event.get("field_name") for event in change.json["audit"]["events"]]
    asleep = made(api, active=False)
    for wrong in (asleep["id"], 5):
        assert api.put(f"/tickets/{ticket}", {"ticket": {"ticket_form_id": wrong}}).status_code == 422
    assert api.delete(f"/ticket_forms/{form['id']}").status_code == 204
    assert form_of(api, ticket) == default


def test_another_form_becomes_the_default(api, ticket):
    """New tickets have it, older ones keep theirs."""
    before, form = form_of(api, ticket), made(api, default=True)
    assert [row["id"] for row in api.get("/ticket_forms").json["ticket_forms"] if row["default"]] == [form["id"]]
    later = api.post("/tickets", {"ticket": {"subject": "S", "comment": {"body": "B"}}}).json["ticket"]
    assert (later["ticket_form_id"], form_of(api, ticket)) == (form["id"], before)


def test_forms_are_picked_ordered_and_copied(api):
    """By flags and ids; a copy has the fields, another name, and is no default."""
    default = api.get("/ticket_forms").json["ticket_forms"][0]["id"]
    form = made(api, end_user_visible=True, active=False, ticket_field_ids=[])
    assert form["ticket_field_ids"]
    copy = api.post(f"/ticket_forms/{form['id']}/clone", {}).json["ticket_form"]
    assert (copy["name"], copy["ticket_field_ids"]) == ("Damage (copy)", form["ticket_field_ids"])
    api.put("/ticket_forms/reorder", {"ticket_form_ids": [copy["id"], form["id"], default]})

    def ids(query):
        return [row["id"] for row in api.get(f"/ticket_forms{query}").json["ticket_forms"]]

    assert ids("") == [copy["id"], form["id"], default]
    assert ids("?active=true") == [default]
    assert ids(f"/show_many?ids={form['id']},7") == [form["id"]]


@pytest.mark.parametrize("values", [{"name": " "}, {"ticket_field_ids": [7]}])
def test_what_cannot_be_is_refused(api, values):
    """A name, and fields that there are."""
    assert api.post("/ticket_forms", {"ticket_form": {"name": "Damage", **values}}).status_code == 422
    assert api.get("/ticket_forms/7").status_code == 404
