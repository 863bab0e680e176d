"""Pure: how the simulated model reads text. Words, sentences, and articles cut into paragraphs and lists."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’+#-]*")
_SPELT_LETTERS = 4
_LIKE = 0.8  # how alike two words must be, as difflib counts, for one to be a slip of the other
_TWO_WORDS = re.compile(r"(?i)\b(log|sign)(?:s|ged|ging|ning)?[ -]in\b")
_PLACEHOLDER = re.compile(r"\[[a-z-]+-\d+\]")  # something private that was masked says nothing of what is asked
_STOP_WORDS = """
    a able about above after again all also am an and any anybody anyone anyway are as ask asked asks at be because
    been before being below between both but by came can can't cannot cant come comes could dear did do does doesn't
    doesnt doing don't dont down during each either else etc even ever every everybody everyone few for from further
    get gets getting give go going got had has have having he hello help her here hi him his hope how i i'd i'm i've
    if in into is isn't it it's its itself just know let like look many may me might more most must my need never no
    nor not now of off ok on once one only or other our out over own please pls problem question really right said
    same say says see she should since so some somebody someone something still such sure tell than thank thanks
    that the their them then there these they thing things this those though through to told too tried try trying
    under until up us use used user users using very via want wanted was way we well were what when where whether
    which while who why will wish with within without won't work working works would yes yesterday yet you your"""
_STOP = frozenset(_STOP_WORDS.split())
# Words people use for what articles call otherwise. One stem stands for the whole row.
_SYNONYMS = (
    "delete remove erase discard",
    "restore recover undelete retrieve",
    "login signin logon log-in sign-in",
    "email e-mail mail message",
    "error failure fail fault",
    "stop disable deactivate",
    "start enable activate",
    "change edit modify adjust",
    "move transfer migrate",
    "lost missing disappear vanish gone",
    "employee staff worker colleague",
    "shift rota roster",
    "invoice bill billing",
    "phone mobile smartphone",
    "copy duplicate",
    "create make made",
    "slow sluggish",
    "price cost fee much",
    "undo revert reopen",
    "wrong mistake incorrect",
    "downgrade lower",
    "upgrade higher",
    "holiday vacation leave",
    "pay wage salary payroll",
    "hour hr hrs",
)


def stem(word: str) -> str:
    """Return a word without its commonest English endings, lower case; alike words meet, no more is promised."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeioulsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


_SYNONYM_WORDS = frozenset(word for row in _SYNONYMS for word in row.split())
_ROW_OF = {stem(word): stem(row.split()[0]) for row in _SYNONYMS for word in row.split()}


def words_of(text: str) -> set[str]:
    """Return the words of a text as they are written, in small letters."""
    return {word.lower() for word in _WORD.findall(text)}


def spelt(text: str, known: set[str]) -> str:
    """Return the text with words of some length that nobody knows replaced by the known word they look most like."""
    known = known | _STOP | _SYNONYM_WORDS
    choices = sorted(word for word in known if len(word) >= _SPELT_LETTERS)

    def nearest(match: re.Match[str]) -> str:
        word = match[0].lower()
        if len(word) < _SPELT_LETTERS or word in known or not word.isalpha():
            return match[0]
        alike = [one for one in choices if one[0] == word[0]]
        swapped = [one for one in alike if sorted(one) == sorted(word)]
        near = swapped or get_close_matches(word, alike, 1, _LIKE)
        return near[0] if near else match[0]

    return _WORD.sub(nearest, text)


def terms(text: str) -> list[str]:
    """Return the stems of the content words, in order."""
    text = _TWO_WORDS.sub(r"\1in", _PLACEHOLDER.sub(" ", text))
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in _WORD.findall(text))
    words = (word for word in words if word not in _STOP and len(word) > 1)
    return [_ROW_OF.get(one, one) for one in map(stem, words)]


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph's good sentences, or a list with its lead-in. `heading` is the nearest one above."""

    heading: str
    lines: tuple[str, ...]
    kind: str  # "paragraph", "step" or "bullet"
    lead: str = ""

    @property
    def text(self) -> str:
        return " ".join((self.lead, *self.lines))

    @property
    def words(self) -> int:
        return len(self.text.split())


_FIGURE = re.compile(r"[$€£]?\d")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
_ITEM = re.compile(r"\s*(?:([-*•])|(\d{1,2})[.)])\s+(.*)")
_CONTENTS = re.compile(r"(?i)(table of contents|in this article|contents|on this page)\W*$")
_POINTER = re.compile(r"(?i)\d+(\.\d+)*\s+\w|how (to|do|can|does) ")  # an entry of a list of contents or of links
_BOILERPLATE = re.compile(
    r"(?i)^(see( also)?\b|learn more|read more|related|for (more|further|additional|detailed?) |more (details|info)|"
    r"this (article|page|guide|section)|the (remainder|rest) of this|in this (article|section|guide)|"
    r"based on information|refer to|visit |was this|last updated|back to top|click here|the (following|above) (image|"
    r"screenshot|picture)|as (shown|described|explained) (above|below|in)|\(?see |share this|contact us)"
)
_CROSS_REFERENCE = re.compile(
    r"(?i)(,|;|\() ?(please )?(see|refer to|read) |\b(above|below|the following|as follows|in the next)\b|"
    r"\b(instructions|details) (at|in)\b|\b(screenshot|image|steps that follow)\b|https?://"
)
_SENTENCE_END = re.compile(r"(?:(?<=[.!?:])|(?<=[.!?][\"'”)\]]))\s+(?=[\"'“(\[]?[A-Z0-9])")
_ABBREVIATED = re.compile(r"(?i)(?:\b(?:e\.g|i\.e|etc|vs|no|mr|ms|dr|approx|incl|a\.m|p\.m)|\b[A-Z])\.$")
_RUN_ON = re.compile(r"\b(?!etc|approx|incl)[a-z]{3,}\. [a-z]")  # a stop with small letters after it: a word is missing
_DANGLING = re.compile(r"(?i)(this|that|these|those|it|they|however|also|then|but|so|otherwise|alternatively)\b")
_ORDERS = """
    add adjust allow apply approve archive ask assign book cancel clock connect downgrade invite lock manage offer
    pay print publish reject reopen request schedule share swap sync track transfer unlock upgrade check choose
    clear click close confirm copy create delete deselect disable
    double-click download drag edit enable ensure enter exit export fill find follow go hold import install keep
    launch
    left-click log look make mark move navigate note open paste pick place press quit remove rename repeat replace
    reset
    restart restore resume review right-click run save scroll search select send set show sign start switch tap tick
    toggle turn type uncheck uninstall untick update upload use verify view visit wait write once under now then
    when in
    on from at if next first finally to"""
_IMPERATIVE = frozenset(_ORDERS.split())


def clean(text: str) -> str:
    """Return text without Markdown marks and tags, as one line."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]+)\]\([^)\s]*\)", r"\1", text)
    text = re.sub(r"</?(?:a|b|br|code|div|em|h\d|i|img|kbd|li|ol|p|span|strong|table|td|tr|u|ul)\b[^>]*>", " ", text)
    text = re.sub(r"(\*\*|__|`)(.+?)\1", r"\2", text)
    return " ".join(text.split())


def sentences(text: str) -> list[str]:
    """Split a paragraph into sentences; abbreviations and version numbers do not end one."""
    found: list[str] = []
    for part in _SENTENCE_END.split(text):
        if found and (_ABBREVIATED.search(found[-1]) or (found[-1].endswith(":") and not part[:1].isupper())):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def is_quotable(sentence: str) -> bool:
    """Say whether a sentence can stand in a reply: whole, stating something, no pointer to elsewhere."""
    return (
        bool(re.match(r"[\"'“(]?[A-Z0-9]", sentence))
        and sentence.rstrip("\"'”)").endswith((".", "!"))
        and 4 <= len(sentence.split()) <= 45
        and not _BOILERPLATE.match(sentence)
        and not _CROSS_REFERENCE.search(sentence)
        and not _RUN_ON.search(sentence)
        and sentence.count("(") == sentence.count(")")
    )


def pieces(body: str, heading: str = "") -> list[Piece]:
    """Cut an article's text into pieces, leaving out contents lists, boilerplate and what was cut off half-way.

    `heading` is the one that stands above the text as a whole.
    """
    found: list[Piece] = []
    lead = ""
    in_contents = bool(_CONTENTS.match(heading))
    groups = list(_groups(body))
    for place, (kind, lines) in enumerate(groups, 1):
        if kind == "heading":
            heading, lead = clean(lines[0]).rstrip(":"), ""
            in_contents = bool(_CONTENTS.match(heading))
        elif kind == "table":
            found += [Piece(heading, (row,), "paragraph") for row in _rows(lines)]
        elif kind == "list":
            items = _items(lines, is_last=place == len(groups))
            if items and not in_contents and not _BOILERPLATE.match(lead):
                found.append(Piece(heading, tuple(items), _list_kind(lines, lead, items), lead))
            lead = ""
        else:
            every = sentences(clean(" ".join(lines)))
            lead = every.pop() if every and every[-1].endswith(":") else ""
            if in_contents or _CONTENTS.match(lead):
                in_contents, lead = True, ""
                continue
            lead = lead if re.match(r"[\"'“(]?[A-Z0-9]", lead) and len(lead.split()) <= 30 else ""
            good = [re.sub(r"^(Note|Tip|Important)( that|:)\s*", "", one) for one in every if is_quotable(one)]
            if good := [one[:1].upper() + one[1:] for one in good]:
                found.append(Piece(heading, tuple(good), "paragraph"))
    return found


def _groups(body: str) -> Iterable[tuple[str, list[str]]]:
    """Yield ("heading" | "list" | "table" | "text", its lines). A blank line ends a paragraph but not a list."""
    kind, lines = "", list[str]()
    is_after_blank = False
    for raw in body.splitlines():
        if not raw.strip():
            is_after_blank = True
            continue
        if match := _HEADING.match(raw):
            now, line = "heading", match[1]
        elif raw.lstrip().startswith("|"):
            now, line = "table", raw
        elif _ITEM.match(raw):
            now, line = "list", raw
        elif kind == "list" and not is_after_blank:
            now, line = "list", ""
            lines[-1] += f" {raw.strip()}"
        else:
            now, line = "text", raw
        if lines and (now != kind or now == "heading" or (now == "text" and is_after_blank)):
            yield kind, lines
            lines = []
        kind, is_after_blank = now, False
        if line:
            lines.append(line)
    if lines:
        yield kind, lines


def _rows(lines: list[str]) -> Iterable[str]:
    """Yield each row of a table as a sentence: "TM-3005: Timesheets not approved. Remedy: Approve them.".

    A figure gets the name of its column: "Crew: monthly $3.50. Yearly: $2.90.".
    """
    cells = [[clean(cell) for cell in line.strip().strip("|").split("|")] for line in lines]
    if len(cells) < 3 or not all(set(cell) <= set(":- ") for cell in cells[1]):
        return
    head = cells[0]
    for row in cells[2:]:
        if len(row) != len(head) or len(row) < 2 or not all(row[:2]):
            continue
        others = (f"{name}: {cell}." for name, cell in zip(head[2:], row[2:], strict=True) if cell)
        first = f"{head[0]} {row[0]}" if _FIGURE.match(row[0]) else row[0]
        second = f"{head[1][:1].lower()}{head[1][1:]} {row[1]}" if _FIGURE.match(row[1]) else row[1]
        yield " ".join((f"{first}: {second}.", *others)).replace("..", ".")


def _items(lines: list[str], *, is_last: bool) -> list[str]:
    """Return the quotable items. At the end of a text, one that breaks off unlike the others was cut by the chunker."""
    items = []
    for line in lines:
        match = _ITEM.match(line)
        text = re.sub(r"^\d{1,2}[.)] ", "", clean(match[3] if match else line))
        kept = [one for one in sentences(text) if not _BOILERPLATE.match(one) and not _CROSS_REFERENCE.search(one)]
        joined = " ".join(kept)
        is_whole = not joined.endswith((":", ",", "?")) and joined.count("(") == joined.count(")")
        if len(joined.split()) >= 2 and is_whole and not _POINTER.match(joined):
            items.append(joined[:1].upper() + joined[1:])
    ended = [item.rstrip("\"'”)").endswith((".", "!")) for item in items]
    if is_last and len(items) > 2 and not ended[-1] and all(ended[:-1]):
        items.pop()
    return [item if is_ended else f"{item}." for item, is_ended in zip(items, [*ended, True], strict=False)]


def is_dangling(text: str) -> bool:
    """Say whether a sentence leans on one before it."""
    return bool(_DANGLING.match(text))


def is_order(text: str) -> bool:
    """Say whether a text begins like something to do."""
    words = text.split()
    return bool(words) and words[0].lower().strip(",:") in _IMPERATIVE


def _list_kind(lines: list[str], lead: str, items: list[str]) -> str:
    """Numbered, or led in as steps, or mostly orders: a step is something to do, a bullet something to know."""
    if all((match := _ITEM.match(line)) and match[2] for line in lines):
        return "step"
    orders = sum(is_order(item) for item in items)
    is_choice = re.search(r"(?i)\b(one of|either|any of|following (options|ways|reasons|methods))\b", lead)
    return "step" if orders / len(items) >= 0.6 and not is_choice and len(items) > 1 else "bullet"
