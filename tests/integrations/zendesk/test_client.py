"""The Zendesk client over real HTTP, against the reference's shapes and their accidents."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from config.settings import Settings
from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Role, Status, Team, TicketWrite
from integrations.transport import FixedAuth
from integrations.zendesk import writes
from integrations.zendesk.client import ClientCredentials, ZendeskHelpdesk, api_token, build_helpdesk
from scripts.sandbox import acts
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.raw_server import raw_server, reply
from tests.fakes.zendesk_server import (
    AGENT_ID,
    BOT_ID,
    GROUP_ID,
    REQUESTER_ID,
    SECRET,
    ZendeskServer,
    article,
    comment,
    do_and_drip,
    do_and_hang,
    do_and_say,
    refuse,
    ticket,
    user,
    zendesk_server,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[ZendeskServer]:
    with zendesk_server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(server, clock) -> ZendeskHelpdesk:
    return ZendeskHelpdesk(server.url, FixedAuth("Bearer token-1"), timeout_seconds=2, now=lambda: NOW, clock=clock)


def test_me_is_the_service_account(server, desk):
    """The account behind the credentials is known by id and acts as the bot."""
    assert (desk.me().id, desk.me().role) == (str(BOT_ID), Role.BOT)
    assert all(agent.startswith("deskhand/") for agent in server.agents)
    assert desk.last_limits["x-rate-limit"] == "700"


def test_me_is_not_fooled_by_the_anonymous_answer(server, desk):
    """A 200 with an anonymous user is a refusal, and so is an end user's account."""
    server.tokens = {"other"}
    with pytest.raises(PermanentError) as caught:
        desk.me()
    assert caught.value.status == 401
    server.tokens = {"token-1"}
    server.users[BOT_ID]["role"] = "end-user"
    with pytest.raises(PermanentError):
        desk.me()


def test_an_anonymous_answer_to_a_revoked_token_renews_it(server):
    """A token that was revoked gets an anonymous answer, not a 401: it is replaced all the same."""
    desk = ZendeskHelpdesk(server.url, ClientCredentials(server.url, "deskhand", SECRET))
    desk.me()
    server.tokens = {"somebody-elses"}
    assert desk.me().id == str(BOT_ID)
    assert server.tokens_issued == 2


def test_a_ticket_is_read_whole(server, desk):
    """All pages of comments come, oldest first, and every author has a role."""
    server.page_size = 2
    server.users[5] = user(5, "Eve Colleague")
    server.comments[5158] += [
        comment(9002, AGENT_ID, "I look into it", public=False),
        comment(9003, BOT_ID, "Use the swap button", metadata={"system": {}, "custom": {"deskhand": "m-1"}}),
        comment(9004, 5, "Same here"),
        comment(9005, -1, "Rule says hello"),
    ]
    found = desk.ticket("5158")
    assert [(m.id, m.author.role.value, m.is_public, m.mark) for m in found.messages] == [
        ("9001", "requester", True, ""),
        ("9002", "staff", False, ""),
        ("9003", "bot", True, "m-1"),
        ("9004", "participant", True, ""),
        ("9005", "system", True, ""),
    ]
    assert found.requester.name == "Ada Doe"
    assert found.organization
    assert found.organization.tags == ("vip",)
    assert found.stamp == "2026-01-02T03:04:04Z"
    assert found.read_at
    assert abs(found.read_at - datetime.now(UTC)) < timedelta(seconds=10)
    assert found.url == f"{server.url}/agent/tickets/5158"
    assert len(server.requests("GET", "/comments")) == 3


def test_the_ticket_is_read_before_its_comments(server, desk):
    """The lock is taken first, so that a comment arriving in between makes the write conflict."""
    desk.ticket("5158")
    paths = [path for _, path, _, _ in server.seen if "tickets" in path]
    assert paths == ["/api/v2/tickets/5158", "/api/v2/tickets/5158/comments"]
    assert server.seen[1][2] == {"include": "users", "sort": "created_at", "page[size]": "100"}


def test_authors_that_were_not_side_loaded_are_fetched_together(server, desk):
    """Missing authors come by one call, and who no longer exists is nobody to rely on."""
    server.users[6] = user(6, "Sam Hidden", "agent")
    server.comments[5158] += [comment(9002, 6, "hello"), comment(9003, 404404, "from the past")]
    server.fail(
        "GET",
        "/api/v2/tickets/5158/comments",
        refuse({"comments": server.comments[5158], "users": [], "meta": {"has_more": False}}, 200),
    )
    roles = [(m.author.role, m.author.is_verified) for m in desk.ticket("5158").messages]
    assert roles == [(Role.REQUESTER, True), (Role.STAFF, True), (Role.PARTICIPANT, False)]
    assert [query["ids"] for _, _, query, _ in server.requests("GET", "/show_many")] == ["404404,6"]


@pytest.mark.parametrize("ticket_id", ["1", "", "0", "../users/me", "5158?x=1", "٥", "nine"])
def test_a_ticket_that_is_not_there_is_not_found(server, desk, ticket_id):
    """An unknown id, and anything that is no id at all, is not found; the latter without a request."""
    with pytest.raises(NotFoundError):
        desk.ticket(ticket_id)
    assert len(server.seen) == (1 if ticket_id == "1" else 0)


@pytest.mark.parametrize("change", [{"status": "deleted"}, {"status": "closed", "tags": ["closed_by_merge"]}])
def test_a_deleted_or_merged_ticket_is_gone(server, desk, change):
    """A ticket that was deleted or merged away is not found although it can still be read."""
    server.tickets[5158] |= change
    with pytest.raises(NotFoundError):
        desk.ticket("5158")


WRITE = TicketWrite(
    mark="case-7.1",
    html="<p>Use the <b>swap</b> button, {{ticket.id}}</p>",
    is_public=True,
    status=Status.PENDING,
    priority="high",
    group_id=str(GROUP_ID),
    unassign=True,
    add_tags=("deskhand_sent", "web"),
    remove_tags=("plan_pro",),
)


def test_one_put_carries_out_everything(server, desk):
    """One outcome is one PUT: text, visibility, fields, whole tag set, mark and lock."""
    done = desk.write(desk.ticket("5158"), WRITE)
    puts = server.requests("PUT")
    assert len(puts) == 1
    assert puts[0][3] == {
        "ticket": {
            "comment": {"html_body": "<p>Use the <b>swap</b> button, &#123;{ticket.id}}</p>", "public": True},
            "status": "pending",
            "priority": "high",
            "group_id": GROUP_ID,
            "assignee_id": None,
            "tags": ["web", "deskhand_sent"],
            "metadata": {"deskhand": "case-7.1"},
            "safe_update": True,
            "updated_stamp": "2026-01-02T03:04:04Z",
        }
    }
    again = desk.ticket("5158")
    assert (done.message_id, done.stamp, done.request_id) == (again.messages[-1].id, again.stamp, "req-7")
    assert done.updated_at == again.updated_at
    assert again.messages[-1].mark == "case-7.1"
    assert again.tags == ("web", "deskhand_sent")


def test_a_note_is_sent_as_private(server, desk):
    """A note says `public: false` itself: Zendesk's default would mail it."""
    desk.write(desk.ticket("5158"), TicketWrite(mark="m", html="<p>draft</p>"))
    sent = server.requests("PUT")[0][3]["ticket"]
    assert sent["comment"]["public"] is False
    assert sent.keys() == {"comment", "metadata", "safe_update", "updated_stamp"}


def test_a_ticket_that_moved_is_a_conflict(server, desk):
    """A write with an old stamp changes nothing."""
    before = desk.ticket("5158")
    server.tickets[5158]["updated_at"] = "2026-01-02T03:59:00Z"
    with pytest.raises(ConflictError):
        desk.write(before, WRITE)
    assert len(server.comments[5158]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        do_and_hang(0.8),
        do_and_drip(0.05),
        do_and_say("<html>Bad gateway</html>", 502),
        do_and_say("<html>Please sign in</html>", 200),
        do_and_say("[]", 503),
        do_and_say("[]", 200),
        do_and_say('{"ticket": {"updated_at": "2026-01-02T03:05:04Z"}, "audit": {"events": []}}', 200),
    ],
    ids=["too late", "dripping", "502 page", "web page under 200", "503", "no object", "no comment named"],
)
def test_a_lost_answer_is_found_by_its_mark_and_never_written_twice(server, fault):
    """When the answer is lost the client says so, does not repeat, and the mark is there to be read back."""
    desk = ZendeskHelpdesk(server.url, FixedAuth("Bearer token-1"), timeout_seconds=0.4)
    before = desk.ticket("5158")
    server.fail("PUT", "/api/v2/tickets", fault)
    with pytest.raises(TransientError) as caught:
        desk.write(before, WRITE)
    assert caught.value.maybe_done
    assert len(server.requests("PUT")) == 1
    assert [m.mark for m in desk.ticket("5158").messages] == ["", "case-7.1"]
    with pytest.raises(ConflictError):
        desk.write(before, WRITE)


def test_a_rate_limit_says_when_and_was_not_done(server, desk):
    """A 429 in plain text is transient, carries the wait, and leaves no doubt."""
    before = desk.ticket("5158")
    server.fail("PUT", "/api/v2", refuse("Number of allowed API requests per minute exceeded", 429, Retry_After="31"))
    with pytest.raises(TransientError) as caught:
        desk.write(before, WRITE)
    assert (caught.value.retry_after_seconds, caught.value.maybe_done) == (31, False)


def test_a_closed_ticket_takes_no_write(server, desk):
    """A closed ticket refuses for good, and the vendor's word for it is kept."""
    before = desk.ticket("5158")
    server.tickets[5158]["status"] = "closed"
    with pytest.raises(PermanentError, match="ClosedTicket") as caught:
        desk.write(before, WRITE)
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "write",
    [
        TicketWrite(mark="m", html="ü" * (writes.MAX_HTML_BYTES // 2 + 1)),
        TicketWrite(mark="m", html="{{" * 20_000),
        TicketWrite(mark="m", status=Status.DELETED),
        TicketWrite(mark="m", group_id="Support"),
    ],
    ids=["too long", "too long once neutral", "no such status", "no id"],
)
def test_what_zendesk_would_cut_or_misread_is_not_sent(server, desk, write):
    """Text beyond 64 KB and words Zendesk has no meaning for are refused before anything leaves."""
    before = desk.ticket("5158")
    with pytest.raises(PermanentError):
        desk.write(before, write)
    assert not server.requests("PUT")


def test_a_ticket_without_a_stamp_is_not_written(server, desk):
    """Without a lock there is no write."""
    server.tickets[5158]["updated_at"] = None
    with pytest.raises(PermanentError):
        desk.write(desk.ticket("5158"), WRITE)
    assert not server.requests("PUT")


def test_what_a_person_asked_before_is_one_page_newest_first(server, desk):
    """The list is asked for in one call; a row that says nothing of use is left out."""
    server.tickets[7] = ticket(7, status="solved", subject="Before")
    server.tickets[8] = ticket(8, status="deleted")
    server.tickets[9] = ticket(9, created_at=None)
    found = desk.requested_by(str(REQUESTER_ID), limit=30)
    assert [(one.ticket_id, one.subject, one.status) for one in found] == [
        ("5158", "Shift swap", Status.OPEN),
        ("7", "Before", Status.SOLVED),
    ]
    ((_, _, query, _),) = server.requests("GET", "/requested")
    assert query == {"sort_by": "created_at", "sort_order": "desc", "per_page": "30"}


@pytest.mark.parametrize("nobody", ["", "0", "-1", "abc", "../users"])
def test_nobody_asked_before(server, desk, nobody):
    """What is no id of Zendesk's is never put into an address."""
    with pytest.raises(NotFoundError):
        desk.requested_by(nobody, limit=30)
    assert server.requests("GET", "/requested") == []


def test_teams_are_all_pages_without_deleted_ones_and_kept_for_minutes(server, desk, clock):
    """Groups come from every page, deleted ones do not count, and the list is read again only when it is old."""
    server.page_size = 1
    server.groups += [{"id": 2, "name": "Old", "deleted": True}, {"id": 3, "name": "Billing", "deleted": False}]
    assert desk.teams() == (Team(str(GROUP_ID), "Support"), Team("3", "Billing"))
    server.groups.pop()
    assert len(desk.teams()) == 2
    clock.seconds += 301
    assert len(desk.teams()) == 1


def test_changes_follow_the_cursor_to_the_end(server, desk):
    """The export starts at a time, goes on by cursor, names deleted tickets, and keeps its cursor at the end."""
    server.page_size = 2
    server.export = [
        ticket(1, status="solved"),
        ticket(2, status="deleted", updated_at=None, generated_timestamp=1767323044),
        ticket(3, status="hold"),
        {"id": None, "status": "open"},
    ]
    first = desk.changes("", since=datetime(2026, 1, 1, tzinfo=UTC))
    second = desk.changes(first.cursor, since=NOW)
    assert [(t.ticket_id, t.status) for t in first.tickets] == [("1", Status.SOLVED), ("2", Status.DELETED)]
    assert (first.is_last, second.is_last, second.cursor) == (False, True, "4")
    assert [t.ticket_id for t in second.tickets] == ["3"]
    queries = [query for _, _, query, _ in server.requests("GET", "/incremental")]
    assert (queries[0]["start_time"], queries[1]["cursor"]) == ("1767225600", "2")


def test_changes_never_ask_for_the_newest_minute(server, desk):
    """A start that Zendesk would refuse as too recent is moved back."""
    desk.changes("", since=NOW + timedelta(hours=1))
    asked = int(server.seen[-1][2]["start_time"])
    assert asked <= (NOW - timedelta(seconds=60)).timestamp()


def test_articles_of_every_locale_with_their_shelf(server, desk):
    """A full listing goes through every enabled locale and says where an article stands and who may read it."""
    server.page_size = 1
    server.locales = {"locales": ["en-us", "de"], "default_locale": "en-us"}
    server.articles = {
        "en-us": [
            article(41, "Swap a shift"),
            article(42, "For staff", user_segment_id=9),
            article(43, "x", draft=True),
        ],
        "de": [article(41, "Schicht tauschen", locale="de")],
    }
    found = [(a.id, a.locale, a.title, a.is_public, a.is_draft) for a in desk.articles()]
    assert found == [
        ("41", "en-us", "Swap a shift", True, False),
        ("42", "en-us", "For staff", False, False),
        ("43", "en-us", "x", False, True),
        ("41", "de", "Schicht tauschen", True, False),
    ]
    assert next(desk.articles()).section == ("Scheduling", "Shifts")


@pytest.mark.parametrize("locales", [None, {"locales": []}, {"locales": None}, {"locales": ["../x", "a/b"]}])
def test_articles_without_known_locales_are_the_default_ones(server, desk, locales):
    """Where locales are not told, or not usable, the listing without a locale serves."""
    server.locales = locales
    assert [a.id for a in desk.articles()] == ["41"]


def test_changed_articles_are_each_given_once(server, desk):
    """The feed of changes repeats rows at its borders; every article comes once, in its newest form."""
    server.page_size = 2
    server.changed_articles = [
        article(41, "old", _at=100),
        article(42, "b", _at=200),
        article(41, "new", _at=300),
        article(43, "c", _at=300),
    ]
    found = [(a.id, a.title) for a in desk.articles(updated_since=datetime.fromtimestamp(50, UTC))]
    assert found == [("41", "new"), ("42", "b"), ("43", "c")]


@pytest.mark.parametrize(
    "body",
    ["null", "[]", '{"articles": null}', "<html></html>", ""],
)
def test_an_odd_listing_is_an_outage_not_an_empty_library(server, desk, body):
    """A 200 without the list is transient: it must never look as if every article were gone."""
    server.fail("GET", "/api/v2/help_center/articles", refuse(body, 200))
    with pytest.raises(TransientError):
        list(desk.articles())


def test_a_cursor_that_stands_still_is_noticed(server, desk):
    """Paging that would go on for ever ends in an error."""
    page = {"groups": [], "meta": {"has_more": True, "after_cursor": "same"}}
    for _ in range(2):
        server.fail("GET", "/api/v2/groups", refuse(page, 200))
    with pytest.raises(TransientError):
        desk.teams()
    assert len(server.seen) == 2


def test_a_token_is_fetched_once_and_renewed_before_it_ends(server, clock):
    """Ten threads share one token; it is replaced shortly before its end."""
    auth = ClientCredentials(server.url, "deskhand", SECRET, clock=clock)
    desk = ZendeskHelpdesk(server.url, auth)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: desk.ticket("5158"), range(10)))
    assert server.tokens_issued == 1
    clock.seconds += 541
    desk.ticket("5158")
    assert server.tokens_issued == 2
    asked = server.requests("POST", "/oauth/tokens")[0][3]
    assert (asked["grant_type"], asked["client_id"], asked["scope"]) == ("client_credentials", "deskhand", "read write")


def test_a_refused_token_is_replaced_once_and_the_write_is_made_once(server):
    """A 401 in the middle leads to one new token and one repetition; the write lands once."""
    desk = ZendeskHelpdesk(server.url, ClientCredentials(server.url, "deskhand", SECRET))
    before = desk.ticket("5158")
    server.tokens = {"revoked-ours"}
    desk.write(before, WRITE)
    assert server.tokens_issued == 2
    assert len(server.comments[5158]) == 2
    server.tokens = set()
    server.fail("POST", "/oauth/tokens", refuse({"access_token": "useless", "expires_in": 600}, 200))
    with pytest.raises(PermanentError) as caught:
        desk.teams()
    assert caught.value.status == 401


def test_a_token_that_another_thread_replaced_is_not_thrown_away(server):
    """When ten threads are refused with the same old token, one new token serves them all."""
    auth = ClientCredentials(server.url, "deskhand", SECRET)
    refused = auth.header()
    for _ in range(10):
        assert auth.renew(refused)
        assert auth.header() != refused
    assert server.tokens_issued == 2


def test_a_wrong_client_secret_is_permanent_and_stays_out_of_the_error(server):
    """Bad credentials are for a person to mend; the secret is in no message."""
    desk = ZendeskHelpdesk(server.url, ClientCredentials(server.url, "deskhand", "not-the-secret"))
    with pytest.raises(PermanentError) as caught:
        desk.me()
    assert caught.value.operation == "token"
    assert "not-the-secret" not in str(caught.value)


def test_a_token_outage_does_not_make_a_write_doubtful(server):
    """If only the token request was lost, the write was surely not done."""
    auth = ClientCredentials(server.url, "deskhand", SECRET)
    desk = ZendeskHelpdesk(server.url, auth)
    before = desk.ticket("5158")
    auth.renew(auth.header())
    server.fail("POST", "/oauth/tokens", refuse("<html>down</html>", 503))
    with pytest.raises(TransientError) as caught:
        desk.write(before, WRITE)
    assert not caught.value.maybe_done
    assert not server.requests("PUT")


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": "a\r\nX: y"}, {"access_token": 7}])
def test_an_answer_without_a_usable_token_is_permanent(answer):
    """What is no token is never sent as one."""
    with raw_server(reply(body=json.dumps(answer).encode())) as server, pytest.raises(PermanentError):
        ClientCredentials(server.url, "deskhand", SECRET).header()


@pytest.mark.parametrize(
    ("life", "seconds"), [(600, 540), (40, 20), (None, 240), ("soon", 240), (-5, 240), (True, 240)]
)
def test_the_life_of_a_token_is_read_with_care(clock, life, seconds):
    """A token is used until a minute before its end, half its life if it is short, some minutes if that is not said."""
    body = json.dumps({"access_token": "t", "expires_in": life}).encode()
    with raw_server(reply(body=body), reply(body=body)) as server:
        auth = ClientCredentials(server.url, "deskhand", SECRET, clock=clock)
        auth.header()
        clock.seconds += seconds - 1
        auth.header()
        assert len(server.requests) == 1
        clock.seconds += 1
        auth.header()
        assert len(server.requests) == 2


def settings(**more: str) -> Settings:
    return Settings(_env_file=None, zendesk_url="https://acme.zendesk.com", **more)  # type: ignore[arg-type, call-arg]


def test_building_prefers_the_oauth_client_and_needs_credentials():
    """Both kinds of credentials build a client, none is an error that names the variables."""
    old = {"zendesk_email": "bot@example.com", "zendesk_api_token": "t0ken"}
    assert build_helpdesk(settings(**old)).vendor == "zendesk"
    assert build_helpdesk(settings(**old, zendesk_client_id="c", zendesk_client_secret="s")).vendor == "zendesk"
    with pytest.raises(ValueError, match="ZENDESK_CLIENT_ID"):
        build_helpdesk(settings())


def test_the_older_credentials_are_basic_with_the_token_suffix():
    """An API token is sent as Zendesk wants it."""
    assert api_token("bot@example.com", "t0ken").header() == "Basic Ym90QGV4YW1wbGUuY29tL3Rva2VuOnQwa2Vu"


def test_the_requester_is_who_asks(server, desk):
    """The requester of a ticket is the person who asks, with locale and verification."""
    found = desk.ticket("5158")
    assert (found.requester.id, found.requester.role, found.locale) == (str(REQUESTER_ID), Role.REQUESTER, "en-US")


def test_who_set_a_tag_stands_in_the_audits():
    """The newest time it was put on counts; nobody is named for a tag that nobody set."""
    twin = Twin(Options())
    running = run_app("zendesk", create_zendesk_app(twin))
    twin.world.base_url = running.url
    try:
        desk = ZendeskHelpdesk(running.url, api_token("deskhand@tidemark.example", "sandbox-api-token"))
        grace = next(one for one in twin.world.users.values() if one.is_staff)
        made = requests.post(
            f"{running.url}/api/v2/tickets.json",
            json={
                "ticket": {
                    "subject": "Shift",
                    "comment": {"body": "How?"},
                    "requester": {"name": "Ada", "email": "ada@harbour.example"},
                }
            },
            auth=(f"{grace.email}/token", "sandbox-api-token"),
            timeout=5,
        ).json()
        ticket_id = str(made["ticket"]["id"])
        assert desk.tagged(desk.ticket(ticket_id), "deskhand_do_send") is None
        requests.put(
            f"{running.url}/api/v2/tickets/{ticket_id}.json",
            json={"ticket": {"tags": ["deskhand_do_send"]}},
            auth=(f"{grace.email}/token", "sandbox-api-token"),
            timeout=5,
        ).raise_for_status()
        found = desk.tagged(desk.ticket(ticket_id), "deskhand_do_send")
        assert (found.person.id, found.person.may_act) == (str(grace.id), True)
        assert found.person.role in (Role.STAFF, Role.BOT)
    finally:
        running.stop()
        twin.sender.stop()


def test_a_file_of_a_message_is_fetched():
    """What a requester attached comes as bytes from where the comment says it lies, up to a length."""
    twin = Twin(Options())
    running = run_app("zendesk", create_zendesk_app(twin))
    twin.world.base_url = running.url
    try:
        desk = ZendeskHelpdesk(running.url, api_token("deskhand@tidemark.example", "sandbox-api-token"))
        ada = {"name": "Ada", "email": "ada@harbour.example"}
        log = {"name": "app.log", "content_type": "text/plain", "content": "TM-2010 \u00fc"}
        with twin.world.lock:
            made, _ = acts.message(twin, {"subject": "Clock", "body": "Why?", "requester": ada, "attachments": [log]})
        (file,) = desk.ticket(str(made.id)).messages[0].attachments
        assert desk.download(file, most_bytes=100) == "TM-2010 \u00fc".encode()
        with pytest.raises(PermanentError, match="longer than allowed"):
            desk.download(file, most_bytes=5)
    finally:
        running.stop()
        twin.sender.stop()
