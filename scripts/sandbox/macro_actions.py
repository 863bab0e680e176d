"""What applying a macro would change on a ticket, as values and in words. Pure: nothing is set here."""

from collections.abc import Iterable, Mapping
from typing import Any

from scripts.sandbox import triggers
from scripts.sandbox.state import Macro, Ticket, User, World, clean_tags

_COMMENTS = ("comment_value", "comment_value_html")
_PLAIN = ("status", "priority", "type", "subject")


def changes(macro: Macro, ticket: Ticket | None, actor: User, world: World) -> dict[str, Any]:
    """Return what a macro sets, in the API's words; placeholders in its text are filled in for a ticket."""
    found: dict[str, Any] = {}
    tags = set(ticket.tags) if ticket else set()
    for action in macro.actions:
        _apply(found, tags, action, actor)
    if ticket is not None and "comment" in found:
        update = triggers.Update(ticket, None, actor, "web", None)
        for name in {"body", "html_body"} & set(found["comment"]):
            found["comment"][name] = triggers.render(found["comment"][name], update, world)
        found["comment"]["scoped_body"] = [["channel:all", found["comment"].get("body", "")]]
    if ticket is None or tags != set(ticket.tags):
        found["tags"] = sorted(tags)
    return found


def _apply(found: dict[str, Any], tags: set[str], action: Mapping[str, Any], actor: User) -> None:
    name, value = str(action["field"]), action.get("value")
    if name in _COMMENTS:
        text = str((value[-1] if isinstance(value, list) else value) or "")  # channel and text, or the text alone
        comment = found.setdefault("comment", {"public": True})
        comment["body" if name == "comment_value" else "html_body"] = text
        comment.setdefault("body", text)
        comment.setdefault("scoped_body", [["channel:all", text]])
    elif name == "comment_mode_is_public":
        found.setdefault("comment", {})["public"] = str(value) == "true"
    elif name == "set_tags":
        tags.clear()
        tags |= set(clean_tags(value))
    elif name == "current_tags":
        tags |= set(clean_tags(value))
    elif name == "remove_tags":
        tags -= set(clean_tags(value))
    elif name in _PLAIN:
        found[name] = value or None
    elif name in ("group_id", "assignee_id"):
        found[name] = actor.id if value == "current_user" else int(str(value)) if str(value).isdigit() else None
    elif name.startswith("custom_fields_"):
        key = name.removeprefix("custom_fields_")
        found["fields"] = {"id": int(key) if key.isdigit() else key, "value": value}


def words(macro: Macro, world: World) -> Iterable[str]:
    """Yield each thing a macro does, as people read it."""
    is_note = any(a["field"] == "comment_mode_is_public" and str(a.get("value")) != "true" for a in macro.actions)
    for action in macro.actions:
        name, value = str(action["field"]), action.get("value")
        if name in _COMMENTS:
            yield "writes an internal note" if is_note else "writes a public reply"
        elif name in ("current_tags", "set_tags", "remove_tags"):
            verb = {"current_tags": "adds", "set_tags": "sets", "remove_tags": "removes"}[name]
            yield f"{verb} the tag{'s' if len(clean_tags(value)) > 1 else ''} {', '.join(clean_tags(value))}"
        elif name in _PLAIN:
            yield f"sets {name} to {value or 'none'}"
        elif name == "group_id":
            group = world.groups.get(int(str(value))) if str(value).isdigit() else None
            yield f"moves it to {group.name}" if group else "takes it out of its group"
        elif name == "assignee_id":
            yield "assigns it to you" if value == "current_user" else f"assigns it to {_name(value, world)}"
        elif name.startswith("custom_fields_"):
            yield f"sets a field to {value}"


def _name(value: Any, world: World) -> str:
    user = world.users.get(int(str(value))) if str(value).isdigit() else None
    return user.name if user else "nobody"
