"""The bytes of a file that somebody enclosed -> its text, or in one word why not.

What a file is, its first bytes say, whatever its name claims. Nothing packed is ever unpacked.
"""

import email
import email.policy
from email.message import EmailMessage

from kb.pdf import text_of_strangers_pdf
from workers.reading.visible import tidy, visible

IMAGE, OTHER, PACKED, LONG, BROKEN, EMPTY, AWAY, MANY = (
    "image", "other", "packed", "long", "broken", "empty", "away", "many",
)  # fmt: skip
_TEXT_ENDINGS = (
    *(".txt", ".text", ".log", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".html", ".htm", ".eml"),
    *(".ini", ".conf", ".pdf"),
)
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/pdf", "message/rfc822")
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_PDF_SECONDS = 10.0
_MOST_CONTROLS = 0.02  # share of control letters from which bytes are no text


class UnreadError(Exception):
    """A file gave no text; `why` is one of the words above."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def kind_of_file(name: str, content_type: str) -> str:
    """Return "" for a file that is worth fetching because it may hold text, else the word that says why not."""
    if content_type.startswith("image/"):
        return IMAGE
    is_text = name.lower().endswith(_TEXT_ENDINGS) or content_type.startswith(_TEXT_TYPES)
    return "" if is_text else OTHER


def text_of(name: str, content_type: str, raw: bytes, *, most_pages: int) -> str:
    """Return what a person would read in the file. Raise UnreadError if that is nothing, or cannot be told."""
    if raw.startswith(_PACKED):
        raise UnreadError(PACKED)
    if b"%PDF-" in raw[:1024]:
        text = _pdf(raw, most_pages)
    elif name.lower().endswith(".eml") or content_type == "message/rfc822":
        text = _mail(raw)
    else:
        text = _decoded(raw)
        is_page = name.lower().endswith((".html", ".htm")) or content_type.startswith("text/html")
        text = visible("", text).text if is_page else tidy(text)
    if not text.strip():
        raise UnreadError(EMPTY)
    return text


def _pdf(raw: bytes, most_pages: int) -> str:
    try:
        return tidy(text_of_strangers_pdf(raw, most_pages=most_pages, seconds=_PDF_SECONDS))
    except ValueError:
        raise UnreadError(BROKEN) from None


def _mail(raw: bytes) -> str:
    """Return subject and text of a forwarded mail; what is enclosed in it stays closed."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    try:
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain", "html"))
        content = part.get_content() if part is not None else ""
        subject = str(mail["subject"] or "")
    except Exception:  # the parser trips over some broken headers only when they are looked at
        raise UnreadError(BROKEN) from None
    is_page = part is not None and part.get_content_type() == "text/html"
    body = visible("", content).text if is_page else tidy(str(content))
    return f"{tidy(subject)}\n\n{body}".strip()


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in raw[:8192])
    if controls > _MOST_CONTROLS * len(raw[:8192]) or b"\0" in raw[:8192]:
        raise UnreadError(OTHER)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
