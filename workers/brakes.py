"""Pure: what holds Deskhand back, from measures of the record: a backlog, a spent budget, a cluster of tickets.

Each brake is put on at one level and taken off at another, so that none flickers, and each goes by itself when its
cause is gone. What a brake still allows is policy's; see workers/decide.py.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from config.policy import Brakes

_NAMED = 8  # tickets of an incident that a note names


@dataclass(frozen=True, slots=True)
class Cluster:
    """One intent's tickets of the last minutes beside what is usual for it, or tickets that say alike things.

    `usual` counts its tickets in `windows` earlier stretches of the same length; `usual_hour` and `windows_hour` the
    same at this time of day only, or for tickets that are alike in stretches of as many tickets. `centre` is what those
    are like; their name begins with "~", which no intent does.
    """

    intent: str
    tickets: tuple[str, ...]
    usual: int = 0
    windows: float = 0.0
    usual_hour: int = 0
    windows_hour: float = 0.0
    centre: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measures:
    due: int = 0
    oldest_due_seconds: float = 0.0
    spent_today_usd: Decimal = Decimal(0)
    spent_hour_usd: Decimal = Decimal(0)
    clusters: tuple[Cluster, ...] = ()


@dataclass(frozen=True, slots=True)
class Brake:
    """A brake that is on. `detail` says the cause in words and figures. `intent` is of an incident, or its cluster's
    name; then `centre` is what a message must be like for the brake to count for it."""

    code: str
    since: datetime
    detail: str
    intent: str = ""
    tickets: tuple[str, ...] = field(default=())
    centre: tuple[float, ...] = field(default=(), repr=False)


def weigh(measures: Measures, held: Sequence[Brake], rules: Brakes, *, now: datetime) -> tuple[Brake, ...]:
    """Return the brakes that should be on, given those that are."""
    since = {(brake.code, brake.intent): brake.since for brake in held}
    wanted: list[Brake] = []
    if detail := _overload(measures, rules, is_on=("overload", "") in since):
        wanted.append(Brake("overload", since.get(("overload", ""), now), detail))
    if detail := _budget(measures, rules):
        wanted.append(Brake("budget", since.get(("budget", ""), now), detail))
    for cluster in measures.clusters:
        key = ("incident", cluster.intent)
        if is_sudden(cluster, rules, is_on=key in since):
            detail = _incident(cluster, rules)
            wanted.append(Brake(key[0], since.get(key, now), detail, cluster.intent, cluster.tickets, cluster.centre))
    return tuple(wanted)


def _overload(measures: Measures, rules: Brakes, *, is_on: bool) -> str:
    """Say what waits if it is too much: from the limits on, and until half of them.

    A ticket that waits long by itself is a trouble of its own; a tenth of the limit must wait for age to count.
    """
    share = 0.5 if is_on else 1.0
    is_old = measures.oldest_due_seconds >= rules.overload_seconds * share
    most = rules.overload_tickets * share * (0.1 if is_old else 1.0)
    is_much = measures.due >= most
    minutes = measures.oldest_due_seconds / 60.0
    return f"{measures.due} tickets wait, the oldest for {minutes:.0f} minutes" if is_much else ""


def _budget(measures: Measures, rules: Brakes) -> str:
    """Say which budget is spent; a new hour or day (UTC) begins with a full one."""
    for spent, limit, span in (
        (measures.spent_today_usd, rules.usd_per_day, "today"),
        (measures.spent_hour_usd, rules.usd_per_hour, "this hour"),
    ):
        if limit and spent >= limit:
            return f"{spent:.2f} of {limit:.2f} USD {span}"
    return ""


def is_sudden(cluster: Cluster, rules: Brakes, *, is_on: bool) -> bool:
    """Tell whether so many tickets of one kind are beyond chance: both of the whole day's rate and of this hour's.

    A rate known from few tickets is uncertain, and the chance takes that in: without a past nothing is sudden.
    """
    count = len(cluster.tickets)
    if not is_on and count < rules.incident_tickets:
        return False
    bar = rules.incident_over if is_on else rules.incident_chance
    chances = (
        chance_of(count, cluster.usual, cluster.windows),
        chance_of(count, cluster.usual_hour, cluster.windows_hour),
    )
    return count > 0 and all(chance < bar for chance in chances)


def chance_of(count: int, usual: int, windows: float) -> float:
    """Return how likely `count` or more tickets are in a stretch, when `usual` came in `windows` such stretches before.

    Poisson with an uncertain rate: a gamma prior (shape 1/2) makes the next count negative binomial.
    """
    shape, odds = usual + 0.5, windows / (windows + 1.0)
    if odds <= 0.0:
        return 1.0
    below = sum(
        math.exp(
            math.lgamma(shape + k)
            - math.lgamma(shape)
            - math.lgamma(k + 1)
            + shape * math.log(odds)
            + k * math.log1p(-odds)
        )
        for k in range(count)
    )
    return max(0.0, 1.0 - below)


def _incident(cluster: Cluster, rules: Brakes) -> str:
    named = ", ".join(cluster.tickets[-_NAMED:])
    what = "alike in what they say" if cluster.centre else cluster.intent or "no known kind"
    return f"{what}, {len(cluster.tickets)} tickets in {rules.incident_minutes:.0f} minutes: {named}"


def facts_of(held: Iterable[Brake], intent: str, is_like: Callable[[Brake], bool]) -> tuple[str, ...]:
    """Return the brakes that count for a message of this intent, as the facts of a decision have them.

    `is_like` tells whether the message is like the tickets of an incident that has a centre.
    """
    return tuple(f"{brake.code}:{brake.detail}" for brake in held if _counts(brake, intent, is_like))


def _counts(brake: Brake, intent: str, is_like: Callable[[Brake], bool]) -> bool:
    if brake.code != "incident":
        return True
    return is_like(brake) if brake.centre else brake.intent == intent


def dumped(held: Iterable[Brake]) -> list[dict[str, object]]:
    """Return the brakes as plain values for JSON."""
    return [
        {
            "code": b.code,
            "since": b.since.isoformat(),
            "detail": b.detail,
            "intent": b.intent,
            "tickets": list(b.tickets),
            "centre": list(b.centre),
        }
        for b in held
    ]


def loaded(values: Iterable[Mapping[str, object]]) -> tuple[Brake, ...]:
    """Read brakes back from JSON."""
    return tuple(
        Brake(
            str(v["code"]),
            datetime.fromisoformat(str(v["since"])),
            str(v["detail"]),
            str(v["intent"]),
            tuple(str(ticket) for ticket in v["tickets"]) if isinstance(v["tickets"], list) else (),
            tuple(float(x) for x in centre) if isinstance(centre := v.get("centre"), list) else (),
        )
        for v in values
    )
