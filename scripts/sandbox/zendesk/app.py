"""The Zendesk side as one Flask application: API, control and inbox over one twin, with books, limits and faults."""

import uuid

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from config.logs import get_logger
from scripts.sandbox import control, control_shared, inbox, pages
from scripts.sandbox.doorman import Doorman
from scripts.sandbox.locked_app import LockedApp
from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk import (
    account,
    auth,
    budgets,
    exports,
    fields,
    forms,
    groups,
    help_center,
    hooks,
    identities,
    jobs,
    macros,
    people,
    ratings,
    rules,
    searches,
    shelves,
    slas,
    statuses,
    suspended,
    tickets,
    translations,
    uploads,
    views,
)
from scripts.sandbox.zendesk.calls import answer
from scripts.sandbox.zendesk.calls import twin as current_twin

log = get_logger(__name__)

SERVICE = "zendesk"
_TOO_MANY = "Number of allowed API requests per minute exceeded"


_PARTS = (
    auth, account, people, identities, groups, tickets, statuses, jobs, uploads, fields, forms, slas, views, macros,
    rules, hooks, ratings, suspended, shelves, translations, help_center, exports, searches, control, inbox,
)  # fmt: skip


def create_zendesk_app(twin: Twin) -> Flask:
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
    app.after_request(_head)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(404, _unknown)
    app.register_error_handler(Exception, _crashed)
    app.wsgi_app = Doorman(  # type: ignore[method-assign]
        app.wsgi_app, twin.books, twin.faults, service=SERVICE, prefixes=("/api/v2", "/oauth/"), drops_json=True
    )
    return app


def _is_api() -> bool:
    return request.path.startswith("/api/v2")


def _guard() -> Response | None:
    """Authenticate an API call, then count it; one too many is refused in plain text.

    What another site makes a browser send is refused everywhere: the inbox has no log-in to protect it.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method != "GET":
        return answer({"error": "Forbidden", "description": "sent from another site"}, 403)
    if not _is_api():
        return None
    twin = current_twin()
    with twin.world.lock:
        auth.authenticate()
        auth.check_scope()
    g.budgets = budgets.count(twin.limits, request.method, request.path, g.user.id if g.user else 0)
    over = [budget for budget in g.budgets if budget.over]
    if over:
        headers = {"Retry-After": str(max(budget.resets for budget in over))}
        return Response(_TOO_MANY, 429, headers, content_type="text/plain; charset=utf-8")
    return None


def _head(response: Response) -> Response:
    """Name the request, tell the account's time, and show what is left of each limit."""
    if _is_api():
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        response.date = current_twin().clock.now()
    if held := g.get("budgets"):
        response.headers.update(budgets.headers(held))
    return response


def _refused(error: RefusedError) -> Response:
    return answer(error.payload, error.status, error.headers)


def _unknown(error: HTTPException) -> Response | HTTPException:
    if not _is_api():
        return error
    return answer({"error": "InvalidEndpoint", "description": "Not found"}, 404)


def _crashed(error: Exception) -> Response | HTTPException:
    """Answer a mistake of the twin itself with 500 and a log line with the traceback."""
    if isinstance(error, HTTPException):
        return error
    log.error("sandbox_crashed", method=request.method, path=request.path, exc_info=error)
    return answer({"error": "InternalError", "description": "The sandbox itself failed; see its log"}, 500)
