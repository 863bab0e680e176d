"""What every API view needs: the twin, who acts, the version, the body, an answer, and the vendor's ways of paging."""

import json
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request

from scripts.sandbox import richtext
from scripts.sandbox.intercom.desk import Actor
from scripts.sandbox.intercom.refusals import invalid, missing, refuse
from scripts.sandbox.intercom.state import Contact, Conversation
from scripts.sandbox.intercom.twin import IntercomTwin
from scripts.sandbox.intercom.wire import Style

MOST_FILES = 10
_LINE = "\n"


def twin() -> IntercomTwin:
    held: IntercomTwin = current_app.extensions["twin"]
    return held


def style() -> Style:
    """Return how this call wants its answer: its version, and plain text where that was asked for."""
    return Style(g.version, is_plain=request.args.get("display_as") == "plaintext")


def needs_version(minor: int) -> None:
    """Refuse what the version asked for does not have."""
    if g.version < (2, minor):
        raise refuse(400, "intercom_version_invalid", "The requested resource does not exist in this API version")


def answer(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    text = json.dumps(payload, ensure_ascii=False)
    return Response(text, status, headers, content_type="application/json; charset=utf-8")


def body() -> dict[str, Any]:
    """Return the JSON body, also of a DELETE."""
    values = request.get_json(force=True, silent=True)
    if not isinstance(values, dict):
        raise refuse(400, "bad_request", "bad 'json' parameter")
    return values


def wanted(values: Mapping[str, Any], name: str) -> Any:
    """Return a required field of a body."""
    if values.get(name) in (None, ""):
        raise missing(name)
    return values[name]


# -- who and what is meant


def actor(values: Mapping[str, Any], name: str = "admin_id") -> Actor:
    """Return the teammate a body names as acting; a team or a stranger is 404."""
    number = admin_id(wanted(values, name))
    return twin().desk.actor(number, is_api=True)


def admin_id(value: Any) -> int:
    if not str(value).isdigit() or int(value) not in twin().world.admins:
        raise refuse(404, "not_found", "Admin not found", "admin_id")
    return int(value)


def conversation(number: str) -> Conversation:
    """Return a conversation that is still there; `last` is the newest changed."""
    rows = twin().world.conversations
    if number == "last" and rows:
        return max(rows.values(), key=lambda row: (row.updated_at, int(row.id)))
    found = rows.get(number)
    if found is None:
        raise refuse(404, "not_found", "Resource Not Found")
    return found


def contact(number: str) -> Contact:
    """Return a contact; one that was merged is 410 and names who is left."""
    found = twin().world.contacts.get(number)
    if found is None:
        raise refuse(404, "not_found", "User Not Found")
    if found.merged_into:
        error = refuse(410, "contact_merged", f"Contact was merged into {found.merged_into}")
        error.headers["Link"] = f'</contacts/{found.merged_into}>; rel="successor-version"'
        raise error
    return found


# -- text and files


def html_of(text: Any) -> str:
    """Return the HTML that is kept of a body: as it is if it is mark-up, else in paragraphs."""
    given = str(text or "")
    if richtext.is_markup(given):
        return given
    paragraphs = [part for part in given.replace("\r\n", _LINE).split("\n\n") if part.strip()]
    return "".join(f"<p>{_escaped(part.strip()).replace(_LINE, '<br>')}</p>" for part in paragraphs)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def files(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attachments that a body brings, as addresses or as content; ten at most."""
    given = values.get("attachment_files") or values.get("attachment_urls") or []
    if not isinstance(given, list) or len(given) > MOST_FILES:
        raise invalid(f"at most {MOST_FILES} attachments are allowed", "attachment_urls")
    return [_linked(row) if isinstance(row, str) else _kept(row) for row in given]


def _linked(url: str) -> dict[str, Any]:
    name = url.rpartition("/")[2] or "file"
    return {"type": "upload", "name": name, "url": url, "content_type": "application/octet-stream", "filesize": 0}


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        data = b64decode(str(row["data"]), validate=True)
    except (KeyError, ValueError) as error:
        raise invalid("attachment_files wants content_type, name and data in base64", "attachment_files") from error
    return keep_file(twin(), str(row.get("name") or "file"), str(row.get("content_type") or ""), data)


def keep_file(held: IntercomTwin, name: str, content_type: str, data: bytes, size: int = 0) -> dict[str, Any]:
    """Keep a file and return how parts list it; `size` may claim another length than the file has."""
    number = str(held.world.take("row"))
    held.world.files[number] = {"type": content_type, "name": name, "text": urlsafe_b64encode(data).decode()}
    url = f"{held.world.base_url}/attachments/{number}/{name}"
    return {
        "type": "upload", "name": name, "url": url, "content_type": content_type, "filesize": size or len(data),
    }  # fmt: skip


# -- paging


def _size(text: Any, default: int, most: int) -> int:
    """Return how many rows a page has; what is too many is refused, as text it will do."""
    if text in (None, ""):
        return default
    if not str(text).isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"per_page must be between 1 and {most}", "per_page")
    return int(text)


def encode_cursor(place: Sequence[Any]) -> str:
    return urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def decode_cursor(text: Any) -> list[Any]:
    try:
        place = json.loads(urlsafe_b64decode(str(text).encode()))
    except ValueError as error:
        raise invalid("Invalid starting_after cursor", "starting_after") from error
    if not isinstance(place, list):
        raise invalid("Invalid starting_after cursor", "starting_after")
    return place


def by_cursor(
    rows: Sequence[Any], key: Callable[[Any], Sequence[Any]], asked: Mapping[str, Any], *, default: int, most: int
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return one page of rows in their order, and `pages`. The cursor names the last row seen by its key.

    It keeps nothing: when rows change in between, some may come twice or never, as the vendor says.
    """
    size = _size(asked.get("per_page"), default, most)
    start = 0
    if cursor := asked.get("starting_after"):
        start = _place(rows, key, decode_cursor(cursor))
    chosen = rows[start : start + size]
    total = -(-len(rows) // size)
    pages: dict[str, Any] = {"type": "pages", "page": start // size + 1, "per_page": size, "total_pages": total}
    if start + size < len(rows):
        pages["next"] = {"per_page": size, "starting_after": encode_cursor(key(chosen[-1]))}
    return chosen, pages


def _place(rows: Sequence[Any], key: Callable[[Any], Sequence[Any]], seen: list[Any]) -> int:
    for place, row in enumerate(rows):
        if list(key(row)) == seen:
            return place + 1
    earlier = [place for place, row in enumerate(rows) if str(key(row)[-1]) == str(seen[-1])]
    return earlier[0] + 1 if earlier else len(rows)


def by_number(rows: Sequence[Any], *, default: int, most: int) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return one page by its number, and `pages` with the address of the next."""
    size = _size(request.args.get("per_page"), default, most)
    number = max(1, request.args.get("page", 1, type=int))
    total = -(-len(rows) // size)
    following = f"{twin().world.base_url}{request.path}?{urlencode({'page': number + 1, 'per_page': size})}"
    pages = {"type": "pages", "page": number, "per_page": size, "total_pages": total}
    pages |= {"next": following if number < total else None}
    return rows[(number - 1) * size : number * size], pages
