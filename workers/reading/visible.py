"""HTML and plain text -> what a person would see, and apart from it what was hidden from their eyes. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_CHARS = 40_000
CUT = "\n[… text cut here …]"
_MAX_HTML = 150_000

_BLOCKS = _words(
    "address article aside center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol p pre "
    "section table tbody tfoot thead tr ul"
)
_UNSEEN = _words("head style script title meta template noscript object embed iframe svg math datalist")
_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0+)?(?:;|$)|font-size:(?:0(?:\.0+)?(?:px|pt|em|rem"
    r"|%)?|[01](?:\.\d+)?p[xt])(?:;|!|$)|mso-hide:all"
    r"|(?:max-)?height:0(?:px)?(?:;|$).*overflow:hidden|overflow:hidden.*(?:max-)?height:0(?:px)?(?:;|$)"
    r"|(?:text-indent|left|top):-\d{3,}"
)
_SIGNATURES = re.compile(
    r"gmail_signature|moz-signature|protonmail_signature|^Signature$|x_Signature|ms-outlook-mobile-signature"
    r"|AppleMailSignature",
    re.I,
)

# Written with marks that have no width, turn the direction of reading, or are tags: nobody sees them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0100-\U000e01ef]"
)
_TAGS = re.compile("(?<!\U0001f3f4)[\U000e0020-\U000e007f]{2,}")
_FLAG_OR_TAG = re.compile("[\U000e0000-\U000e007f]")
_JOINERS = re.compile(r"(?<=[\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class Visible:
    """`text` is what a person sees, `hidden` what was kept from them (hidden elements, comments, tag characters)."""

    text: str
    hidden: str = ""


def visible(text: str, html: str = "") -> Visible:
    """Return the visible text of a message; mark-up wins over the plain text where there is any."""
    hidden: list[str] = []
    if html and "<" in html:
        text = _from_html(html[:_MAX_HTML], hidden) + (CUT if len(html) > _MAX_HTML else "")
    elif html:
        text = html
    return Visible(tidy(text, hidden), "\n".join(part for part in hidden if part.strip()))


def tidy(text: str, hidden: list[str] | None = None) -> str:
    """Return `text` normalised: no invisible characters, one kind of line end and blank, at most two empty lines.

    What was spelt with invisible tag characters is added to `hidden`.
    """
    if len(text) > MAX_CHARS:
        text = text[:MAX_CHARS] + CUT
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\x85", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    if not text.isascii():
        if hidden is not None:
            hidden += ["".join(chr(ord(c) - 0xE0000) for c in run) for run in _TAGS.findall(text)]
        text = _JOINERS.sub("", _INVISIBLE.sub("", _FLAG_OR_TAG.sub("", text)))
        text = unicodedata.normalize("NFC", re.sub(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " ", text))
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in _CONTROLS.sub("", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _from_html(html: str, hidden: list[str]) -> str:
    """Walk the elements without recursion (nesting is the sender's choice) and write their text line by line."""
    soup = BeautifulSoup(html, "html.parser")
    hidden_classes = _hidden_classes(soup)
    pieces: list[str] = []
    depth = 0  # of quotation
    stack: list[PageElement | str] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            depth += {">": 1, "<": -1}.get(node, 0)
            _end_line(pieces)
        elif isinstance(node, PreformattedString):
            hidden.append(str(node))
        elif isinstance(node, NavigableString):
            pieces.append(_quoted(re.sub(r"\s+", " ", str(node)), depth, pieces))
        elif isinstance(node, Tag):
            if node.name in _UNSEEN:
                continue
            if _is_hidden(node, hidden_classes):
                hidden.append(node.get_text(" ", strip=True))
                continue
            _open(node, depth, pieces, stack)
    return "".join(pieces)


def _open(node: Tag, depth: int, pieces: list[str], stack: list[PageElement | str]) -> None:
    """Write what an element begins with and put its children, then its end, on the stack."""
    name = node.name
    if name == "br":
        pieces.append("\n")
    elif name == "blockquote":
        _end_line(pieces)
        stack.append("<")
        stack.extend(reversed(node.contents))
        stack.append(">")
        return
    elif name in ("td", "th"):
        pieces.append(" ")
    elif name in _BLOCKS:
        _end_line(pieces)
        stack.append("")
        if name == "p":
            pieces.append("\n")
        if name == "li":
            pieces.append(_quoted("- ", depth, pieces))
        if name == "hr":
            return
    if _SIGNATURES.search(_attribute(node, "class") + " " + _attribute(node, "id")):
        pieces.append("\n-- \n")
    stack.extend(reversed(node.contents))


def _end_line(pieces: list[str]) -> None:
    if pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")


def _quoted(text: str, depth: int, pieces: list[str]) -> str:
    """Put the quotation mark before text that begins a line inside a quotation."""
    begins_line = not pieces or pieces[-1].endswith("\n")
    if begins_line:
        text = text.lstrip()
    return "> " * depth + text if depth and begins_line and text else text


def _attribute(node: Tag, name: str) -> str:
    value = node.attrs.get(name) or ""
    return value if isinstance(value, str) else " ".join(value)


def _is_hidden(node: Tag, hidden_classes: set[str]) -> bool:
    if "hidden" in node.attrs:
        return True
    style = re.sub(r"\s+", "", _attribute(node, "style").lower())
    if style and _HIDING.search(style):
        return True
    return bool(hidden_classes) and not hidden_classes.isdisjoint(_attribute(node, "class").split())


def _hidden_classes(soup: BeautifulSoup) -> set[str]:
    """Return the classes that a style sheet outside of media queries hides."""
    found: set[str] = set()
    for sheet in soup.find_all("style"):
        css = re.sub(r"@media[^{]{0,200}\{(?:[^{}]{0,500}\{[^{}]{0,2000}\}\s*){0,200}\}", "", sheet.get_text()[:20_000])
        for names, body in re.findall(r"([^{}]{1,300})\{([^{}]{0,1000})\}", css):
            if _HIDING.search(re.sub(r"\s+", "", body.lower())):
                found |= set(re.findall(r"\.([\w-]+)\s*(?:,|$)", names.strip()))
    return found
