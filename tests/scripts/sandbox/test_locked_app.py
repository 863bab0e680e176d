"""Views run under the lock of their account, but for those that wait for someone else."""

import threading
from types import SimpleNamespace

from scripts.sandbox.locked_app import LockedApp


def test_only_views_that_wait_run_without_the_lock():
    """Somebody else can't have the lock while a view runs, unless the view says that it waits."""
    lock = threading.Lock()
    app = LockedApp(__name__)
    app.extensions["twin"] = SimpleNamespace(world=SimpleNamespace(lock=lock))

    @app.get("/held")
    def held():
        return str(lock.locked())

    @app.get("/free")
    def free():
        return str(lock.locked())

    free.takes_no_lock = True
    client = app.test_client()
    assert (client.get("/held").text, client.get("/free").text) == ("True", "False")
    assert not lock.locked()
