"""Make what all threads share once: whoever asks while it is being made waits for it, instead of making it too."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Decorate a function without arguments whose first value is kept for ever.

    functools.lru_cache lets every thread that comes before the first is done do the work again, beside it.
    What the function raises is passed on, and the next to ask tries again.
    """
    lock = threading.Lock()
    made: list[T] = []

    def get() -> T:
        if not made:
            with lock:
                if not made:
                    made.append(make())
        return made[0]

    get.__doc__ = make.__doc__
    return get
