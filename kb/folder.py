"""A folder of Markdown, HTML, text and PDF files -> documents. The only module that knows front matter.

Front matter of a file wins over what policy says of its folder: `title`, `url`, `audience`, `locale`, `brand_id`,
`labels`, `valid_from`, `valid_until`, `reviewed`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import frontmatter

from kb.domain import Audience, Document, Source
from kb.markup import html_to_text, plain_to_text
from kb.pdf import read_pdf

MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 500
MARKDOWN, HTML, TEXT, PDF = {".md", ".markdown"}, {".html", ".htm"}, {".txt", ".text"}, {".pdf"}
KINDS = MARKDOWN | HTML | TEXT | PDF
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as policy names it. `name` stands in the ids of its documents and must stay the same."""

    name: str
    path: Path
    audience: Audience = Audience.STAFF
    locale: str = ""
    brand_id: str = ""
    url: str = ""  # what a file's path under the folder is put behind, "" for no link


@dataclass(slots=True)
class Unread:
    """What was found in a folder and could not be read: path under it -> why; and the ids its documents would have."""

    files: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)


def prefix_of(folder: Folder) -> str:
    return f"folder:{folder.name}:"


def documents(folder: Folder, unread: Unread) -> Iterator[Document]:
    """Yield a document for each readable file, in the order of their paths; the others are noted in `unread`.

    Links that lead out of the folder are not followed. Raise NotADirectoryError if there is no such folder: an
    unmounted disk is no empty one.
    """
    root = folder.path.resolve()
    if not root.is_dir():
        raise NotADirectoryError(f"{folder.path} is no folder")
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() not in KINDS or _is_hidden(name) or not path.is_file():
            continue
        try:
            yield _document(folder, root, path, name)
        except (OSError, ValueError) as error:
            unread.ids.add(_id(folder, name))
            unread.files[name] = (str(error).splitlines() or [type(error).__name__])[0][:200]


def _id(folder: Folder, name: str) -> str:
    return f"{prefix_of(folder)}{name}"[:200]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "~", "_")) for part in name.split("/"))


def _document(folder: Folder, root: Path, path: Path, name: str) -> Document:
    if not path.resolve().is_relative_to(root):
        raise ValueError("a link that leads out of the folder")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // (1 << 20)} MiB")
    said, title, text = _read(path)
    if not text.strip():
        raise ValueError("no text in it (a scan?)" if path.suffix.lower() in PDF else "no text in it")
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Document(
        id=_id(folder, name),
        source=Source.ARTICLE,
        title=str(said.get("title") or title or path.stem.replace("-", " ").replace("_", " ")),
        text=text,
        audience=Audience(str(said.get("audience", folder.audience.value))),
        url=str(said.get("url") or (f"{folder.url.rstrip('/')}/{name}" if folder.url else "")),
        locale=str(said.get("locale", folder.locale)),
        brand_id=str(said.get("brand_id", folder.brand_id)),
        section=tuple(name.split("/")[:-1]),
        labels=tuple(str(one) for one in said.get("labels") or ()),
        updated_at=changed,
        valid_from=_moment(said.get("valid_from")),
        valid_until=_moment(said.get("valid_until")),
        reviewed_at=_moment(said.get("reviewed")),
    )


def _read(path: Path) -> tuple[Mapping[str, Any], str, str]:
    """Return front matter, title and text of a file."""
    kind = path.suffix.lower()
    if kind in PDF:
        return {}, *read_pdf(path, MAX_PAGES)
    raw = _decoded(path.read_bytes())
    if kind in HTML:
        found = _TITLE.search(raw)
        return {}, html_to_text(found[1]).strip() if found else "", html_to_text(raw)
    said, body = _front_matter(raw)
    text = plain_to_text(body)
    heading = _HEADING.search(text) if kind in MARKDOWN else None
    return said, heading[1].strip() if heading else "", text


def _front_matter(raw: str) -> tuple[Mapping[str, Any], str]:
    try:
        post = frontmatter.loads(raw)
    except Exception as error:  # whatever the YAML parser says of what stands between the marks
        raise ValueError(f"front matter: {error}") from None
    return post.metadata, post.content


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", errors="replace")


def _moment(value: object) -> datetime | None:
    """Read a day or time; a day begins at midnight UTC. Raise ValueError for anything else."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
