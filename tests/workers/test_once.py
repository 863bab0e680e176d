"""What is made once is made by one thread, and the others wait for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workers.once import once
from workers.personal import word_lists


def test_threads_that_come_together_get_one_thing():
    """The second comes while the first is at work, and has what the first made."""
    began, goes_on, made = threading.Event(), threading.Event(), []

    @once
    def thing():
        began.set()
        assert goes_on.wait(5)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(thing) for _ in range(4)]
        assert began.wait(5)
        goes_on.set()
        found = {id(one.result(5)) for one in asking}
    assert len(made) == len(found) == 1


def test_what_fails_is_tried_again():
    """A file that could not be read the first time is no value."""
    tries = []

    @once
    def thing():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return 7

    with pytest.raises(OSError, match="not yet"):
        thing()
    assert (thing(), thing(), len(tries)) == (7, 7, 2)


def test_name_lists_bear_threads_from_the_first_moment():
    """They let go of modules they have read: a thread that was importing them just then failed."""
    read = once(word_lists.read_names)
    with ThreadPoolExecutor(4) as pool:
        found = [one.result() for one in [pool.submit(read) for _ in range(4)]]
    assert all("anna" in names["first_name"] for names in found)
