"""The pages: closed without the token, harmless whatever the record holds, and telling what is in it."""

import pytest
from pydantic import SecretStr

from tests.fakes.record import FULL_STORY, NOW, TOKEN, add_case, add_command, add_delivery, add_lesson, add_ticket, fill
from workers.store.schedule import Schedule
from workers.store.tables import case

PAGES = ["/dashboard", "/dashboard/cases", "/dashboard/attention", "/dashboard/tickets/zendesk/4711"]
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("page", [*PAGES, "/dashboard/", "/dashboard/login", "/dashboard/tickets/zendesk/none"])
def test_without_a_configured_token_everything_is_off(door, page):
    """403 and how to turn it on, whatever is sent along."""
    answer = door.client(api_token=SecretStr("")).get(page, headers={"Authorization": "Bearer "})
    assert answer.status_code == 403
    assert "DESKHAND_API_TOKEN" in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_without_the_token_a_page_asks_for_it(door, page):
    """401 and the log-in form, and nothing of the record."""
    add_case(door.engine, now=NOW, **FULL_STORY)
    answer = door.client().get(page)
    assert answer.status_code == 401
    assert 'type="password"' in answer.text
    assert "colleague" not in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_the_bearer_token_shows_every_page(door, page):
    """A full record is shown without an error, and again without a cookie being set."""
    fill(door.engine, now=NOW, cases=30)
    answer = door.client().get(page, headers=BEARER)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("page", PAGES[:3])
def test_an_empty_record_is_shown_too(door, page):
    """The first day has pages as well."""
    assert door.client().get(page, headers=BEARER).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "/dashboard/login", "/dashboard/static/style.css"])
def test_every_answer_carries_the_protecting_headers(door, page):
    """Nothing from elsewhere is loaded, nothing runs, nobody frames us."""
    for headers in ({}, BEARER):
        answer = door.client().get(page, headers=headers)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_no_script_and_nothing_from_outside(door, page):
    """No script, no inline style, and no asset of another host."""
    fill(door.engine, now=NOW, cases=10)
    text = door.client().get(page, headers=BEARER).text
    assert "<script" not in text
    assert " style=" not in text
    assert 'src="http' not in text
    assert "javascript:" not in text


EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}\r\nX: y"


def test_what_stands_in_the_record_is_only_ever_text(door):
    """Mark-up in any column of the record reaches the browser escaped."""
    evil = {
        "subject": EVIL,
        "question": EVIL,
        "channel": EVIL[:40],
        "language": '"><b>',
        "intent": EVIL,
        "team": EVIL,
        "reasons": [f"rule:{EVIL}", EVIL],
        "classification": {"intent": EVIL, "summary": EVIL, "confidence": 0.5, "candidates": []},
        "passages": [{"title": EVIL, "url": f"https://x/{EVIL}", "score": 0.1, "heading": [EVIL]}],
        "draft": {"sentences": [{"text": EVIL, "passages": [EVIL], "block": EVIL}], "escalate": EVIL},
        "findings": {"findings": [{"code": EVIL, "words": EVIL, "sentence": 0}], "score": 1.0},
        "facts": {EVIL: {EVIL: EVIL}},
    }
    add_case(door.engine, now=NOW, **evil)
    add_lesson(door.engine, now=NOW, question=EVIL, answer=EVIL)
    add_ticket(door.engine, error=EVIL, attempts=1, due_at=NOW)
    add_delivery(door.engine, EVIL, now=NOW, note=f"4711 {EVIL}", state="failed")
    for page in PAGES:
        text = door.client().get(page, headers=BEARER).text
        assert "<script" not in text
        assert "<img" not in text
        assert '"><b>' not in text


def test_the_raw_delivery_is_never_shown(door):
    """A delivery's body holds the requester's unmasked words: no page prints it."""
    fill(door.engine, now=NOW, cases=3)
    for page in PAGES:
        assert "secret words" not in door.client().get(page, headers=BEARER).text


def test_the_story_of_a_ticket_is_told(door):
    """Question, words for the reasons, classification, passages with links, draft, findings, facts, calls, lesson."""
    fill(door.engine, now=NOW, cases=0)
    text = door.client().get("/dashboard/tickets/zendesk/4711", headers=BEARER).text
    for words in (
        "trade Saturday&#39;s shift",
        "this kind of request has not earned automatic sending yet",
        "Deskhand is only 71% sure what kind of request this is",
        "decided by stage two",
        'href="https://help.tidemark.example/articles/42"',
        "A manager approves it within 24 hours.",
        "unsupported number",
        "best score",
        "529 overloaded",
        "claude-haiku-5-5",
        "mark-",
        "Open the shift, choose Swap",
        "message 4711 trigger new-or-reply",
    ):
        assert words in text, words


def test_what_staff_asked_for_stands_in_the_story(door):
    """Who, what and when, with what came of it, and the draft that was replaced."""
    fill(door.engine, now=NOW, cases=0)
    add_command(door.engine, now=NOW)
    add_command(door.engine, now=NOW, key="t1-send-0", name="send", tag="deskhand_do_send", words="", replaced=None)
    add_command(door.engine, now=NOW, key="c11", name="send", words="", result="newer_message", replaced=None)
    text = door.client().get("/dashboard/tickets/zendesk/4711", headers=BEARER).text
    for words in (
        "Grace Hill",
        "<code>/redo</code> make it friendlier",
        "in place of “The first draft.”",
        "<code>deskhand_do_send</code>",
        "the draft was sent by staff",
        "refused: newer message",
    ):
        assert words in text, words


def test_filters_and_pages_keep_each_other(door):
    """The link to the older page carries the filter, and the filter's values stay chosen."""
    for number in range(51):
        add_case(door.engine, now=NOW, ticket_id=f"8{number}", intent="a&b")
    text = door.client().get("/dashboard/cases?intent=a%26b", headers=BEARER).text
    assert 'href="/dashboard/cases?intent=a%26b&amp;page=2"' in text
    assert '<option value="a&amp;b" selected>' in text
    older = door.client().get("/dashboard/cases?intent=a%26b&page=2", headers=BEARER).text
    assert "page 2 of 2" in older


@pytest.mark.parametrize(
    "query", ["page=x", "page=-5", "page=99999999999999999999", "action=%00", "ticket_id=%25%27--"]
)
def test_odd_questions_get_a_page(door, query):
    """Nonsense in the address is no error of ours."""
    add_case(door.engine, now=NOW)
    assert door.client().get(f"/dashboard/cases?{query}", headers=BEARER).status_code == 200


def test_an_unknown_ticket_is_404(door):
    """There is nothing to tell, and the id is shown as text."""
    answer = door.client().get("/dashboard/tickets/zendesk/%3Cb%3E", headers=BEARER)
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_pause_is_shown(door):
    """Whoever looks sees that the kill switch was pressed."""
    Schedule(door.engine).set_value("paused", "yes", now=NOW)
    assert "Deskhand is paused" in door.client().get("/dashboard", headers=BEARER).text


def test_a_page_that_fails_says_nothing_of_the_record(door, logged):
    """500 with one plain line; the log has kind and place only."""
    with door.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {case.name} RENAME TO gone")
    client = door.client()
    answer, words = logged(lambda: client.get("/dashboard/cases?ticket_id=canary", headers=BEARER))
    assert (answer.status_code, "canary" in answer.text) == (500, False)
    assert "page_failed" in words
    assert "canary" not in words
