"""Teammates and teams: who the token is, who answers, in which teams."""

from flask import Blueprint, Response

from scripts.sandbox.intercom import wire_people as wire
from scripts.sandbox.intercom.calls import answer, twin
from scripts.sandbox.intercom.refusals import refuse

bp = Blueprint("people", __name__)


@bp.get("/me")
def me() -> Response:
    """Show the teammate whose token it is, and the workspace."""
    return answer(wire.me(twin().world.owner(), twin().world))


@bp.get("/admins")
def list_admins() -> Response:
    """List teammates in one piece; the workspace's own bot is among them."""
    return answer({"type": "admin.list", "admins": [wire.admin(row) for row in twin().world.admins.values()]})


@bp.get("/admins/<admin_id>")
def show_admin(admin_id: str) -> Response:
    row = twin().world.admins.get(int(admin_id)) if admin_id.isdigit() else None
    if row is None:
        raise refuse(404, "admin_not_found", "Admin not found")
    return answer(wire.admin(row))


@bp.get("/teams")
def list_teams() -> Response:
    return answer({"type": "team.list", "teams": [wire.team(row) for row in twin().world.teams.values()]})


@bp.get("/teams/<team_id>")
def show_team(team_id: str) -> Response:
    row = twin().world.teams.get(int(team_id)) if team_id.isdigit() else None
    if row is None:
        raise refuse(404, "team_not_found", "Team not found")
    return answer(wire.team(row))
