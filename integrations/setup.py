"""The port of setting a helpdesk up: what Deskhand wants there, what was found, and what is done about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

WITH_MACROS = frozenset({"zendesk"})  # the vendors in which `connect` can make macros
BY_HAND = "by hand"  # the kind of a step that only a person can take, and no API can look at


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

    @property
    def is_proved_by_a_delivery(self) -> bool:
        """Tell whether it cannot be looked at, and stands once a delivery of the helpdesk's own has arrived."""
        return self.kind == BY_HAND


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
    """A delivery that the helpdesk made because we asked for it: how our door answered.

    `has_delivered` is false where only we knocked, in the helpdesk's manner: that proves nothing of the helpdesk.
    """

    is_ok: bool
    detail: str
    has_delivered: bool = True


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

    def try_delivery(self, arrived: Callable[[str], bool] | None = None) -> Trial:
        """Let the helpdesk make one signed delivery to our door.

        `arrived` tells whether a stored delivery holds these words. A vendor that does not tell itself how our door
        answered needs it; without it such a vendor only knocks at the door in the helpdesk's manner.
        """
