"""All parts of one sandboxed account, made once: state, desk, sender, books, limits, faults."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.sandbox import seed
from scripts.sandbox.books import Books
from scripts.sandbox.clock import Clock
from scripts.sandbox.desk import Desk
from scripts.sandbox.faults import Faults
from scripts.sandbox.jobs import Jobs
from scripts.sandbox.limits import Limits
from scripts.sandbox.model_room import ModelRoom
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
        self.clock = Clock(now)
        self.world = World(self.clock)
        self.books = Books()
        self.faults = Faults()
        self.model = ModelRoom(self.books, self.faults, self.clock.monotonic)
        self.limits = Limits(self.clock.monotonic)
        self.jobs = Jobs(self.world)
        self.sender = Sender(self.books, account_id=self.world.account.account_id)
        self.desk = Desk(self.world, self.sender, self.books)
        self.withholds_last_minute = False
        self.close_after_days = 28
        self.reset()

    def reset(self) -> None:
        """Go back to the account as it was at the start."""
        with self.world.lock:
            self.sender.forget()
            self.jobs.forget()
            self.clock.reset()
            self.world.clear()
            self.faults.replace([])
            self.model.reset()
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

    def advance(self, seconds: float) -> list[int]:
        """Move the clock ahead; the system closes what has been solved too long. Returns the closed tickets' ids."""
        with self.world.lock:
            self.clock.advance(seconds)
            edge = (self.clock.now() - timedelta(days=self.close_after_days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            old = [row for row in self.world.tickets.values() if row.status == "solved" and row.updated_at <= edge]
            for ticket in old:
                self.desk.close_old(ticket)
        return [ticket.id for ticket in old]

    def switches(self) -> dict[str, Any]:
        """Return every switch with its position."""
        own = {name: getattr(part, attribute) for name, (part, attribute) in self._own_switches().items()}
        return {**own, **asdict(self.sender.switches)}

    def _own_switches(self) -> dict[str, tuple[Any, str]]:
        return {
            "limits": (self.limits, "enforced"),
            "trial": (self.limits, "is_trial"),
            "limits_factor": (self.limits, "factor"),
            "withhold_last_minute": (self, "withholds_last_minute"),
            "required_fields": (self.desk, "checks_required_fields"),
            "close_after_days": (self, "close_after_days"),
            "job_delay_seconds": (self.jobs, "delay_seconds"),
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
        own = self._own_switches()
        for name, value in wanted.items():
            part, attribute = own.get(name, (self.sender.switches, name))
            setattr(part, attribute, value)
