"""The Intercom side as one Flask application: API, control and inbox over one twin, with books, limits and faults."""

import json
import uuid
from hmac import compare_digest

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from config.logs import get_logger
from scripts.sandbox import control_shared, pages
from scripts.sandbox.doorman import Doorman
from scripts.sandbox.faults import Fault
from scripts.sandbox.intercom import (
    articles,
    attributes,
    contacts,
    control,
    conversations,
    inbox,
    macros,
    people,
    tags,
    tickets,
)
from scripts.sandbox.intercom.calls import answer
from scripts.sandbox.intercom.calls import twin as current_twin
from scripts.sandbox.intercom.refusals import refuse
from scripts.sandbox.intercom.twin import IntercomTwin, parse_version
from scripts.sandbox.locked_app import LockedApp
from scripts.sandbox.refusals import RefusedError

log = get_logger(__name__)

SERVICE = "intercom"
_PARTS = (
    people, contacts, attributes, tags, tickets, conversations, articles, macros, control, inbox,
)  # fmt: skip
API = (
    "/me", "/admins", "/teams", "/contacts", "/companies", "/conversations", "/tags", "/data_attributes", "/articles",
    "/internal_articles", "/help_center", "/tickets", "/ticket_types", "/ticket_states", "/macros",
)  # fmt: skip
_CODES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 408: "client_error", 409: "conflict",
    410: "contact_merged", 422: "data_invalid", 429: "rate_limit_exceeded",
}  # fmt: skip


def create_intercom_app(twin: IntercomTwin) -> Flask:
    """Return the application for one twin."""
    app = LockedApp(__name__, root_path=str(pages.ROOT), static_folder="static", template_folder="templates")
    app.extensions["twin"] = twin
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    for part in _PARTS:
        app.register_blueprint(part.bp)
    app.register_blueprint(
        control_shared.blueprint(
            SERVICE,
            twin.books,
            twin.faults,
            twin.model,
            says_too=lambda: {"webhooks_idle": twin.sender.is_idle()},
        )
    )
    app.before_request(_guard)
    app.after_request(_show_limits)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(404, _unknown)
    app.register_error_handler(405, _unknown)
    app.register_error_handler(Exception, _crashed)
    app.wsgi_app = Doorman(  # type: ignore[method-assign]
        app.wsgi_app, twin.books, twin.faults, service=SERVICE, prefixes=API, stand_in=_stand_in
    )
    return app


def _is_api() -> bool:
    return request.path.startswith(API)


def _guard() -> Response | None:
    """Authenticate an API call, count it against the window, and see which version it wants.

    What another site makes a browser send is refused everywhere: the inbox has no log-in to protect it.
    """
    g.request_id = str(uuid.uuid4())
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method != "GET":
        return answer({"error": "sent from another site"}, 403)
    if not _is_api():
        return None
    twin = current_twin()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    known = twin.world.account.access_token.encode()
    if kind.lower() != "bearer" or not compare_digest(token.strip().encode(), known):
        raise refuse(401, "unauthorized", "Access Token Invalid")
    g.budget = twin.count()
    if g.budget.over:
        limit, window = g.budget.total, g.budget.rule.window_seconds
        raise refuse(429, "rate_limit_exceeded", f"Exceeded rate limit of {limit} in {window}_seconds")
    _see_version(twin)
    with twin.world.lock:
        twin.desk.wake_due()
    return None


def _see_version(twin: IntercomTwin) -> None:
    given = request.headers.get("Intercom-Version")
    try:
        g.version = parse_version(given) if given else twin.app_version
    except ValueError as error:
        message = f"The requested version is not supported: {given}"
        raise refuse(400, "intercom_version_invalid", message) from error


def _show_limits(response: Response) -> Response:
    if _is_api():
        response.headers["X-Request-Id"] = g.request_id
    if budget := g.get("budget"):
        reset = current_twin().world.stamp() + budget.resets
        response.headers["X-RateLimit-Limit"] = str(budget.total)
        response.headers["X-RateLimit-Remaining"] = str(budget.remaining)
        response.headers["X-RateLimit-Reset"] = str(reset)
    return response


def _refused(error: RefusedError) -> Response:
    listed = {"type": "error.list", "request_id": g.request_id, "errors": error.payload["errors"]}
    return answer(listed, error.status, error.headers)


def _unknown(error: HTTPException) -> Response | HTTPException:
    if not _is_api():
        return error
    return _refused(refuse(error.code or 404, "not_found", "The requested resource was not found"))


def _crashed(error: Exception) -> Response | HTTPException:
    """Answer a mistake of the twin itself with 500 and a log line with the traceback."""
    if isinstance(error, HTTPException):
        return error
    log.error("sandbox_crashed", method=request.method, path=request.path, exc_info=error)
    return _refused(refuse(500, "server_error", "The sandbox itself failed; see its log"))


def _stand_in(fault: Fault) -> tuple[dict[str, str], bytes]:
    """Return a fault's own answer: its text if it has one, else the vendor's list of errors."""
    if fault.body:
        return {"Content-Type": "text/plain; charset=utf-8"}, fault.body.encode()
    code = fault.error_code or _CODES.get(fault.status or 500, "server_error")
    error = {"code": code, "message": "As ordered"}
    listed = {"type": "error.list", "request_id": str(uuid.uuid4()), "errors": [error]}
    return {"Content-Type": "application/json; charset=utf-8"}, json.dumps(listed).encode()
