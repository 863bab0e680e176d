"""Who gets in, and how refusals look."""

import pytest

from scripts.sandbox.state import User

GRANT = {"grant_type": "client_credentials", "client_id": "deskhand", "client_secret": "sandbox-client-secret"}


def test_client_credentials_give_a_token_of_the_owner(api):
    """The bearer token acts as the service user; a wrong token is 401 in OAuth words."""
    got = api.anyone.post("/oauth/tokens", json={**GRANT, "expires_in": 600}).json
    assert (got["token_type"], got["expires_in"]) == ("bearer", 600)
    me = api.anyone.get("/api/v2/users/me.json", headers={"Authorization": f"Bearer {got['access_token']}"}).json
    assert me["user"]["email"] == "deskhand@tidemark.example"
    wrong = api.anyone.get("/api/v2/users/me.json", headers={"Authorization": "Bearer no"})
    assert (wrong.status_code, wrong.json["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_secret": "x"}, 401),
        ({"client_id": "é"}, 401),
        ({"grant_type": "password"}, 400),
        ({"expires_in": 9}, 400),
    ],
)
def test_wrong_grants_are_refused(api, change, status):
    """A wrong secret, client, grant or lifetime gets no token."""
    answer = api.anyone.post("/oauth/tokens", json={**GRANT, **change})
    assert answer.status_code == status
    assert "access_token" not in answer.json


def test_users_me_is_open_to_anyone_but_shows_nobody(api):
    """Without usable credentials `users/me` is 200 with an anonymous user; everything else is 401."""
    anonymous = api.anyone.get("/api/v2/users/me.json")
    assert (anonymous.status_code, anonymous.json["user"]["id"]) == (200, None)
    bad = api.anyone.get("/api/v2/users/me", auth=("deskhand@tidemark.example/token", "wrong"))
    assert bad.json["user"]["id"] is None
    refused = api.anyone.get("/api/v2/tickets")
    assert (refused.status_code, refused.json["error"]) == (401, "Couldn't authenticate you")


def test_roles_are_held(api, twin, ticket):
    """An end user gets 403 everywhere, an agent 403 at exports and webhooks."""
    twin.world.add_user(User(5, "End", "end@x.example"))
    token = "sandbox-api-token"
    assert api.anyone.get("/api/v2/tickets", auth=("end@x.example/token", token)).status_code == 403
    priya = ("priya@tidemark.example/token", token)
    assert api.anyone.get(f"/api/v2/tickets/{ticket}", auth=priya).status_code == 200
    assert api.anyone.get("/api/v2/incremental/tickets/cursor?start_time=0", auth=priya).status_code == 403
    assert api.anyone.get("/api/v2/webhooks", auth=priya).status_code == 403


def test_unknown_paths_and_bodies_get_json(api):
    """An unknown endpoint and a body that is no JSON are refused in JSON."""
    assert api.get("/nonsense.json").json["error"] == "InvalidEndpoint"
    assert api.put("/tickets/1", data=b"{").status_code == 404
    assert api.post("/tickets", data=b"{").status_code == 400


@pytest.mark.parametrize(
    ("scope", "may_read", "may_write"),
    [
        ("read write", True, True),
        ("read", True, False),
        ("tickets:read tickets:write", True, True),
        ("users:read", False, False),
        ("nonsense", False, False),
    ],
)
def test_scopes_are_held(api, ticket, scope, may_read, may_write):
    """A token reads and writes only what its scopes name; an unknown name is noticed no sooner than here."""
    asked = {"grant_type": "client_credentials", "client_id": "deskhand", "client_secret": "sandbox-client-secret"}
    token = api.anyone.post("/oauth/tokens", json={**asked, "scope": scope}).json["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    path = f"/api/v2/tickets/{ticket}"
    assert api.anyone.get(path, headers=head).status_code == (200 if may_read else 403)
    change = {"ticket": {"priority": "low"}}
    assert api.anyone.put(path, json=change, headers=head).status_code == (200 if may_write else 403)
