"""How long the simulated model thinks before its first byte: a fixed time, a list in turn, or a seeded distribution."""

import math
import random
import threading
from collections.abc import Callable
from typing import Any

_SHAPES = {"lognormal": ("median", "sigma"), "uniform": ("low", "high")}
_WORDS = "give seconds, a list of seconds, lognormal:MEDIAN,SIGMA[,SEED] or uniform:LOW,HIGH[,SEED]"


class Latency:
    """Draws one time after the other; the same description gives the same times."""

    def __init__(self, given: Any = 0.0) -> None:
        """Take a number, a list of numbers, a text as on the command line, or an object with a `kind`.

        Raises ValueError with what it should have been.
        """
        self.given = _read(given) if isinstance(given, str) else given
        self._lock = threading.Lock()
        self._draw = _drawer(self.given)

    def next_seconds(self) -> float:
        with self._lock:
            return self._draw()


def _read(text: str) -> Any:
    kind, _, rest = text.partition(":")
    try:
        if kind not in _SHAPES:
            numbers = [float(part) for part in text.split(",")]
            return numbers[0] if len(numbers) == 1 else numbers
        values = [float(part) for part in rest.split(",")]
    except ValueError as error:
        raise ValueError(f"latency {text!r}: {_WORDS}") from error
    names = (*_SHAPES[kind], "seed")
    return {"kind": kind, **dict(zip(names, values, strict=False))}


def _drawer(given: Any) -> Callable[[], float]:
    if is_seconds(given):
        return lambda: float(given)
    if isinstance(given, list) and given and all(map(is_seconds, given)):
        turn = iter(range(2**62))
        return lambda: float(given[next(turn) % len(given)])
    if isinstance(given, dict) and given.get("kind") in _SHAPES:
        names = _SHAPES[given["kind"]]
        if all(is_seconds(given.get(name)) for name in names):
            first, second = (float(given[name]) for name in names)
            return _by_chance(given["kind"], first, second, given.get("seed", 0))
    raise ValueError(f"latency {given!r}: {_WORDS}")


def _by_chance(kind: str, first: float, second: float, seed: Any) -> Callable[[], float]:
    chance = random.Random(seed)  # noqa: S311 - chance of slowness, not a secret
    if kind == "uniform":
        return lambda: chance.uniform(first, second)
    return lambda: chance.lognormvariate(math.log(max(first, 1e-9)), second)


def is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
