"""Zendesk's small values: ids, words, times, statuses, channels. Pure.

What is missing, null or of an odd type becomes the empty value, never a crash.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.helpdesk import Status

VENDOR = "zendesk"
MARK_KEY = "deskhand"
Json = Mapping[str, Any]
_ID = re.compile(r"[0-9]{1,20}")
_STATUS = {
    "new": Status.NEW,
    "open": Status.OPEN,
    "pending": Status.PENDING,
    "hold": Status.ON_HOLD,
    "solved": Status.SOLVED,
    "closed": Status.CLOSED,
    "archived": Status.CLOSED,
    "deleted": Status.DELETED,
    "scrubbed": Status.DELETED,
}
# REST names, the via-type names of events, and numeric via codes, brought to one word each. Others pass as they are.
_CHANNELS = {
    "mail": "email",
    "web_form": "web",
    "web_service": "api",
    "native_messaging": "messaging",
    "helpcenter": "help_center",
    "mobile_sdk": "mobile",
    **dict.fromkeys(("phone", "voicemail", "voice_inbound", "voice_outbound"), "voice"),
    **dict.fromkeys(("phone_call_inbound", "phone_call_outbound", "33", "34", "35"), "voice"),
    "0": "web",
    "4": "email",
    "5": "api",
    "8": "rule",
    "27": "closed_ticket",
    "29": "chat",
    "31": "ticket_sharing",
    **dict.fromkeys(("38", "41"), "facebook"),
    "48": "web_widget",
    "50": "help_center",
    "55": "any_channel",
    **dict.fromkeys(("49", "56"), "mobile"),
    "57": "sms",
    "72": "line",
    "73": "wechat",
    "74": "whatsapp",
}


def identity(value: object) -> str:
    """Return an id as text; "" for everything Zendesk uses for "unset" and for what is no id at all."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value).strip()
    return str(int(text)) if _ID.fullmatch(text) and text.strip("0") else ""


def words(value: object) -> str:
    """Return text that any database and any encoder takes: no NUL, no lone surrogates; "" for anything but text."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time as aware UTC; None if it is not one."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def status(value: object) -> Status:
    """Read a status in either case; an unknown one counts as open, so that somebody looks at it."""
    return _STATUS.get(str(value).strip().lower(), Status.OPEN)


def channel(via: object) -> str:
    """Return one word for a `via` object, whichever of Zendesk's three vocabularies it uses."""
    name = mapping(via).get("channel")
    if isinstance(name, bool) or not isinstance(name, str | int):
        return ""
    word = re.sub(r"[\s-]+", "_", words(str(name)).strip().lower())
    return _CHANNELS.get(word, word)


def mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def texts(value: object) -> tuple[str, ...]:
    return tuple(words(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()
