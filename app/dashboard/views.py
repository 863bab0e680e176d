"""Pure: how values look on a page. Times, seconds, money, shares, the stacked bar, and the words for codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

FILTER_FIELDS = ("action", "intent", "reason", "ticket_id")

# action -> (label in a list, what it means)
ACTIONS: Mapping[str, tuple[str, str]] = {
    "send": ("sent", "a reply went to the requester"),
    "draft": ("drafted", "a draft waits in a note; a person sends it"),
    "assist": ("assisted", "a person answers, with a hand-over note"),
    "hand_off": ("handed off", "straight to a person, nothing generated"),
    "ignore": ("left alone", "no answer needed; the reason is recorded"),
    "open": ("open", "not settled yet"),
}

_GATES = ("admit", "triage", "route", "last_look")


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of the stacked bar, in shares of 1000."""

    name: str
    label: str
    count: int
    x: float
    width: float


def bars(by_action: Mapping[str, int]) -> list[Bar]:
    """Lay out the stacked bar in the fixed order of actions; pieces without a case are left out."""
    total = sum(by_action.values())
    pieces, x = [], 0.0
    for name, (label, _) in ACTIONS.items():
        if count := by_action.get(name, 0):
            width = 1000 * count / total
            pieces.append(Bar(name, label, count, round(x, 2), round(width, 2)))
            x += width
    return pieces


def when(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else "–"


def seconds(value: float | None) -> str:
    """Say a length of time with two parts at most: 0.42 s, 12 s, 3 min 20 s, 5 h 12 min, 3 d 4 h."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
    whole = round(value)
    for size, name, small, small_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name} {rest} {small_name}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def usd(value: Decimal | None) -> str:
    if value is None:
        return "–"
    return f"${value:,.2f}" if value >= 1 else f"${value:.4f}"


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def number(value: float | None) -> str:
    """Print a count with thousands apart, a fraction with two digits."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def words(code: str) -> str:
    return code.replace("_", " ")


def label(action: str) -> str:
    return ACTIONS.get(action or "open", (words(action), ""))[0]


def plain(value: Any) -> str:
    """Say a fact's value: yes and no, lists and tables with commas, nothing as a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], (), {}):
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return ", ".join(f"{words(str(name))} {plain(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value)
    return str(value)


def gates(facts: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the gates in the order a ticket passes them, unknown ones after."""
    names = [*(name for name in _GATES if name in facts), *(name for name in facts if name not in _GATES)]
    return [(name, facts[name]) for name in names if isinstance(facts[name], Mapping)]


def printable(text: str) -> str:
    """Return what was asked for without the characters that a database may refuse, and not too long."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:80]


def safe_link(url: object) -> str:
    """Return the address if a browser may follow it from here, else "": only http and https."""
    text = str(url or "")
    return text if text.startswith(("https://", "http://")) else ""


FILTERS: Mapping[str, Callable[..., Any]] = {
    "bars": bars,
    "when": when,
    "seconds": seconds,
    "usd": usd,
    "share": share,
    "number": number,
    "words": words,
    "label": label,
    "plain": plain,
    "gates": gates,
    "safe_link": safe_link,
}
