"""A conversation's story with the real Intercom client: one reply whatever is lost on the way, or a person."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from sqlalchemy import func, select

from integrations.errors import TransientError
from integrations.intercom import writes
from integrations.intercom.client import IntercomHelpdesk
from integrations.intercom.webhook import IntercomWebhook
from kb.domain import Audience, Document, Source
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.intercom_server import BOT_ID, INES, MARA, START, TEAM_ID, TOKEN, do_and_fail, intercom_server, refuse
from tests.fakes.services import SWAP, make_services, scripted
from workers import jobs, pipeline
from workers.store.tables import delivery, reading

ID = "215470000000101"


class Server:
    """One conversation, and everybody's clock: what the server's answers say is what services go by."""

    def __init__(self, app, engine, llm):
        self.app = app
        self.time = FakeHelpdesk(vendor="intercom", now=datetime.fromtimestamp(START + 3600, UTC))
        self.desk = IntercomHelpdesk(app.url, TOKEN, timeout_seconds=2, now=lambda: self.time.now)
        self.services = make_services(
            engine,
            self.time,
            llm=llm,
            helpdesks={"intercom": self.desk},
            webhooks={"intercom": IntercomWebhook(["secret"])},
            sleep=self.sleep,
        )
        article = Document("intercom:article:41:en", Source.ARTICLE, "How to swap a shift", SWAP, Audience.PUBLIC)
        self.services.kb.put([article], source=Source.ARTICLE, prefix="intercom:article:")
        self.sleep(0)

    def sleep(self, seconds):
        self.app.headers = {"Date": format_datetime(self.time.tick(seconds), usegmt=True)}

    def work(self):
        """Work once, as a worker does; a failure gives the ticket back."""
        services = self.services
        services.tickets.wake("intercom", ID, now=services.now())
        lease = services.tickets.claim("intercom", ID, owner="a", now=services.now(), lease_seconds=8)
        assert lease is not None
        try:
            pipeline.work(lease, services)
        finally:
            services.tickets.release(lease, now=services.now())

    def said(self, kind):
        parts = self.app.conversations[ID]["conversation_parts"]["conversation_parts"]
        return [p for p in parts if p["part_type"] == kind and p["author"]["id"] == BOT_ID and p["body"]]


@pytest.fixture
def make(engine):
    with intercom_server() as app:
        app.contacts[MARA["id"]]["browser_language"] = "en"
        app.teams.append({"type": "team", "id": "5018", "name": "Support"})
        yield lambda outcome="send": Server(app, engine, scripted(outcome))


def test_a_question_is_answered_once(make):
    """The comment stands there, with tags and outcome, and looking again changes nothing."""
    server = make()
    server.work()
    (reply,) = server.said("comment")
    assert reply["body"].startswith("<p>Hi Mara,</p>")
    assert "press Offer swap" in reply["body"]
    found = server.desk.ticket(ID)
    assert found.messages[-1].mark == "dh-2900001"
    assert {"deskhand", "deskhand_send", "deskhand_intent_swap_shift"} <= set(found.tags)
    assert server.app.conversations[ID]["custom_attributes"][writes.OUTCOME] == "Replied"
    server.work()
    assert len(server.said("comment")) == 1
    assert server.said("note") == []


def test_a_hand_over_reaches_its_team(make):
    """No comment, one note that reads well, the team set."""
    server = make("hand_off")
    server.work()
    (note,) = server.said("note")
    assert note["body"].startswith("<p><b>For Billing:")
    assert note["body"].endswith("<p>[Deskhand dh-2900001]</p>")
    assert "<strong>" not in note["body"]
    assert server.said("comment") == []
    assert server.app.conversations[ID]["team_assignee_id"] == int(TEAM_ID)


def test_a_lost_answer_is_waited_out_and_found(make):
    """The comment was stored and its answer lost: nothing is sent again, and the case ends as sent."""
    server = make()
    server.app.fail("POST", "/reply", do_and_fail(502))
    with pytest.raises(TransientError) as caught:
        server.work()
    assert caught.value.retry_after_seconds >= server.desk.abilities.longest_flight_seconds
    server.sleep(caught.value.retry_after_seconds)
    server.work()
    assert len(server.said("comment")) == 1
    assert server.said("note") == []
    assert server.services.ledger.outcomes("intercom")["2900001"]["action"] == "send"


def test_a_reply_that_never_showed_goes_to_a_person(make):
    """It may still come, so it is not sent again: while it may, we wait, and then staff get the draft and a warning."""
    server = make()
    server.app.fail("POST", "/reply", refuse(504))
    with pytest.raises(TransientError) as caught:
        server.work()
    server.sleep(30)
    with pytest.raises(TransientError):
        server.work()
    assert server.said("note") == []
    server.sleep(caught.value.retry_after_seconds)
    server.work()
    assert server.said("comment") == []
    assert len(server.said("note")) == 1
    outcome = server.services.ledger.outcomes("intercom")["2900001"]
    assert (outcome["action"], any("in_doubt" in reason for reason in outcome["reasons"])) == ("draft", True)


@pytest.mark.parametrize("place", [("PUT", ID), ("POST", "/tags")])
def test_what_is_lost_before_the_reply_is_made_again(make, place):
    """Tags and the entry may be repeated; nobody waits and nobody is written to twice."""
    server = make()
    server.app.fail(*place, do_and_fail(502))
    with pytest.raises(TransientError):
        server.work()
    assert server.said("comment") == []
    server.sleep(10)
    server.work()
    assert len(server.said("comment")) == 1


def test_a_worker_that_dies_after_the_reply_leaves_one(make, monkeypatch):
    """The process is gone between the call and its record: the next one reads back and settles."""
    server = make()
    write = server.desk.write

    def die(ticket, asked):
        write(ticket, asked)
        raise KeyboardInterrupt

    monkeypatch.setattr(server.desk, "write", die)
    with pytest.raises(KeyboardInterrupt):
        server.work()
    monkeypatch.setattr(server.desk, "write", write)
    server.sleep(10)
    server.work()
    assert len(server.said("comment")) == 1
    assert server.services.ledger.outcomes("intercom")["2900001"]["action"] == "send"


def test_a_colleague_who_was_faster_is_not_talked_over(make):
    """While tags are set, Ines answers: our last look sees it, and nothing is sent."""
    server = make()

    def meanwhile(serve):
        server.app.add(ID, INES, "<p>I have done it for you.</p>", "assignment")
        return serve()

    server.app.fail("POST", f"{ID}/tags", meanwhile)
    server.work()
    assert server.said("comment") == []


def test_a_customer_who_goes_on_gets_one_answer_to_both(make):
    """A message that arrives at the last moment calls the reply off."""
    server = make()

    def meanwhile(serve):
        server.app.add(ID, MARA, "<p>How do I swap a shift on Sundays, I mean?</p>")
        return serve()

    server.app.fail("POST", f"{ID}/tags", meanwhile)
    server.work()
    assert server.said("comment") == []
    server.sleep(10)
    server.work()
    assert len(server.said("comment")) == 1
    assert [m.mark for m in server.desk.ticket(ID).messages][-1] == "dh-501"


def test_our_own_echo_wakes_nobody(make, engine):
    """A delivery about a part of ours is done with, one about a requester's wakes the ticket."""
    server = make()
    jobs.install(server.services, None)
    for number, author in enumerate(({"type": "admin", "id": BOT_ID}, MARA), 1):
        topic = "conversation.admin.replied" if number == 1 else "conversation.user.replied"
        item = {"type": "conversation", "id": ID}
        item["conversation_parts"] = {"conversation_parts": [{"id": str(number), "author": author}]}
        raw = json.dumps({"topic": topic, "id": f"n{number}", "data": {"item": item}}).encode()
        delivery_id = server.services.inbox.add("intercom", f"n{number}", {}, raw, now=server.time.now)
        jobs.handle_delivery(delivery_id)
    with reading(engine) as connection:
        states = dict(connection.execute(select(delivery.c.key, delivery.c.state)).all())
        assert connection.scalar(select(func.count()).select_from(delivery)) == 2
    assert states == {"n1": "ignored", "n2": "done"}


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_colleague_sends_the_draft_by_a_note(make, is_lost):
    """`/send` brings one comment in the colleague's name and one answering note, also if the answer is lost."""
    server = make("draft")
    server.work()
    assert server.said("comment") == []
    server.sleep(60)
    server.app.add(ID, INES, "<p>/send</p>", "note")
    if is_lost:
        server.app.fail("POST", "/reply", do_and_fail(502))
        with pytest.raises(TransientError) as caught:
            server.work()
        server.sleep(caught.value.retry_after_seconds)
    for _ in range(2):
        server.work()
        server.sleep(30)
    parts = server.app.conversations[ID]["conversation_parts"]["conversation_parts"]
    sent = [p for p in parts if p["part_type"] == "comment"]
    assert [p["author"]["id"] for p in sent] == [INES["id"]]
    assert "press Offer swap" in sent[0]["body"]
    assert len(server.said("note")) == 2
