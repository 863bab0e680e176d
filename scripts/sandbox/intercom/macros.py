"""Saved replies, which the API can only read."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from scripts.sandbox.intercom.calls import answer, needs_version, twin
from scripts.sandbox.intercom.refusals import not_found

bp = Blueprint("macros", __name__)

_MACROS = (
    ("1", "Ask for details", "Thank you for writing. Which screen are you on, and what does it say?"),
    ("2", "Solved, with thanks", "Glad that this is settled. Just reply if anything is left."),
)


def _show(number: str, name: str, text: str) -> dict[str, object]:
    made = datetime.fromtimestamp(twin().world.account.created_at, UTC).isoformat().replace("+00:00", "Z")
    return {
        "type": "macro",
        "id": number,
        "name": name,
        "body": f"<p>{text}</p>",
        "body_text": text,
        "created_at": made,
        "updated_at": made,
        "visible_to": "everyone",
        "visible_to_team_ids": [],
        "available_on": ["inbox", "messenger"],
    }


@bp.get("/macros")
def list_macros() -> Response:
    needs_version(16)
    rows = [_show(*row) for row in _MACROS]
    return answer({"type": "list", "data": rows, "pages": {"type": "pages", "per_page": 50, "next": None}})


@bp.get("/macros/<number>")
def show_macro(number: str) -> Response:
    needs_version(16)
    for row in _MACROS:
        if row[0] == number:
            return answer(_show(*row))
    raise not_found()
