"""Pure: article HTML, Markdown or plain text -> the Markdown-like text of a Document.

What a reader would not see (scripts, hidden elements, comments, invisible characters) is left out: it may be a trap.
"""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

_DROPPED = {
    *("audio", "button", "canvas", "dialog", "embed", "form", "head", "iframe", "input", "math", "nav", "noscript"),
    *("object", "script", "select", "style", "svg", "template", "textarea", "title", "video"),
}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset"),
    *("figcaption", "figure", "footer", "header", "html", "main", "p", "section", "summary", "table"),
    *("tbody", "thead", "tfoot"),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INVISIBLE_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity|max-height|max-width)\s*:\s*0*\.?0+"
    r"(?:px|em|rem|pt|%)?\s*(?:;|!|$)|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
# Zero-width and bidirectional controls, soft hyphen, and the tag characters that can hide a whole sentence.
# Joiners stay: several scripts are written with them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_CONTENTS = re.compile(
    r"^(?:#{1,6}[ \t]*)?(?:\*\*)?Table of contents:?(?:\*\*)?[ \t]*\n(?:[ \t]*\n)*(?:[ \t]*(?:[-*+]|\d+[.)]).*\n?)*"
    r"(?:(?:[ \t]*\n)*[ \t]*[-*+] \d+(?:\.\d+)* .*\n?)*",
    re.IGNORECASE | re.MULTILINE,
)
_DATA_URL = re.compile(r"!?\[([^\]\n]*)\]\(\s*data:[^)]*\)|\bdata:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LOOKS_LIKE_HTML = re.compile(
    r"<(?:p|div|br|ul|ol|li|h[1-6]|table|span|a|strong|em|b|i|html|body|section|article|pre)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def to_text(body: str) -> str:
    """Return the text of an article's body, whichever of HTML, Markdown and plain text it is."""
    return html_to_text(body) if _LOOKS_LIKE_HTML.search(body) else plain_to_text(body)


def plain_to_text(body: str) -> str:
    """Tidy a Markdown or plain text body: no tables of contents, comments, inline images or invisible characters."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    body = _DATA_URL.sub(lambda found: found[1] or "", _HTML_COMMENT.sub("", body))
    return _tidy(_CONTENTS.sub("", body))


def html_to_text(html: str) -> str:
    """Return headings as `#`, lists as `-` and `1.`, tables as `|` rows, code fenced, links as `text (url)`."""
    writer = _Writer()
    for node, is_closing in _walk(BeautifulSoup(_HTML_COMMENT.sub("", html), "html.parser")):
        if not isinstance(node, Tag):
            writer.text(str(node))
        elif is_closing:
            writer.close(node)
        else:
            writer.open(node)
    writer.end_line()
    return _tidy(_CONTENTS.sub("", "\n".join(writer.lines)))


def _walk(root: Tag) -> Iterator[tuple[PageElement, bool]]:
    """Yield what is visible, tags when they open and close. Without recursion: nesting may be thousands deep."""
    stack: list[tuple[PageElement, bool]] = [(child, False) for child in reversed(root.contents)]
    while stack:
        node, is_closing = stack.pop()
        if isinstance(node, Tag):
            if not is_closing:
                if _is_hidden(node):
                    continue
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
            yield node, is_closing
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield node, False


def _is_hidden(tag: Tag) -> bool:
    return (
        tag.name in _DROPPED
        or tag.has_attr("hidden")
        or str(tag.get("aria-hidden", "")).lower() == "true"
        or bool(_INVISIBLE_STYLE.search(str(tag.get("style", ""))))
    )


class _Writer:
    """Writes lines while tags open and close."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._parts: list[str] = []  # of the line being written
        self._mark = ""  # what that line starts with
        self._lists: list[int] = []  # one entry a list we are in: the next number, 0 for bullets
        self._links: list[int] = []  # where in _parts each open link began
        self._rows = 0  # of the table being written
        self._cells: list[str] | None = None
        self._tables = 0
        self._is_code = 0

    def text(self, text: str) -> None:
        self._parts.append(text if self._is_code else re.sub(r"\s+", " ", text))

    def open(self, tag: Tag) -> None:
        name = tag.name
        if name in ("td", "th") and self._cells is not None:
            self._parts = []
        elif self._cells is not None and name in _BLOCKS | {"li", "br", "tr"}:
            self._parts.append(" ")  # a cell is one line
        elif name == "a":
            self._links.append(len(self._parts))
        elif name == "img":
            self.text(str(tag.get("alt") or ""))
        elif name == "code" and not self._is_code:
            self._parts.append("`")
        elif self._cells is None:
            self._open_block(tag)

    def _open_block(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self._parts.append("\n")
        elif name in ("ul", "ol"):
            self.end_line()
            self._lists.append(_first_number(tag) if name == "ol" else 0)
        elif name == "li":
            self.end_line()
            self._mark = self._next_mark()
        elif name in _HEADINGS:
            self._gap()
            self._mark = "#" * _HEADINGS[name] + " "
        elif name == "pre":
            self._gap()
            self._is_code += 1
        elif name == "tr":
            self.end_line()
            self._cells = []
        elif name in _BLOCKS or name == "hr":
            self._gap()
            if name == "table":
                self._tables += 1
                self._rows = 0

    def close(self, tag: Tag) -> None:
        name = tag.name
        if name in ("td", "th") and self._cells is not None:
            self._cells.append(" ".join("".join(self._parts).split()).replace("|", "\\|"))
            self._parts = []
        elif name == "a":
            self._close_link(tag)
        elif name == "code" and not self._is_code:
            self._parts.append("`")
        elif name == "tr" and self._cells is not None:
            self._close_row()
        elif self._cells is None:
            self._close_block(name)

    def _close_block(self, name: str) -> None:
        if name in ("ul", "ol"):
            self.end_line()
            if self._lists:
                self._lists.pop()
            if not self._lists:
                self.lines.append("")
        elif name == "li":
            self.end_line()
        elif name == "pre":
            code = "".join(self._parts).strip("\n")
            self._parts, self._is_code = [], max(0, self._is_code - 1)
            self.lines += ["```", *code.split("\n"), "```", ""]
        elif name in _HEADINGS or name in _BLOCKS:
            self._gap()

    def _close_link(self, tag: Tag) -> None:
        start = self._links.pop() if self._links else len(self._parts)
        label = "".join(self._parts[start:]).strip()
        url = str(tag.get("href") or "").strip()
        address = url.removeprefix("mailto:")
        if label and address != label and url.lower().startswith(("http://", "https://", "mailto:")):
            self._parts.append(f" ({address})")

    def _close_row(self) -> None:
        cells, self._cells, self._parts = self._cells or [], None, []
        if any(cells):
            self.lines.append(f"| {' | '.join(cells)} |")
            self._rows += 1
            if self._rows == 1:
                self.lines.append("|" + " --- |" * len(cells))

    def _next_mark(self) -> str:
        indent = "  " * max(0, len(self._lists) - 1)
        if not self._lists or not self._lists[-1]:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1] - 1}. "

    def _gap(self) -> None:
        """End the line; outside lists an empty one follows. Inside, a paragraph belongs to its item."""
        self.end_line()
        if not self._lists:
            self.lines.append("")

    def end_line(self) -> None:
        if self._is_code:
            return
        lines = [" ".join(line.split()) for line in "".join(self._parts).split("\n")]
        lines = [line for line in lines if line]
        self._parts, self._links = [], [0 for _ in self._links]
        if lines:
            mark, self._mark = self._mark, ""
            if mark.startswith("#"):
                self.lines.append(mark + " ".join(lines))
                return
            rest = "  " * len(self._lists)
            self.lines.append((mark or rest) + lines[0])
            self.lines += [rest + line for line in lines[1:]]


def _first_number(tag: Tag) -> int:
    start = str(tag.get("start") or "1")
    return int(start) if re.fullmatch(r"[1-9]\d{0,5}", start, re.ASCII) else 1


def _tidy(text: str) -> str:
    """Drop invisible characters and trailing blanks; never more than one empty line in a row."""
    text = _INVISIBLE.sub("", text).replace("\u00a0", " ").replace("\x00", "")
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
