"""The inbox in the browser: write as the customer, answer and note as a teammate, see what happened."""

import re

import pytest


@pytest.fixture(name="page")
def page_fixture(api):
    """Fetch a page and return its text."""
    return lambda path: api.anyone.get(path).text


@pytest.fixture(name="write")
def write_fixture(api, talk):
    """Send the form under Ada's conversation."""
    return lambda **form: api.anyone.post(f"/inbox/{talk}", data=form)


def test_a_conversation_is_begun_and_listed(api, page):
    """A mail has its subject; a chat goes by its first words."""
    form = {"name": "Bea", "email": "bea@example.com", "subject": "Export", "body": "It is empty"}
    sent = api.anyone.post("/inbox/new", data={**form, "channel": "email"})
    assert sent.status_code == 303
    assert "It is empty" in page(sent.headers["Location"])
    api.anyone.post("/inbox/new", data={**form, "channel": "conversation"})
    shown = page("/inbox")
    assert shown.count("Bea") >= 2
    assert "Conversations" in shown
    assert "Bea" not in page("/inbox?q=nothing+such")
    assert api.anyone.post("/inbox/new", data={**form, "body": " "}).status_code == 400


def test_notes_are_told_from_replies(write, page, talk, api):
    """Words of customer, teammate and Deskhand look different, and so do notes."""
    write(kind="requester", body="Hello?")
    write(kind="reply", staff="7001", body="Turn it", status="")
    write(kind="note", staff="7001", body="/why", status="")
    note = {"message_type": "note", "type": "admin", "admin_id": "7009", "body": "<p>Because</p>"}
    api.post(f"/conversations/{talk}/reply", note)
    kinds = re.findall(r'<article class="message ([^"]+)"', page(f"/inbox/{talk}"))
    assert kinds == ["requester", "requester", "staff", "note", "note bot-note"]


def test_properties_are_set_with_the_message(write, api, talk, page):
    """Team, priority, tags and the end come with one submit, and are told as lines."""
    form = {"staff": "7002", "group": "5018", "assignee": "7002", "priority": "high", "tags": "vip late"}
    assert write(kind="reply", body="Bye", status="closed", **form).status_code == 303
    read = api.get(f"/conversations/{talk}").json
    assert (read["state"], read["priority"], read["team_assignee_id"]) == ("closed", "high", 5018)
    assert {tag["name"] for tag in read["tags"]["tags"]} == {"vip", "late"}
    assert "assigned to Billing" in page(f"/inbox/{talk}")
    last = read["conversation_parts"]["conversation_parts"][-1]
    assert (last["part_type"], last["body"]) == ("close", "<p>Bye</p>")


def test_a_mistake_keeps_what_was_typed(write):
    """A refusal is said above the form, and the words are still there."""
    refused = write(kind="requester", body=" ")
    assert refused.status_code == 400
    assert "the message is empty" in refused.text


def test_script_in_a_message_does_nothing(control, page):
    """HTML is cleaned before it is shown, and the page forbids scripts besides."""
    number = control("messages", html="<p>Hi<script>alert(1)</script></p>", requester="eve@example.com")["ticket_id"]
    shown = page(f"/inbox/{number}")
    assert "Hi" in shown
    assert "alert(1)" not in shown


def test_articles_are_shown_to_whom_they_are_meant(control, page, api):
    """Drafts, restricted articles and those for staff have no public page; a translation has its own."""
    german = {"title": "Hahn", "body": "<p>Drehen</p>"}
    control("load", articles=[
        {"title": "Taps", "body": "Turn", "category": "Guides", "translations": {"de": german}},
        {"title": "Draft", "body": "x", "draft": True},
        {"title": "Inside", "body": "x", "restricted": "staff"},
        {"title": "Members", "body": "x", "restricted": "signed_in"},
    ])  # fmt: skip
    shown = page("/inbox/articles")
    assert all(title in shown for title in ("Taps", "Draft", "Inside", "Members", "For staff alone"))
    rows = {row["title"]: row for row in api.get("/articles").json["data"]}
    assert "Inside" not in rows
    path = rows["Taps"]["url"].removeprefix("http://127.0.0.1")
    assert "Turn" in page(path)
    assert "Drehen" in page(path.replace("/en/", "/de/"))
    assert rows["Draft"]["url"] is None
    assert api.anyone.get(f"/hc/en/articles/{rows['Members']['id']}").status_code == 404


def test_the_vendors_address_of_a_conversation_leads_here(api, talk):
    """As links in notes and dashboards have it."""
    answer = api.anyone.get(f"/a/inbox/tide1234/inbox/conversation/{talk}")
    assert answer.headers["Location"].endswith(f"/inbox/{talk}")
    assert api.anyone.get(f"/a/inbox/other/inbox/conversation/{talk}").status_code == 404


def test_attachments_are_downloads(control, api):
    """A file of a message is served as it is, and never shown."""
    sent = {"name": "a.html", "content": "<b>x</b>", "content_type": "text/html"}
    number = control("messages", body="x", requester="ada@example.com", attachments=[sent])["ticket_id"]
    file = api.get(f"/conversations/{number}").json["source"]["attachments"][0]
    answer = api.anyone.get(file["url"].removeprefix("http://127.0.0.1"))
    assert (answer.data, answer.headers["Content-Disposition"]) == (b"<b>x</b>", "attachment")
