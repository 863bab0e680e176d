"""The web inbox, as a browser without JavaScript uses it."""

import pytest


@pytest.fixture
def browser(api):
    return api.anyone


def test_start_leads_to_the_list(browser, ticket):
    """`/` redirects to the inbox, which shows the ticket with its requester and status."""
    assert browser.get("/").headers["Location"] == "/inbox"
    page = browser.get("/inbox").text
    for words in ("Sandbox.", "Nothing here is real.", "Tap", "Ada Doe", 'class="pill new"'):
        assert words in page


@pytest.mark.parametrize(
    ("query", "is_there"),
    [("", True), ("?status=new", True), ("?status=open", False), ("?q=DRIPS", True), ("?q=ada@", True),
     ("?q=zebra", False), ("?group=1", False), ("?page=2", False)],
)  # fmt: skip
def test_list_is_filtered(browser, ticket, query, is_there):
    """Status, group, words and page narrow the list."""
    assert (f'href="/inbox/{ticket}"' in browser.get("/inbox" + query).text) is is_there


def test_thread_tells_kinds_apart_and_shows_nothing_harmful(api, browser, ticket, control):
    """Requester, staff, bot and notes look different; what a message contains cannot run."""
    control("messages", ticket_id=ticket, html="<p>Evil<script>alert(1)</script><img src=x onerror=alert(1)></p>")
    control("staff", ticket_id=ticket, staff="Priya", body="Public words", group="Billing")
    api.put(f"/tickets/{ticket}", {"ticket": {"comment": {"body": "Note words", "public": False}, "tags": ["t"]}})
    api.put(f"/tickets/{ticket}", {"ticket": {"comment": {"body": "Bot words"}}})
    page = browser.get(f"/inbox/{ticket}").text
    for kind in ("requester", "staff", "note bot-note", "bot"):
        assert f'class="message {kind}"' in page
    assert "alert(1)" not in page
    assert "group → Billing" in page
    assert "tagged t" in page
    assert browser.get("/inbox/99").status_code == 404


def test_subject_with_markup_is_only_text(browser, control):
    """A subject or a name is escaped everywhere."""
    person = {"name": "<i>x</i>", "email": "x@x.example"}
    made = control("messages", subject="<script>s</script>", body="b", requester=person)
    for path in ("/inbox", f"/inbox/{made['ticket_id']}"):
        page = browser.get(path).text
        assert "<script>" not in page
        assert "<i>x</i>" not in page


def test_requester_and_staff_write_by_form(browser, ticket, twin):
    """Forms act as the person and come back to the thread; an agent's answer can solve."""
    sent = browser.post(f"/inbox/{ticket}", data={"kind": "requester", "body": "More"})
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith(f"/inbox/{ticket}#c")
    priya = twin.world.user_by_email("priya@tidemark.example")
    form = {"staff": priya.id, "kind": "note", "body": "Look", "status": "open", "tags": "x", "assignee": priya.id}
    assert browser.post(f"/inbox/{ticket}", data=form).status_code == 303
    row = twin.world.tickets[ticket]
    assert (row.comments[-1].public, row.status, row.tags, row.assignee_id) == (False, "open", ["x"], priya.id)
    for chosen, kept in (("high", "high"), ("", None)):
        browser.post(f"/inbox/{ticket}", data={"staff": priya.id, "priority": chosen})
        assert row.priority == kept
    done = {"staff": priya.id, "kind": "reply", "body": "Done", "status": "solved"}
    assert browser.post(f"/inbox/{ticket}", data=done).status_code == 303
    assert (row.comments[-1].public, row.status) == (True, "solved")


def test_refusals_are_said_and_keep_what_was_typed(browser, ticket, twin):
    """An empty message or a closed ticket is answered with words, the text still in the form."""
    assert "the message is empty" in browser.post(f"/inbox/{ticket}", data={"kind": "requester", "body": " "}).text
    twin.world.tickets[ticket].status = "closed"
    answer = browser.post(f"/inbox/{ticket}", data={"staff": "Priya", "body": "kept words"})
    assert answer.status_code == 422
    assert "closed prevents ticket update" in answer.text


def test_new_ticket_by_form(browser, twin):
    """A requester's form opens a ticket; without text it says so and keeps the subject."""
    form = {"name": "Ben", "email": "ben@x.example", "subject": "Hello", "body": "World", "channel": "web"}
    assert browser.get("/inbox/new").status_code == 200
    assert browser.post("/inbox/new", data=form).headers["Location"] == "/inbox/1"
    assert twin.world.tickets[1].via["channel"] == "web"
    empty = browser.post("/inbox/new", data={**form, "body": ""})
    assert empty.status_code == 400
    assert 'value="Hello"' in empty.text


def test_articles_are_listed_with_their_limits(browser, control, twin):
    """Drafts and restricted articles are marked; each has its page."""
    control("load", articles=[{"title": "Open one", "body": "## Head\nText"}, {"title": "Hidden", "draft": True}])
    page = browser.get("/inbox/articles").text
    assert "Open one" in page
    assert ">draft<" in page
    key = next(iter(twin.world.articles))
    assert "<h2>Head</h2>" in browser.get(f"/inbox/articles/{key}").text
    assert "Hidden" not in browser.get("/inbox/articles?q=open").text
    assert browser.get("/inbox/articles/1").status_code == 404


def test_agents_address_leads_to_the_thread(browser, ticket):
    """The vendor's address of a ticket redirects to the inbox."""
    assert browser.get(f"/agent/tickets/{ticket}").headers["Location"] == f"/inbox/{ticket}"


def test_no_page_fetches_from_elsewhere(browser, ticket):
    """Every address a page loads is its own; there is no script at all."""
    for path in ("/inbox", f"/inbox/{ticket}", "/inbox/new", "/inbox/articles"):
        page = browser.get(path).text
        assert "<script" not in page
        assert 'src="' not in page
        assert 'rel="stylesheet" href="/static/inbox.css"' in page
    assert browser.get("/static/inbox.css").status_code == 200


def test_link_to_deskhands_story(served):
    """With a dashboard address each thread links to what Deskhand did."""
    import requests

    url, _twin = served(dashboard_url="http://dash.example")
    person = {"name": "A", "email": "a@x.example"}
    requests.post(f"{url}/_control/messages", json={"subject": "S", "body": "B", "requester": person})
    assert "http://dash.example/dashboard/tickets/zendesk/1" in requests.get(f"{url}/inbox/1").text


def test_a_macro_is_looked_at_and_then_applied(browser, ticket, twin):
    """It says what it does and fills in the form; nothing has changed until the form is submitted."""
    macro = next(row for row in twin.world.macros.values() if row.title == "Solved, with thanks")
    priya = twin.world.user_by_email("priya@tidemark.example")
    page = browser.get(f"/inbox/{ticket}?macro={macro.id}&as={priya.id}").text
    for words in ("writes a public reply", "adds the tag solved_by_macro", "sets status to solved", "Hi Ada,", "Priya"):
        assert words in page
    assert 'class="button primary" name="status" value="solved"' in page
    assert twin.world.tickets[ticket].status == "new"
    form = {"kind": "reply", "staff": priya.id, "body": "Hi Ada,", "tags": "solved_by_macro", "status": "solved"}
    browser.post(f"/inbox/{ticket}", data=form | {"macro": macro.id, "assignee": priya.id})
    row = twin.world.tickets[ticket]
    assert (row.status, row.tags, row.assignee_id) == ("solved", ["solved_by_macro"], priya.id)
    used = [event for event in row.audits[-1].events if event["type"] == "AgentMacroReference"]
    assert [event["macro_title"] for event in used] == ["Solved, with thanks"]


def test_pages_may_load_and_run_nothing_foreign(browser, ticket):
    """The browser is told so too, should something harmful ever get through."""
    policy = browser.get(f"/inbox/{ticket}").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_the_list_says_who_spoke_last(api, browser, ticket):
    """The newest comment's beginning, and whether it is the requester's, staff's or Deskhand's."""
    assert "Ada Doe:</span> The tap drips" in browser.get("/inbox").text
    api.put(f"/tickets/{ticket}", {"ticket": {"comment": {"body": "A draft " * 40, "public": False}}})
    page = browser.get("/inbox").text
    assert "Deskhand, note:</span> A draft A draft" in page
    assert " …" in page
    assert "just now" in page
