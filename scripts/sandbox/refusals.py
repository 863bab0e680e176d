"""How the account says no: a status and the body of its answer."""

from collections.abc import Mapping
from typing import Any


class RefusedError(Exception):
    """A request the account does not accept; `payload` is the answer's body."""

    def __init__(self, status: int, payload: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, payload)
        self.status, self.payload, self.headers = status, payload, dict(headers or {})


def invalid(name: str, description: str, error: str = "InvalidValue") -> RefusedError:
    """Return the 422 of one field that does not fit."""
    details = {name: [{"description": description, "error": error}]}
    return RefusedError(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def not_found() -> RefusedError:
    return RefusedError(404, {"error": "RecordNotFound", "description": "Not found"})
