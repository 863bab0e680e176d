"""Groups and who is in them over the API."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from scripts.sandbox.records import Membership
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.state import Group, User
from scripts.sandbox.zendesk.calls import answer, body, listing, need_admin, nothing, twin, whole_number
from scripts.sandbox.zendesk.people import show_group, show_user

bp = Blueprint("groups", __name__, url_prefix="/api/v2")


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
    name = _name(values, "")
    stamp = world.stamp()
    group = Group(world.next_id(), name, str(values.get("description") or ""), created_at=stamp, updated_at=stamp)
    group.is_public = bool(values.get("is_public", True))
    world.groups[group.id] = group
    return group


def _name(values: Mapping[str, Any], default: str) -> str:
    name = str(values.get("name", default) or "").strip()
    if not name:
        raise invalid("name", "Name: cannot be blank", "BlankValue")
    return name


@bp.put("/groups/<int:group_id>")
def update_group(group_id: int) -> Response:
    need_admin()
    group, values = _live(group_id), body("group")
    group.name = _name(values, group.name)
    group.description = str(values.get("description", group.description) or "")
    group.is_public = bool(values.get("is_public", group.is_public))
    group.updated_at = twin().world.stamp()
    return answer({"group": show_group(group)})


@bp.delete("/groups/<int:group_id>")
def delete_group(group_id: int) -> Response:
    """Mark a group as deleted: it is still listed, and takes no ticket any more."""
    need_admin()
    _live(group_id).deleted = True
    return nothing()


def _live(group_id: int) -> Group:
    group = twin().world.groups.get(group_id)
    if group is None or group.deleted:
        raise not_found()
    return group


@bp.get("/groups/<int:group_id>/users")
def list_group_users(group_id: int) -> Response:
    return listing("users", [twin().world.users[key] for key in _live(group_id).member_ids], show_user)


@bp.get("/users/<int:user_id>/groups")
def list_user_groups(user_id: int) -> Response:
    return listing("groups", twin().world.groups_of(_user(user_id).id), show_group)


# -- memberships


def _user(user_id: int) -> User:
    user = twin().world.users.get(user_id)
    if user is None:
        raise not_found()
    return user


def _memberships() -> list[Membership]:
    world = twin().world
    return [
        world.membership(group.id, user_id)
        for group in world.groups.values()
        if not group.deleted
        for user_id in group.member_ids
    ]


def _show(row: Membership) -> dict[str, Any]:
    return {
        "url": f"{twin().world.base_url}/api/v2/group_memberships/{row.id}.json",
        "id": row.id,
        "user_id": row.user_id,
        "group_id": row.group_id,
        "default": twin().world.users[row.user_id].default_group_id == row.group_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.get("/group_memberships")
def list_memberships() -> Response:
    return listing("group_memberships", _memberships(), _show)


@bp.get("/group_memberships/assignable")
def list_assignable_memberships() -> Response:
    return listing("group_memberships", _memberships(), _show)


@bp.get("/groups/<int:group_id>/memberships")
def list_group_memberships(group_id: int) -> Response:
    return listing("group_memberships", [row for row in _memberships() if row.group_id == group_id], _show)


@bp.get("/users/<int:user_id>/group_memberships")
def list_user_memberships(user_id: int) -> Response:
    return listing("group_memberships", [row for row in _memberships() if row.user_id == user_id], _show)


def _membership(membership_id: int) -> Membership:
    row = next((row for row in _memberships() if row.id == membership_id), None)
    if row is None:
        raise not_found()
    return row


@bp.get("/group_memberships/<int:membership_id>")
def show_membership(membership_id: int) -> Response:
    return answer({"group_membership": _show(_membership(membership_id))})


@bp.post("/group_memberships")
def create_membership() -> Response:
    """Put an agent into a group; their first group is their default one."""
    need_admin()
    values, world = body("group_membership"), twin().world
    group = world.groups.get(whole_number(values.get("group_id")) or 0)
    user = world.users.get(whole_number(values.get("user_id")) or 0)
    if group is None or group.deleted or user is None or not user.is_staff:
        raise invalid("base", "Membership needs a group and an agent")
    if user.id in group.member_ids:
        raise invalid("user_id", "User has already been taken", "DuplicateValue")
    group.member_ids.append(user.id)
    user.default_group_id = user.default_group_id or group.id
    row = world.membership(group.id, user.id)
    row.created_at = row.updated_at = world.stamp()
    shown = _show(row)
    return answer({"group_membership": shown}, 201, {"Location": shown["url"]})


@bp.delete("/group_memberships/<int:membership_id>")
def delete_membership(membership_id: int) -> Response:
    """Take an agent out of a group; the open tickets they had there are nobody's."""
    need_admin()
    world, row = twin().world, _membership(membership_id)
    world.groups[row.group_id].member_ids.remove(row.user_id)
    user = world.users[row.user_id]
    if user.default_group_id == row.group_id:
        user.default_group_id = next((group.id for group in world.groups_of(user.id)), None)
    for ticket in world.tickets.values():
        is_theirs = ticket.assignee_id == user.id and ticket.group_id == row.group_id
        if is_theirs and ticket.status not in ("solved", "closed", "deleted"):
            ticket.assignee_id = None
            world.touch(ticket)
    return nothing()


@bp.put("/users/<int:user_id>/group_memberships/<int:membership_id>/make_default")
def make_default(user_id: int, membership_id: int) -> Response:
    need_admin()
    row = _membership(membership_id)
    if row.user_id != user_id:
        raise not_found()
    _user(user_id).default_group_id = row.group_id
    return list_user_memberships(user_id)
