"""Deliveries that wait for their time."""

import threading

import pytest

from scripts.sandbox.due import DueQueue


class Post:
    """Notes what was delivered, and can be waited for."""

    def __init__(self):
        self.items = []
        self.changed = threading.Condition()

    def take(self, session, item):
        with self.changed:
            self.items.append(item)
            self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.items) >= count, timeout=20)
        return self.items


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def queue(post):
    held = DueQueue("test", post.take, threads=1)
    yield held
    held.stop()


def test_the_sooner_goes_first_whoever_came_first(post):
    """With one thread the times decide, not the order of arrival."""
    now = 100.0
    queue = DueQueue("test", post.take, threads=1, clock=lambda: now)
    with queue.lock:
        for item, delay in (("late", 9.0), ("soon", 1.0), ("middle", 5.0)):
            queue.put(item, delay)
        now = 200.0
        queue.poke()
    assert post.wait_for(3) == ["soon", "middle", "late"]
    queue.stop()


def test_nothing_goes_before_its_time_nor_while_all_is_held(post):
    """A clock that stands still delivers nothing; held items wait even when they are due."""
    now = 0.0
    queue = DueQueue("test", post.take, threads=1, clock=lambda: now)
    queue.held_until = 50.0
    queue.put("one", 10.0)
    now = 49.0
    queue.poke()
    assert not queue.is_idle()
    assert post.items == []
    now = 50.0
    queue.poke()
    assert post.wait_for(1) == ["one"]
    queue.stop()


def test_what_was_cleared_is_never_delivered(queue, post):
    """The queue is idle then, and goes on with what comes next."""
    queue.put("old", 3600.0)
    queue.clear()
    assert queue.is_idle()
    queue.put("new", 0.0)
    assert post.wait_for(1) == ["new"]


def test_after_the_end_nothing_is_delivered(queue, post):
    """Stopping drops what waits."""
    queue.put("never", 3600.0)
    queue.stop()
    queue.put("late", 0.0)
    assert post.items == []
