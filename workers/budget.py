"""Pure: may one more ticket be begun, from what a helpdesk said is left of its budgets and how many are in work?

The helpdesk's limits hold for the account: what we use, staff's own programs cannot. A share is kept for them, and a
ticket is only begun when what it will need is still there, so that no model is asked for a reply nobody takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.limits import ACCOUNT, Limit

# What one ticket needs of each budget: the first read (ticket, comments), the second one, the write.
NEEDS: Mapping[str, int] = {ACCOUNT: 6, "tickets-update": 1}
_WINDOW_SECONDS = 60.0
_SAME_WINDOW_SECONDS = 3.0
_PLENTY = 0.6  # nobody needs to know of a budget that has more than this share left


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left until `resets_at`, in seconds of the epoch."""

    total: int
    remaining: int
    resets_at: float


def merged(known: Mapping[str, Budget], limits: tuple[Limit, ...], *, now: float) -> dict[str, Budget]:
    """Return what is known after news. Within one window the smaller rest is the newer one, whoever saw it."""
    after = {name: budget for name, budget in known.items() if budget.resets_at > now}
    for limit in limits:
        if limit.name not in NEEDS:
            continue
        seconds = _WINDOW_SECONDS if limit.resets_seconds is None else limit.resets_seconds
        fresh = Budget(limit.total, max(limit.remaining, 0), now + seconds)
        old = after.get(limit.name)
        if old and abs(old.resets_at - fresh.resets_at) <= _SAME_WINDOW_SECONDS:
            fresh = Budget(fresh.total, min(old.remaining, fresh.remaining), old.resets_at)
        elif old and old.resets_at > fresh.resets_at:
            fresh = old
        after[limit.name] = fresh
    return after


def refused(known: Mapping[str, Budget], name: str, seconds: float, *, now: float) -> dict[str, Budget]:
    """Return what is known after the helpdesk refused a call for a while."""
    total = known[name].total if name in known else 0
    return {**known, name: Budget(total, 0, now + seconds)}


def is_worth_telling(limits: tuple[Limit, ...]) -> bool:
    """Tell whether other processes need to know."""
    return any(limit.name in NEEDS and limit.remaining < _PLENTY * limit.total for limit in limits)


def hold_seconds(known: Mapping[str, Budget], in_work: int, staff_share: float, *, now: float) -> float:
    """Return for how long no further ticket may be begun; 0.0 if one may. `in_work` may all still need theirs."""
    waits = [0.0]
    for name, budget in known.items():
        free = budget.remaining - staff_share * budget.total - in_work * NEEDS.get(name, 1)
        if budget.resets_at > now and free < NEEDS.get(name, 1):
            waits.append(budget.resets_at - now)
    return max(waits)
