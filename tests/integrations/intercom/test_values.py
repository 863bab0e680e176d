"""Intercom's small values."""

from datetime import UTC, datetime

import pytest

from integrations.intercom import values


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(1795000000, 1795000000), ("1795000000", 1795000000), ("2026-11-18T11:06:40.000Z", 1795000000), (0, None),
     (-5, None), (True, None), (None, None), ("soon", None), (10**15, None), ({}, None)],
)  # fmt: skip
def test_times(value, seconds):
    """Unix seconds, or the ISO text of older versions."""
    assert values.moment(value) == (datetime.fromtimestamp(seconds, UTC) if seconds else None)
