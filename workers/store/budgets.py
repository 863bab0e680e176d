"""What is left of each helpdesk's limits, one row a vendor, shared by all processes."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Engine, func, select

from integrations.limits import Limit
from workers import budget
from workers.budget import Budget
from workers.store.schedule import amend
from workers.store.tables import pointer, reading, ticket, writing

_PREFIX = "budget:"


class Budgets:
    """`staff_share` of every budget is left to staff and to what else they use."""

    def __init__(self, engine: Engine, staff_share: float) -> None:
        self._engine = engine
        self._staff_share = staff_share

    def note(self, vendor: str, limits: tuple[Limit, ...], *, now: datetime) -> None:
        """Tell the others what the newest answers said; nothing is written while there is plenty."""
        if budget.is_worth_telling(limits):
            self._amend(vendor, lambda known: budget.merged(known, limits, now=now.timestamp()), now)

    def refuse(self, vendor: str, name: str, seconds: float, *, now: datetime) -> None:
        """Note that the helpdesk refused a call, and for how long."""
        self._amend(vendor, lambda known: budget.refused(known, name, seconds, now=now.timestamp()), now)

    def hold_seconds(self, vendor: str, *, now: datetime) -> float:
        """Return for how long no further ticket of this vendor may be begun; 0.0 if one may."""
        with reading(self._engine) as connection:
            known = _parsed(connection.scalar(select(pointer.c.value).where(pointer.c.name == _PREFIX + vendor)))
            if not any(one.resets_at > now.timestamp() for one in known.values()):
                return 0.0
            in_work = connection.scalar(
                select(func.count()).where(ticket.c.vendor == vendor, ticket.c.lease_until > now)
            )
        return budget.hold_seconds(known, in_work or 0, self._staff_share, now=now.timestamp())

    def all(self, *, now: datetime) -> dict[str, dict[str, Budget]]:
        """Return vendor -> budget's name -> what is left, of windows that have not ended."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(pointer.c.name, pointer.c.value).where(pointer.c.name.startswith(_PREFIX, autoescape=True))
            ).all()
        return {
            row.name.removeprefix(_PREFIX): {
                name: one for name, one in _parsed(row.value).items() if one.resets_at > now.timestamp()
            }
            for row in rows
        }

    def _amend(self, vendor: str, change: Callable[[dict[str, Budget]], dict[str, Budget]], now: datetime) -> None:
        def amended(text: str) -> str:
            return json.dumps({name: asdict(one) for name, one in change(_parsed(text)).items()})

        with writing(self._engine, durable=False) as connection:
            amend(connection, _PREFIX + vendor, amended, now=now)


def _parsed(text: str | None) -> dict[str, Budget]:
    return {name: Budget(**values) for name, values in json.loads(text).items()} if text else {}
