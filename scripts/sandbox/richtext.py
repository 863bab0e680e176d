"""Comment text between its plain and its HTML form, and HTML made safe to show. Pure."""

import html
import re

import nh3
from markdown_it import MarkdownIt

MAX_BYTES = 65536
# Mark-up found in Markdown is shown as text; single line breaks are kept, as writers of articles mean them.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
_BREAKS = re.compile(r"(?i)<br\s*/?>|</(?:p|div|h[1-6]|li|tr|blockquote|pre)\s*>")
_UNSEEN = re.compile(r"(?is)<(script|style|head|title)\b.*?</\1\s*>")
_ITEMS = re.compile(r"(?i)<li\b[^>]*>")
_TAGS = re.compile(r"<[^>]*>")
_MARKUP = re.compile(
    r"(?i)</?(?:a|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|table|tbody|td|th|tr|u|ul)"
    r"(?:\s[^<>]*)?/?>"
)


def cut(text: str) -> str:
    """Cut text silently at 64 KB of UTF-8, as Zendesk does."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= MAX_BYTES else data[:MAX_BYTES].decode("utf-8", "ignore")


def to_html(text: str) -> str:
    """Return plain text as Zendesk renders it: paragraphs at empty lines, breaks at single ones."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]
    inner = "".join(
        f'<p dir="auto">{html.escape(part, quote=False).replace(chr(10), "<br>")}</p>' for part in paragraphs
    )
    return wrap(inner)


def wrap(inner: str) -> str:
    return f'<div class="zd-comment" dir="auto">{inner}</div>'


def to_text(markup: str) -> str:
    """Return the words of HTML, one line a block."""
    text = _ITEMS.sub("- ", _BREAKS.sub("\n", _UNSEEN.sub("", markup)))
    text = html.unescape(_TAGS.sub("", text)).replace("\xa0", " ")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()


def is_markup(text: str) -> bool:
    """Say whether a text is HTML; an address in pointed brackets, or "a < b", is none."""
    return _MARKUP.search(text) is not None


def safe(markup: str) -> str:
    """Return HTML that can do nothing: no scripts, styles, forms or handlers; pictures only as data or none.

    Pictures with an address would be fetched from elsewhere the moment a ticket is opened.
    """
    return nh3.clean(
        markup,
        tags=nh3.ALLOWED_TAGS - {"img", "area", "map"},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def article_html(text: str) -> str:
    """Return the HTML of an article written in Markdown; HTML stays as it is."""
    if re.search(r"<(?:p|h[1-6]|ul|ol|div|br|table)\b", text):
        return text
    return str(_MARKDOWN.render(text)).strip()
