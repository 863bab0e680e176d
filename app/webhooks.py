"""HEAD and POST /webhooks/<vendor>: size, encoding, signature, JSON, row, answer. Nothing else happens here.

When a delivery cannot be stored, the answer is the one that makes that vendor send it again: Zendesk repeats after 409
and never after 500 (its documentation, read 2026-11-20), Intercom after 5xx; 410 would end Intercom's subscription.
"""

import traceback
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException

from config.logs import get_logger
from integrations.errors import SignatureError
from workers.intake import Accepted, Intake, StoreUnavailableError, UnknownVendorError

BODY_LIMIT_BYTES = 1024 * 1024
AGAIN = {"zendesk": 409}
AGAIN_DEFAULT = 503
RETRY_AFTER_SECONDS = 10

log = get_logger(__name__)


def blueprint(intake: Intake) -> Blueprint:
    """Return the webhooks' routes over this intake."""
    routes = Blueprint("webhooks", __name__, url_prefix="/webhooks")

    @routes.route("/<vendor>", methods=["HEAD"])
    def probe(vendor: str) -> Response:
        return Response(status=200 if vendor in intake.vendors else 404)

    @routes.post("/<vendor>")
    def receive(vendor: str) -> Response:
        if vendor not in intake.vendors:
            return _answer(404, "unknown vendor")
        try:
            return _receive(vendor)
        except HTTPException:
            raise
        except Exception as error:
            # The message of an error may hold what was being written, so only its kind and place are logged.
            log.error("delivery_failed", vendor=vendor, error=type(error).__name__, where=place(error))
            return _again(vendor)

    def _receive(vendor: str) -> Response:
        if (request.content_length or 0) > BODY_LIMIT_BYTES:
            return _refuse(vendor, 413, "too large")
        if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            return _refuse(vendor, 415, "content encoding")
        # A body without a length is cut at the limit in silence: one byte more is let in, to be seen.
        request.max_content_length = BODY_LIMIT_BYTES + 1
        try:
            body = request.get_data(cache=False)
        except BadRequest:
            return _refuse(vendor, 400, "incomplete")
        if len(body) > BODY_LIMIT_BYTES:
            return _refuse(vendor, 413, "too large")
        return _accept(vendor, {name.lower(): value for name, value in request.headers}, body)

    def _accept(vendor: str, headers: dict[str, str], body: bytes) -> Response:
        try:
            accepted: Accepted = intake.accept(vendor, headers, body)
        except SignatureError:
            return _refuse(vendor, 401, "signature")
        except ValueError:
            return _refuse(vendor, 400, "not JSON")
        except UnknownVendorError:
            return _answer(404, "unknown vendor")
        except StoreUnavailableError as error:
            log.error("delivery_not_stored", vendor=vendor, error=str(error))
            return _again(vendor)
        return _answer(200, "duplicate" if accepted.is_duplicate else "stored")

    return routes


def place(error: BaseException) -> str:
    """Return file and line where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""


def failed(error: Exception) -> Response | HTTPException:
    """Answer for any route that raised. Flask's own handler would log the message, which may quote what was read."""
    if isinstance(error, HTTPException):
        return error
    log.error("page_failed", page=request.endpoint, error=type(error).__name__, where=place(error))
    return _answer(500, "failed; the log says where")


def _refuse(vendor: str, status: int, why: str) -> Response:
    log.warning("delivery_refused", vendor=vendor, status=status, why=why)
    return _answer(status, why)


def _again(vendor: str) -> Response:
    response = _answer(AGAIN.get(vendor, AGAIN_DEFAULT), "try again")
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _answer(status: int, what: str) -> Response:
    body: dict[str, Any] = {"status": what}
    response = jsonify(body)
    response.status_code = status
    return response
