"""Suspended mail over the API."""

import pytest


@pytest.fixture(name="waiting")
def waiting_fixture(control):
    """Two suspended mails; the second has no sender."""
    first = control("suspend", subject="Out of office", body="Away", cause="Automated response mail",
                    requester={"name": "Bea", "email": "bea@x.example"})  # fmt: skip
    return [first["suspended_ticket_id"], control("suspend", subject="?", body="?")["suspended_ticket_id"]]


def test_suspended_mail_is_no_ticket(api, waiting, twin):
    """It is listed with its cause, and neither ticket nor user nor write came of it."""
    rows = api.get("/suspended_tickets").json["suspended_tickets"]
    assert [row["id"] for row in rows] == waiting
    assert (rows[0]["cause"], rows[0]["author"]["email"]) == ("Automated response mail", "bea@x.example")
    assert not twin.world.tickets
    assert twin.world.user_by_email("bea@x.example") is None
    assert all(entry["kind"] == "request" for entry in twin.books.since(0)[0])


def test_recovering_one_makes_the_caller_its_requester(api, waiting, twin):
    """`recover` gives the ticket to who recovers; it is gone from the list."""
    made = api.put(f"/suspended_tickets/{waiting[0]}/recover").json["ticket"][0]
    assert made["requester_id"] == twin.world.user_by_email("deskhand@tidemark.example").id
    assert api.get(f"/suspended_tickets/{waiting[0]}").status_code == 404


def test_recovering_many_keeps_the_sender_and_tells_failures(api, waiting, twin):
    """`recover_many` makes the sender the requester; a mail without one is listed under 422."""
    answer = api.put(f"/suspended_tickets/recover_many?ids={waiting[0]},{waiting[1]}")
    assert answer.status_code == 422
    assert answer.json["tickets"][0]["requester_id"] == twin.world.user_by_email("bea@x.example").id
    assert [row["id"] for row in answer.json["suspended_tickets"]] == [waiting[1]]
    assert api.delete(f"/suspended_tickets/destroy_many?ids={waiting[1]}").status_code == 204
    assert api.get("/suspended_tickets").json["suspended_tickets"] == []
