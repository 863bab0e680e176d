"""workers.reading.kinds: questions, courtesy and machines told apart, by table."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.helpdesk import Attachment, Flag, Message, Person, Role
from workers.reading.kinds import kind_of, real_attachments
from workers.reading.mail import own_words
from workers.reading.visible import tidy

CASES = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))["case"]


def _files(case) -> tuple[Attachment, ...]:
    return tuple(Attachment(name, name, kind, size) for name, kind, size in case.get("files", ()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("why") or f"{case['kind']}: {case['text'][:40]}")
def test_kind(case):
    """Each message gets the kind a careful person would give it."""
    message = Message(
        id="1",
        author=Person("1", "Anna", Role.REQUESTER, email=case.get("email", "anna@x.example")),
        is_public=True,
        text=case["text"],
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        attachments=_files(case),
        flags=frozenset(Flag(flag) for flag in case.get("flags", ())),
        headers=case.get("headers", {}),
    )
    full = tidy(case["text"])
    kind = kind_of(
        message,
        own_words(full).text,
        full,
        subject=case.get("subject", ""),
        is_first=not case.get("reply", False),
        asked_before=case.get("asked", False),
    )
    assert kind == case["kind"]


def test_logos_and_invitations_are_no_attachments():
    """A logo, an inline icon and a calendar file are left out; a pasted screenshot stays."""
    files = (
        Attachment("1", "image001.png", "image/png", 5_000, is_inline=True),
        Attachment("2", "logo.gif", "image/gif", 2_000),
        Attachment("3", "invite.ics", "text/calendar", 900),
        Attachment("4", "Screenshot.png", "image/png", 240_000, is_inline=True),
        Attachment("5", "hours.csv", "text/csv", 800),
    )
    assert [file.name for file in real_attachments(files)] == ["Screenshot.png", "hours.csv"]
