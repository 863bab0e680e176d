"""The ways to reach a user over the API: the primary address first, then further ones."""

from typing import Any

from flask import Blueprint, Response

from scripts.sandbox.records import Identity
from scripts.sandbox.refusals import invalid, not_found
from scripts.sandbox.state import User
from scripts.sandbox.zendesk.calls import answer, body, listing, need_admin, nothing, twin

bp = Blueprint("identities", __name__, url_prefix="/api/v2/users/<int:user_id>/identities")

_TYPES = ("email", "twitter", "facebook", "google", "phone_number", "agent_forwarding", "foreign", "sdk")


def _user(user_id: int) -> User:
    user = twin().world.users.get(user_id)
    if user is None:
        raise not_found()
    return user


def _identities(user: User) -> list[Identity]:
    """Return all of a user's, the primary address first under the number after the user's own."""
    further = [row for row in twin().world.identities.values() if row.user_id == user.id]
    if not user.email:
        return further
    times = {"created_at": user.created_at, "updated_at": user.updated_at}
    return [Identity(user.id + 1, user.id, "email", user.email, user.verified, **times), *further]


def _find(user: User, identity_id: int) -> Identity:
    row = next((row for row in _identities(user) if row.id == identity_id), None)
    if row is None:
        raise not_found()
    return row


def _show(row: Identity) -> dict[str, Any]:
    is_primary = row.id == row.user_id + 1
    return {
        "url": f"{twin().world.base_url}/api/v2/users/{row.user_id}/identities/{row.id}.json",
        "id": row.id,
        "user_id": row.user_id,
        "type": row.type,
        "value": row.value,
        "verified": row.verified,
        "primary": is_primary,
        "undeliverable_count": 0,
        "deliverable_state": "deliverable",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.get("")
def list_identities(user_id: int) -> Response:
    return listing("identities", _identities(_user(user_id)), _show)


@bp.get("/<int:identity_id>")
def show_identity(user_id: int, identity_id: int) -> Response:
    return answer({"identity": _show(_find(_user(user_id), identity_id))})


@bp.post("")
def create_identity(user_id: int) -> Response:
    """Add an address or another way; an address that anyone has already is refused."""
    user, values, world = _user(user_id), body("identity"), twin().world
    kind, value = str(values.get("type") or ""), str(values.get("value") or "").strip()
    if kind not in _TYPES or not value:
        raise invalid("value", "Value: is invalid")
    if kind == "email" and world.user_by_email(value):
        raise invalid("value", f"Email: {value} is already being used by another user", "DuplicateValue")
    stamp = world.stamp()
    row = Identity(world.next_id(), user.id, kind, value, bool(values.get("verified")), stamp, stamp)
    shown = _show(world.add_identity(row))
    return answer({"identity": shown}, 201, {"Location": shown["url"]})


@bp.put("/<int:identity_id>/make_primary")
def make_primary(user_id: int, identity_id: int) -> Response:
    """Let an address change places with the primary one."""
    user, world = _user(user_id), twin().world
    row = _find(user, identity_id)
    if row.type != "email":
        raise invalid("base", "Only an email can be primary")
    if row.id in world.identities:
        old = user.email
        world.drop_identity(row)
        world.rename_email(user, row.value)
        if old:
            world.add_identity(Identity(row.id, user.id, "email", old, user.verified, row.created_at, world.stamp()))
        user.verified = row.verified
    return list_identities(user_id)


@bp.put("/<int:identity_id>/verify")
def verify(user_id: int, identity_id: int) -> Response:
    user = _user(user_id)
    row = _find(user, identity_id)
    row.verified = True
    if row.id not in twin().world.identities:
        user.verified = True
    return answer({"identity": _show(row)})


@bp.delete("/<int:identity_id>")
def delete_identity(user_id: int, identity_id: int) -> Response:
    need_admin()
    row = _find(_user(user_id), identity_id)
    if row.id not in twin().world.identities:
        raise invalid("base", "The primary identity cannot be deleted")
    twin().world.drop_identity(row)
    return nothing()
