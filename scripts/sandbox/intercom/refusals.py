"""How the workspace says no: a status and the vendor's list of errors."""

from typing import Any

from scripts.sandbox.refusals import RefusedError


def refuse(status: int, code: str, message: str, field: str | None = None) -> RefusedError:
    """Return a refusal; the request's id is put in where it is answered."""
    error: dict[str, Any] = {"code": code, "message": message}
    if field is not None:
        error["field"] = field
    return RefusedError(status, {"type": "error.list", "errors": [error]})


def words(error: RefusedError) -> str:
    """Return what a refusal says to people."""
    return "; ".join(str(row["message"]) for row in error.payload["errors"])


def not_found(what: str = "Resource") -> RefusedError:
    return refuse(404, "not_found", f"{what} Not Found")


def invalid(message: str, field: str | None = None) -> RefusedError:
    return refuse(400, "parameter_invalid", message, field)


def missing(field: str) -> RefusedError:
    return refuse(400, "parameter_not_found", f"{field} is required", field)
