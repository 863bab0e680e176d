"""What is wanted in Zendesk, and what counts as different from it."""

import json

import pytest

from integrations.setup import Macro, Wish
from integrations.zendesk import wanted

WISH = Wish(
    "https://desk.example", ("deskhand_off", "no_bot"), (Macro("send", "Send", "do_send", "Sends."),), {"a": "A"}, ()
)
VIEW = wanted.views(WISH)["view drafts"]
SHOWN_VIEW = {
    "title": VIEW["title"],
    "description": VIEW["description"],
    "active": True,
    "conditions": {"all": VIEW["all"], "any": VIEW["any"]},
    "execution": {"columns": []},
}


def test_every_tag_that_silences_is_a_condition():
    """A silenced customer's message fires no webhook."""
    conditions = wanted.triggers(WISH, "w", "c")["customer_message"]["conditions"]["all"]
    assert [one["value"] for one in conditions if one["field"] == "current_tags"] == ["deskhand_off", "no_bot"]


def test_our_own_writes_do_not_fire_as_staff():
    """The loop guard: changes that come through the API are not a colleague's."""
    conditions = wanted.triggers(WISH, "w", "c")["staff_activity"]["conditions"]["all"]
    assert {"field": "current_via_id", "operator": "is_not", "value": "5"} in conditions


def test_a_delivery_holds_no_text_of_a_ticket():
    """Ids and times only: nothing that could break the JSON, and nothing private."""
    placeholders = set(json.loads(wanted.payload("solved")).values())
    assert not [one for one in placeholders if "comment.value" in one or "title" in one or "description" in one]
    assert json.loads(wanted.payload("solved"))["rule"] == "solved"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"title": "Mine"}, ["title"]),
        ({"active": False}, ["active"]),
        ({"conditions": {"all": VIEW["all"], "any": []}}, ["any"]),
        ({"conditions": None}, ["all", "any"]),
        ({"position": 9, "restriction": {"type": "Group"}}, []),
    ],
)
def test_only_what_we_set_is_held_against_a_view(change, names):
    """Place and restriction are the admin's business; what it shows is ours."""
    assert wanted.differences(VIEW, {**SHOWN_VIEW, **change}) == names


def test_ids_shown_as_numbers_are_the_same():
    """Zendesk shows some values as numbers that it took as text."""
    body = wanted.triggers(WISH, "w", "12")["solved"]
    shown = {**body, "category_id": 12, "conditions": {**body["conditions"], "any": []}}
    assert wanted.differences(body, shown) == []


def test_options_count_by_name_value_and_order():
    """Ids and links that Zendesk adds to an option do not count."""
    body = wanted.fields(WISH)["field intent"]
    shown = {**body, "custom_field_options": [{"id": 1, "raw_name": "A", **body["custom_field_options"][0]}]}
    assert wanted.differences(body, shown) == []
    assert wanted.differences(body, {**shown, "custom_field_options": []}) == ["custom_field_options"]
