"""Satisfaction ratings and suspended mail."""

import pytest


def test_rating_shows_on_ticket_and_list(api, control, ticket):
    """A requester's rating stands on the ticket and in the list, which picks by score and comment."""
    assert api.get(f"/tickets/{ticket}").json["ticket"]["satisfaction_rating"] == {"score": "unoffered"}
    control("staff", ticket_id=ticket, status="solved")
    control("ratings", ticket_id=ticket, score="offered")
    assert api.get("/satisfaction_ratings?score=received").json["satisfaction_ratings"] == []
    control("ratings", ticket_id=ticket, score="bad", comment="too slow")
    shown = api.get(f"/tickets/{ticket}").json["ticket"]["satisfaction_rating"]
    assert (shown["score"], shown["comment"]) == ("bad", "too slow")
    for word, count in {"received": 1, "bad_with_comment": 1, "good": 0, "bad_without_comment": 0}.items():
        assert api.get(f"/satisfaction_ratings/count?score={word}").json["count"]["value"] == count
    (row,) = api.get("/satisfaction_ratings?start_time=1").json["satisfaction_ratings"]
    assert (row["ticket_id"], row["id"]) == (ticket, shown["id"])
    assert api.get(f"/satisfaction_ratings/{row['id']}").json["satisfaction_rating"] == row
    assert api.get("/satisfaction_ratings?end_time=1").json["satisfaction_ratings"] == []
    assert api.get("/satisfaction_ratings?score=odd").status_code == 400


def test_only_the_requester_rates(api, ticket):
    """The API refuses an agent's rating, and the control API one of an open ticket."""
    answer = api.post(f"/tickets/{ticket}/satisfaction_rating", {"satisfaction_rating": {"score": "good"}})
    assert answer.status_code == 403
    assert api.anyone.post("/_control/ratings", json={"ticket_id": ticket, "score": "good"}).status_code == 400


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
