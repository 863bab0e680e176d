"""Problems and incidents, copies and followers, custom statuses: how a ticket changes by them."""

import pytest

from scripts.sandbox import ticket_links


def make(api, **values):
    made = api.post("/tickets", {"ticket": {"subject": "S", "comment": {"body": "x"}, **values}})
    assert made.status_code == 201, made.text
    return made.json["ticket"]


def put(api, number, **values):
    return api.put(f"/tickets/{number}", {"ticket": values})


def put_on(*emails):
    return [{"user_email": email, "action": "put"} for email in emails]


def test_copies_stay_on_a_reply_until_they_are_taken_off(api, twin):
    """Known people are found, new ones made; the requester gets no copy; the audit and the list say who."""
    ticket = make(
        api, requester={"name": "Ada", "email": "ada@x.example"}, email_ccs=put_on("b@x.example", "ada@x.example")
    )
    b = twin.world.user_by_email("b@x.example")
    assert ticket["email_cc_ids"] == ticket["collaborator_ids"] == [b.id]
    after = put(api, ticket["id"], comment={"body": "Hello", "public": True}).json["ticket"]
    assert after["email_cc_ids"] == [b.id]
    answer = put(api, ticket["id"], email_ccs=[{"user_id": str(b.id), "action": "delete"}]).json
    assert answer["ticket"]["email_cc_ids"] == []
    events = [event for event in answer["audit"]["events"] if event["type"] == "EmailCcChange"]
    assert [(e["current_email_ccs"], e["previous_email_ccs"]) for e in events] == [([], ["b@x.example"])]
    many = put_on(*(f"c{number}@x.example" for number in range(49)))
    assert put(api, ticket["id"], email_ccs=many).status_code == 422


def test_only_staff_follow(api, twin):
    """An end user among the followers is passed over; older words sort people by their role."""
    priya = twin.world.user_by_email("priya@tidemark.example")
    ticket = make(api, followers=put_on("priya@tidemark.example", "guest@x.example"))
    assert ticket["follower_ids"] == [priya.id]
    ticket = make(api, collaborators=[priya.id, "new@x.example", {"email": "named@x.example", "name": "Named"}])
    names = [twin.world.users[number].name for number in ticket["email_cc_ids"]]
    assert (ticket["follower_ids"], names) == ([priya.id], ["new", "Named"])
    more = put(api, ticket["id"], additional_collaborators=["third@x.example"]).json["ticket"]
    assert len(more["email_cc_ids"]) == 3
    for part, count in (("email_ccs", 3), ("followers", 1), ("collaborators", 4)):
        assert len(api.get(f"/tickets/{ticket['id']}/{part}").json["users"]) == count


def test_a_solved_problem_solves_its_incidents(api, twin):
    """With the same public words; the links can be read from both sides."""
    priya = twin.world.user_by_email("priya@tidemark.example")
    problem = make(api, type="problem", subject="Login down")
    incidents = [make(api, type="incident", problem_id=problem["id"])["id"] for _ in range(2)]
    shown = api.get(f"/tickets/{problem['id']}").json["ticket"]
    assert shown["has_incidents"] is True
    assert [row["id"] for row in api.get(f"/tickets/{problem['id']}/incidents").json["tickets"]] == incidents
    assert api.get(f"/tickets/{problem['id']}/related").json["ticket_related"]["incidents"] == 2
    assert [row["id"] for row in api.get("/problems").json["tickets"]] == [problem["id"]]
    assert api.post("/problems/autocomplete?text=LOGIN").json["tickets"][0]["id"] == problem["id"]
    assert api.post("/problems/autocomplete?text=zebra").json["tickets"] == []
    put(api, problem["id"], status="solved", assignee_id=priya.id, comment={"body": "Up again", "public": True})
    for number in incidents:
        row = twin.world.tickets[number]
        assert (row.status, row.comments[-1].body, row.assignee_id) == ("solved", "Up again", priya.id)


@pytest.mark.parametrize("values", [{"type": "incident", "problem_id": 999}, {"type": "task", "due_at": "soon"}])
def test_links_that_cannot_be_are_refused(api, values):
    """What is no problem cannot have incidents; what is no time is not due."""
    made = api.post("/tickets", {"ticket": {"subject": "S", "comment": {"body": "x"}, **values}})
    assert made.status_code == 422


def test_links_follow_the_type(api):
    """A ticket that is no longer an incident belongs to no problem; only a task is due."""
    problem = make(api, type="problem")
    incident = make(api, type="incident", problem_id=problem["id"])
    assert incident["problem_id"] == problem["id"]
    assert put(api, incident["id"], type="question").json["ticket"]["problem_id"] is None
    assert make(api, type="task", due_at="2030-01-01T00:00:00Z")["due_at"] == "2030-01-01T00:00:00Z"
    assert make(api, type="question", due_at="2030-01-01T00:00:00Z")["due_at"] is None


def test_a_custom_status_sets_its_category(api, twin, ticket):
    """Either may be given; both must agree; another category begins with its default."""
    wanted = {"status_category": "pending", "agent_label": "With the bank"}
    number = api.post("/custom_statuses", {"custom_status": wanted}).json["custom_status"]["id"]
    after = put(api, ticket, custom_status_id=number).json["ticket"]
    assert (after["status"], after["custom_status_id"]) == ("pending", number)
    assert put(api, ticket, custom_status_id=number, status="open").status_code == 422
    assert put(api, ticket, custom_status_id=1).status_code == 422
    after = put(api, ticket, status="open").json["ticket"]
    default = ticket_links.status_of(twin.world, twin.world.tickets[ticket])
    assert (after["custom_status_id"], default.agent_label) == (default.id, "Open")


def test_events_tell_of_links(served, receiver, basic, wait_until):
    """A subscribed webhook hears of copies, followers, problems and custom statuses, ids as text."""
    import requests

    url, twin = served()
    kinds = ("email_ccs_changed", "followers_changed", "problem_link_changed", "custom_status_changed")
    hook = {"name": "H", "endpoint": receiver.url, "http_method": "POST", "request_format": "json", "status": "active",
            "subscriptions": [f"zen:event-type:ticket.{kind}" for kind in kinds]}  # fmt: skip

    def call(path, body, method="post"):
        answer = requests.request(method, f"{url}/api/v2{path}", json=body, auth=basic, timeout=5)
        assert answer.status_code < 300, answer.text
        return answer.json()

    call("/webhooks", {"webhook": hook})
    status = call("/custom_statuses", {"custom_status": {"status_category": "open", "agent_label": "Lab"}})
    problem = call("/tickets", {"ticket": {"subject": "P", "comment": {"body": "x"}, "type": "problem"}})["ticket"][
        "id"
    ]
    other = call("/tickets", {"ticket": {"subject": "I", "comment": {"body": "x"}}})["ticket"]["id"]
    change = {"type": "incident", "problem_id": problem, "email_ccs": put_on("cc@x.example"),
              "followers": put_on("priya@tidemark.example"),
              "custom_status_id": status["custom_status"]["id"]}  # fmt: skip
    call(f"/tickets/{other}", {"ticket": change}, "put")
    got = {entry.json["type"].rpartition(".")[2]: entry.json["event"] for entry in receiver.wait_for(4)}
    assert set(got) == set(kinds)
    assert got["problem_link_changed"] == {"current": str(problem), "previous": None}
    assert got["email_ccs_changed"]["users_added"] == [str(twin.world.user_by_email("cc@x.example").id)]
