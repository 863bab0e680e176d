"""Contacts, users and leads: make, find, change, merge, archive; and the companies they belong to."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.intercom import wire_people as wire
from scripts.sandbox.intercom.calls import answer, body, by_cursor, by_number, contact, twin, wanted
from scripts.sandbox.intercom.query import QueryError, compile_query
from scripts.sandbox.intercom.refusals import invalid, missing, not_found, refuse
from scripts.sandbox.intercom.state import Company, Contact
from scripts.sandbox.intercom.twin import IntercomTwin

bp = Blueprint("contacts", __name__)

_DEFAULT, _MOST = 50, 150
_WRITABLE = ("role", "external_id", "email", "phone", "name")
_FIELDS = frozenset(
    ("id", "role", "name", "email", "email_domain", "phone", "external_id", "created_at", "updated_at",
     "last_replied_at", "tag_id", "company_ids", "language_override")
)  # fmt: skip
_DAY = 86400
_DATES = ("created_at", "updated_at", "last_replied_at")


@bp.get("/contacts")
def list_contacts() -> Response:
    rows = _live()
    chosen, pages = by_cursor(rows, lambda row: [row.id], request.args, default=_DEFAULT, most=_MOST)
    return _listed(chosen, pages, len(rows))


def _live() -> list[Contact]:
    rows = (c for c in twin().world.contacts.values() if c.merged_into is None and not c.archived)
    return sorted(rows, key=lambda row: (-row.created_at, row.id))


def _listed(rows: Any, pages: dict[str, Any], total: int) -> Response:
    shown = [wire.contact(row, twin().world) for row in rows]
    return answer({"type": "list", "data": shown, "total_count": total, "pages": pages})


@bp.post("/contacts/search")
def search_contacts() -> Response:
    """Search contacts. Dates match by calendar day: `>` starts with the next one."""
    values = body()
    try:
        test = compile_query(_by_day(values.get("query")), _FIELDS, ("custom_attributes.",))
    except QueryError as error:
        raise invalid(str(error), error.field) from error
    rows = [row for row in _live() if test(_document(row))]
    rows = _sorted(rows, values.get("sort"))
    asked = values.get("pagination") or {}
    chosen, pages = by_cursor(rows, lambda row: [row.id], asked, default=_DEFAULT, most=_MOST)
    return _listed(chosen, pages, len(rows))


def _by_day(query: Any) -> Any:
    """Return a query whose dates are days of the workspace's time zone, which is UTC."""
    if not isinstance(query, Mapping):
        return query
    if isinstance(query.get("value"), list) and query.get("operator") in ("AND", "OR"):
        return {**query, "value": [_by_day(row) for row in query["value"]]}
    value = query.get("value")
    if query.get("field") not in _DATES or isinstance(value, bool) or not isinstance(value, int):
        return query
    day = value // _DAY * _DAY
    return {**query, "value": day + _DAY if query.get("operator") == ">" else day - 1}


def _document(row: Contact) -> dict[str, Any]:
    shown = wire.contact(row, twin().world)
    return {**shown, "tag_id": row.tag_ids, "company_ids": row.company_ids, "email": row.email}


def _sorted(rows: list[Contact], sort: Any) -> list[Contact]:
    if not sort:
        return rows
    order, field = sort.get("order", "descending"), str(sort.get("field") or "created_at")
    if order not in ("ascending", "descending"):
        raise refuse(400, "invalid_sort_order", "order must be ascending or descending", "order")
    if field not in ("created_at", "updated_at", "name", "email", "last_replied_at"):
        raise invalid(f"Invalid sort field: {field}", "field")
    return sorted(rows, key=lambda row: str(getattr(row, field) or ""), reverse=order == "descending")


@bp.post("/contacts")
def make_contact() -> Response:
    """Make a contact; one with this address or external id is 409, and the message ends with its id."""
    values = body()
    if not any(values.get(name) for name in ("email", "external_id", "role")):
        raise missing("email")
    for name in ("external_id", "email"):
        other = twin().world.contact_by(name, values.get(name))
        if other and (name == "external_id" or other.role == values.get("role", "user")):
            kind = "An archived contact" if other.archived else "A contact"
            raise refuse(409, "conflict", f"{kind} matching those details already exists with id={other.id}")
    return _shown(add_contact(twin(), values))


def add_contact(held: IntercomTwin, values: Mapping[str, Any]) -> Contact:
    """Add a contact of whom nobody is known yet."""
    world, now = held.world, held.world.stamp()
    number = f"65f0c0ffee{world.take('contact'):014x}"
    row = Contact(number, created_at=now, updated_at=now)
    world.contacts[number] = row
    change_contact(held, row, values)
    return row


def change_contact(held: IntercomTwin, row: Contact, values: Mapping[str, Any]) -> None:
    for name in _WRITABLE:
        if name in values:
            setattr(row, name, values[name] or None)
    if row.role not in ("user", "lead"):
        raise invalid("role must be user or lead", "role")
    row.language = values.get("language_override", row.language)
    row.custom_attributes |= values.get("custom_attributes") or {}
    row.updated_at = held.world.stamp()


@bp.get("/contacts/find_by_external_id/<external_id>")
def find_contact(external_id: str) -> Response:
    row = twin().world.contact_by("external_id", external_id)
    if row is None:
        raise refuse(404, "not_found", "User Not Found")
    return _shown(row)


@bp.get("/contacts/<contact_id>")
def show_contact(contact_id: str) -> Response:
    return _shown(contact(contact_id))


def _shown(row: Contact) -> Response:
    return answer({**wire.contact(row, twin().world), "enabled_push_messaging": None})


@bp.put("/contacts/<contact_id>")
def update_contact(contact_id: str) -> Response:
    row = contact(contact_id)
    change_contact(twin(), row, body())
    return _shown(row)


@bp.delete("/contacts/<contact_id>")
def delete_contact(contact_id: str) -> Response:
    row = contact(contact_id)
    del twin().world.contacts[contact_id]
    return answer({"type": "contact", "id": row.id, "external_id": row.external_id, "deleted": True})


@bp.post("/contacts/<contact_id>/archive")
def archive_contact(contact_id: str) -> Response:
    return _archive(contact(contact_id), archived=True)


@bp.post("/contacts/<contact_id>/unarchive")
def unarchive_contact(contact_id: str) -> Response:
    return _archive(contact(contact_id), archived=False)


def _archive(row: Contact, *, archived: bool) -> Response:
    row.archived = archived
    return answer({"type": "contact", "id": row.id, "external_id": row.external_id, "archived": archived})


@bp.post("/contacts/merge")
def merge_contacts() -> Response:
    """Merge a lead into a user, whose conversations then are all of both."""
    values = body()
    return _shown(merge(twin(), contact(str(wanted(values, "from"))), contact(str(wanted(values, "into")))))


def merge(held: IntercomTwin, gone: Contact, left: Contact) -> Contact:
    """Merge one contact into another; only a lead can go, and only into a user."""
    if gone.role != "lead" or left.role != "user":
        raise invalid("Only a lead can be merged into a user", "from")
    for row in held.world.conversations.values():
        row.contact_ids = list(dict.fromkeys(left.id if one == gone.id else one for one in row.contact_ids))
    gone.merged_into, left.updated_at = left.id, held.world.stamp()
    held.notices.merged(left, gone)
    return left


# -- companies


@bp.get("/contacts/<contact_id>/companies")
def list_contact_companies(contact_id: str) -> Response:
    rows = [twin().world.companies[number] for number in contact(contact_id).company_ids]
    chosen, pages = by_number(rows, default=50, most=60)
    shown = [wire.company(row, twin().world) for row in chosen]
    return answer({"type": "list", "companies": shown, "total_count": len(rows), "pages": pages})


@bp.post("/contacts/<contact_id>/companies")
def attach_company(contact_id: str) -> Response:
    row = _company(str(wanted(body(), "id")))
    person = contact(contact_id)
    if row.id not in person.company_ids:
        person.company_ids.append(row.id)
    return answer(wire.company(row, twin().world))


def _company(number: str) -> Company:
    row = twin().world.companies.get(number)
    if row is None:
        raise refuse(404, "company_not_found", "Company Not Found")
    return row


@bp.get("/companies/<company_id>")
def show_company(company_id: str) -> Response:
    return answer(wire.company(_company(company_id), twin().world))


@bp.post("/companies")
def make_company() -> Response:
    """Make a company or bring the one with this company_id up to date."""
    values = body()
    number = str(wanted(values, "company_id"))
    row = find_company(twin(), str(values.get("name") or number), number)
    row.custom_attributes |= values.get("custom_attributes") or {}
    return answer(wire.company(row, twin().world))


def find_company(held: IntercomTwin, name: str, company_id: str = "") -> Company:
    """Return the company with this id, or else of this name, made if it is new."""
    world, now = held.world, held.world.stamp()
    wanted_id = company_id or f"tidemark-{name.strip().lower()}"
    row = next((one for one in world.companies.values() if one.company_id == wanted_id), None)
    if row is None:
        row = Company(f"66c0{world.take('row'):020x}", wanted_id, name.strip(), created_at=now)
        world.companies[row.id] = row
    row.name, row.updated_at = name.strip(), now
    return row


@bp.get("/companies")
def list_companies() -> Response:
    """List companies, or show the one with this `company_id` or `name`."""
    world = twin().world
    for name in ("company_id", "name"):
        if asked := request.args.get(name):
            row = next((one for one in world.companies.values() if getattr(one, name) == asked), None)
            if row is None:
                raise not_found("Company")
            return answer(wire.company(row, world))
    rows = list(world.companies.values())
    chosen, pages = by_number(rows, default=15, most=60)
    shown = [wire.company(row, world) for row in chosen]
    return answer({"type": "list", "data": shown, "total_count": len(rows), "pages": pages | {"next": None}})
