"""The part of the control API that every stand-in has: faults, books, and switches of the model."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Protocol

import flask

from scripts.sandbox import faults as fault_rules
from scripts.sandbox.books import Books
from scripts.sandbox.faults import Faults

_MAX_ENTRIES = 10_000


class Switched(Protocol):
    """What has switches: shown all at once, set by name, ValueError for what cannot be meant."""

    def switches(self) -> dict[str, Any]: ...

    def switch(self, wanted: dict[str, Any]) -> None: ...


class NotHereError(Exception):
    """Asked from another machine."""


def only_here() -> None:
    """Raise NotHereError unless the call comes from this machine."""
    if not ip_address(flask.request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - compared, not bound
        raise NotHereError


def given() -> dict[str, Any]:
    """Return the body of the call; raise ValueError if it is no JSON object."""
    values = flask.request.get_json(force=True, silent=True)
    if not isinstance(values, dict):
        raise ValueError("the body must be a JSON object")
    return values


def guard(bp: flask.Blueprint) -> None:
    """Let a control API answer this machine alone, and say in a line what was wrong with a call."""
    bp.before_request(only_here)
    bp.register_error_handler(NotHereError, from_elsewhere)
    for kind in (ValueError, TypeError, KeyError):
        bp.register_error_handler(kind, wrong_input)


def add_common(
    bp: flask.Blueprint,
    twin: Callable[[], Any],
    load: Callable[[Any, dict[str, Any]], Any],
    answer: Callable[[dict[str, Any]], flask.Response],
) -> None:
    """Add what every helpdesk's stand-in has: load, state, reset and switches. `twin` gives the one being asked."""

    @bp.post("/load")
    def load_rows() -> flask.Response:
        return answer({"loaded": load(twin(), given())})

    @bp.get("/state")
    def state() -> flask.Response:
        return answer(twin().world.to_dict())

    @bp.post("/reset")
    def reset() -> flask.Response:
        twin().reset()
        return answer({"reset": True})

    @bp.get("/switches")
    def show_switches() -> flask.Response:
        return answer(twin().switches())

    @bp.post("/switches")
    def set_switches() -> flask.Response:
        twin().switch(given())
        return answer(twin().switches())


def blueprint(
    service: str,
    books: Books,
    faults: Faults,
    model: Switched | None = None,
    *,
    says_too: Callable[[], dict[str, Any]] = dict,
    reset: Callable[[], None] | None = None,
) -> flask.Blueprint:
    """Return the routes under `/_control/` for one service. A fault set here is this service's unless it names another.

    `says_too` is added to the answers of `/books`.
    """
    bp = flask.Blueprint("control_shared", __name__, url_prefix="/_control")

    guard(bp)

    @bp.get("/faults")
    def show_faults() -> dict[str, Any]:
        return {"faults": faults.rows()}

    @bp.post("/faults")
    def set_faults() -> dict[str, Any]:
        """Replace the list of faults by the one given; an empty list ends them."""
        rows = [fault_rules.parse(row, service) for row in given().get("faults", [])]
        faults.replace(rows)
        return {"faults": len(rows)}

    @bp.get("/books")
    def show_books() -> dict[str, Any]:
        """Return entries after `since`, at most `limit`; `kind` picks request, write or webhook; `service` whose."""
        since = flask.request.args.get("since", 0, type=int)
        limit = flask.request.args.get("limit", 1000, type=int)
        entries, newest = books.since(since, min(limit, _MAX_ENTRIES))
        next_since = entries[-1]["seq"] if entries else newest
        for name in ("kind", "service"):
            if wanted := flask.request.args.get(name):
                entries = [entry for entry in entries if entry.get(name) == wanted]
        return {"entries": entries, "next_since": next_since, "newest": newest, **says_too()}

    if model is not None:
        _add_model(bp, model)
    if reset is not None:
        _add_reset(bp, reset)
    return bp


def _add_model(bp: flask.Blueprint, model: Switched) -> None:
    @bp.get("/model")
    def show_model() -> dict[str, Any]:
        return model.switches()

    @bp.post("/model")
    def set_model() -> dict[str, Any]:
        """Set the model's character, latency and limits."""
        model.switch(given())
        return model.switches()


def _add_reset(bp: flask.Blueprint, reset: Callable[[], None]) -> None:
    @bp.post("/reset")
    def start_again() -> dict[str, Any]:
        reset()
        return {"reset": True}


def wrong_input(error: Exception) -> tuple[dict[str, str], int]:
    """Answer a mistake in what was given."""
    return {"error": f"{error} is missing" if isinstance(error, KeyError) else str(error)}, 400


def from_elsewhere(_: Exception) -> tuple[dict[str, str], int]:
    """Answer another machine."""
    return {"error": "the control API answers this machine only"}, 403
