"""Keeping level: made once, asked seldom, renewed by one thread while others go on with what there is."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kb.level import Level


def test_made_once_and_asked_again_in_time() -> None:
    """Within the pause nothing is asked; after it, or when expired, what there is goes in and the new comes out."""
    now = [100.0]
    given: list[int | None] = []

    def make(known: int | None) -> int:
        given.append(known)
        return len(given)

    level = Level(make, 1.0, clock=lambda: now[0])
    assert [level.current(), level.current()] == [1, 1]
    now[0] += 1.0
    assert [level.current(), level.current()] == [2, 2]
    level.expire()
    assert level.current() == 3
    assert given == [None, 1, 2]


def test_what_is_empty_was_made_as_well() -> None:
    """Something empty is not taken for nothing: it is not made again for every call."""
    made: list[list[int]] = []
    level = Level(lambda known: made.append(known or []) or [], 1.0, clock=lambda: 5.0)
    assert [level.current(), level.current()] == [[], []]
    assert len(made) == 1


def test_the_first_callers_wait_for_one_of_them() -> None:
    """Threads that come together at first have it made once, and all get it."""
    made = []
    level = Level(lambda known: made.append(known) or object(), 1.0, clock=lambda: 5.0)
    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in pool.map(lambda _: level.current(), range(40))}) == 1
    assert len(made) == 1


def test_others_go_on_with_the_old_one() -> None:
    """While one thread makes the new, no other waits for it."""
    begun, go = Event(), Event()

    def make(known: str | None) -> str:
        if known is None:
            return "old"
        begun.set()
        assert go.wait(20)
        return "new"

    level = Level(make, 0.0, clock=lambda: 5.0)
    assert level.current() == "old"
    with ThreadPoolExecutor(1) as pool:
        renewed = pool.submit(level.current)
        assert begun.wait(20)
        assert level.current() == "old"
        go.set()
        assert renewed.result(20) == "new"


def test_a_failure_is_told_and_tried_again() -> None:
    """What could not be made raises, and the old one is there afterwards."""
    known = iter([1, None, 2])

    def make(_: int | None) -> int:
        if (found := next(known)) is None:
            raise OSError("the shelf is away")
        return found

    level = Level(make, 0.0, clock=lambda: 5.0)
    assert level.current() == 1
    with pytest.raises(OSError, match="away"):
        level.current()
    assert level.current() == 2
