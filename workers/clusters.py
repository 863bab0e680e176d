"""Pure: a sudden cluster of tickets that say alike things, whatever intent they were given, if any.

Each ticket of late is looked at as the centre of a cluster: how many others of late are like it, beside how many of the
past are. A centre is a ticket and no mean of several, so that what is counted did not choose what it is counted by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from config.policy import Brakes
from workers.brakes import Cluster, chance_of

Array = NDArray[np.float32]

MOST = 3  # clusters at a time: more at once are no incident but another product


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Tickets of earlier days, a row each, and how many stretches of the length looked at they fill."""

    vectors: Array
    windows: float


def alike(
    tickets: Sequence[str], vectors: Array, past: Past, held: Mapping[str, Array], rules: Brakes
) -> list[Cluster]:
    """Return the clusters worth weighing: around the centres of incidents that are on, and the most unlikely new ones.

    `vectors` has a row of length one per ticket of late; `held` has the centres by the incident's name.
    """
    free = np.full(len(tickets), True)
    found = []
    for name, centre in held.items():
        near = vectors @ centre >= rules.incident_alike if len(tickets) else free
        found.append(_cluster(name, centre, near, tickets, past, rules))
        free &= ~near
    while len(found) < MOST and free.sum() >= rules.incident_tickets:
        centre_of, near = _most_unlikely(vectors, free, past, rules)
        if near.sum() < rules.incident_tickets:
            break
        found.append(_cluster(f"~{tickets[centre_of]}", vectors[centre_of], near, tickets, past, rules))
        free &= ~near
    return found


def _most_unlikely(vectors: Array, free: NDArray[np.bool_], past: Past, rules: Brakes) -> tuple[int, NDArray[np.bool_]]:
    """Return the ticket whose likes are the most beyond chance, and which they are, itself among them."""
    near = (vectors @ vectors.T >= rules.incident_alike) & free & free[:, np.newaxis]
    counts = near.sum(axis=1)
    enough = np.flatnonzero(counts >= rules.incident_tickets)
    if not len(enough):
        return 0, near[0]
    usual = (vectors[enough] @ past.vectors.T >= rules.incident_alike).sum(axis=1)
    chances = [
        chance_of(int(counts[i]) - 1, int(past_ones), past.windows) for i, past_ones in zip(enough, usual, strict=True)
    ]
    best = enough[min(range(len(enough)), key=lambda i: (chances[i], -counts[enough[i]]))]
    return int(best), near[best]


def _cluster(
    name: str, centre: Array, near: NDArray[np.bool_], tickets: Sequence[str], past: Past, rules: Brakes
) -> Cluster:
    """Put the tickets like a centre beside the past, by time and by number: a busy day is no incident."""
    usual = int((past.vectors @ centre >= rules.incident_alike).sum())
    others = tuple(ticket for ticket, is_near in zip(tickets, near, strict=True) if is_near)
    by_number = len(past.vectors) / max(1, len(tickets))
    return Cluster(name, others, usual, past.windows, usual, by_number, tuple(float(round(x, 4)) for x in centre))
