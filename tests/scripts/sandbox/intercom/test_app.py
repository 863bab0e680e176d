"""The door of the workspace: token, version, limits, refusals, faults, books."""

import re

import pytest


def test_without_the_token_nothing_is_told(api, control):
    """401 in the list of errors, and no word about limits; a changed token ends the old one."""
    refused = api.anyone.get("/me")
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (401, "unauthorized")
    assert "X-RateLimit-Limit" not in refused.headers
    assert api.get("/me").json["app"]["id_code"] == "tide1234"
    control("token", token="another")
    assert api.get("/me").status_code == 401


@pytest.mark.parametrize("version", ["2.11", "2.14", "2.16", "Preview"])
def test_known_versions_are_served(api, version):
    """From 2.11 on."""
    assert api.get("/me", version=version).status_code == 200


@pytest.mark.parametrize("version", ["2.10", "2.17", "3.0", "new", "2.x"])
def test_other_versions_are_refused(api, version):
    """With the code that says so."""
    refused = api.get("/me", version=version)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (400, "intercom_version_invalid")


def test_the_apps_version_holds_where_none_is_named(api, control, talk):
    """The header wins over it."""
    control("switches", app_version="2.14")
    token = {"Authorization": "Bearer sandbox-intercom-token"}
    assert api.anyone.get(f"/conversations/{talk}", headers=token).json["priority"] == "not_priority"
    assert api.get(f"/conversations/{talk}").json["priority"] == "none"


def test_limits_hold_for_a_window_of_ten_seconds(api, control):
    """A sixth of the minute's figure, told in headers; over it 429; the next window begins anew."""
    answer = api.get("/me")
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("1667", "1666")
    control("switches", limits=True, limit_per_minute=12, window_seconds=10)
    statuses = [api.get("/me") for _ in range(6)]
    refused = next(one for one in statuses if one.status_code == 429)
    assert refused.json["errors"][0]["message"] == "Exceeded rate limit of 2 in 10_seconds"
    assert int(refused.headers["X-RateLimit-Reset"]) >= control("clock", seconds=0)["now"]
    control("clock", seconds=11)
    assert api.get("/me").status_code == 200


def test_faults_come_in_the_vendors_words(api, control):
    """A status without text is a list of errors with the fitting code; the work may be done before it."""
    control("faults", faults=[{"path": "/me", "status": 429, "times": 1}, {"path": "/me", "status": 502, "times": 1}])
    assert [api.get("/me").json["errors"][0]["code"] for _ in range(2)] == ["rate_limit_exceeded", "server_error"]
    control("faults", faults=[{"method": "POST", "path": "/tags$", "status": 502, "after_commit": True}])
    assert api.post("/tags", {"name": "hot"}).status_code == 502
    control("faults", faults=[])
    assert [tag["name"] for tag in api.get("/tags").json["data"]] == ["hot"]


def test_the_books_have_every_call(api, talk):
    """With the service, and what was written."""
    api.get(f"/conversations/{talk}")
    rows = api.anyone.get("/_control/books?service=intercom").json["entries"]
    assert [(row["kind"], row.get("action") or row["path"]) for row in rows] == [
        ("write", "create"),
        ("request", f"/conversations/{talk}"),
    ]


def test_unknown_paths_and_methods_are_refused_in_kind(api):
    """What is no page answers in JSON, with the number of the request."""
    for answer in (api.get("/conversations/1/nothing"), api.put("/tags", {})):
        assert answer.status_code in (404, 405)
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.json["request_id"])


def test_other_sites_cannot_write(api):
    """The inbox has no log-in: what another site makes a browser send is refused."""
    sent = api.anyone.post("/inbox/new", data={"body": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403
