"""The vendor's own description judges the twin's answers and every request that Deskhand's client sends.

The description may not be copied into this repository: it lies beside the checkout (or where ZENDESK_OPENAPI says).
Where it is not there the tests are skipped by name; on CI, where `CI` is set, they fail.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import NotFoundError
from integrations.helpdesk import TicketWrite
from integrations.zendesk.client import ClientCredentials, ZendeskHelpdesk
from scripts.sandbox import acts
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.scripts.sandbox import calls, openapi
from tests.scripts.sandbox.openapi import Difference

ROOT = Path(__file__).resolve().parents[3]
FILE = Path(os.environ.get("ZENDESK_OPENAPI", ROOT / "../shared/reference/zendesk-openapi.yaml"))


ANSWERS = (
    Difference("null", r"(^|/)tickets?/(external_id|assignee_id|forum_topic_id|problem_id)$",
               "4.1 [recorded]: null in the recorded ticket"),
    Difference("null", r"(^|/)tickets?/(priority|type)$", "4.1 [docs]: null stands for none"),
    Difference("null", r"(^|/)tickets?/(group_id|organization_id)$",
               "5 [docs]: a condition's empty value is a ticket that has none"),
    Difference("null", r"(^|/)tickets?/recipient$", "4.1 [unsure]: a ticket that did not come by mail has no address"),
    Difference("null", r"^users?/(alias|phone|signature|organization_id|external_id|custom_role_id|default_group_id"
               r"|last_login_at|role_type|ticket_restriction|shared_phone_number|photo|two_factor_auth_enabled)$",
               "1 and 7 [docs]: the user has these fields; null where nothing is known, as the file itself marks some"),
    Difference("null", r"(^|/)suspended_tickets/ticket_id$", "7 [docs]: what is suspended is no ticket"),
    Difference("null", r"(^|/)views?/restriction$", "6 [recorded]: null is `everyone`, as in the recorded macro"),
    Difference("enum", r"^tickets/status$", "9 [docs]: deleted tickets come as `deleted`", call="/incremental/"),
    Difference("type", r"^audit/events/value$|^audits/events/value$", "4.4 [docs]: tags change as lists"),
    Difference("oneOf", r"^audits?/events/(value|previous_value)$", "4.4 [docs]: tags change as lists"),
    Difference("unknown status", "", "4.2 [docs]: all but POST answer 200 with the tags", call=r"^DELETE .*/tags 200"),
    Difference("unknown status", "", "1 [recorded]: 201 with Location", call=r"^POST .*/(macros|views) 201"),
    Difference("type", r"^satisfaction_rating$",
               "7 [client code]: one row; zenpy reads an object, the file shows a list under a singular name"),
)  # fmt: skip

REQUESTS = (
    Difference("unknown body", "", "12 [docs]: the file has no request body here",
               call=r"update_many|/tags |/groups|group_memberships|/ticket_fields|/identities|/views|/organizations/"
                    r"|/redact |/ticket_forms|/slas/policies"),
    Difference("unknown parameter", r"^\?page\[(size|after)\]$", "1 [recorded]: cursor paging, on every list"),
    Difference("unknown parameter", r"^\?filename$", "4.2 [docs]: an upload is named in the query"),
    Difference("unknown parameter", r"^\?score$", "7 [docs]: ratings are picked by score"),
    Difference("unknown parameter", r"^\?include$", "4.2 and 9 [docs]: side-loading"),
    Difference("unknown parameter", r"^\?sort$", "4.2 [docs]: `sort=created_at` with cursor paging"),
    Difference("unknown parameter", r"^\?per_page$", "9 [docs]: up to 1,000 rows a page", call="/incremental/"),
    Difference("missing parameter", r"^\?start_time$", "9 [docs]: later pages are asked for by `cursor` alone",
               call="/incremental/tickets/cursor"),
    Difference("null", r"^ticket/assignee_id$", "4.3 [docs]: null takes a ticket off its assignee"),
    Difference("required", r"^ticket/custom_fields$", "4.3 [docs]: id and value; `key` belongs to other objects"),
)  # fmt: skip


@pytest.fixture(name="description", scope="module")
def description_fixture():
    """The vendor's description, read once."""
    return openapi.read_description(FILE)


@pytest.fixture(name="day")
def day_fixture(description, api, control, twin):
    """The calls of a long day, and the application that answered them."""
    app = api.anyone.application
    kept = openapi.record(app)
    twin.jobs.delay_seconds = 0.01
    calls.whole_day(api, control)
    return [exchange for exchange in kept if exchange.path.startswith("/api/v2")], app


def test_answers_fit_the_description(description, day):
    """Every answer of the day has a status and a body that the file describes, but for the listed differences."""
    exchanges, _ = day
    assert not [(e.method, e.path, e.answer) for e in exchanges if e.status >= 400]
    faults = [fault for e in exchanges for fault in _answer_faults(description, e)]
    assert openapi.unlisted(faults, ANSWERS) == []


def _answer_faults(description: Any, exchange: Any) -> list[Any]:
    known = description.covered(exchange.method, exchange.path)
    return list(description.answer_faults(exchange, known)) if known else []


def test_every_described_call_of_the_twin_was_judged(description, day):
    """No route of the twin that the file covers is left out of the day: a new one must be called there."""
    exchanges, app = day
    judged = {(e.method, description.covered(e.method, e.path)) for e in exchanges}
    offered = {
        (method, known)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v2") and (known := description.covered(method, re.sub("<[^>]*>", "1", rule.rule)))
    }
    # Requesters alone may rate: the call is there to refuse.
    assert offered - judged == {("POST", "/api/v2/tickets/{ticket_id}/satisfaction_rating")}
    assert len(judged - {None}) > 100


def test_requests_of_the_day_fit_too(description, day):
    """Our own calls are ones that the file describes, so the answers above are answers to real questions."""
    exchanges, _ = day
    covered = [(e, known) for e in exchanges if (known := description.covered(e.method, e.path))]
    assert (
        openapi.unlisted((fault for e, known in covered for fault in description.request_faults(e, known)), REQUESTS)
        == []
    )


@pytest.fixture(name="recorded_server")
def recorded_server_fixture():
    """A twin with a ticket of more than a page of comments and an article, served over real HTTP and recorded."""
    twin = Twin()
    with twin.world.lock:
        ticket, _ = acts.message(twin, {"subject": "S", "body": "x", "requester": "ada@x.example"})
        for number in range(120):
            acts.message(twin, {"ticket_id": ticket.id, "body": f"more {number}"})
        acts.load(twin, {"articles": [{"title": "A", "body": "x"}]})
    app = create_zendesk_app(twin)
    kept = openapi.record(app)
    server = run_app("zendesk", app)
    twin.world.base_url = server.url
    yield server.url, kept
    server.stop()
    twin.sender.stop()


@pytest.mark.real
def test_every_request_of_deskhand_fits(description, recorded_server):
    """What the product's client sends fits the file: reads, one write of each kind, paging, the export, refusals."""
    url, kept = recorded_server
    desk = ZendeskHelpdesk(url, ClientCredentials(url, "deskhand", "sandbox-client-secret"))
    desk.me()
    teams = desk.teams()
    ticket = desk.ticket("1")
    desk.write(ticket, TicketWrite("m-1", "<p>Note</p>", add_tags=("a",), group_id=teams[0].id, unassign=True))
    desk.write(desk.ticket("1"), TicketWrite("m-2", "<p>Answer</p>", is_public=True, status="pending", priority="low"))
    desk.write(desk.ticket("1"), TicketWrite("m-3", remove_tags=("a",)))
    with pytest.raises(NotFoundError):
        desk.ticket("99")
    changes = desk.changes("", since=datetime(2026, 1, 1, tzinfo=UTC))
    desk.changes(changes.cursor, since=datetime(2026, 1, 1, tzinfo=UTC))
    list(desk.articles())
    list(desk.articles(updated_since=datetime(2026, 1, 1, tzinfo=UTC)))
    sent = [e for e in kept if e.path.startswith("/api/v2")]
    outside = {e.path for e in sent if description.covered(e.method, e.path) is None}
    assert all(path.startswith("/api/v2/help_center") for path in outside), outside  # the file has no Help Center
    covered = [(e, known) for e in sent if (known := description.covered(e.method, e.path))]
    assert {known.rpartition("/")[2] for _, known in covered} >= {"me", "comments", "groups", "cursor", "{ticket_id}"}
    assert (
        openapi.unlisted((fault for e, known in covered for fault in description.request_faults(e, known)), REQUESTS)
        == []
    )
    good = [e for e in sent if e.status < 400]
    assert openapi.unlisted((fault for e in good for fault in _answer_faults(description, e)), ANSWERS) == []


def test_each_difference_names_its_source():
    """Every line of the tables names a section of the reference and how sure that is."""
    marks = ("[recorded]", "[docs]", "[client code]", "[unsure]")
    assert all(re.match(r"\d", row.why) and any(mark in row.why for mark in marks) for row in (*ANSWERS, *REQUESTS))
