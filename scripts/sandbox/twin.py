"""All parts of one sandboxed account, made once: state, desk, sender, books, limits, faults."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.sandbox import seed
from scripts.sandbox.books import Books
from scripts.sandbox.desk import Desk
from scripts.sandbox.faults import Faults
from scripts.sandbox.limits import Limits
from scripts.sandbox.state import World
from scripts.sandbox.webhooks import Sender


@dataclass(frozen=True, slots=True)
class Options:
    """How one sandbox is set up. Without `deskhand_url` no webhook and no trigger is created."""

    deskhand_url: str = ""
    dashboard_url: str = ""
    webhook_secret: str = seed.DEFAULT_WEBHOOK_SECRET
    has_limits: bool = False


class Twin:
    """A Zendesk account in memory."""

    def __init__(self, options: Options | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.options = options or Options()
        self.world = World(now)
        self.books = Books()
        self.faults = Faults()
        self.limits = Limits()
        self.sender = Sender(self.books, account_id=self.world.account.account_id)
        self.desk = Desk(self.world, self.sender, self.books)
        self.withholds_last_minute = False
        self.reset()

    def reset(self) -> None:
        """Go back to the account as it was at the start."""
        with self.world.lock:
            self.sender.forget()
            self.world.clear()
            self.faults.replace([])
            self.limits.clear()
            self.books.clear()
            seed.seed(self.world)
            self._connect()
            self.limits.enforced = self.withholds_last_minute = self.options.has_limits
            self.sender.switches.has_breaker = self.options.has_limits

    def load(self, path: Path) -> None:
        """Take over a saved state; the webhook then points where the options say."""
        with self.world.lock:
            self.world.load(path)
            self._connect()

    def _connect(self) -> None:
        if self.options.deskhand_url:
            seed.connect(self.world, self.options.deskhand_url, self.options.webhook_secret)

    def switches(self) -> dict[str, Any]:
        """Return every switch with its position."""
        return {
            "limits": self.limits.enforced,
            "withhold_last_minute": self.withholds_last_minute,
            **asdict(self.sender.switches),
        }

    def switch(self, wanted: dict[str, Any]) -> None:
        """Set switches by name; raise ValueError at an unknown name or a value of the wrong kind."""
        known = self.switches()
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"unknown switch {name}; known are {', '.join(sorted(known))}")
            is_flag = isinstance(known[name], bool)
            if isinstance(value, bool) != is_flag or not isinstance(value, int | float):
                raise ValueError(f"switch {name} wants {'true or false' if is_flag else 'a number'}")
        for name, value in wanted.items():
            if name == "limits":
                self.limits.enforced = value
            elif name == "withhold_last_minute":
                self.withholds_last_minute = value
            else:
                setattr(self.sender.switches, name, value)
