"""What staff did on earlier tickets, in memory: which documents they sent, and which of the tickets are most alike.

The shelf (SQL) has it for good; here are only numbers and ids. Changes are read one by one, so a solved ticket is known
to every worker within seconds and nothing is built anew. Searching it needs no Chroma: it is exact, and stays so while
Chroma is away.
"""

import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kb.domain import Filter, Precedent, Shelf, ShelvedPrecedent
from kb.habits import MOST_TICKETS, Habits, habits
from kb.level import Level
from kb.lexical import SUBJECT_WEIGHT, is_code, tokenise

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Words = tuple[NDArray[np.int32], Floats]  # where the words of a ticket stand, and how much each counts there

NEIGHBOURS = 40  # most similar tickets that have a say
SHOWN = 10  # of which so many are told of
SHARPNESS = 0.06  # a ticket nearer by this much has e times the say
STRANGE = 0.45  # a cosine that says little: with nothing nearer, history says little too
FEW = 30  # with so many tickets to learn from, history has half its say
VOTE_AGE = 0.02  # cosine taken off per e-fold of a ticket's age in days: articles and trouble change
HABIT = 0.3  # of the votes are by habit, the rest by the neighbours
GROWN = 0.05  # share of new tickets after which habits are learned again

ALIKE_WORDS = 1.0  # of the shared words, beside the cosine, in how much alike two tickets are
ALIKE_AGE = 0.06
COMMON = 0.6  # of a ticket's cosine with the middle of all tickets: what is like everything is like nothing
LEAST_ALIKE = 0.55  # below this two tickets share no more than a product
ANSWER_LETTERS = 400  # of an answer that are kept in memory: what a note shows
RARE = 50  # tickets at most that share a code for it to bring them together: what more have names a topic
_POOL = 200  # tickets compared by words
_MANY_DEAD = 1000
_SPACE = 2**18  # places for words; two that share one do no harm


@dataclass(frozen=True, slots=True)
class Votes:
    """`share` is document id -> -1..1. `sent` says on how many of the `of` most similar tickets staff sent it."""

    share: Mapping[str, float]
    sent: Mapping[str, int]
    of: int = 0


class History:
    """Precedents by row. Rows are only ever added; one that changed or went is dead. Safe for readers at any time."""

    def __init__(self, dimension: int) -> None:
        self.change = 0
        self._rows: list[Precedent] = []
        self._words: list[Words] = []
        self._row_of: dict[str, int] = {}
        self._matrix = np.zeros((64, dimension), np.float32)
        self._is_alive = np.zeros(64, np.bool_)
        self._teaches = np.zeros(64, np.bool_)
        self._days = np.zeros(64, np.float64)
        self._sum = np.zeros(dimension, np.float32)
        self._holders = np.zeros(_SPACE, np.int32)  # tickets that have a word
        self._with_code: dict[int, list[int]] = {}
        self._brands: dict[str, int] = {}
        self._brand = np.zeros(64, np.int32)
        self._habits: Habits | None = None
        self._habits_of: frozenset[str] = frozenset()  # the tickets they were learned from
        self._habits_until = 0.0  # the day of the newest of these
        self._unlearned = 0  # tickets that came or changed since

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def is_mostly_dead(self) -> bool:
        return len(self._rows) > 2 * len(self._row_of) + _MANY_DEAD

    def add(self, item: ShelvedPrecedent) -> None:
        """Take a precedent in, in place of what was known of the same ticket; without a vector it only goes."""
        self.drop(item.precedent.id)
        if len(item.vector) != 4 * self._matrix.shape[1]:
            return
        row = len(self._rows)
        self._make_room(row)
        precedent = item.precedent
        self._matrix[row] = np.frombuffer(item.vector, np.float32)
        self._sum = self._sum + self._matrix[row]
        self._days[row] = _days(precedent.asked_at)
        self._brand[row] = self._brands.setdefault(precedent.brand_id, len(self._brands))
        words = _words(precedent.subject, precedent.text)
        self._words.append(words)
        self._holders[words[0]] += 1
        for code in _codes(precedent.subject, precedent.text):
            self._with_code.setdefault(code, []).append(row)
        short = replace(precedent, text="", answer=precedent.answer[:ANSWER_LETTERS])
        self._rows.append(short)
        self._teaches[row] = bool(precedent.documents)
        self._row_of[precedent.id] = row
        self._unlearned += bool(precedent.documents)
        self._is_alive[row] = True  # last: a reader beside us sees the whole row or none of it

    def drop(self, id_: str) -> None:
        row = self._row_of.pop(id_, None)
        if row is None:
            return
        self._is_alive[row] = False
        self._sum = self._sum - self._matrix[row]
        self._holders[self._words[row][0]] -= 1
        self._rows[row] = Precedent(id_, "", "")
        self._words[row] = (np.empty(0, np.int32), np.empty(0, np.float32))

    def votes(self, vector: Floats, wanted: Filter) -> Votes:
        """Say what staff sent for the tickets most similar to a question."""
        rows = self._visible(wanted, self._teaches)
        if not len(rows):
            return Votes({}, {})
        trust = len(rows) / (len(rows) + FEW)
        by_habit = self._by_habit(vector, wanted)
        near = self._near(vector, rows) - VOTE_AGE * np.log1p(self._ages(rows, wanted.at))
        best = _best(near, NEIGHBOURS)
        rows, near = rows[best], near[best]
        say = np.exp((near - near[0]) / SHARPNESS)
        nothing = float(np.exp((STRANGE - near[0]) / SHARPNESS))
        share: defaultdict[str, float] = defaultdict(float)
        sent: Counter[str] = Counter()
        for place, row in enumerate(rows):
            for document, weight in self._rows[row].documents.items():
                share[document] += float(say[place]) * weight
                sent[document] += place < SHOWN and weight > 0
        known = trust * float(say.sum()) / (float(say.sum()) + nothing)
        total = float(say.sum()) / (1.0 - HABIT if by_habit else 1.0)
        said = {
            id_: known * (share.get(id_, 0.0) / total + HABIT * by_habit.get(id_, 0.0))
            for id_ in share.keys() | by_habit.keys()
        }
        return Votes(said, sent, min(SHOWN, len(rows)))

    def settle(self) -> None:
        """Learn habits again if enough tickets came, or one that they were learned from went."""
        if self._habits_of <= self._row_of.keys() and self._unlearned <= GROWN * len(self._habits_of):
            return
        rows = np.flatnonzero(self._is_alive & self._teaches)
        rows = rows[np.argsort(self._days[rows], kind="stable")][-MOST_TICKETS:]
        self._habits = habits(self._matrix[rows], [self._rows[row].documents for row in rows])
        self._habits_of = frozenset(self._rows[row].id for row in rows)
        self._habits_until = float(self._days[rows].max(initial=0.0))
        self._unlearned = 0

    def _by_habit(self, vector: Floats, wanted: Filter) -> dict[str, float]:
        """Return habits, unless they were learned from tickets that came after the moment of asking."""
        if not self._habits or (wanted.at and _days(wanted.at) < self._habits_until):
            return {}
        return self._habits.shares(vector)

    def similar(
        self, vector: Floats, subject: str, text: str, wanted: Filter, limit: int, least: float = LEAST_ALIKE
    ) -> list[tuple[Precedent, float]]:
        """Return the most similar tickets and how much alike they are, best first: by meaning, words and age."""
        rows = self._visible(wanted, self._is_alive)
        if not len(rows):
            return []
        middle: Floats = self._sum / np.float32(max(len(self._row_of), 1))
        order = self._near(vector - np.float32(COMMON) * middle, rows) - ALIKE_AGE * np.log1p(
            self._ages(rows, wanted.at)
        )
        pool = _best(order, _POOL)
        rare = (code for code in _codes(subject, text) if self._holders[code] <= RARE)
        codes = [row for code in rare for row in self._with_code.get(code, ())]
        pool = np.union1d(pool, np.flatnonzero(np.isin(rows, codes))) if codes else pool
        words = ALIKE_WORDS * self._shared(_words(subject, text), rows[pool])
        alike = self._matrix[rows[pool]] @ vector + words
        best = (order[pool] + words).argsort(kind="stable")[::-1]
        ranked = [(self._rows[rows[pool[at]]], float(alike[at])) for at in best if alike[at] >= least]
        return ranked[:limit]

    def _visible(self, wanted: Filter, among: NDArray[np.bool_]) -> Ints:
        """Return the rows that a question may learn from: of its brand or none, and asked before it."""
        count = len(self._rows)
        mask = self._is_alive[:count] & among[:count]
        if wanted.brand_id:
            allowed = [self._brands[brand] for brand in ("", wanted.brand_id) if brand in self._brands]
            mask &= np.isin(self._brand[:count], allowed)
        if wanted.at:
            mask &= self._days[:count] < _days(wanted.at)
        return np.flatnonzero(mask)

    def _near(self, vector: Floats, rows: Ints) -> Floats:
        count = len(self._rows)
        return np.asarray((self._matrix[:count] @ vector)[rows], np.float32)

    def _ages(self, rows: Ints, at: datetime | None) -> NDArray[np.float64]:
        """Return ages in days; without a moment of asking, from the newest ticket on. Undated ones count as new."""
        days = self._days[rows]
        now = _days(at) if at else float(days.max())
        return np.where(days > 0, np.maximum(now - days, 0.0), 0.0)

    def _shared(self, words: Words, rows: Ints) -> Floats:
        """Return the cosine of the words of a question with those of tickets; rare words weigh more."""
        total = np.float32(max(len(self._row_of), 1))
        question = np.zeros(_SPACE, np.float32)
        question[words[0]] = words[1] * np.log1p(total / (1 + self._holders[words[0]]))
        size = float(np.linalg.norm(question)) or 1.0
        cosines = np.zeros(len(rows), np.float32)
        for at, row in enumerate(rows):
            places, counts = self._words[row]
            weights = counts * np.log1p(total / (1 + self._holders[places]))
            cosines[at] = question[places] @ weights / (size * (float(np.linalg.norm(weights)) or 1.0))
        return cosines

    def _make_room(self, row: int) -> None:
        if row < len(self._matrix):
            return
        for name in ("_matrix", "_is_alive", "_teaches", "_days", "_brand"):
            old = getattr(self, name)
            new = np.zeros((2 * len(old), *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)


def histories(
    shelf: Shelf, model: str, dimension: int, check_seconds: float, clock: Callable[[], float] = time.monotonic
) -> Level[History]:
    """Return what keeps one History level with the shelf."""

    def levelled(history: History | None) -> History:
        if history is None or history.is_mostly_dead:
            history = History(dimension)
        for item in shelf.precedents_after(history.change, model):
            history.add(item)
            history.change = item.change
        history.settle()
        return history

    return Level(levelled, check_seconds, clock)


def _words(subject: str, text: str) -> Words:
    """Return where the words of a ticket stand, and how much each counts there."""
    counts: Counter[int] = Counter()
    for word in tokenise(subject).words:
        counts[_place(word)] += SUBJECT_WEIGHT
    for word in tokenise(text).words:
        counts[_place(word)] += 1
    places = np.fromiter(counts, np.int32, len(counts))
    return places, np.float32(1.0) + np.log(np.fromiter(counts.values(), np.float32, len(counts)))


def _codes(subject: str, text: str) -> set[int]:
    return {_place(word) for word in tokenise(f"{subject}\n{text}").codes if is_code(word)}


def _place(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace")) % _SPACE


def _days(at: datetime | None) -> float:
    return at.timestamp() / 86400.0 if at else 0.0


def _best(values: Sequence[float] | NDArray[np.floating], limit: int) -> Ints:
    values = np.asarray(values)
    top = np.argpartition(-values, limit)[:limit] if len(values) > limit else np.arange(len(values))
    return np.asarray(top[np.argsort(-values[top], kind="stable")], np.int64)
