"""Ticket fields: which values they take, the tags they set, and what solving needs. Changes nothing but `wanted`."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from scripts.sandbox.records import TicketField
from scripts.sandbox.refusals import invalid
from scripts.sandbox.state import Ticket, World, clean_tags


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(str(value)[:10])
    except ValueError:
        return False
    return True


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "checkbox": lambda value: isinstance(value, bool) or str(value) in ("true", "false", "0", "1"),
    "integer": lambda value: bool(re.fullmatch(r"[+-]?\d+", str(value))),
    "decimal": lambda value: bool(re.fullmatch(r"[+-]?\d+(\.\d+)?", str(value))),
    "date": _is_date,
}


def prepare(world: World, ticket: Ticket, wanted: dict[str, Any]) -> None:
    """Refuse values that a known field does not take; set the tags that options and checkboxes stand for.

    Fields the account does not know are kept as they come: the sandbox is used without declaring them.
    """
    given = wanted.get("custom_fields") or {}
    added: set[str] = set()
    removed: set[str] = set()
    for key, value in given.items():
        row = world.ticket_fields.get(int(key)) if key.isdigit() else None
        if row is None or row.is_system:
            continue
        if value not in (None, "", []):
            _check(row, value)
        removed |= _tags_of(row, ticket.custom_fields.get(key))
        added |= _tags_of(row, value)
    if added != removed:
        tags = clean_tags(wanted.get("tags", ticket.tags))
        wanted["tags"] = sorted((set(tags) - removed) | added)


def _check(row: TicketField, value: Any) -> None:
    known = {option.value for option in row.options}
    is_good = _CHECKS.get(row.type, lambda _: True)(value)
    if row.type == "tagger":
        is_good = value in known
    elif row.type == "multiselect":
        is_good = isinstance(value, list) and set(value) <= known
    elif row.type == "regexp" and row.regexp:
        is_good = bool(re.search(row.regexp, str(value)))
    if not is_good:
        raise invalid("base", f"{row.title}: {value} is not a valid value", "InvalidValue")


def _tags_of(row: TicketField, value: Any) -> set[str]:
    if row.type == "tagger" and value:
        return {str(value)}
    if row.type == "multiselect" and value:
        return {str(part) for part in value}
    if row.type == "checkbox" and row.tag and str(value).lower() in ("true", "1"):
        return {row.tag}
    return set()


def check_required(world: World, ticket: Ticket, wanted: dict[str, Any]) -> None:
    """Refuse to solve while a field that agents must fill is empty."""
    values = {**ticket.custom_fields, **(wanted.get("custom_fields") or {})}
    for row in world.ticket_fields.values():
        is_asked = row.required and row.active and not row.is_system
        if is_asked and values.get(str(row.id)) in (None, "", [], False):
            raise invalid("base", f"{row.title}: is required when solving a ticket", "BlankValue")
