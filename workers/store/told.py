"""A reason as it stands in the record, with its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, or_

from workers.domain import Code, Reason
from workers.store.tables import case
from workers.wording import in_words


@dataclass(frozen=True, slots=True)
class Told:
    """A reason with its words."""

    code: str
    detail: str
    words: str


def told(value: object) -> Told:
    """Read a reason as it stands in the record ("code:detail", or a dict of the two) and say it in words."""
    if isinstance(value, Mapping):
        code, detail = str(value.get("code", "")), str(value.get("detail", ""))
    else:
        code, _, detail = str(value).partition(":")
    try:
        return Told(code, detail, in_words(Reason(Code(code), detail)))
    except (ValueError, KeyError):  # written by another release
        return Told(code, detail, f"{code} {detail}".strip().replace("_", " "))


def has_reason(code: str) -> Any:
    """Return the condition that a case was given this reason, in whatever form it was written."""
    as_text = cast(case.c.reasons, Text)
    return or_(as_text.contains(f'"{code}"', autoescape=True), as_text.contains(f'"{code}:', autoescape=True))
