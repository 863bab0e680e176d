"""Users, organizations and groups over the API."""

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
        if name in values:
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


@bp.get("/users/<int:user_id>/identities")
def list_identities(user_id: int) -> Response:
    user = twin().world.users.get(user_id)
    if user is None:
        raise not_found()
    rows = [{"id": user.id + 1, "user_id": user.id, "type": "email", "value": user.email, "verified": user.verified,
             "primary": True}] if user.email else []  # fmt: skip
    return answer({"identities": rows, "count": len(rows), "next_page": None, "previous_page": None})


@bp.get("/organizations")
def list_organizations() -> Response:
    return listing("organizations", list(twin().world.organizations.values()), show_organization)


@bp.get("/organizations/<int:organization_id>")
def show_one_organization(organization_id: int) -> Response:
    organization = twin().world.organizations.get(organization_id)
    if organization is None:
        raise not_found()
    return answer({"organization": show_organization(organization)})


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


def save_organization(values: Mapping[str, Any]) -> Organization:
    """Create an organization; its name must be new."""
    world = twin().world
    name = str(values.get("name") or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    if any(row.name.lower() == name.lower() for row in world.organizations.values()):
        raise invalid("name", f"Name: {name} has already been taken", "DuplicateValue")
    stamp = world.stamp()
    organization = Organization(world.next_id(), name, created_at=stamp, updated_at=stamp)
    organization.tags = clean_tags(values.get("tags"))
    organization.domain_names = [str(domain).lower() for domain in values.get("domain_names") or ()]
    world.organizations[organization.id] = organization
    return organization


@bp.get("/groups")
def list_groups() -> Response:
    return listing("groups", list(twin().world.groups.values()), show_group)


@bp.get("/groups/assignable")
def list_assignable_groups() -> Response:
    return listing("groups", [row for row in twin().world.groups.values() if not row.deleted], show_group)


@bp.get("/groups/<int:group_id>")
def show_one_group(group_id: int) -> Response:
    group = twin().world.groups.get(group_id)
    if group is None:
        raise not_found()
    return answer({"group": show_group(group)})


@bp.post("/groups")
def create_group() -> Response:
    need_admin()
    shown = show_group(save_group(body("group")))
    return answer({"group": shown}, 201, {"Location": shown["url"]})


def save_group(values: Mapping[str, Any]) -> Group:
    """Create a group; names may repeat."""
    world = twin().world
    name = str(values.get("name") or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    stamp = world.stamp()
    group = Group(world.next_id(), name, str(values.get("description") or ""), created_at=stamp, updated_at=stamp)
    group.is_public = bool(values.get("is_public", True))
    world.groups[group.id] = group
    return group


@bp.delete("/groups/<int:group_id>")
def delete_group(group_id: int) -> Response:
    need_admin()
    group = twin().world.groups.get(group_id)
    if group is None or group.deleted:
        raise not_found()
    group.deleted = True
    return Response(status=204)


@bp.get("/group_memberships")
def list_memberships() -> Response:
    pairs = [(g_row, user_id) for g_row in twin().world.groups.values() for user_id in g_row.member_ids]
    rows = [_membership(group, user_id) for group, user_id in pairs]
    return answer({"group_memberships": rows, "count": len(rows), "next_page": None, "previous_page": None})


@bp.post("/group_memberships")
def create_membership() -> Response:
    need_admin()
    values = body("group_membership")
    world = twin().world
    group = world.groups.get(whole_number(values.get("group_id")) or 0)
    user = world.users.get(whole_number(values.get("user_id")) or 0)
    if group is None or user is None or not user.is_staff:
        raise invalid("base", "Membership needs a group and an agent")
    if user.id in group.member_ids:
        raise invalid("user_id", "User has already been taken", "DuplicateValue")
    group.member_ids.append(user.id)
    user.default_group_id = user.default_group_id or group.id
    return answer({"group_membership": _membership(group, user.id)}, 201)


def _membership(group: Group, user_id: int) -> dict[str, Any]:
    user = twin().world.users[user_id]
    return {
        "id": group.id + user_id,
        "user_id": user_id,
        "group_id": group.id,
        "default": user.default_group_id == group.id,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }
