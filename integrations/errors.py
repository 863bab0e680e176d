"""What can go wrong outside, in four kinds. A new class needs a caller that treats it differently."""


class IntegrationError(Exception):
    """Something outside failed. `vendor`, `operation` and `request_id` say where; no text of a ticket stands here."""

    def __init__(self, message: str, *, vendor: str = "", operation: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.vendor = vendor
        self.operation = operation
        self.request_id = request_id

    def __str__(self) -> str:
        where = " ".join(part for part in (self.vendor, self.operation) if part)
        what = super().__str__()
        trail = f" (request {self.request_id})" if self.request_id else ""
        return f"{where}: {what}{trail}" if where else f"{what}{trail}"


class TransientError(IntegrationError):
    """Try again later: timeouts, 429, 5xx, a closed connection.

    `retry_after_seconds` is what the other side asked for, if it did. `maybe_done` is true when a write may have
    been carried out although no answer came: read back before any second try. `limit` names the vendor's budget that
    is spent, if that is why: "account", an endpoint's, or one that starts with "per-" and is about one ticket alone.
    """

    def __init__(
        self,
        message: str,
        *,
        vendor: str = "",
        operation: str = "",
        request_id: str = "",
        retry_after_seconds: float | None = None,
        maybe_done: bool = False,
        limit: str = "",
    ) -> None:
        super().__init__(message, vendor=vendor, operation=operation, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds
        self.maybe_done = maybe_done
        self.limit = limit


class PermanentError(IntegrationError):
    """Trying again will not help; a person gets the ticket. `status` is the HTTP status where there was one."""

    def __init__(
        self, message: str, *, vendor: str = "", operation: str = "", request_id: str = "", status: int | None = None
    ) -> None:
        super().__init__(message, vendor=vendor, operation=operation, request_id=request_id)
        self.status = status


class NotFoundError(PermanentError):
    """The ticket or document is gone (deleted, merged away, or hidden from us): stop quietly and record it."""


class ConflictError(IntegrationError):
    """The ticket moved between our read and our write: read again, decide again."""


class SignatureError(IntegrationError):
    """A webhook that none of our secrets signed."""
