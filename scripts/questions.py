"""Rows to measure the library on -> questions, moments, precedents: shared by `evaluate retrieval|similar`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from kb.domain import Precedent, Query
from scripts.cases import CasesError
from workers.redact import mask


def question(row: dict[str, Any]) -> Query:
    """Return what is asked: subject and body, or a bare text. Raise CasesError if there is neither."""
    if "subject" in row or "body" in row:
        return Query(row.get("subject") or "", row.get("body") or "")
    if "text" not in row:
        raise CasesError(f"row {name(row)}: wants subject and body, or text")
    return Query("", str(row["text"]))


def masked(row: dict[str, Any]) -> Query:
    """Return what is asked as it is remembered: without what is personal."""
    asked, vault = question(row), dict[str, str]()
    return Query(mask(asked.subject, vault=vault), mask(asked.text, vault=vault))


def precedent(row: dict[str, Any]) -> Precedent:
    """Return what a solved ticket leaves behind: the masked question, and in `relevant` what staff linked."""
    asked = masked(row)
    sent = dict.fromkeys(map(str, row.get("relevant") or ()), 1.0)
    return Precedent(name(row), asked.subject, asked.text, asked_at=moment(row), documents=sent)


def moment(row: dict[str, Any]) -> datetime | None:
    """Return when a row was written, if it says so. Raise CasesError if it says it badly."""
    try:
        return datetime.fromisoformat(row["created"]) if row.get("created") else None
    except (TypeError, ValueError) as error:
        raise CasesError(f"row {name(row)}: created: {error}") from None


def name(row: dict[str, Any]) -> str:
    return str(row.get("query_id") or row.get("ticket_id") or "")


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return how long a question took: the middle one, and the one that 5 % were slower than."""
    return {f"p{cut}_ms": float(np.percentile(seconds, cut)) * 1000 for cut in (50, 95)}
