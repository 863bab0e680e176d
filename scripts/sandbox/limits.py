"""The vendor's request limits in fixed windows: always counted, refused only when `enforced`."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A budget of requests. `trial_total` is the one of trial accounts, where that is known to differ."""

    name: str
    total: int
    window_seconds: int
    trial_total: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a rule after this request; `resets` in seconds. `over` means the request is one too many."""

    rule: Rule
    total: int
    remaining: int
    resets: int
    over: bool


ACCOUNT = Rule("account", 700, 60)
TICKET_UPDATES = Rule("tickets-update", 100, 60, trial_total=20)
PER_TICKET_UPDATES = Rule("per-ticket-updates", 30, 600)
TICKET_CREATES = Rule("ticket-request-create-by-user-and-ip", 300, 60)
TICKETS_INDEX = Rule("tickets-index", 100, 60)
SEARCH = Rule("search-index", 100, 60)
SEARCH_EXPORT = Rule("search-export", 100, 60)
INCREMENTAL = Rule("incremental-exports", 10, 60)
EXPORT_SAMPLE = Rule("incremental-exports-sample", 10, 1200)
USER_UPDATES = Rule("per-user-updates", 5, 60)
ORGANIZATION_UPDATES = Rule("per-organization-updates", 5, 60)
VIEW_EXECUTIONS = Rule("execute-view", 5, 60)
TICKET_DELETES = Rule("tickets-delete", 400, 60)
HELP_CENTER = Rule("help-center", 700, 60)
WEBHOOKS = Rule("webhooks", 100, 60)
WEBHOOK_TESTS = Rule("webhooks-test", 20, 60)


class Limits:
    """Counts requests by rule and key; a refused request is not counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.enforced = False
        self.is_trial = False
        self.factor = 1  # how many times the usual budget this account has bought
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, object], tuple[int, int]] = {}  # -> (number of the window, count)

    def count(self, rule: Rule, key: object = None) -> Budget:
        """Count one request against a rule."""
        total = (rule.trial_total if self.is_trial and rule.trial_total else rule.total) * self.factor
        now = self._clock()
        number = int(now // rule.window_seconds)
        resets = max(1, int((number + 1) * rule.window_seconds - now))
        with self._lock:
            window, used = self._windows.get((rule.name, key), (number, 0))
            if window != number:
                used = 0
            over = self.enforced and used >= total
            if not over:
                used += 1
            if len(self._windows) > 100_000:
                self._windows.clear()  # a toy's memory: forgetting counts is better than growing for ever
            self._windows[(rule.name, key)] = (number, used)
        return Budget(rule, total, max(0, total - used), resets, over)

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()
