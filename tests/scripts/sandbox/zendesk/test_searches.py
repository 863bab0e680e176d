"""Search by page, by cursor and counted; the exports of people and of what happened."""

from urllib.parse import quote


def test_export_goes_on_by_cursor_for_an_hour(api, control):
    """Pages follow each other without a gap; the kind must be given; a cursor ends after an hour."""
    for number in range(5):
        control("messages", subject=f"T{number}", body="drip", requester="a@x.example")
    path = "/search/export?query=drip&filter[type]=ticket&page[size]=2"
    seen, after, page = [], "", {}
    for _ in range(3):
        page = api.get(path + (f"&page[after]={quote(after)}" if after else "")).json
        seen += [row["id"] for row in page["results"]]
        after = page["meta"]["after_cursor"]
    assert seen == [1, 2, 3, 4, 5]
    assert page["meta"]["has_more"] is False
    assert api.get("/search/export?query=drip").status_code == 400
    control("clock", hours=2)
    assert api.get(f"{path}&page[after]={quote(after)}").status_code == 400


def test_count_and_kinds(api, control):
    """Counting agrees with finding; users, organizations and groups are found by `type:`."""
    control("messages", subject="S", body="drip", requester="ada@x.example", organization={"name": "Acme"})
    assert api.get("/search/count?query=type:ticket drip").json == {"count": 1}
    kinds = {"type:organization acme": "organization", "type:group billing": "group", "type:user ada": "user"}
    for query, kind in kinds.items():
        (row,) = api.get(f"/search?query={quote(query)}").json["results"]
        assert row["result_type"] == kind


def test_people_are_exported_in_order_of_change(api, control, twin):
    """Users and organizations changed since a second come, the oldest change first, by time and by cursor."""
    control("clock", hours=1)
    later = int(twin.world.now().timestamp())
    control("messages", subject="S", body="x", requester="ada@x.example", organization={"name": "Acme"})
    rows = api.get(f"/incremental/users?start_time={later}").json
    assert [row["email"] for row in rows["users"]] == ["ada@x.example"]
    assert rows["end_of_stream"] is True
    names = api.get(f"/incremental/organizations?start_time={later}").json["organizations"]
    assert [row["name"] for row in names] == ["Acme"]
    first = api.get(f"/incremental/users/cursor?start_time={later}").json
    assert len(first["users"]) == 1
    assert api.get(f"/incremental/users/cursor?cursor={quote(first['after_cursor'])}").json["users"] == []


def test_ticket_events_hold_comments_only_when_asked(api, ticket, twin):
    """One row an audit, with who did it; comments come with `include=comment_events`."""
    api.put(f"/tickets/{ticket}", {"ticket": {"priority": "high", "comment": {"body": "note", "public": False}}})
    plain = api.get("/incremental/ticket_events?start_time=0").json
    assert plain["count"] == 2
    assert [child["event_type"] for row in plain["ticket_events"] for child in row["child_events"]] == ["Change"]
    full = api.get("/incremental/ticket_events?start_time=0&include=comment_events").json["ticket_events"]
    assert [row["updater_id"] for row in full][1] == twin.world.user_by_email("deskhand@tidemark.example").id
    comment, change = full[1]["child_events"]
    assert (comment["body"], comment["comment_public"]) == ("note", False)
    assert (change["priority"], change["previous_value"]) == ("high", None)
    assert api.get("/incremental/tickets/sample?start_time=0").json["count"] == 1
