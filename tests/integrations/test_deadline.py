"""The clock each thread's call runs against."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.deadline import call


def test_a_call_counts_down_and_then_times_out():
    """What is left shrinks to nothing, and nothing left is a timeout."""
    call.begin(time.monotonic() + 60)
    assert 59 < (call.left() or 0) <= 60
    call.begin(time.monotonic() - 1)
    with pytest.raises(TimeoutError):
        call.left()
    call.begin(math.inf)
    assert call.left() is None


def test_each_thread_has_its_own_call():
    """A deadline set in one thread does not bind another."""
    call.begin(time.monotonic() - 1)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(call.left).result() is None
    call.begin(math.inf)
