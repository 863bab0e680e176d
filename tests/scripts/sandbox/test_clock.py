"""The account's clock moved ahead: tokens end, windows pass, solved tickets close."""

import pytest


def test_solved_tickets_close_by_age_without_a_trigger(api, control, ticket, twin):
    """After four weeks the system closes what is solved; nothing fires, and `updated_at` stays."""
    control("staff", ticket_id=ticket, status="solved")
    solved_at = twin.world.tickets[ticket].updated_at
    assert control("clock", days=27)["closed"] == []
    assert control("clock", days=1, seconds=1)["closed"] == [ticket]
    shown = api.get(f"/tickets/{ticket}").json["ticket"]
    assert (shown["status"], shown["updated_at"]) == ("closed", solved_at)
    assert twin.books.since(0)[0][-2]["action"] == "close"


def test_token_ends_and_window_passes(api, control, ticket):
    """An access token is refused after its time, and a spent budget is whole again in the next window."""
    asked = {"grant_type": "client_credentials", "client_id": "deskhand", "client_secret": "sandbox-client-secret"}
    token = api.anyone.post("/oauth/tokens", json={**asked, "expires_in": 300}).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert api.anyone.get("/api/v2/groups", headers=bearer).status_code == 200
    control("switches", limits=True)
    calls = [api.get("/incremental/tickets/cursor?start_time=0").status_code for _ in range(11)]
    assert calls[-1] == 429
    control("clock", minutes=6)
    assert api.anyone.get("/api/v2/groups", headers=bearer).status_code == 401
    assert api.get("/incremental/tickets/cursor?start_time=0").status_code == 200


@pytest.mark.parametrize("given", [{"days": -1}, {"weeks": 1}, {"days": "1"}, {"days": True}])
def test_odd_steps_are_refused(api, given):
    """The clock goes forward by numbers of known units only."""
    assert api.anyone.post("/_control/clock", json=given).status_code == 400


def test_reset_brings_real_time_back(api, control):
    """After a reset the account lives in the present."""
    control("clock", days=100)
    control("reset")
    assert api.anyone.get("/_control/clock").json["ahead_seconds"] == 0
