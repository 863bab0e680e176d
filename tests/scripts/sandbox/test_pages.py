"""What the inboxes of all vendors share."""

from datetime import UTC, datetime
from types import SimpleNamespace

import flask
import pytest

from scripts.sandbox import pages


@pytest.fixture(name="app")
def app_fixture():
    """An application whose account's clock stands still."""
    app = flask.Flask(__name__)
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    app.extensions["twin"] = SimpleNamespace(world=SimpleNamespace(now=lambda: now))
    with app.app_context():
        yield app


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("2026-11-20T11:59:30Z", "just now"),
        ("2026-11-20T11:15:00Z", "45 min ago"),
        ("2026-11-20T02:00:00Z", "10 h ago"),
        ("2026-11-17T12:00:00Z", "3 d ago"),
        ("2026-01-02T12:00:00Z", "2 Jan 2026"),
        ("soon", "soon"),
    ],
)
def test_ago_takes_the_largest_unit(app, stamp, words):
    """Times read as people say them; what is no time stays as it is."""
    assert pages.ago(stamp) == words


def test_when_and_initials():
    """A date is written out, a name is cut to two letters, nothing is a question mark."""
    assert pages.when("2026-11-20T09:05:00Z") == "20 Nov 2026, 09:05 UTC"
    assert (pages.initials("Ada Doe Roe"), pages.initials("")) == ("AD", "?")


def test_only_pages_are_fenced():
    """A page may run nothing; a file is served as it is."""
    page = pages.fence(flask.Response("x", mimetype="text/html"))
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Content-Security-Policy" not in pages.fence(flask.Response("x", mimetype="text/css")).headers
