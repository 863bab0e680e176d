"""The control API: load, act, spoil, look into the books."""

import pytest


def test_ready_names_the_address(api):
    """`ready` answers as soon as the account is there."""
    assert api.anyone.get("/_control/ready").json["ready"] is True


def test_only_this_machine_is_answered(api):
    """A request from elsewhere, or one another site made a browser send, is refused."""
    far = api.anyone.get("/_control/state", environ_overrides={"REMOTE_ADDR": "10.0.0.9"})
    assert far.status_code == 403
    crossed = api.anyone.post("/_control/reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403


def test_message_makes_people_organization_and_mail(api, control, twin):
    """A message brings its requester and organization into being, and looks like mail."""
    made = control(
        "messages",
        subject="S",
        html="<p>Hi <b>you</b></p>",
        requester={"name": "Ada", "email": "ada@x.example", "locale": "fr", "tags": ["gold"]},
        organization={"name": "Acme", "tags": ["vip"]},
        flags=["automatic", 3],
        attachments=[{"file_name": "a.txt", "content": "héllo"}],
        tags=["one"],
    )
    shown = api.get(f"/tickets/{made['ticket_id']}?include=users,organizations").json
    assert shown["ticket"]["tags"] == ["gold", "one", "vip"]
    assert shown["ticket"]["via"]["channel"] == "email"
    assert shown["ticket"]["via"]["source"]["from"]["address"] == "ada@x.example"
    assert shown["organizations"][0]["name"] == "Acme"
    assert shown["users"][0]["locale"] == "fr"
    (comment,) = api.get(f"/tickets/{made['ticket_id']}/comments").json["comments"]
    assert comment["id"] == made["comment_id"]
    assert comment["plain_body"] == "Hi you"
    assert comment["metadata"]["flags"] == [4, 3]
    (file,) = comment["attachments"]
    assert file["size"] == 6
    got = api.anyone.get(file["content_url"].removeprefix(twin.world.base_url))
    assert got.text == "héllo"
    assert got.headers["Content-Disposition"] == "attachment"


def test_staff_open_a_ticket_for_a_requester(api, control, twin):
    """A ticket that staff write has the customer as requester, and a staff member as author and submitter."""
    person = {"name": "Ada", "email": "ada@x.example"}
    made = control("messages", subject="S", body="B", requester=person, opened_by="staff", staff="Lena")
    shown = api.get(f"/tickets/{made['ticket_id']}").json["ticket"]
    lena = twin.world.user_by_email("lena@tidemark.example").id
    assert shown["requester_id"] == twin.world.user_by_email("ada@x.example").id
    assert shown["submitter_id"] == lena
    assert shown["via"]["channel"] == "web"
    assert api.get(f"/tickets/{made['ticket_id']}/comments").json["comments"][0]["author_id"] == lena


@pytest.mark.parametrize("status", ["pending", "hold", "solved"])
def test_reply_reopens(control, ticket, status):
    """A requester's reply opens a pending, held or solved ticket."""
    control("staff", ticket_id=ticket, staff="Priya", status=status)
    assert control("messages", ticket_id=ticket, body="again")["status"] == "open"


def test_reply_to_a_closed_ticket_opens_a_follow_up(api, control, ticket):
    """A closed ticket stays closed; the follow-up names it, and it names the follow-up."""
    control("staff", ticket_id=ticket, status="solved")
    control("age", ticket_id=ticket)
    made = control("messages", ticket_id=ticket, body="again")
    assert made["ticket_id"] != ticket
    follow_up = api.get(f"/tickets/{made['ticket_id']}").json["ticket"]
    assert follow_up["via"]["source"]["rel"] == "follow_up"
    assert follow_up["via"]["source"]["from"]["ticket_id"] == ticket
    assert api.get(f"/tickets/{ticket}").json["ticket"]["followup_ids"] == [made["ticket_id"]]


def test_staff_act_as_in_their_own_pages(api, control, ticket, twin):
    """A public reply opens, solving assigns, a note stays private, tags are added and removed."""
    assert control("staff", ticket_id=ticket, staff="Lena", body="Hello")["status"] == "open"
    control("staff", ticket_id=ticket, staff="Lena", body="secret", public=False, add_tags="a b", group="Billing")
    control("staff", ticket_id=ticket, staff="tomas@tidemark.example", status="solved", remove_tags="a")
    shown = api.get(f"/tickets/{ticket}").json["ticket"]
    assert (shown["status"], shown["tags"]) == ("solved", ["b"])
    assert shown["assignee_id"] == twin.world.user_by_email("tomas@tidemark.example").id
    rows = api.get(f"/tickets/{ticket}/comments").json["comments"]
    assert [row["public"] for row in rows] == [True, True, False]
    assert rows[1]["via"]["channel"] == "web"
    control("staff", ticket_id=ticket, delete=True)
    assert api.get(f"/tickets/{ticket}").status_code == 404


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("messages", {"subject": "x", "body": "y"}),
        ("messages", {"requester": "a@x.example"}),
        ("messages", {"ticket_id": 99, "body": "x"}),
        ("messages", {"requester": "a@x.example", "body": "x", "flags": ["odd"]}),
        ("messages", {"requester": "a@x.example", "body": "x", "opened_by": "fate"}),
        ("staff", {"ticket_id": "x"}),
        ("staff", {"ticket_id": 1, "staff": "Nobody"}),
        ("staff", {"ticket_id": 1, "status": "happy"}),
        ("staff", {"ticket_id": 1, "group": "None such"}),
        ("load", {"articles": [{}]}),
        ("load", {"users": [{"name": "x", "role": "king"}]}),
        ("faults", {"faults": [{"path": "("}]}),
        ("faults", {"faults": [{"paht": "x"}]}),
        ("faults", {"faults": [{"path": "x", "delay_before": "long"}]}),
        ("faults", {"faults": [{"path": "x", "status": "503"}]}),
        ("switches", {"nonsense": 1}),
        ("switches", {"limits": 1}),
        ("switches", {"drop_share": "all"}),
        ("age", {"ticket_id": 1}),
        ("age", {}),
    ],
)
def test_wrong_orders_are_refused_with_words(api, ticket, path, values):
    """What cannot be done answers 400 and says why."""
    answer = api.anyone.post(f"/_control/{path}", json=values)
    assert answer.status_code == 400
    assert answer.json["error"]


def test_old_tickets_are_loaded_without_a_sound(api, control, twin):
    """Loading keeps times, authors and end state, and fires nothing."""
    twin.desk.world.webhooks.clear()
    control(
        "load",
        groups=["Night"],
        users=[{"name": "Nina", "email": "nina@x.example", "role": "agent", "groups": ["Night"]}],
        tickets=[
            {
                "subject": "Old",
                "requester": {"name": "A", "email": "a@x.example"},
                "created_at": "2025-01-01T00:00:00Z",
                "comments": [
                    {"body": "Q"},
                    {"body": "A", "staff": "Nina", "created_at": "2025-01-02T00:00:00Z"},
                ],
                "status": "solved",
                "assignee": "Nina",
            }
        ],
    )
    (row,) = api.get("/tickets").json["tickets"]
    assert (row["created_at"], row["status"], row["updated_at"]) == (
        "2025-01-01T00:00:00Z", "solved", "2025-01-02T00:00:00Z")  # fmt: skip
    nina = twin.world.user_by_email("nina@x.example")
    assert row["assignee_id"] == nina.id
    assert [c["author_id"] for c in api.get("/tickets/1/comments").json["comments"]][1] == nina.id
    assert all(entry["kind"] != "webhook" for entry in twin.books.since(0)[0])


def test_books_hold_requests_and_writes_in_order(api, control, ticket):
    """Every API call and every write has a number; `since` gives only what is newer."""
    newest = api.anyone.get("/_control/books").json["newest"]
    api.put(f"/tickets/{ticket}.json", {"ticket": {"comment": {"body": "x"}, "metadata": {"deskhand": "m"}}})
    entries = api.anyone.get(f"/_control/books?since={newest}").json["entries"]
    assert [entry["kind"] for entry in entries] == ["write", "request"]
    assert entries[0]["custom"] == {"deskhand": "m"}
    assert (entries[1]["path"], entries[1]["status"]) == (f"/api/v2/tickets/{ticket}", 200)
    only = api.anyone.get("/_control/books?kind=request").json["entries"]
    assert {entry["kind"] for entry in only} == {"request"}


def test_faults_before_and_after_the_work(api, control, ticket, twin):
    """A status stands in for the work, or with `after_commit` for the answer only; `times` ends it."""
    path = rf"/tickets/{ticket}$"
    control("faults", faults=[{"method": "PUT", "path": path, "status": 503, "times": 1,
                               "headers": {"Retry-After": "1"}}])  # fmt: skip
    change = {"ticket": {"comment": {"body": "x"}}}
    first = api.put(f"/tickets/{ticket}.json", change)
    assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
    assert len(twin.world.tickets[ticket].comments) == 1
    assert api.put(f"/tickets/{ticket}", change).status_code == 200
    control("faults", faults=[{"path": path, "status": 502, "after_commit": True}])
    assert api.put(f"/tickets/{ticket}", change).status_code == 502
    assert len(twin.world.tickets[ticket].comments) == 3
    control("faults", faults=[{"path": path, "share": 0.0, "status": 500}])
    assert api.get(f"/tickets/{ticket}").status_code == 200


def test_limits_are_shown_always_and_held_when_switched_on(api, control, ticket):
    """Budgets stand in the headers; the thirty-first update of a ticket in ten minutes is 429 in plain text."""
    shown = api.put(f"/tickets/{ticket}", {"ticket": {"priority": "low"}})
    assert shown.headers["X-Rate-Limit"] == "700"
    assert shown.headers["zendesk-ratelimit-tickets-update"].startswith("total=100; remaining=99; resets=")
    control("switches", limits=True)
    for _ in range(29):
        assert api.put(f"/tickets/{ticket}", {"ticket": {"priority": "low"}}).status_code == 200
    refused = api.put(f"/tickets/{ticket}", {"ticket": {"priority": "low"}})
    assert refused.status_code == 429
    assert refused.text == "Number of allowed API requests per minute exceeded"
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    for _ in range(10):
        assert api.get("/incremental/tickets/cursor?start_time=0").status_code == 200
    assert api.get("/incremental/tickets/cursor?start_time=0").status_code == 429


def test_reset_goes_back_to_the_start(api, control, ticket, twin):
    """After a reset the tickets are gone and the staff are back."""
    control("reset")
    assert twin.world.tickets == {}
    assert {user.name.split()[0] for user in twin.world.staff()} == {"Deskhand", "Priya", "Tomas", "Lena", "Amara"}
