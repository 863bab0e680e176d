"""Users and organizations over the API."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.state import Group, Organization, User, clean_tags
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, ids_asked, listing, need_admin, twin, whole_number

bp = Blueprint("people", __name__, url_prefix="/api/v2")

_USER_FIELDS = ("name", "locale", "external_id", "details", "notes", "phone", "suspended", "verified", "role")
_ANONYMOUS = {
    "id": None,
    "name": "Anonymous user",
    "email": "invalid@example.com",
    "role": "end-user",
    "locale": "en-US",
}


def show_user(row: User) -> dict[str, Any]:
    return wire.user(row, twin().world)


def show_organization(row: Organization) -> dict[str, Any]:
    return wire.organization(row, twin().world)


def show_group(row: Group) -> dict[str, Any]:
    return wire.group(row, twin().world)


def side_loads(names: set[str], ids: Mapping[str, set[int | None]]) -> dict[str, Any]:
    """Return the side-loaded objects among `names` (users, groups, organizations) for the ids given of each."""
    world = twin().world
    known: dict[str, tuple[dict[int, Any], Callable[[Any], dict[str, Any]]]] = {
        "users": (world.users, show_user),
        "groups": (world.groups, show_group),
        "organizations": (world.organizations, show_organization),
    }
    loaded = {}
    for name in names & known.keys():
        rows, show = known[name]
        loaded[name] = [show(rows[key]) for key in sorted(filter(None, ids.get(name, ()))) if key in rows]
    return loaded


@bp.get("/users/me")
def show_me() -> Response:
    if g.user is None:
        return answer({"user": _ANONYMOUS})
    return answer({"user": {**show_user(g.user), "authenticity_token": "sandbox"}})


@bp.get("/users/<int:user_id>")
def show_one_user(user_id: int) -> Response:
    user = twin().world.users.get(user_id)
    if user is None:
        raise not_found()
    return answer({"user": show_user(user)})


@bp.get("/users/show_many")
def show_users() -> Response:
    users = twin().world.users
    rows = [users[key] for key in ids_asked() if key in users]
    return answer({"users": [show_user(row) for row in rows], "count": len(rows)})


@bp.get("/users")
def list_users() -> Response:
    roles = set(request.args.getlist("role") + request.args.getlist("role[]"))
    rows = [row for row in twin().world.users.values() if not roles or row.role in roles]
    return listing("users", rows, show_user)


@bp.get("/users/search")
def search_users() -> Response:
    """Find by `external_id`, or by `query`: `email:x`, `role:x`, or words of name and address."""
    world = twin().world
    if external_id := request.args.get("external_id"):
        return listing("users", [u for u in world.users.values() if u.external_id == external_id], show_user)
    query = request.args.get("query", "").strip().strip('"')
    name, colon, value = query.partition(":")
    value = value.strip().strip('"')
    if colon and name == "email":
        found = world.user_by_email(value)
        return listing("users", [found] if found else [], show_user)
    if colon and name == "role":
        return listing("users", [u for u in world.users.values() if u.role == value], show_user)
    words = query.lower()
    rows = [u for u in world.users.values() if words in u.name.lower() or words in (u.email or "").lower()]
    return listing("users", rows, show_user)


@bp.post("/users")
def create_user() -> Response:
    need_admin()
    values = body("user")
    if twin().world.user_by_email(values.get("email")):
        raise invalid("email", f"Email: {values['email']} is already being used by another user", "DuplicateValue")
    user = save_user(values)
    shown = show_user(user)
    return answer({"user": shown}, 201, {"Location": shown["url"]})


@bp.post("/users/create_or_update")
def create_or_update_user() -> Response:
    need_admin()
    values = body("user")
    existing = _existing(values)
    shown = show_user(save_user(values, existing))
    return answer({"user": shown}, 200 if existing else 201, {"Location": shown["url"]})


@bp.put("/users/<int:user_id>")
def update_user(user_id: int) -> Response:
    need_admin()
    existing = twin().world.users.get(user_id)
    if existing is None:
        raise not_found()
    return answer({"user": show_user(save_user(body("user"), existing))})


@bp.delete("/users/<int:user_id>")
def delete_user(user_id: int) -> Response:
    """Deactivate a user, who is shown as such; one who still has open tickets as requester cannot go."""
    need_admin()
    world, user = twin().world, twin().world.users.get(user_id)
    if user is None or not user.active:
        raise not_found()
    if any(t.requester_id == user.id and t.status not in ("closed", "deleted") for t in world.tickets.values()):
        raise invalid("base", "User is requester on tickets that are not closed", "RecordInvalid")
    user.active, user.updated_at = False, world.stamp()
    return answer({"user": show_user(user)})


@bp.get("/users/count")
def count_users() -> Response:
    return answer({"count": {"value": len(twin().world.users), "refreshed_at": twin().world.stamp()}})


def _existing(values: Mapping[str, Any]) -> User | None:
    world = twin().world
    external_id = values.get("external_id")
    by_id = next((u for u in world.users.values() if external_id and u.external_id == external_id), None)
    return by_id or world.user_by_email(values.get("email"))


def save_user(values: Mapping[str, Any], user: User | None = None) -> User:
    """Create a user, or change the one given, from the fields of the API."""
    world = twin().world
    if user is None:
        email = values.get("email")
        name = str(values.get("name") or email or "").strip()
        if not name:
            raise invalid("name", "Name: cannot be blank", "BlankValue")
        user = User(world.next_id(), name, None, organization_id=world.organization_for(email))
        user.created_at = world.stamp()
        world.add_user(user)
    for name in _USER_FIELDS:
        if name in values and (name != "name" or values[name]):
            setattr(user, name, values[name])
    if "email" in values:
        world.rename_email(user, values["email"])
    if "tags" in values:
        user.tags = clean_tags(values["tags"])
    if "organization_id" in values:
        user.organization_id = whole_number(values["organization_id"])
    user.user_fields.update(values.get("user_fields") or {})
    user.updated_at = world.stamp()
    return user


@bp.get("/organizations")
def list_organizations() -> Response:
    return listing("organizations", list(twin().world.organizations.values()), show_organization)


@bp.get("/organizations/<int:organization_id>")
def show_one_organization(organization_id: int) -> Response:
    return answer({"organization": show_organization(_organization(organization_id))})


def _organization(organization_id: int) -> Organization:
    row = twin().world.organizations.get(organization_id)
    if row is None:
        raise not_found()
    return row


@bp.get("/organizations/show_many")
def show_organizations() -> Response:
    known = twin().world.organizations
    rows = [known[key] for key in ids_asked() if key in known]
    return answer({"organizations": [show_organization(row) for row in rows], "count": len(rows)})


@bp.post("/organizations")
def create_organization() -> Response:
    organization = save_organization(body("organization"))
    shown = show_organization(organization)
    return answer({"organization": shown}, 201, {"Location": shown["url"]})


@bp.put("/organizations/<int:organization_id>")
def update_organization(organization_id: int) -> Response:
    organization = _organization(organization_id)
    return answer({"organization": show_organization(save_organization(body("organization"), organization))})


@bp.delete("/organizations/<int:organization_id>")
def delete_organization(organization_id: int) -> Response:
    """Delete an organization; its people stay, without one."""
    need_admin()
    world, row = twin().world, _organization(organization_id)
    for user in world.users.values():
        if user.organization_id == row.id:
            user.organization_id = None
    del world.organizations[row.id]
    return Response(status=204)


@bp.get("/organizations/search")
def search_organizations() -> Response:
    """Find by exact `external_id` or `name`."""
    name, external_id = request.args.get("name", "").lower(), request.args.get("external_id")
    rows = [
        row
        for row in twin().world.organizations.values()
        if (external_id and row.external_id == external_id) or (name and row.name.lower() == name)
    ]
    return listing("organizations", rows, show_organization)


def save_organization(values: Mapping[str, Any], row: Organization | None = None) -> Organization:
    """Create an organization, or change the one given; its name must be its own."""
    world = twin().world
    name = str(values.get("name", row.name if row else "") or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    if any(other.name.lower() == name.lower() for other in world.organizations.values() if other is not row):
        raise invalid("name", f"Name: {name} has already been taken", "DuplicateValue")
    stamp = world.stamp()
    if row is None:
        row = Organization(world.next_id(), name, created_at=stamp)
        world.organizations[row.id] = row
    row.name, row.updated_at = name, stamp
    if "tags" in values:
        row.tags = clean_tags(values["tags"])
    if "domain_names" in values:
        row.domain_names = [str(domain).lower() for domain in values["domain_names"] or ()]
    for field in ("details", "notes", "external_id"):
        if field in values:
            setattr(row, field, values[field])
    row.organization_fields.update(values.get("organization_fields") or {})
    return row
