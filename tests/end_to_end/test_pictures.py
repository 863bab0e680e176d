"""Both stand-ins' inboxes in a real browser, wide and on a phone; with DESKHAND_WRITE_PICTURES=1 the guides' pictures.

The pictures under docs/images are made here and nowhere else: staff see a draft, send it, and get a hand-over.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from integrations.registry import VENDORS
from tests.fakes.sandboxed import account
from workers.store.tables import open_engine

pytestmark = pytest.mark.browser
IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = {"zendesk-draft.png", "zendesk-hand-over.png", "intercom-draft.png", "intercom-sent.png"}
MOST_BYTES = 80_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
GREY_LETTERS = ["--disable-lcd-text", "--font-render-hinting=none"]  # coloured rims double a picture's size
SIZES = {"wide": {"width": 900, "height": 800}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=[*ARGUMENTS, *GREY_LETTERS])
        yield browser
        browser.close()


@pytest.fixture(params=VENDORS)
def desk(request, database_url):
    engine = open_engine(database_url)
    with account(request.param) as held:
        held.serve(engine)
        yield held
    engine.dispose()


@pytest.fixture
def tickets(desk):
    """A ticket with a draft, one whose draft was sent by a note, and one that went to a person."""
    drafted, sent, handed = desk.ask(), desk.ask(), desk.ask("My bank will reverse your charge: I want a chargeback.")
    for ticket_id in (drafted, sent, handed):
        desk.work(ticket_id)
    desk.staff(sent, "/send")
    desk.work(sent)
    return {"draft": drafted, "sent": sent, "hand-over": handed}


def test_what_staff_see_fits_every_width(desk, tickets, chromium, tmp_path):
    """Nothing runs out of the page, wide or on a phone."""
    for size, viewport in SIZES.items():
        page = chromium.new_context(viewport=viewport, device_scale_factor=0.9).new_page()
        for name, ticket_id in tickets.items():
            page.goto(f"{desk.people.url}/inbox/{ticket_id}")
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (size, name)
            file = f"{desk.vendor}-{name}.png"
            is_kept = size == "wide" and file in PICTURES and "DESKHAND_WRITE_PICTURES" in os.environ
            page.locator("article.note").last.screenshot(path=(IMAGES if is_kept else tmp_path) / file)
        page.goto(f"{desk.people.url}/inbox")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (size, "list")
        page.context.close()


def test_every_picture_of_the_guides_is_there_and_made_here():
    """A guide names no picture that is missing, and no picture lies about."""
    guides = "".join(path.read_text(encoding="utf-8") for path in IMAGES.parent.glob("*.md"))
    assert set(re.findall(r"\]\(images/([^)]+)\)", guides)) == PICTURES
    assert {path.name for path in IMAGES.iterdir()} == PICTURES
    assert all((IMAGES / name).stat().st_size < MOST_BYTES for name in PICTURES)
