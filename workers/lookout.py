"""Looks for sudden clusters of tickets that say alike things, and holds automatic answers in them while they last.

What it embedded stays in memory: there is nothing more to store or to forget. The past is drawn anew every hour and
embedded a little at a time, so that no look takes long.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from config.logs import get_logger
from config.policy import Brakes
from kb.embed import Embedder
from workers.brakes import Cluster, Measures, weigh
from workers.clusters import Past, alike
from workers.store.watch import ALIKE, Said, Watch

log = get_logger(__name__)

_PAST = 2000  # messages of earlier days that stand for all of them
_AT_A_TIME = 200  # of these embedded in one look
_LENGTH = 1000  # letters of a message that are read
_AGAIN = timedelta(hours=1)


class Lookout:
    """Safe to share between threads: one looks, the others wait."""

    def __init__(self, watch: Watch, embedder: Embedder) -> None:
        self._watch = watch
        self._embedder = embedder
        self._lock = threading.Lock()
        self._vectors: dict[int, NDArray[np.float32]] = {}
        self._past: Sequence[Said] = ()
        self._windows = 0.0
        self._drawn_at: datetime | None = None

    def look(self, rules: Brakes, *, now: datetime) -> dict[str, int]:
        """Put incidents on and take them off as the tickets of late say; return how many are on."""
        with self._lock:
            held = self._watch.found(ALIKE)
            wanted = weigh(Measures(clusters=self._clusters(rules, now)), held, rules, now=now)
        if wanted != held:
            self._watch.hold(wanted, ALIKE, now=now)
        before, after = {brake.intent for brake in held}, {brake.intent for brake in wanted}
        for name in sorted(before ^ after):
            log.warning("brake", code="incident", intent=name, is_on=name in after)
        return {"incidents": len(wanted)}

    def _clusters(self, rules: Brakes, now: datetime) -> tuple[Cluster, ...]:
        """Return what is to be weighed, without the tickets that an incident of their intent has already."""
        held = self._watch.held()
        known = {ticket for brake in held if not brake.centre for ticket in brake.tickets}
        lately = [one for one in self._watch.said_lately(rules, now=now) if one.ticket_id not in known]
        size = self._embedder.dimension  # of another size is what another embedding model made
        centres = {brake.intent: np.array(brake.centre, np.float32) for brake in held if len(brake.centre) == size}
        if len(lately) < rules.incident_tickets and not centres:
            return ()
        past = self._drawn(rules, now)
        self._embed(lately)
        self._vectors = {one.case_id: self._vectors[one.case_id] for one in (*lately, *past)}
        windows = self._windows * len(past) / max(1, len(self._past))
        tickets = [one.ticket_id for one in lately]
        return tuple(alike(tickets, self._rows(lately), Past(self._rows(past), windows), centres, rules))

    def _drawn(self, rules: Brakes, now: datetime) -> list[Said]:
        """Return the messages of earlier days that are embedded by now."""
        if self._drawn_at is None or now - self._drawn_at >= _AGAIN:
            self._drawn_at = now
            self._past, self._windows = self._watch.said_before(rules, _PAST, now=now)
        self._embed([one for one in self._past if one.case_id not in self._vectors][:_AT_A_TIME])
        return [one for one in self._past if one.case_id in self._vectors]

    def _embed(self, wanted: Sequence[Said]) -> None:
        new = [one for one in wanted if one.case_id not in self._vectors]
        vectors = self._embedder.embed([one.text[:_LENGTH] for one in new]) if new else ()
        self._vectors |= {one.case_id: vector for one, vector in zip(new, vectors, strict=True)}

    def _rows(self, wanted: Sequence[Said]) -> NDArray[np.float32]:
        rows = [self._vectors[one.case_id] for one in wanted]
        return np.array(rows, np.float32).reshape(len(rows), self._embedder.dimension)
