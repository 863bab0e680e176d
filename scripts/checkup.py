"""What `deskhand doctor` finds: one check each, with what is wrong, why it matters, and how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, and will not for ever, or not well
    FAIL = "fail"
    SKIPPED = "skipped"  # could not be looked at; `what` says why


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: State
    what: str = ""
    why: str = ""
    mend: str = ""


def ok(name: str, what: str = "") -> Check:
    return Check(name, State.OK, what)


def warn(name: str, what: str, *, why: str, mend: str) -> Check:
    return Check(name, State.WARN, what, why, mend)


def fail(name: str, what: str, *, why: str, mend: str) -> Check:
    return Check(name, State.FAIL, what, why, mend)


def skipped(name: str, what: str) -> Check:
    return Check(name, State.SKIPPED, what)


def guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Yield what `look` finds; what it trips over is a finding too, so that one broken part hides no other."""
    try:
        yield from look()
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        yield fail(
            name,
            f"{type(error).__name__}: {said}",
            why="this could not be looked at any further",
            mend="mend what the message names, then run this again",
        )
