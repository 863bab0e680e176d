"""Breakers of models and helpdesks, one row each, shared by all workers. SQL and not Redis: it may be away as well.

What is well costs no write, and a look costs one read a second and process. When the database cannot be
reached each process goes on with what it last saw.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from config.logs import get_logger
from config.policy import Breaking, Models
from integrations.llm import ModelOutcome
from workers import breaker
from workers.breaker import Breaker, ModelHealth, State
from workers.store.schedule import amend
from workers.store.tables import StoreBusyError, pointer, reading, writing

log = get_logger(__name__)

MODEL, HELPDESK = "breaker", "outage"  # what stands before a name, in the table of small values
_UNREACHABLE = (SQLAlchemyError, StoreBusyError)


class Breakers:
    """Those of one kind. Safe to share between threads. `fresh_seconds`: for how long what was read counts."""

    def __init__(self, engine: Engine, policy: Breaking, *, kind: str = MODEL, fresh_seconds: float = 1.0) -> None:
        self._engine = engine
        self._policy = policy
        self._prefix = f"{kind}:"
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._seen: dict[str, Breaker] = {}
        self._stale_at = 0.0

    def of(self, model: str) -> Breaker:
        return self.all().get(model, Breaker())

    def all(self) -> dict[str, Breaker]:
        """Return every breaker that ever mattered, by name, as of a moment ago."""
        with self._lock:
            if time.monotonic() >= self._stale_at:
                self._stale_at = time.monotonic() + self._fresh_seconds
                try:
                    self._seen = _read(self._engine, self._prefix)
                except _UNREACHABLE as error:
                    log.warning("breakers_unread", error=type(error).__name__)
            return dict(self._seen)

    def admit(self, model: str, *, now: datetime) -> float | None:
        """Return None if the call may be made, else in how many seconds one may be."""
        seen = self.of(model)
        if seen.state(now) is State.CLOSED:
            return None
        if seen.state(now) is State.OPEN:
            return seen.wait_seconds(now)
        is_admitted = False

        def take(found: Breaker) -> Breaker:
            nonlocal is_admitted
            taken = breaker.admit(found, self._policy, now=now)
            is_admitted = taken is not None
            return taken or found

        seen = self._change(model, take, now)
        return None if is_admitted else seen.wait_seconds(now)

    def heard(
        self, model: str, outcome: ModelOutcome, *, now: datetime, retry_after_seconds: float | None = None
    ) -> None:
        """Note how a call ended."""
        seen = self.of(model)
        if outcome not in breaker.STRUGGLES and outcome is not ModelOutcome.DENIED and seen.is_quiet:
            return
        after = self._change(
            model,
            lambda found: breaker.heard(found, outcome, self._policy, now=now, retry_after_seconds=retry_after_seconds),
            now,
        )
        if bool(after.opened_at) != bool(seen.opened_at):
            say = log.warning if after.opened_at else log.info
            say("resting" if after.opened_at else "back", name=self._prefix + model, outcome=outcome.value)

    def gave_back(self, model: str, *, now: datetime) -> None:
        """Let another one probe: whoever was admitted makes no call after all."""
        self.heard(model, ModelOutcome.RESTING, now=now)

    def is_worth_waiting(self, model: str, *, now: datetime) -> bool:
        return breaker.is_worth_waiting(self.of(model), self._policy, now=now)

    def health(self, models: Models, *, now: datetime) -> ModelHealth:
        """Return which way is left to write a draft."""
        small = self.of(models.classify)
        return breaker.health(small, small if models.draft == models.classify else self.of(models.draft), now=now)

    def _change(self, model: str, change: Callable[[Breaker], Breaker], now: datetime) -> Breaker:
        def amended(text: str) -> str:
            return json.dumps(breaker.to_json(change(_parsed(text))))

        try:
            with writing(self._engine, durable=False) as connection:
                found = _parsed(amend(connection, self._prefix + model, amended, now=now))
        except _UNREACHABLE as error:
            log.warning("breaker_unwritten", model=model, error=type(error).__name__)
            found = change(self.of(model))
        with self._lock:
            self._seen[model] = found
        return found


def _read(engine: Engine, prefix: str) -> dict[str, Breaker]:
    with reading(engine) as connection:
        rows = connection.execute(
            select(pointer.c.name, pointer.c.value).where(pointer.c.name.startswith(prefix, autoescape=True))
        )
        return {row.name.removeprefix(prefix): _parsed(row.value) for row in rows}


def _parsed(text: str) -> Breaker:
    return breaker.from_json(json.loads(text)) if text else Breaker()
