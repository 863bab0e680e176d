"""Satisfaction ratings over the API."""


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
