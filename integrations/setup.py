"""The port of setting a helpdesk up: what Deskhand wants there, what was found, and what is done about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Act(StrEnum):
    KEEP = "keep"
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    MISSING = "missing"  # somebody has to do it by hand: `detail` says what


@dataclass(frozen=True, slots=True)
class Step:
    """One thing in the helpdesk, and what happens to it. `detail` names what differs, or what is to be done by hand."""

    kind: str
    name: str
    act: Act
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Macro:
    """Something staff do on a ticket with one action: it sets a tag that a worker reads."""

    key: str
    title: str
    tag: str
    description: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What Deskhand wants to find in a helpdesk. `off_tags` keep its triggers quiet; `intents` maps name to words."""

    public_url: str
    off_tags: tuple[str, ...]
    macros: tuple[Macro, ...]
    intents: Mapping[str, str]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A delivery that the helpdesk made because we asked for it: how our door answered."""

    is_ok: bool
    detail: str


class Setup(Protocol):
    """Sets one vendor up. Raises the errors of `integrations.errors` and nothing else."""

    def connect(self, wish: Wish, *, is_dry: bool) -> Iterator[Step]:
        """Yield what differs from the wish, each step right after it was done; do nothing at all if `is_dry`."""

    def remove(self, *, is_dry: bool) -> Iterator[Step]:
        """Yield and take away what `connect` made, and nothing that people made."""

    def signing_secret(self) -> str:
        """Return the secret the helpdesk signs our deliveries with, "" if there is none yet."""

    def vendor_time(self) -> datetime | None:
        """Return the time by the vendor's clock, None if it tells none."""

    def try_delivery(self) -> Trial:
        """Let the helpdesk make one signed delivery to our door."""
