"""Tickets over the API: the rules that break naive integrations."""

from typing import Any

import pytest


def _put(api: Any, ticket: int, **values: Any) -> Any:
    return api.put(f"/tickets/{ticket}.json", {"ticket": values})


def test_comment_is_public_unless_said_otherwise(api, ticket):
    """An update's comment mails the customer by default; `public: false` makes it a note."""
    assert _put(api, ticket, comment={"body": "Hi"}).json["audit"]["events"][0]["public"] is True
    assert _put(api, ticket, comment={"body": "Hi", "public": False}).json["audit"]["events"][0]["public"] is False


def test_metadata_is_found_on_audit_and_comment(api, ticket):
    """What `metadata` carries stands in `metadata.custom` of the audit and of its comment."""
    answer = _put(api, ticket, comment={"html_body": "<p>A<br>B</p>"}, metadata={"deskhand": "m-1"}).json
    assert answer["audit"]["metadata"]["custom"] == {"deskhand": "m-1"}
    comment = api.get(f"/tickets/{ticket}/comments").json["comments"][-1]
    assert comment["metadata"]["custom"] == {"deskhand": "m-1"}
    assert comment["html_body"] == '<div class="zd-comment" dir="auto"><p>A<br>B</p></div>'
    assert comment["plain_body"] == "A\nB"
    assert comment["via"]["channel"] == "api"


def test_tags_replace_in_a_put_and_have_their_own_verbs(api, ticket):
    """PUT of the ticket and POST of tags replace; PUT of tags adds; DELETE removes."""
    assert _put(api, ticket, tags=["b", "A"]).json["ticket"]["tags"] == ["a", "b"]
    added = api.put(f"/tickets/{ticket}/tags", {"tags": ["c"]})
    assert (added.status_code, added.json["tags"]) == (200, ["a", "b", "c"])
    assert api.delete(f"/tickets/{ticket}/tags.json", {"tags": ["a"]}).json["tags"] == ["b", "c"]
    replaced = api.post(f"/tickets/{ticket}/tags", {"tags": ["z"]})
    assert (replaced.status_code, replaced.json["tags"]) == (201, ["z"])
    assert api.get(f"/tickets/{ticket}/tags").json["tags"] == ["z"]


@pytest.mark.parametrize("flag", [True, False, "true"])
def test_stale_stamp_is_refused_whatever_safe_update_says(api, ticket, twin, flag):
    """Any `safe_update`, even false, compares the stamp; a refusal changes nothing."""
    answer = _put(api, ticket, comment={"body": "x"}, safe_update=flag, updated_stamp="2020-01-01T00:00:00Z")
    assert answer.status_code == 409
    assert answer.json["error"] == "UpdateConflict"
    assert len(twin.world.tickets[ticket].comments) == 1
    stamp = twin.world.tickets[ticket].updated_at
    assert _put(api, ticket, comment={"body": "x"}, safe_update=flag, updated_stamp=stamp).status_code == 200


def test_stamp_without_safe_update_is_not_compared(api, ticket):
    """The stamp alone locks nothing."""
    assert _put(api, ticket, priority="high", updated_stamp="2020-01-01T00:00:00Z").status_code == 200


def test_closed_and_deleted_tickets_refuse(api, ticket, twin):
    """A closed ticket answers 422 ClosedTicket, a deleted one 404 RecordNotFound."""
    twin.world.tickets[ticket].status = "closed"
    answer = _put(api, ticket, comment={"body": "x"})
    assert answer.status_code == 422
    assert answer.json["details"]["status"][0]["error"] == "ClosedTicket"
    assert api.put(f"/tickets/{ticket}/tags", {"tags": ["x"]}).status_code == 422
    twin.world.tickets[ticket].status = "open"
    assert api.delete(f"/tickets/{ticket}").status_code == 204
    gone = api.get(f"/tickets/{ticket}")
    assert (gone.status_code, gone.json["error"]) == (404, "RecordNotFound")


def test_wrong_values_are_refused_and_change_nothing(api, ticket, twin):
    """Unknown status, group, assignee, or solving without an assignee: 422, and the ticket is as before."""
    person = twin.world.users[twin.world.tickets[ticket].requester_id]
    wrongs = ({"status": "happy"}, {"group_id": 1}, {"assignee_id": person.id}, {"status": "solved"})
    for wrong in wrongs:
        answer = _put(api, ticket, comment={"body": "x"}, **wrong)
        assert (answer.status_code, answer.json["error"]) == (422, "RecordInvalid")
    assert len(twin.world.tickets[ticket].comments) == 1
    assert twin.world.tickets[ticket].status == "new"


def test_group_and_assignee_follow_each_other(api, ticket, twin):
    """An assignee alone brings their group and opens the ticket; a foreign group takes it off them."""
    priya = twin.world.user_by_email("priya@tidemark.example")
    groups = {group.name: group.id for group in twin.world.groups.values()}
    shown = _put(api, ticket, assignee_id=priya.id).json["ticket"]
    assert (shown["group_id"], shown["status"]) == (groups["Support"], "open")
    assert _put(api, ticket, group_id=groups["Technical"]).json["ticket"]["assignee_id"] == priya.id
    assert _put(api, ticket, group_id=groups["Billing"]).json["ticket"]["assignee_id"] is None
    assert _put(api, ticket, group_id=groups["Billing"], assignee_id=priya.id).status_code == 422


def test_audit_lists_exactly_what_changed_with_ids_as_text(api, ticket, twin):
    """Change events carry field, value and previous value; ids are text."""
    group = next(iter(twin.world.groups))
    events = _put(api, ticket, group_id=group, priority="high", subject="Tap").json["audit"]["events"]
    changes = {event["field_name"]: (event["value"], event["previous_value"]) for event in events}
    assert changes == {"group_id": (str(group), None), "priority": ("high", None)}


def test_create_answers_201_and_a_key_makes_it_once(api, twin):
    """The same Idempotency-Key gets the same ticket; with another body it is refused."""
    body = {"ticket": {"subject": "S", "comment": {"body": "B"}, "requester": {"name": "Z", "email": "z@x.example"}}}
    first = api.post("/tickets.json", body, headers={"Idempotency-Key": "k"})
    again = api.post("/tickets.json", body, headers={"Idempotency-Key": "k"})
    assert first.status_code == again.status_code == 201
    assert first.headers["Location"].endswith(f"/tickets/{first.json['ticket']['id']}.json")
    assert (first.headers["x-idempotency-lookup"], again.headers["x-idempotency-lookup"]) == ("miss", "hit")
    assert len(twin.world.tickets) == 1
    body["ticket"]["subject"] = "Other"
    other = api.post("/tickets.json", body, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json["error"]) == (400, "IdempotentRequestError")


def test_comments_page_by_cursor_and_always_name_a_next_page(api, ticket):
    """`meta.has_more` drives the loop: `links.next` is there on the last page too. Authors are side-loaded."""
    for number in range(4):
        _put(api, ticket, comment={"body": f"c{number}"})
    first = api.get(f"/tickets/{ticket}/comments?page[size]=3&include=users").json
    assert first["meta"]["has_more"] is True
    assert {user["role"] for user in first["users"]} == {"end-user", "admin"}
    after = first["meta"]["after_cursor"]
    second = api.get(f"/tickets/{ticket}/comments?page[size]=3&page[after]={after}").json
    assert [row["body"] for row in second["comments"]] == ["c2", "c3"]
    assert second["meta"]["has_more"] is False
    assert second["links"]["next"]
    newest = api.get(f"/tickets/{ticket}/comments?page[size]=1&sort=-created_at").json
    assert newest["comments"][0]["body"] == "c3"


def test_show_with_side_loads_and_show_many(api, ticket, control):
    """A ticket brings users, groups and organizations along; more than a hundred ids are refused."""
    control("staff", ticket_id=ticket, staff="Priya", assignee="me", group="Support")
    shown = api.get(f"/tickets/{ticket}?include=users,groups,organizations").json
    assert {user["name"] for user in shown["users"]} == {"Ada Doe", "Priya Raman"}
    assert [group["name"] for group in shown["groups"]] == ["Support"]
    assert shown["organizations"] == []
    assert [row["id"] for row in api.get(f"/tickets/show_many?ids={ticket},99").json["tickets"]] == [ticket]
    many = ",".join(map(str, range(101)))
    assert api.get(f"/tickets/show_many?ids={many}").json["error"] == "TooManyValues"


def test_long_comments_are_cut_silently(api, ticket, twin):
    """A comment over 64 KB is cut, not refused."""
    assert _put(api, ticket, comment={"body": "é" * 50_000}).status_code == 200
    assert len(twin.world.tickets[ticket].comments[-1].body.encode()) == 65_536


def test_offset_paging_ends_at_a_hundred_pages(api, ticket):
    """Page numbers past a hundred are refused; within, neighbours are named."""
    assert api.get("/tickets?page=101").status_code == 400
    page = api.get("/tickets?per_page=1&page=1").json
    assert (page["count"], page["next_page"], page["previous_page"]) == (1, None, None)


def test_ticket_that_began_as_a_note_becomes_public(api):
    """A ticket opened by a note is private until its first public comment, and its comments private by default."""
    made = api.post("/tickets", {"ticket": {"subject": "S", "comment": {"body": "x", "public": False}}}).json["ticket"]
    assert made["is_public"] is False
    events = _put(api, made["id"], comment={"body": "y"}).json["audit"]["events"]
    assert events[0]["public"] is False
    assert _put(api, made["id"], comment={"body": "z", "public": True}).json["ticket"]["is_public"] is True


def test_odd_values_are_refused_or_made_text(api, ticket):
    """Metadata that is no object is 400; an empty subject is text."""
    assert _put(api, ticket, metadata="x").status_code == 400
    assert _put(api, ticket, subject=None).json["ticket"]["subject"] == ""
    assert _put(api, ticket, group_id="abc").status_code == 404


def test_a_redacted_text_is_blocks_wherever_the_ticket_shows_it(api, ticket, twin):
    """What is redacted is gone for good; a text that is not there, and a comment that is not, are refused."""
    path = f"/tickets/{ticket}/comments/{twin.world.tickets[ticket].comments[0].id}"
    shown = api.put(f"{path}/redact", {"text": "drips"}).json["comment"]
    assert (shown["body"], "drips" in shown["html_body"]) == ("The tap ▇▇▇▇▇", False)
    assert api.get(f"/tickets/{ticket}").json["ticket"]["description"] == "The tap ▇▇▇▇▇"
    assert twin.books.since(0)[0][-3]["action"] == "redact"
    assert api.put(f"{path}/redact", {"text": "drips"}).status_code == 422
    assert api.put(f"/tickets/{ticket}/comments/1/redact", {"text": "tap"}).status_code == 404


def test_every_answer_tells_the_account_s_time(api, ticket, twin):
    """A clock that was moved ahead shows in the head of an answer as in its stamps."""
    twin.advance(86_400)
    told = api.get(f"/tickets/{ticket}").date
    assert abs((told - twin.clock.now()).total_seconds()) < 2
