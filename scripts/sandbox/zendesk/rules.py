"""Triggers and their categories over the API."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox import triggers
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import Trigger, TriggerCategory
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, nothing, twin

bp = Blueprint("rules", __name__, url_prefix="/api/v2")


def _trigger(trigger_id: int) -> Trigger:
    trigger = twin().world.triggers.get(trigger_id)
    if trigger is None:
        raise not_found()
    return trigger


def show_trigger(row: Trigger) -> dict[str, Any]:
    return wire.trigger(row, twin().world)


def _in_order() -> list[Trigger]:
    return sorted(twin().world.triggers.values(), key=lambda t: (t.position, t.id))


def _conditions(values: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]] | None:
    """Return the conditions given in either of the two accepted forms, or None if there are none."""
    given = values.get("conditions")
    if not isinstance(given, dict):
        given = {name: values[name] for name in ("all", "any") if name in values} or None
    if given is None:
        return None
    return {"all": list(given.get("all") or []), "any": list(given.get("any") or [])}


@bp.get("/triggers")
def list_triggers() -> Response:
    return listing("triggers", _in_order(), show_trigger)


@bp.get("/triggers/active")
def list_active_triggers() -> Response:
    return listing("triggers", [row for row in _in_order() if row.active], show_trigger)


@bp.get("/triggers/search")
def search_triggers() -> Response:
    words = request.args.get("query", "").lower()
    return listing("triggers", [row for row in _in_order() if words in row.title.lower()], show_trigger)


@bp.get("/triggers/<int:trigger_id>")
def show_one_trigger(trigger_id: int) -> Response:
    return answer({"trigger": show_trigger(_trigger(trigger_id))})


@bp.post("/triggers")
def create_trigger() -> Response:
    values, world = body("trigger"), twin().world
    stamp = world.stamp()
    last = max((row.position for row in world.triggers.values()), default=-1)
    trigger = Trigger(
        id=world.next_id(),
        title=str(values.get("title") or ""),
        conditions=_conditions(values) or {"all": [], "any": []},
        actions=list(values.get("actions") or []),
        description=values.get("description"),
        active=bool(values.get("active", True)),
        position=int(values.get("position", last + 1)),
        category_id=str(values.get("category_id") or next(iter(world.trigger_categories), "")),
        created_at=stamp,
        updated_at=stamp,
    )
    _check_trigger(trigger)
    world.triggers[trigger.id] = trigger
    shown = show_trigger(trigger)
    return answer({"trigger": shown}, 201, {"Location": shown["url"]})


@bp.put("/triggers/<int:trigger_id>")
def update_trigger(trigger_id: int) -> Response:
    """Change a trigger. Giving conditions or actions alone clears the other; giving neither keeps both."""
    old, values = _trigger(trigger_id), body("trigger")
    conditions, actions = _conditions(values), values.get("actions")
    if conditions is None and actions is None:
        conditions, actions = old.conditions, old.actions
    changed = Trigger(
        id=old.id,
        title=str(values.get("title", old.title)),
        conditions=conditions or {"all": [], "any": []},
        actions=list(actions or []),
        description=values.get("description", old.description),
        active=bool(values.get("active", old.active)),
        position=int(values.get("position", old.position)),
        category_id=str(values.get("category_id", old.category_id)),
        created_at=old.created_at,
        updated_at=twin().world.stamp(),
    )
    _check_trigger(changed, may_be_empty=True)
    twin().world.triggers[old.id] = changed
    return answer({"trigger": show_trigger(changed)})


def _check_trigger(trigger: Trigger, *, may_be_empty: bool = False) -> None:
    faults = triggers.faults_in(trigger.conditions, trigger.actions)
    if may_be_empty:
        faults = [fault for fault in faults if "blank" not in fault]
    if not trigger.title.strip():
        faults.append("Title: cannot be blank")
    known = twin().world.webhooks
    for action in trigger.actions:
        if action.get("field") == "notification_webhook" and not faults and str(action["value"][0]) not in known:
            faults.append("Webhook does not exist")
    if trigger.category_id and trigger.category_id not in twin().world.trigger_categories:
        faults.append("Category does not exist")
    if faults:
        details = {"base": [{"description": fault, "error": "InvalidValue"} for fault in faults]}
        raise RefusedError(
            422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
        )


@bp.delete("/triggers/<int:trigger_id>")
def delete_trigger(trigger_id: int) -> Response:
    del twin().world.triggers[_trigger(trigger_id).id]
    return nothing()


@bp.get("/trigger_categories")
def list_categories() -> Response:
    return listing("trigger_categories", list(twin().world.trigger_categories.values()), wire.trigger_category)


@bp.post("/trigger_categories")
def create_category() -> Response:
    values, world = body("trigger_category"), twin().world
    name = str(values.get("name") or "").strip()
    if not name:
        raise RefusedError(400, {"errors": [{"code": "InvalidTriggerCategory", "title": "Name cannot be blank"}]})
    stamp = world.stamp()
    row = TriggerCategory(str(world.next_id()), name, int(values.get("position") or 0), stamp, stamp)
    world.trigger_categories[row.id] = row
    return answer({"trigger_category": wire.trigger_category(row)})
