"""What the web inboxes of all vendors share: where their files lie, how times read, and what a page may load."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, render_template, request, url_for

ROOT = Path(__file__).parent
PAGE = 50
LIVE_SECONDS = 3

Row = TypeVar("Row")
Asked = Mapping[str, str]  # what the list is filtered by: status, group, and words as q

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"


def set_up(bp: Blueprint) -> None:
    """Give an inbox its filters and its fence."""
    bp.after_request(fence)
    for word in (ago, when, initials):
        bp.add_app_template_filter(word)


def fence(response: Response) -> Response:
    """Let pages load nothing but the style sheet of this server, and run nothing at all."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def show_list(
    rows: Sequence[Row], fits: Callable[[Row, Asked], bool], line: Callable[[Row], tuple[Any, ...]], **context: Any
) -> str:
    """Render one page of the rows that fit what the address asks for; `line` says a row in the words of the page."""
    asked = {name: request.args.get(name, "").strip() for name in ("status", "group", "q")}
    found = [row for row in rows if fits(row, asked)]
    number = max(1, request.args.get("page", 1, type=int))
    return render_template(
        "list.html",
        tickets=[line(row) for row in found[(number - 1) * PAGE : number * PAGE]],
        asked=asked,
        found=len(found),
        page=number,
        has_more=len(found) > number * PAGE,
        live_seconds=LIVE_SECONDS if "live" in request.args else None,
        url_with=_url_with,
        **context,
    )


def _url_with(**changes: Any) -> str:
    args = {name: value for name, value in {**request.args.to_dict(), **changes}.items() if value not in (None, "")}
    return url_for("inbox.tickets", **args)


def ago(stamp: str) -> str:
    """Return how long ago a time is, in the largest unit; the date from a month on."""
    now: datetime = current_app.extensions["twin"].world.now()
    try:
        seconds = (now.astimezone(UTC) - datetime.fromisoformat(stamp)).total_seconds()
    except (ValueError, TypeError):
        return stamp
    for unit, length, most in (("min", 60, 60), ("h", 3600, 24), ("d", 86400, 30)):
        if seconds < length * most:
            return f"{int(seconds // length)} {unit} ago" if seconds >= 60 else "just now"
    return when(stamp).partition(",")[0]


def when(stamp: str) -> str:
    """Return a time as people write it."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper() or "?"
