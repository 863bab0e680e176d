"""The errors of the Messages API: their names, statuses and the one body they all share."""

from typing import Any

STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
KIND_OF = {status: kind for kind, status in STATUS_OF.items()}
_WORDS = {
    "invalid_request_error": "The request was refused on order of a fault",
    "authentication_error": "invalid x-api-key",
    "billing_error": "There is an issue with your organization's billing or payment information",
    "permission_error": "Your API key does not have permission to use the specified resource",
    "not_found_error": "The requested resource could not be found",
    "request_too_large": "Request exceeds the maximum size",
    "rate_limit_error": "This request would exceed the rate limit of your organization",
    "api_error": "Internal server error",
    "timeout_error": "The request timed out while processing",
    "overloaded_error": "Overloaded",
}


class ApiError(Exception):
    """A refusal of the API, by the name it has there."""

    def __init__(self, kind: str, message: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message or _WORDS[kind])
        self.kind = kind
        self.headers = headers or {}

    @property
    def status(self) -> int:
        return STATUS_OF[self.kind]


def kind_for(status: int) -> str:
    """Return the name of the error that belongs to a status; other 4xx and 5xx have the general ones."""
    return KIND_OF.get(status, "invalid_request_error" if status < 500 else "api_error")


def error_body(kind: str, request_id: str, message: str = "", error_code: str = "") -> dict[str, Any]:
    """Return the body of an error. `error_code` names its cause for programs, where there is one."""
    error: dict[str, Any] = {"type": kind, "message": message or _WORDS[kind]}
    if error_code:
        error["details"] = {"error_code": error_code}
    return {"type": "error", "error": error, "request_id": request_id}
