"""Conversations over the API: which part each action makes, what state follows, and what is refused."""

import pytest

BOT = "7009"


def test_a_new_conversation_has_its_text_in_the_source(api, talk):
    """There is no part at first; the words are HTML, or plain where asked for."""
    read = api.get(f"/conversations/{talk}").json
    assert (read["source"]["body"], read["source"]["type"]) == ("<p>The tap drips</p>", "conversation")
    assert (read["conversation_parts"]["total_count"], read["state"], read["open"]) == (0, "open", True)
    assert (read["admin_assignee_id"], read["team_assignee_id"]) == (0, 0)
    assert read["waiting_since"] == read["created_at"]
    assert api.get(f"/conversations/{talk}?display_as=plaintext").json["source"]["body"] == "The tap drips"


def test_a_comment_of_the_api_bears_the_apps_name(api, talk, reply):
    """The answer shows the new part alone, by the teammate named, with the code of the app; nobody waits any more."""
    part = reply()
    assert (part["part_type"], part["body"], part["author"]["id"]) == ("comment", "<p>Turn it</p>", BOT)
    assert part["app_package_code"] == "deskhand-private-app"
    assert api.get(f"/conversations/{talk}").json["waiting_since"] is None


def test_staff_who_answer_take_it_and_the_text_stands_in_the_assignment(control, talk, thread, api):
    """In the inbox a reply to what nobody has is one part, `assignment`, and no comment exists."""
    control("staff", ticket_id=talk, staff="Priya", body="Turn it")
    assert thread() == [("assignment", "Turn it")]
    part = api.get(f"/conversations/{talk}").json["conversation_parts"]["conversation_parts"][0]
    assert (part["assigned_to"], part["app_package_code"]) == ({"type": "admin", "id": "7001"}, None)


def test_staff_who_answer_and_close_leave_one_part(control, talk, thread):
    """The last word stands in the `close` part; the customer's answer to it in the `open` part."""
    control("staff", ticket_id=talk, body="Bye", status="closed")
    control("messages", ticket_id=talk, body="It drips again")
    assert thread() == [("close", "Bye"), ("open", "It drips again")]


def test_a_comment_on_what_is_closed_opens_it_and_a_note_does_not(api, talk, reply, manage, thread):
    """The text of the comment stands in an `open` part."""
    assert manage("close").status_code == 200
    reply(kind="note", body="Look at this")
    assert api.get(f"/conversations/{talk}").json["state"] == "closed"
    reply(body="One more thing")
    assert api.get(f"/conversations/{talk}").json["state"] == "open"
    assert thread() == [("close", None), ("note", "Look at this"), ("open", "One more thing")]


def test_assignment_to_team_and_teammate(api, talk, manage):
    """A team takes it off the teammate, a teammate keeps the team, 0 takes it off; a stranger is 404."""
    manage("assignment", type="admin", assignee_id="7001")
    answer = manage("assignment", type="team", assignee_id="5018").json
    assert (answer["team_assignee_id"], answer["admin_assignee_id"]) == (5018, 0)
    answer = manage("assignment", type="admin", assignee_id="7002").json
    assert (answer["team_assignee_id"], answer["admin_assignee_id"]) == (5018, 7002)
    answer = manage("assignment", type="admin", assignee_id="0").json
    part = answer["conversation_parts"]["conversation_parts"][0]
    assert part["assigned_to"] == {"type": "nobody_admin", "id": None}
    assert manage("assignment", type="team", assignee_id="999").status_code == 404
    assert (
        manage("assignment", type="admin", assignee_id="5019").json["team_assignee_id"] == 5019
    )  # as live code does it


def test_the_same_assignment_again_is_refused(manage):
    """422 with the words that clients look for."""
    manage("assignment", type="team", assignee_id="5018")
    again = manage("assignment", type="team", assignee_id="5018")
    assert again.status_code == 422
    assert "already assigned" in again.json["errors"][0]["message"]


def test_assigning_what_is_closed_opens_it(manage, thread):
    """It makes a part of a kind of its own."""
    manage("close")
    assert manage("assignment", type="team", assignee_id="5018").json["state"] == "open"
    assert [kind for kind, _ in thread()] == ["close", "assign_and_reopen"]


def test_snooze_ends_with_the_clock_or_a_word(api, talk, manage, control, thread):
    """While snoozed it is open in the old sense; time or the customer wakes it."""
    until = control("clock", seconds=0)["now"] + 3600
    shown = manage("snoozed", snoozed_until=until).json
    assert (shown["state"], shown["open"], shown["snoozed_until"]) == ("snoozed", True, until)
    assert control("clock", hours=2)["woken"] == [talk]
    assert thread()[-1] == ("timer_unsnooze", None)
    manage("snoozed", snoozed_until=until + 86400)
    control("messages", ticket_id=talk, body="Hello?")
    assert api.get(f"/conversations/{talk}").json["state"] == "open"
    assert manage("snoozed", snoozed_until=5).status_code == 400


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"admin_id": "5017"}, 404, "not_found"),  # a team
        ({"admin_id": None}, 400, "parameter_not_found"),
        ({"body": ""}, 400, "parameter_not_found"),
        ({"message_type": "letter"}, 400, "parameter_invalid"),
        ({"type": "bot"}, 400, "parameter_invalid"),
        ({"attachment_urls": ["x"] * 11}, 400, "parameter_invalid"),
    ],
)
def test_a_reply_that_is_wrong_is_refused(api, talk, values, status, code):
    """Each mistake has its status and code, and nothing is written."""
    given = {"message_type": "comment", "type": "admin", "admin_id": BOT, "body": "x", **values}
    answer = api.post(f"/conversations/{talk}/reply", given)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (status, code)
    assert api.get(f"/conversations/{talk}").json["conversation_parts"]["total_count"] == 0


def test_a_contact_writes_through_the_api(api, talk):
    """By id, external id or address; whoever takes no part is refused."""
    given = {"message_type": "comment", "type": "user", "email": "ada@example.com", "body": "Hello?"}
    part = api.post(f"/conversations/{talk}/reply", given).json["conversation_parts"]["conversation_parts"][0]
    assert (part["author"]["type"], part["body"]) == ("user", "<p>Hello?</p>")
    stranger = api.post("/contacts", {"role": "user", "email": "eve@example.com"}).json["id"]
    given = {"message_type": "comment", "type": "user", "intercom_user_id": stranger, "body": "x"}
    assert api.post(f"/conversations/{talk}/reply", given).status_code == 403


def test_only_the_newest_500_parts_are_shown(api, control, talk):
    """What is older is not to be had; the count tells of all."""
    for number in range(502):
        control("parts", ticket_id=talk, part_type=f"news_{number}")
    held = api.get(f"/conversations/{talk}").json["conversation_parts"]
    assert (len(held["conversation_parts"]), held["total_count"]) == (500, 502)
    assert held["conversation_parts"][0]["part_type"] == "news_2"


def test_redacted_text_is_gone_for_good(api, talk, reply, control):
    """Of a part and of the first message; what has no text, or was not written by a contact, is refused."""
    part = reply(body="<p>4111 1111</p>")
    asked = {"type": "conversation_part", "conversation_id": talk, "conversation_part_id": part["id"]}
    shown = api.post("/conversations/redact", asked).json["conversation_parts"]["conversation_parts"][0]
    assert (shown["redacted"], "4111" in shown["body"]) == (True, False)
    source = api.get(f"/conversations/{talk}").json["source"]["id"]
    whole = {"type": "source", "conversation_id": talk, "source_id": source}
    assert api.post("/conversations/redact", whole).json["source"]["redacted"]
    assert "4111" not in api.anyone.get("/_control/state").text
    assert "drips" not in api.get(f"/conversations/{talk}").text
    side = control("parts", ticket_id=talk, part_type="snoozed")["comment_id"]
    refused = api.post("/conversations/redact", {**asked, "conversation_part_id": side})
    assert refused.json["errors"][0]["code"] == "conversation_part_not_redactable"


def test_deleted_conversations_are_gone_but_listed(api, talk):
    """404 from then on, in no search, and named in the list of the deleted."""
    assert api.delete(f"/conversations/{talk}?retain_metrics=false").json["deleted"]
    assert api.get(f"/conversations/{talk}").status_code == 404
    query = {"query": {"field": "state", "operator": "=", "value": "open"}}
    assert api.post("/conversations/search", query).json["total_count"] == 0
    rows = api.get("/conversations/deleted").json["conversations"]
    assert [(row["id"], row["metrics_retained"]) for row in rows] == [(talk, False)]


def test_a_merged_conversation_is_closed_and_linked(api, talk, control):
    """Its words stay where they are; a second merge is refused."""
    other = control("messages", body="Again", requester="ada@example.com")["ticket_id"]
    assert api.post(f"/conversations/{talk}/merge", {"merge_into_conversation_id": int(other)}).json["id"] == other
    shown = api.get(f"/conversations/{talk}").json
    assert (shown["state"], shown["linked_objects"]["data"][0]["id"]) == ("closed", other)
    assert api.post(f"/conversations/{talk}/merge", {"merge_into_conversation_id": int(other)}).status_code == 422


def test_search_finds_by_operators_and_groups(api, control, talk, manage):
    """Times mean at or after; words of the first message count singly; tags and assignees are found."""
    control("messages", body="Invoice is wrong", requester="bea@example.com", channel="email", tags=["vip"])
    manage("assignment", type="team", assignee_id="5018")
    read = api.get(f"/conversations/{talk}").json

    def found(*rows, operator="AND"):
        filters = [{"field": field, "operator": sign, "value": value} for field, sign, value in rows]
        answer = api.post("/conversations/search", {"query": {"operator": operator, "value": filters}})
        return [row["id"] == talk for row in answer.json["conversations"]]

    assert True in found(("updated_at", ">", read["updated_at"]))
    assert found(("team_assignee_id", "=", 5018)) == [True]
    assert found(("source.body", "=", "drips")) == [True]
    assert found(("source.body", "=", "tap drips")) == []
    assert found(("source.type", "=", "email")) == [False]
    assert found(("tag_ids", "IN", [api.get("/tags").json["data"][0]["id"]])) == [False]
    assert len(found(("state", "=", "closed"), ("source.body", "~", "drip"), operator="OR")) == 1
    assert found(("admin_assignee_id", "!=", 0)) == []


def test_a_search_may_lag(api, control, talk, reply):
    """With the switch a new conversation and a new state are found only later; reading by id is never late."""
    control("switches", search_lag_seconds=60)
    control("messages", body="New", requester="bea@example.com")
    control("staff", ticket_id=talk, status="closed")
    everything = {"query": {"field": "created_at", "operator": ">", "value": 1}}
    closed = {"query": {"field": "state", "operator": "=", "value": "closed"}}
    assert api.post("/conversations/search", everything).json["total_count"] == 1
    assert api.post("/conversations/search", closed).json["total_count"] == 0
    control("clock", minutes=2)
    assert api.post("/conversations/search", everything).json["total_count"] == 2
    assert api.post("/conversations/search", closed).json["total_count"] == 1


def test_what_a_bot_answers_to_mail_is_not_mailed(api, control, talk):
    """Operator's reply is kept in silence, a teammate's goes out; in the Messenger nothing is mailed at all."""
    mail = control("messages", subject="S", body="x", requester="bea@example.com", channel="email")["ticket_id"]
    operator = {"message_type": "comment", "type": "admin", "admin_id": "7099", "body": "From the bot"}
    part = api.post(f"/conversations/{mail}/reply", operator).json["conversation_parts"]["conversation_parts"][0]
    assert part["author"]["type"] == "bot"
    api.post(f"/conversations/{mail}/reply", {**operator, "admin_id": BOT})
    api.post(f"/conversations/{talk}/reply", operator)
    entries = api.anyone.get("/_control/books?kind=mail").json["entries"]
    assert [(entry["ticket_id"], entry["sent"]) for entry in entries] == [(mail, False), (mail, True)]
    control("switches", mail_bot_replies=True)
    api.post(f"/conversations/{mail}/reply", operator)
    assert api.anyone.get("/_control/books?kind=mail").json["entries"][-1]["sent"]


def test_older_versions_show_what_they_had(api, talk, control):
    """Priority, the names on parts, and the app's code differ; what a version lacks it refuses."""
    control("staff", ticket_id=talk, priority="urgent")
    assert api.get(f"/conversations/{talk}").json["priority"] == "urgent"
    old = api.get(f"/conversations/{talk}", version="2.12").json
    assert old["priority"] == "priority"
    part = old["conversation_parts"]["conversation_parts"][0]
    assert not part.keys() & {"app_package_code", "event_details", "state"}
    for path in ("/conversations/deleted", "/conversations/attributes", "/macros"):
        refused = api.get(path, version="2.15")
        assert (refused.status_code, refused.json["errors"][0]["code"]) == (400, "intercom_version_invalid")
    assert api.put(f"/conversations/{talk}", {"priority": "low"}).json["priority"] == "urgent"
    assert api.put(f"/conversations/{talk}", {"priority": "low"}, version="Preview").json["priority"] == "low"
