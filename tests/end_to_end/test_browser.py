"""What people see: the sandbox's inbox and Deskhand's dashboard in a real browser."""

import shutil
import struct
import zlib
from urllib.parse import urlsplit

import pytest

from tests.fakes.stack import QUESTION, TOKEN

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.xdist_group("stack")]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page of its own; whatever it fetched and complained about is looked at in the end."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    hosts, complaints = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield page
    context.close()
    assert hosts == {"127.0.0.1"}
    assert complaints == []


def is_complaint(message):
    """An error on the page; a refused log-in is not one."""
    return message.type == "error" and "Failed to load resource" not in message.text


def differing_rows(page, file):
    """Take a picture of the page and return how many of its rows differ: a blank page has one or two."""
    data = page.screenshot(path=file)
    width, kind = struct.unpack(">I4xxB", data[16:26])
    line = 1 + width * {2: 3, 6: 4}[kind]
    chunks, at = [], 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        chunks += [data[at + 8 : at + 8 + size]] if name == b"IDAT" else []
        at += size + 12
    rows = zlib.decompress(b"".join(chunks))
    return len({rows[start : start + line] for start in range(0, len(rows), line)})


def test_a_requester_writes_in_the_inbox_and_sees_the_reply(stack, page, tmp_path):
    """A form, a click, and a little later the answer stands in the thread; staff's note can be written below."""
    page.goto(f"{stack.zendesk.url}/inbox")
    page.get_by_role("link", name="New").first.click()
    page.get_by_label("Your name").fill("Grace Hopper")
    page.get_by_label("Your e-mail").fill("grace@example.com")
    page.get_by_label("Subject").fill("Staff can't see rota")
    page.get_by_label("Message").fill(QUESTION)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="Watch live").click()
    reply = page.locator("article.message.bot")
    reply.wait_for(timeout=30_000)
    assert "Hi Grace," in reply.inner_text()
    assert "Public reply by Deskhand" in reply.inner_text()
    assert page.locator(".pill").first.inner_text().lower() == "pending"
    assert differing_rows(page, tmp_path / "thread.png") > 100


def test_the_dashboard_tells_the_story_of_a_ticket(stack, page, tmp_path):
    """Closed without the token; with it the overview leads to a ticket, and from the inbox one comes there too."""
    ticket_id, message_id = stack.write()
    stack.outcome(message_id)
    page.goto(f"{stack.url}/dashboard")
    token = page.get_by_label("Token")
    token.fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{stack.url}/dashboard*")
    assert "Log in" not in page.inner_text("h1")
    assert differing_rows(page, tmp_path / "overview.png") > 100

    page.goto(f"{stack.url}/dashboard/tickets/zendesk/{ticket_id}")
    story = page.inner_text("main")
    for words in ("Decision", "schedule shifts", "Passages found", "Create, edit and publish shifts"):
        assert words.lower() in story.lower()
    assert differing_rows(page, tmp_path / "story.png") > 100

    page.goto(f"{stack.zendesk.url}/inbox/{ticket_id}")
    page.get_by_role("link", name="What Deskhand thought").click()
    assert f"Zendesk ticket {ticket_id}" in page.inner_text("h1")


def test_a_wrong_token_does_not_open_the_dashboard(stack, page):
    """The page says so and shows nothing of any ticket."""
    page.goto(f"{stack.url}/dashboard")
    page.get_by_label("Token").fill("not the token")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Log in").click()
    assert answered.value.status in (200, 401, 403)
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("Token").is_visible()


def test_staff_answer_with_a_macro_on_a_phone(stack, chromium, tmp_path):
    """By keyboard and without scripts: see what the macro does, change the words, submit; notes look like notes."""
    ticket_id, message_id = stack.write()
    stack.outcome(message_id)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.zendesk.url}/inbox/{ticket_id}")
    assert page.get_by_role("link", name="What Deskhand thought").is_visible()
    page.get_by_label("Macro").select_option(label="Note: needs the technical team")
    page.get_by_role("button", name="See what it does").press("Enter")
    assert "writes an internal note" in page.get_by_role("status").inner_text()
    assert page.get_by_role("radio", name="Internal note").is_checked()
    page.get_by_label("Message").fill("Please look at the logs.")
    page.get_by_role("button", name="Submit as open").press("Enter")
    note = page.locator("article.message.note").last
    assert "Please look at the logs." in note.inner_text()
    page.get_by_role("radio", name="Internal note").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert not page.get_by_role("button", name="Submit as open").is_visible()
    assert page.get_by_role("button", name="Send as requester").is_visible()
    wide = page.locator("main").bounding_box()
    assert wide["width"] <= 390
    assert differing_rows(page, tmp_path / "phone.png") > 100
    context.close()
