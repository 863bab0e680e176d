"""What the body of a ticket write asks for: follow-ups, and tags in bulk."""


def test_follow_up_of_a_closed_ticket(api, control, ticket):
    """A follow-up keeps requester and subject and is listed by its source; an open ticket has none."""
    wanted = {"ticket": {"via_followup_source_id": ticket, "comment": {"body": "Again"}}}
    assert api.post("/tickets", wanted).status_code == 422
    control("staff", ticket_id=ticket, status="solved")
    control("clock", days=29)
    made = api.post("/tickets", wanted).json["ticket"]
    source = api.get(f"/tickets/{ticket}").json["ticket"]
    assert source["followup_ids"] == [made["id"]]
    assert made["requester_id"] == source["requester_id"]
    assert (made["via"]["source"]["rel"], made["via"]["source"]["from"]["ticket_id"]) == ("follow_up", ticket)
    assert made["subject"] == "Re: Tap"
    wanted["ticket"]["via_followup_source_id"] = 999
    assert api.post("/tickets", wanted).status_code == 404
