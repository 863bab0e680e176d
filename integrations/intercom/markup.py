"""Pure: Intercom's HTML as plain text, our HTML in the few tags that Intercom keeps, and what names a text after both.

Which HTML a message may hold is not published. Known to survive: block elements, links, bold, italics, line breaks.
"""

import hashlib
import html
import re
import unicodedata
from html.parser import HTMLParser
from itertools import groupby
from urllib.parse import urlsplit

_BLOCKS = frozenset({"p", "div", "section", "article", "blockquote", "pre", "table", "tr", "figure", "hr"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol"})
_SILENT = frozenset({"script", "style", "head", "title", "template"})
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|&[a-z]{2,8};|&#\d+;")
_INLINE = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "b", "mark": "b"}


def is_markup(source: str) -> bool:
    """Say whether a body is HTML, as the API gives it, or plain text; "Ann <ann@acme.example>" is no tag."""
    return _MARKUP.search(source) is not None


def plain(source: str) -> str:
    """Return what a reader sees: a line a block, "- " before items, "label (url)" for links, "[Image]" for images.

    A text without mark-up is what a reader sees.
    """
    shown = _shown(source) if is_markup(source) else source
    lines = (" ".join(line.split()) for line in shown.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def allowed(source: str) -> str:
    """Return our HTML in Intercom's tags: all text in blocks, a quotation as italics, nothing else of ours lost.

    `{{` is written as an entity, so that no placeholder in a text could be expanded.
    """
    writer = _Allowed()
    writer.feed(source)
    writer.close()
    return re.sub(r"\{(?=[{%])", "&#123;", writer.finished())


def fingerprint(source: str, author_id: str = "") -> str:
    """Return ten letters that name whose words these are, whatever became of their mark-up on the way.

    Letters and digits alone count, without the addresses of links: Intercom may rewrite them.
    """
    said = unicodedata.normalize("NFKC", _shown(source, has_addresses=False)).casefold()
    kept = "".join(letter for letter in said if letter.isalnum())
    return hashlib.sha256(f"{author_id} {kept}".encode("utf-8", "replace")).hexdigest()[:10]


def _shown(source: str, *, has_addresses: bool = True) -> str:
    reader = _Plain(has_addresses=has_addresses)
    reader.feed(source)
    reader.close()
    return "".join(reader.parts)


class _Plain(HTMLParser):
    def __init__(self, *, has_addresses: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._has_addresses = has_addresses
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS | _HEADINGS | _LISTS:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag == "img" and self._has_addresses:
            self.parts.append("[Image]")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS | _HEADINGS | _LISTS:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            address, begin = self._links.pop()
            label = "".join(self.parts[begin:]).strip()
            if self._has_addresses and address.startswith("http") and address.rstrip("/") != label.rstrip("/"):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


class _Allowed(HTMLParser):
    """Cuts our HTML into blocks and writes each as a paragraph, a heading or an item; lists in lists become one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[tuple[str, str]] = []  # ("p" | "h2" | "ul" | "ol", its inner HTML)
        self._text: list[str] = []
        self._kind = "p"
        self._lists: list[str] = []
        self._inline: list[str] = []
        self._silent = self._quotes = self._pre = 0

    def finished(self) -> str:
        self._flush("p")
        return "".join(_written(kind, list(run)) for kind, run in groupby(self._blocks, key=lambda block: block[0]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _LISTS:
            self._flush(tag)
            self._lists.append(tag)
        elif tag == "li":
            self._flush(self._lists[-1] if self._lists else "p")
        elif tag in _HEADINGS | _BLOCKS:
            self._start_block(tag)
        elif tag == "br":
            self._text.append("<br>")
        elif tag in _INLINE:
            self._begin(_INLINE[tag], f"<{_INLINE[tag]}>")
        elif tag == "a" and (address := _address(dict(attrs).get("href") or "")):
            self._begin("a", f'<a href="{html.escape(address)}">')

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _LISTS and self._lists:
            self._lists.pop()
            self._flush(self._lists[-1] if self._lists else "p")
        elif tag in _HEADINGS | _BLOCKS:
            self._end_block(tag)
        elif tag in _INLINE or tag == "a":
            self._end(_INLINE.get(tag, "a"))

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        said = html.escape(data if self._pre else re.sub(r"\s+", " ", data), quote=False)
        self._text.append(said.replace("\n", "<br>") if self._pre else said)

    def _start_block(self, tag: str) -> None:
        if self._lists:  # an item stays one item, whatever blocks stand in it
            self._text.append("<br>" if "".join(self._text).strip() else "")
            return
        self._flush("h2" if tag in _HEADINGS else "p")
        self._quotes += tag == "blockquote"
        self._pre += tag == "pre"

    def _end_block(self, tag: str) -> None:
        if self._lists:
            return
        self._flush("p")
        self._quotes = max(0, self._quotes - (tag == "blockquote"))
        self._pre = max(0, self._pre - (tag == "pre"))

    def _flush(self, following: str) -> None:
        """End the block that is being written, if it has any text, and begin one of this kind."""
        while self._inline:
            self._end(self._inline[-1])
        inner = re.sub(r"^(?:\s|<br>)+|(?:\s|<br>)+$", "", "".join(self._text))
        if re.sub(r"<[^>]*>", "", inner).strip():
            self._blocks.append((self._kind, f"<i>{inner}</i>" if self._quotes and self._kind != "h2" else inner))
        self._text, self._kind = [], following

    def _begin(self, name: str, opening: str) -> None:
        if name not in self._inline and not (name == "i" and self._quotes):
            self._inline.append(name)
            self._text.append(opening)

    def _end(self, name: str) -> None:
        while name in self._inline:
            self._text.append(f"</{self._inline.pop()}>")


def _written(kind: str, run: list[tuple[str, str]]) -> str:
    if kind in _LISTS:
        return f"<{kind}>{''.join(f'<li>{inner}</li>' for _, inner in run)}</{kind}>"
    return "".join(f"<{kind}>{inner}</{kind}>" for _, inner in run)


def _address(given: str) -> str:
    try:
        scheme = urlsplit(given.strip()).scheme
    except ValueError:
        return ""
    return given.strip() if scheme in ("http", "https", "mailto", "tel") else ""
