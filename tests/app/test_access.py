"""Who holds the token, and who is on this machine."""

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from app import access
from config.settings import Settings

SETTINGS = Settings(_env_file=None, DESKHAND_API_TOKEN="right-token")


def request(*, remote="127.0.0.1", **headers):
    builder = EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": remote})
    return Request(builder.get_environ())


@pytest.mark.parametrize("given", ["", "wrong", "right-token ", "right-toke", "\ud800", "é"])
def test_only_the_token_is_the_token(given):
    """Anything else is refused, whatever characters it has."""
    assert not access.is_token(SETTINGS, given)
    assert access.is_token(SETTINGS, "right-token")


def test_without_a_token_nothing_is_the_token():
    """An empty setting does not let an empty word in."""
    assert not access.is_token(Settings(_env_file=None, DESKHAND_API_TOKEN=""), "")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("Bearer right-token", True),
        ("bearer right-token", True),
        ("Bearer wrong", False),
        ("Basic right-token", False),
        ("right-token", False),
        ("", False),
    ],
)
def test_the_bearer_header_is_read(header, wanted):
    """The scheme's case does not matter, all else does."""
    assert access.has_bearer(SETTINGS, request(Authorization=header)) is wanted


@pytest.mark.parametrize(
    ("remote", "headers", "wanted"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.0.0.7", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
    ],
)
def test_local_is_this_machine_without_a_proxy_between(remote, headers, wanted):
    """What a proxy on this machine passes on is not local."""
    assert access.is_local(request(remote=remote, **headers)) is wanted
