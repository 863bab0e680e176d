"""Tags: made by name, put on conversations and contacts, taken off by a DELETE with a body."""

from flask import Blueprint, Response

from scripts.sandbox.intercom import wire, wire_people
from scripts.sandbox.intercom.calls import actor, answer, body, contact, conversation, twin, wanted
from scripts.sandbox.intercom.refusals import invalid, refuse
from scripts.sandbox.intercom.state import Tag

bp = Blueprint("tags", __name__)


@bp.get("/tags")
def list_tags() -> Response:
    return answer({"type": "list", "data": [wire_people.basic_tag(row) for row in twin().world.tags.values()]})


@bp.post("/tags")
def make_tag() -> Response:
    """Find a tag by its name, in whatever case, or make it; with an id rename that one."""
    values = body()
    name = str(wanted(values, "name"))
    if values.get("id"):
        row = _tag(str(values["id"]))
        row.name = name
    else:
        row = twin().world.tag_for(name)
    return answer(wire_people.basic_tag(row))


def _tag(number: str) -> Tag:
    row = twin().world.tags.get(number)
    if row is None:
        raise refuse(404, "tag_not_found", "Tag not found")
    return row


@bp.get("/tags/<tag_id>")
def show_tag(tag_id: str) -> Response:
    return answer(wire_people.basic_tag(_tag(tag_id)))


@bp.delete("/tags/<tag_id>")
def delete_tag(tag_id: str) -> Response:
    """Delete a tag that nothing bears."""
    row = _tag(tag_id)
    if any(tag["id"] == row.id for one in twin().world.conversations.values() for tag in one.tags):
        raise invalid("Tag is in use")
    del twin().world.tags[row.id]
    return Response(status=200, content_type="application/json")


@bp.post("/conversations/<conversation_id>/tags")
def tag_conversation(conversation_id: str) -> Response:
    row, values = conversation(conversation_id), body()
    number = str(wanted(values, "id"))
    twin().desk.tag(row, actor(values), number)
    return _applied(conversation_id, number)


def _applied(conversation_id: str, number: str) -> Response:
    held = wire.conversation_tags(conversation(conversation_id), twin().world)["tags"]
    return answer(next(tag for tag in held if tag["id"] == number))


@bp.delete("/conversations/<conversation_id>/tags/<tag_id>")
def untag_conversation(conversation_id: str, tag_id: str) -> Response:
    row = conversation(conversation_id)
    twin().desk.untag(row, actor(body()), tag_id)
    return answer(wire_people.basic_tag(_tag(tag_id)))


@bp.get("/contacts/<contact_id>/tags")
def list_contact_tags(contact_id: str) -> Response:
    rows = [wire_people.basic_tag(_tag(one)) for one in contact(contact_id).tag_ids]
    return answer({"type": "list", "data": rows})


@bp.post("/contacts/<contact_id>/tags")
def tag_contact(contact_id: str) -> Response:
    person, row = contact(contact_id), _tag(str(wanted(body(), "id")))
    if row.id not in person.tag_ids:
        person.tag_ids.append(row.id)
    return answer(wire_people.basic_tag(row))


@bp.delete("/contacts/<contact_id>/tags/<tag_id>")
def untag_contact(contact_id: str, tag_id: str) -> Response:
    person, row = contact(contact_id), _tag(tag_id)
    if row.id not in person.tag_ids:
        raise refuse(404, "tag_not_found", "Tag not found")
    person.tag_ids.remove(row.id)
    return answer(wire_people.basic_tag(row))
