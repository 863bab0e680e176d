"""Satisfaction ratings over the API; requesters give them in the sandbox's control API."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.records import Rating
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.zendesk.calls import answer, listing, need_admin, twin

bp = Blueprint("ratings", __name__, url_prefix="/api/v2")

# What the filter's words stand for: scores, and whether a comment came with it (None: either).
_FILTERS: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "received": (("good", "bad"), None),
    "received_with_comment": (("good", "bad"), True),
    "received_without_comment": (("good", "bad"), False),
    **{score: ((score,), None) for score in ("good", "bad", "offered", "unoffered")},
    **{f"{score}_with_comment": ((score,), True) for score in ("good", "bad")},
    **{f"{score}_without_comment": ((score,), False) for score in ("good", "bad")},
}


def show_rating(row: Rating) -> dict[str, Any]:
    return {
        "url": f"{twin().world.base_url}/api/v2/satisfaction_ratings/{row.id}.json",
        "id": row.id,
        "ticket_id": row.ticket_id,
        "requester_id": row.requester_id,
        "assignee_id": row.assignee_id,
        "group_id": row.group_id,
        "score": row.score,
        "comment": row.comment,
        "reason": row.reason,
        "reason_id": 0,
        "reason_code": 0,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@bp.get("/satisfaction_ratings")
def list_ratings() -> Response:
    """List by `score` and by unix `start_time` and `end_time`, oldest first."""
    need_admin()
    return listing("satisfaction_ratings", _chosen(), show_rating)


@bp.get("/satisfaction_ratings/count")
def count_ratings() -> Response:
    need_admin()
    return answer({"count": {"value": len(_chosen()), "refreshed_at": twin().world.stamp()}})


def _chosen() -> list[Rating]:
    word = request.args.get("score")
    if word is not None and word not in _FILTERS:
        raise RefusedError(400, {"error": "InvalidValue", "description": f"score {word} is not valid"})
    start, end = request.args.get("start_time", type=int), request.args.get("end_time", type=int)
    return [row for row in twin().world.ratings.values() if _fits(row, word, start, end)]


def _fits(row: Rating, word: str | None, start: int | None, end: int | None) -> bool:
    when = datetime.fromisoformat(row.created_at).timestamp()
    if (start is not None and when < start) or (end is not None and when > end):
        return False
    scores, wants_comment = _FILTERS[word] if word else ((row.score,), None)
    return row.score in scores and wants_comment in (None, bool(row.comment))


@bp.get("/satisfaction_ratings/<int:rating_id>")
def show_one_rating(rating_id: int) -> Response:
    need_admin()
    row = twin().world.ratings.get(rating_id)
    if row is None:
        raise not_found()
    return answer({"satisfaction_rating": show_rating(row)})


@bp.post("/tickets/<int:ticket_id>/satisfaction_rating")
def create_rating(ticket_id: int) -> Response:
    """Refuse: only the requester rates, and requesters do not call this API."""
    if twin().world.live_ticket(ticket_id) is None:
        raise not_found()
    raise RefusedError(403, {"error": "Forbidden", "description": "Only the requester can rate a ticket."})
