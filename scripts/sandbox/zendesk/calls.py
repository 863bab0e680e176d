"""What every API view needs: the twin, the caller, the body, an answer, and the vendor's three ways of paging."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request

from scripts.sandbox.desk import Origin
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import User
from scripts.sandbox.twin import Twin

MAX_PAGES = 100
MAX_IDS = 100


def twin() -> Twin:
    held: Twin = current_app.extensions["twin"]
    return held


def me() -> User:
    """Return the authenticated staff member."""
    user: User = g.user
    return user


def need_admin() -> None:
    if me().role != "admin":
        raise RefusedError(
            403,
            {
                "error": "Forbidden",
                "description": "You do not have access to this page. Please contact the account owner.",
            },
        )


def origin() -> Origin:
    """Return who calls and with what, as an update through the API records it."""
    return Origin(me(), "api", request.headers.get("User-Agent", ""))


def body(key: str | None = None) -> dict[str, Any]:
    """Return the JSON body, or the object under `key` in it."""
    values = request.get_json(force=True, silent=True)
    if key is not None and isinstance(values, dict):
        values = values.get(key)
    if not isinstance(values, dict):
        raise RefusedError(
            400, {"error": "InvalidBody", "description": f"Parameter {key} is required" if key else "Invalid JSON"}
        )
    return values


def answer(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    text = json.dumps(payload, ensure_ascii=False)
    return Response(text, status, headers, content_type="application/json; charset=utf-8")


def nothing() -> Response:
    return Response(status=204)


def ids_asked() -> list[int]:
    """Return the ids of `?ids=1,2`; more than a hundred are refused."""
    try:
        ids = [int(part) for part in request.args.get("ids", "").split(",") if part.strip()]
    except ValueError as error:
        raise not_found() from error
    if len(ids) > MAX_IDS:
        raise RefusedError(
            400, {"error": "TooManyValues", "description": "Too many values for parameter", "max_count": MAX_IDS}
        )
    return ids


def included() -> set[str]:
    return set(filter(None, request.args.get("include", "").split(",")))


def listing(
    key: str,
    rows: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    *,
    side: Callable[[Sequence[Any]], dict[str, Any]] | None = None,
    is_help_center: bool = False,
    is_whole: bool = False,
) -> Response:
    """Return one page of rows: by cursor if `page[size]` was asked for, else by number.

    `is_whole` is for the few lists that come in one piece when no page was asked for.
    """
    if "page[size]" in request.args or "page[after]" in request.args or "page[before]" in request.args:
        chosen, extra, headers = _by_cursor(rows, is_help_center)
    else:
        default = len(rows) if is_whole else 30 if is_help_center else 100
        chosen, extra, headers = _by_number(rows, default)
    more = side(chosen) if side else {}
    return answer({key: [show(row) for row in chosen], **more, **extra}, headers=headers)


def _size(text: str | None, default: int) -> int:
    try:
        return min(100, max(1, int(text))) if text else max(1, default)
    except ValueError:
        return default


def _url(**changes: Any) -> str:
    args = {name: value for name, value in request.args.items() if name not in changes}
    args.update({name: value for name, value in changes.items() if value is not None})
    return f"{twin().world.base_url}{request.path}.json?{urlencode(args)}"


def encode_cursor(value: Any) -> str:
    return urlsafe_b64encode(str(value).encode()).decode()


def decode_cursor(text: str) -> str:
    """Return what `encode_cursor` was given; refuse anything else."""
    try:
        return urlsafe_b64decode(text.encode()).decode()
    except ValueError as error:
        raise RefusedError(
            400, {"errors": [{"code": "InvalidPaginationParameter", "title": "Cursor is invalid"}]}
        ) from error


def _by_cursor(rows: Sequence[Any], is_help_center: bool) -> tuple[Sequence[Any], dict[str, Any], dict[str, str]]:
    size = _size(request.args.get("page[size]"), 100)
    start = 0
    if after := request.args.get("page[after]"):
        start = _place(rows, decode_cursor(after)) + 1
    elif before := request.args.get("page[before]"):
        start = max(0, _place(rows, decode_cursor(before)) - size)
    chosen = rows[start : start + size]
    has_more = start + size < len(rows)
    first, last = (encode_cursor(chosen[0].id), encode_cursor(chosen[-1].id)) if chosen else (None, None)
    meta = {"has_more": has_more, "after_cursor": last, "before_cursor": first}
    following = _url(**{"page[after]": last, "page[before]": None, "page[size]": size}) if last else None
    earlier = _url(**{"page[before]": first, "page[after]": None, "page[size]": size}) if first else None
    if not is_help_center:
        return chosen, {"meta": meta, "links": {"prev": earlier, "next": following}}, {}
    links = {"first": _url(**{"page[after]": None, "page[before]": None, "page[size]": size}), "last": _url()}
    if has_more:
        links["next"] = str(following)
    headers = {"Link": f'<{following}>; rel="next"'} if has_more else {}
    return chosen, {"meta": meta, "links": links}, headers


def _place(rows: Sequence[Any], key: str) -> int:
    for place, row in enumerate(rows):
        if str(row.id) == key:
            return place
    return -1


def _by_number(rows: Sequence[Any], default: int) -> tuple[Sequence[Any], dict[str, Any], dict[str, str]]:
    number = max(1, request.args.get("page", 1, type=int))
    size = _size(request.args.get("per_page"), default)
    if number > MAX_PAGES:
        raise RefusedError(
            400, {"error": "InvalidPaginationDepth", "description": "Invalid search: cannot page past 100 pages"}
        )
    chosen = rows[(number - 1) * size : number * size]
    following = _url(page=number + 1) if number * size < len(rows) else None
    earlier = _url(page=number - 1) if number > 1 else None
    return chosen, {"next_page": following, "previous_page": earlier, "count": len(rows)}, {}


def unix(stamp: str) -> int:
    """Return the unix second of a time as the API writes it."""
    return int(datetime.fromisoformat(stamp).timestamp())


def whole_number(text: Any) -> int | None:
    """Return an id given as number or digits, or None for an empty one; refuse anything else."""
    if text in (None, ""):
        return None
    if isinstance(text, bool) or not str(text).isdigit():
        raise not_found()
    return int(text)
