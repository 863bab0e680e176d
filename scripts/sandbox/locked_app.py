"""A Flask application whose views run one at a time, under the lock of the account they are about."""

from contextlib import nullcontext
from typing import Any

from flask import Flask, request


class LockedApp(Flask):
    """Runs every view under the lock of the account, except those that say they wait for someone else.

    The twin that holds the account is the extension `twin`; a view that waits has the attribute `takes_no_lock`.
    """

    def dispatch_request(self) -> Any:
        view = self.view_functions.get(request.endpoint or "")
        lock = nullcontext() if getattr(view, "takes_no_lock", False) else self.extensions["twin"].world.lock
        with lock:
            return super().dispatch_request()
