"""All parts of one sandboxed Intercom workspace, made once: state, desk, sender, index, books, limits, faults."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.sandbox.books import Books
from scripts.sandbox.clock import Clock
from scripts.sandbox.faults import Faults
from scripts.sandbox.intercom import seed
from scripts.sandbox.intercom.desk import Desk
from scripts.sandbox.intercom.index import Index
from scripts.sandbox.intercom.notices import Notices
from scripts.sandbox.intercom.state import World
from scripts.sandbox.intercom.webhooks import Sender
from scripts.sandbox.intercom.wire import NEWEST, PREVIEW
from scripts.sandbox.limits import Budget, Limits, Rule
from scripts.sandbox.model_room import ModelRoom

_OLDEST_MINOR = 11


@dataclass(frozen=True, slots=True)
class Options:
    """How one sandbox is set up. Without `deskhand_url` no notification is sent until an address is saved."""

    deskhand_url: str = ""
    dashboard_url: str = ""
    client_secret: str = seed.DEFAULT_CLIENT_SECRET
    has_limits: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """What the stand-ins of one sandbox have in common."""

    clock: Clock
    books: Books
    faults: Faults
    model: ModelRoom

    @classmethod
    def alone(cls, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "Shared":
        clock, books, faults = Clock(now), Books(), Faults()
        return cls(clock, books, faults, ModelRoom(books, faults, clock.monotonic))


class IntercomTwin:
    """An Intercom workspace in memory."""

    def __init__(self, options: Options | None = None, shared: Shared | None = None) -> None:
        self.options = options or Options()
        self._is_alone = shared is None
        held = shared or Shared.alone()
        self.clock, self.books, self.faults, self.model = held.clock, held.books, held.faults, held.model
        self.world = World(self.clock)
        self.limits = Limits(self.clock.monotonic)
        self.app_version = NEWEST
        self.per_minute, self.window_seconds = 10_000, 10
        self.sender = Sender(
            self.books,
            clock=self.clock.monotonic,
            stamp=self.world.stamp,
            app_id=lambda: self.world.account.app_id,
        )
        self.index = Index(self.world, self.clock.monotonic)
        self.notices = Notices(self.world, self.sender, lambda: self.app_version)
        self.desk = Desk(self.world, self.notices, self.index, self.books)
        self._start()

    def reset(self) -> None:
        """Go back to the workspace as it was at the start; books, faults and clock too if nobody shares them."""
        with self.world.lock:
            self.sender.forget()
            self.world.clear()
            self.limits.clear()
            self.index.forget()
            if self._is_alone:
                self.clock.reset()
                self.faults.replace([])
                self.model.reset()
                self.books.clear()
            self._start()

    def _start(self) -> None:
        seed.seed(self.world)
        self._connect()
        self.limits.enforced = self.sender.switches.has_breaker = self.options.has_limits

    def load(self, path: Path) -> None:
        """Take over a saved state; notifications then go where the options say."""
        with self.world.lock:
            self.world.load(path)
            self.index.rebuild()
            self._connect()

    def _connect(self) -> None:
        url = f"{self.options.deskhand_url.rstrip('/')}/webhooks/intercom" if self.options.deskhand_url else ""
        self.sender.expect(url, self.options.client_secret)

    def count(self) -> Budget:
        """Count one call against the app's limit, which holds for a window of ten seconds."""
        total = math.ceil(self.per_minute * self.window_seconds / 60)
        return self.limits.count(Rule("app", total, int(self.window_seconds)))

    def advance(self, seconds: float) -> list[str]:
        """Move the clock ahead; snoozes that are over end. Returns the ids of what woke."""
        with self.world.lock:
            self.clock.advance(seconds)
            woken = self.desk.wake_due()
        self.sender.poke()
        return woken

    # -- switches

    def _own_switches(self) -> dict[str, tuple[Any, str]]:
        return {
            "limits": (self.limits, "enforced"),
            "limits_factor": (self.limits, "factor"),
            "limit_per_minute": (self, "per_minute"),
            "window_seconds": (self, "window_seconds"),
            "search_lag_seconds": (self.index, "lag_seconds"),
            "assign_on_reply": (self.desk, "assigns_on_reply"),
            "mail_bot_replies": (self.desk, "mails_bot_replies"),
            "tell_api_tags": (self.desk, "tells_api_tags"),
        }

    def switches(self) -> dict[str, Any]:
        """Return every switch with its position."""
        own = {name: getattr(part, attribute) for name, (part, attribute) in self._own_switches().items()}
        return {"app_version": version_text(self.app_version), **own, **asdict(self.sender.switches)}

    def switch(self, wanted: dict[str, Any]) -> None:
        """Set switches by name; raise ValueError at an unknown name or a value of the wrong kind."""
        known = self.switches()
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"unknown switch {name}; known are {', '.join(sorted(known))}")
            if name != "app_version":
                _check(name, value, isinstance(known[name], bool))
        own = self._own_switches()
        for name, value in wanted.items():
            if name == "app_version":
                self.app_version = parse_version(str(value))
                continue
            part, attribute = own.get(name, (self.sender.switches, name))
            setattr(part, attribute, value)


def _check(name: str, value: Any, is_flag: bool) -> None:
    if isinstance(value, bool) != is_flag or not isinstance(value, int | float):
        raise ValueError(f"switch {name} wants {'true or false' if is_flag else 'a number'}")
    if name in ("limit_per_minute", "window_seconds") and value < 1:
        raise ValueError(f"switch {name} wants a number from 1 on")


def parse_version(text: str) -> tuple[int, int]:
    """Return an API version as numbers; raise ValueError for one that the twin does not speak."""
    if text in ("Preview", "Unstable"):
        return PREVIEW
    major, _, minor = text.partition(".")
    if major == "2" and minor.isdigit() and _OLDEST_MINOR <= int(minor) <= NEWEST[1]:
        return 2, int(minor)
    raise ValueError(f"version {text} is not known; known are 2.{_OLDEST_MINOR} to 2.{NEWEST[1]} and Preview")


def version_text(version: tuple[int, int]) -> str:
    return "Preview" if version == PREVIEW else f"{version[0]}.{version[1]}"
