"""Log-in, its cookie, and its patience."""

import re

import pytest

from app.dashboard.login import Patience
from tests.fakes.record import TOKEN


def form_of(page):
    return re.search(r'name="form" value="([^"]+)"', page.text)[1]


def log_in(client, token=TOKEN, target=""):
    form = form_of(client.get("/dashboard/login"))
    return client.post("/dashboard/login", data={"form": form, "token": token, "next": target})


def test_the_token_opens_the_dashboard(door):
    """After the log-in the pages are shown; the cookie is for this site and for no script."""
    client = door.client()
    answer = log_in(client)
    assert (answer.status_code, answer.location) == (303, "/dashboard")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/dashboard" in cookie
    assert TOKEN not in cookie
    assert client.get("/dashboard").status_code == 200


def test_behind_https_the_cookie_is_for_https_only(door):
    """The public address says whether the cookie may travel in the clear."""
    answer = log_in_secure(door.client(public_url="https://deskhand.example"))
    assert "Secure" in answer.headers["Set-Cookie"]


def log_in_secure(client):
    page = client.get("/dashboard/login", base_url="https://deskhand.example")
    data = {"form": form_of(page), "token": TOKEN}
    return client.post("/dashboard/login", data=data, base_url="https://deskhand.example")


def test_a_wrong_token_opens_nothing(door):
    """401, and the pages stay closed."""
    client = door.client()
    assert log_in(client, "wrong").status_code == 401
    assert client.get("/dashboard").status_code == 401


def test_a_form_of_another_site_opens_nothing(door):
    """Without this session's form token even the right token is not taken."""
    client = door.client()
    client.get("/dashboard/login")
    for form in ("", "forged"):
        assert client.post("/dashboard/login", data={"form": form, "token": TOKEN}).status_code == 400
    assert client.get("/dashboard").status_code == 401


def test_logging_out_needs_the_form_and_ends_the_session(door):
    """A foreign page cannot log anybody out; the button can."""
    client = door.client()
    log_in(client)
    assert client.post("/dashboard/logout", data={}).status_code == 400
    form = form_of(client.get("/dashboard"))
    assert client.post("/dashboard/logout", data={"form": form}).status_code == 303
    assert client.get("/dashboard").status_code == 401


def test_a_new_token_ends_old_sessions(door):
    """Cookies are signed with a key made from the token."""
    client = door.client()
    log_in(client)
    cookie = client.get_cookie("deskhand_session", path="/dashboard").value
    from pydantic import SecretStr

    other = door.client(api_token=SecretStr("another-token"))
    other.set_cookie("deskhand_session", cookie, path="/dashboard")
    assert other.get("/dashboard").status_code == 401


def test_a_forged_cookie_opens_nothing(door):
    """A cookie that this key did not sign counts as none."""
    client = door.client()
    client.set_cookie("deskhand_session", "eyJpc19pbiI6dHJ1ZX0.aaaa.bbbb", path="/dashboard")
    assert client.get("/dashboard").status_code == 401


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/dashboard/cases?action=draft", "/dashboard/cases?action=draft"),
        ("https://evil.example/", "/dashboard"),
        ("//evil.example", "/dashboard"),
        ("/dashboard/\\evil", "/dashboard"),
        ("/dashboardevil", "/dashboard"),
        ("/dashboard/logout", "/dashboard"),
        ("/dashboard/x\r\nSet-Cookie: a=b", "/dashboard"),
        ("", "/dashboard"),
    ],
)
def test_after_the_log_in_one_stays_here(door, target, wanted):
    """Only a page of the dashboard is gone on to."""
    assert log_in(door.client(), target=target).location == wanted


def test_too_many_wrong_tokens_are_told_to_wait(door):
    """After ten wrong ones in a minute even the right one waits."""
    client = door.client()
    for _ in range(10):
        assert log_in(client, "wrong").status_code == 401
    assert log_in(client).status_code == 429


def test_patience_comes_back():
    """Old failures are forgotten."""
    patience = Patience(tries=2, seconds=0.0)
    patience.note_failure()
    patience.note_failure()
    assert not patience.is_over()
