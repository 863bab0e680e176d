"""Zendesk's small values: ids, statuses, channels, times."""

from datetime import UTC, datetime

import pytest

from integrations.helpdesk import Status
from integrations.zendesk import values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5158, "5158"),
        ("5158", "5158"),
        (" 5158 ", "5158"),
        ("0005158", "5158"),
        (8447388092001, "8447388092001"),
        (None, ""),
        ("", ""),
        (0, ""),
        ("0", ""),
        (-1, ""),
        ("-1", ""),
        (True, ""),
        (5158.0, ""),
        ("5158/comments", ""),
        ("٥", ""),
        ("9" * 21, ""),
        ([5158], ""),
    ],
)
def test_ids_become_text_and_unset_becomes_empty(value, expected):
    """Every way Zendesk writes an id gives one text, every way it writes "unset" gives none."""
    assert values.identity(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("open", Status.OPEN),
        ("HOLD", Status.ON_HOLD),
        ("hold", Status.ON_HOLD),
        ("Solved", Status.SOLVED),
        ("ARCHIVED", Status.CLOSED),
        ("SCRUBBED", Status.DELETED),
        ("deleted", Status.DELETED),
        ("something", Status.OPEN),
        (None, Status.OPEN),
        (3, Status.OPEN),
    ],
)
def test_statuses_in_both_cases(value, expected):
    """Status words of REST and of events mean the same, and an unknown one is open to somebody's eyes."""
    assert values.status(value) is expected


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ({"channel": "email"}, "email"),
        ({"channel": "mail"}, "email"),
        ({"channel": 4}, "email"),
        ({"channel": "web_service"}, "api"),
        ({"channel": "Web Widget"}, "web_widget"),
        ({"channel": "helpcenter"}, "help_center"),
        ({"channel": "native_messaging"}, "messaging"),
        ({"channel": 34}, "voice"),
        ({"channel": "carrier-pigeon"}, "carrier_pigeon"),
        ({"channel": None}, ""),
        ({"channel": True}, ""),
        ({}, ""),
        (None, ""),
        ("email", ""),
    ],
)
def test_channels_have_one_name(via, expected):
    """The three vocabularies for channels come to one, and an unknown channel passes."""
    assert values.channel(via) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_aware_or_none(value, expected):
    """Times come as aware UTC, nanoseconds and offsets included."""
    assert values.moment(value) == expected
