"""The vendor's own description judges the workspace's answers, and the calls that ask for them.

The description may not be copied into this repository: it lies beside the checkout (or where INTERCOM_OPENAPI says).
Where it is not there the tests are skipped by name; on CI, where `CI` is set, they fail.
"""

import os
import re
from pathlib import Path

import pytest

from scripts.sandbox.intercom.app import API
from tests.scripts.sandbox import openapi
from tests.scripts.sandbox.intercom import calls
from tests.scripts.sandbox.openapi import Difference

ROOT = Path(__file__).resolve().parents[4]
FILE = Path(os.environ.get("INTERCOM_OPENAPI", ROOT / "../shared/reference/intercom-openapi.yaml"))

ANSWERS = (
    Difference("null", r"(^|/)ai_agent$", "2.6 [client code]: null where Fin had no part"),
    Difference("null", r"conversation_parts/assigned_to$", "3.2 [openapi]: null is no change of assignment"),
    Difference("null", r"conversation_parts/(email_message_metadata|event_details)$",
               "2.6 [client code]: null in the API where webhooks have {}"),
)  # fmt: skip
REQUESTS = (
    Difference("format", r"^from/id$", "4 [client code]: ids of contacts are 24 hexadecimal digits, no UUIDs"),
)  # fmt: skip


@pytest.fixture(name="description", scope="module")
def description_fixture():
    """The vendor's description, read once."""
    return openapi.read_description(FILE)


@pytest.fixture(name="day")
def day_fixture(description, api, control):
    """The calls of a long day, and the application that answered them."""
    app = api.anyone.application
    kept = openapi.record(app)
    calls.whole_day(api, control)
    return [exchange for exchange in kept if exchange.path.startswith(API)], app


def test_answers_fit_the_description(description, day):
    """Every answer of the day has a status and a body that the file describes, but for the listed differences."""
    exchanges, _ = day
    assert not [(e.method, e.path, e.answer) for e in exchanges if e.status >= 400]
    covered = [(e, known) for e in exchanges if (known := description.covered(e.method, e.path))]
    assert openapi.unlisted((f for e, known in covered for f in description.answer_faults(e, known)), ANSWERS) == []


def test_requests_of_the_day_fit_too(description, day):
    """Our own calls are ones that the file describes, so the answers above are answers to real questions."""
    exchanges, _ = day
    assert {(e.method, e.path) for e in exchanges if not description.covered(e.method, e.path)} == set()
    covered = [(e, description.covered(e.method, e.path)) for e in exchanges]
    assert openapi.unlisted((f for e, known in covered for f in description.request_faults(e, known)), REQUESTS) == []


def test_every_described_call_of_the_twin_was_judged(description, day):
    """No route of the twin that the file covers is left out of the day: a new one must be called there."""
    exchanges, app = day
    judged = {(e.method, description.covered(e.method, e.path)) for e in exchanges}
    offered = {
        (method, known)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(API) and (known := description.covered(method, re.sub("<[^>]*>", "1", rule.rule)))
    }
    assert offered - judged == set()
    assert len(judged) > 70


def test_refusals_fit_too(description, api, talk):
    """What is refused comes in the described list of errors, with the number of the request."""
    kept = openapi.record(api.anyone.application)
    api.get("/conversations/1")
    api.get("/teams/1")
    api.post("/tags", {})
    api.post(f"/conversations/{talk}/reply", {"message_type": "note", "type": "admin", "admin_id": "5017", "body": "x"})
    api.anyone.get("/me")
    assert [exchange.status for exchange in kept] == [404, 404, 400, 404, 401]
    described = [(e, known) for e in kept[:-1] if (known := description.covered(e.method, e.path))]
    assert openapi.unlisted((f for e, known in described for f in description.answer_faults(e, known)), ANSWERS) == []
    assert all(exchange.answer["request_id"] for exchange in kept)


def test_each_difference_names_its_source():
    """Every line of the tables names a section of the reference and how sure that is."""
    marks = ("[openapi]", "[docs]", "[client code]", "[unsure]")
    assert all(re.match(r"\d", row.why) and any(mark in row.why for mark in marks) for row in (*ANSWERS, *REQUESTS))
