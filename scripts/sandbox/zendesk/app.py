"""The Zendesk side as one Flask application: API, control and inbox over one twin, with books, limits and faults."""

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from config.logs import get_logger
from scripts.sandbox import control, inbox
from scripts.sandbox.faults import Fault
from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk import (
    account,
    auth,
    budgets,
    exports,
    fields,
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
    suspended,
    tickets,
    translations,
    uploads,
    views,
)
from scripts.sandbox.zendesk.calls import answer
from scripts.sandbox.zendesk.calls import twin as current_twin

log = get_logger(__name__)

_TOO_MANY = "Number of allowed API requests per minute exceeded"


_PARTS = (
    auth, account, people, identities, groups, tickets, jobs, uploads, fields, views, macros, rules, hooks, ratings,
    suspended, shelves, translations, help_center, exports, searches, control, inbox,
)  # fmt: skip


class TwinApp(Flask):
    """Runs every view under the lock of the account, except those that say they wait for someone else."""

    def dispatch_request(self) -> Any:
        view = self.view_functions.get(request.endpoint or "")
        lock = nullcontext() if getattr(view, "takes_no_lock", False) else self.extensions["twin"].world.lock
        with lock:
            return super().dispatch_request()


def create_zendesk_app(twin: Twin) -> Flask:
    """Return the application for one twin."""
    app = TwinApp(__name__, root_path=str(inbox.ROOT), static_folder="static", template_folder="templates")
    app.extensions["twin"] = twin
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    for part in _PARTS:
        app.register_blueprint(part.bp)
    app.before_request(_guard)
    app.after_request(_show_limits)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(404, _unknown)
    app.register_error_handler(Exception, _crashed)
    app.wsgi_app = Doorman(app.wsgi_app, twin)  # type: ignore[method-assign]
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


def _show_limits(response: Response) -> Response:
    if _is_api():
        response.headers["X-Request-Id"] = str(uuid.uuid4())
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


Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Doorman:
    """Stands before the application: drops `.json`, spoils calls as ordered, and writes API calls into the books."""

    def __init__(self, app: Callable[[Environ, StartResponse], Iterable[bytes]], twin: Twin) -> None:
        self._app, self._twin = app, twin

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(("/api/v2", "/oauth/")):
            return self._app(environ, start_response)
        if path.endswith(".json"):
            path = environ["PATH_INFO"] = path.removesuffix(".json")
        start = time.monotonic()
        seen: list[str] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.append(status)
            return start_response(status, headers, exc_info)

        fault = self._twin.faults.take(environ["REQUEST_METHOD"], path)
        result = self._spoil(fault, environ, note) if fault else list(self._app(environ, note))
        self._twin.books.add(
            "request",
            method=environ["REQUEST_METHOD"],
            path=path,
            status=int(seen[-1].split()[0]) if seen else 0,
            latency_ms=round((time.monotonic() - start) * 1000, 2),
            fault=fault is not None,
        )
        return result

    def _spoil(self, fault: Fault, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Carry out one fault. A `status` without `after_commit` means that the work is not done at all."""
        time.sleep(fault.delay_before)
        if not fault.does_the_work:
            return _stand_in(fault, start_response)
        kept: list[Any] = []
        data = b"".join(self._app(environ, lambda *args: kept.append(args)))
        time.sleep(fault.delay_after_commit)
        if fault.drop_answer:
            environ["sandbox.spoil"] = "drop"  # the server closes the connection without a word
            start_response("000 dropped", [])
            return []
        if fault.status is not None:
            return _stand_in(fault, start_response)
        if fault.wrong_json:
            data = data[: max(1, len(data) // 2)]
            kept[-1] = (kept[-1][0], [row for row in kept[-1][1] if row[0].lower() != "content-length"])
        if fault.reset_mid_body:
            environ["sandbox.spoil"] = "reset"
        environ["sandbox.drip_seconds"] = fault.drip_seconds
        start_response(*kept[-1])
        return [data]


def _stand_in(fault: Fault, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with what the fault says instead of what the work gave."""
    start_response(f"{fault.status} Fault", [("Content-Type", "text/plain; charset=utf-8"), *fault.headers.items()])
    return [fault.body.encode()]
