"""The player of sample tickets: what it writes, how it reads outcomes, and what it counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scripts.rehearsal import (
    Desk,
    Played,
    Rehearsal,
    Written,
    article_row,
    duplicates,
    mismatches,
    people_row,
    seconds_of,
)
from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from scripts.world.load import Customer, Expectation, Scene, Step, Ticket, World, load_world

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = Customer("Ada", "ada@example.com")
ANSWERED = {
    "action": "send",
    "intent": "schedule_shifts",
    "team": "",
    "reasons": ["confident"],
    "passages": [{"title": "Publish", "source": "article"}],
    "draft": {"sentences": [{"text": "Click Publish."}]},
    "asked_at": NOON,
    "opened_at": NOON,
    "settled_at": NOON + timedelta(seconds=4),
}


class Book:
    """Stands for ledger and lessons: outcomes by message id, lessons by ticket id."""

    def __init__(self):
        self.settled = {}
        self.lessons = {}

    def outcomes(self, vendor):
        return self.settled

    def hash_of(self, vendor, ticket_id):
        return self.lessons.get(ticket_id)


@pytest.fixture
def desk():
    twin = Twin()
    server = run_app("zendesk", create_zendesk_app(twin))
    yield Desk(server.url)
    server.stop()
    twin.sender.stop()


def ticket(subject="Rota", **more):
    return Ticket(subject, ADA, subject, "How do I publish?", **more)


def world(*tickets, scenes=()):
    return World((), tickets, tuple(scenes), load_world().people)


def settle(book, played, **more):
    for written in played.written:
        book.settled.setdefault(written.message_id, {**ANSWERED, **more})


def test_tickets_are_written_at_a_pace_and_followed_to_their_outcome(desk):
    """Each round writes a few; it is over when the ledger has an outcome for each."""
    book = Book()
    rehearsal = Rehearsal([desk], book, book, world(*[ticket(f"T{n}") for n in range(3)]))
    assert rehearsal.advance(at_most=2) == []
    assert (len(rehearsal.played), rehearsal.total) == (2, 3)
    rehearsal.advance(at_most=2)
    assert not rehearsal.is_over
    for played in rehearsal.played:
        settle(book, played)
    assert len(rehearsal.advance(at_most=2)) == 3
    assert rehearsal.is_over
    assert [one["subject"] for one in desk.state()["tickets"]] == ["T0", "T1", "T2"]


def test_steps_come_at_once_or_when_it_is_settled(desk):
    """A burst is written together; what follows an answer waits for it."""
    book = Book()
    steps = (Step("requester", "And Sunday?", after="at_once"), Step("staff", "Done.", status="solved"))
    rehearsal = Rehearsal([desk], book, book, world(ticket(then=steps)))
    rehearsal.advance(at_most=1)
    (played,) = rehearsal.played
    assert len(desk.state()["tickets"][0]["comments"]) == 2
    book.settled[played.written[-1].message_id] = ANSWERED
    rehearsal.advance(at_most=1)
    assert desk.state()["tickets"][0]["status"] == "solved"
    assert played.written[0].is_folded
    assert played.outcome == ANSWERED


def test_a_scene_is_played_until_the_lesson_was_used(desk):
    """The question is settled, staff solve it, the lesson is learned, and the like question comes."""
    book = Book()
    scene = Scene("s", ticket("First"), "Press the blue button twice.", ticket("Second"))
    rehearsal = Rehearsal([desk], book, book, world(scenes=[scene]))
    rehearsal.advance(at_most=1)
    (play,) = rehearsal.scenes
    settle(book, play.first, action="assist")
    rehearsal.advance(at_most=1)
    assert play.is_solved
    assert play.second is None
    book.lessons[str(play.first.ticket_id)] = "hash"
    rehearsal.advance(at_most=1)
    settle(book, play.second, passages=[{"title": "First", "source": "lesson"}])
    rehearsal.advance(at_most=1)
    assert play.used_lesson
    assert play.ending == "was answered from what staff wrote"
    play.second.outcome["action"] = "assist"
    assert play.ending == "reached a person, with what staff wrote beside it"
    play.second.outcome["passages"] = []
    assert play.ending == "did not find the lesson"
    assert rehearsal.is_over


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"action": ("send",)}, []),
        ({"action": ("draft", "assist")}, ["send instead of draft or assist"]),
        ({"action": ("send",), "intent": "leave"}, ["intent schedule_shifts instead of leave"]),
        ({"action": ("send",), "reason": "frustrated"}, ["without the reason frustrated"]),
        ({"action": ("send",), "sources": ("geofence",)}, ["other sources"]),
        ({"action": ("send",), "never": ("click publish",)}, ["says “click publish”"]),
    ],
)
def test_an_outcome_is_compared_with_what_an_expert_expects(expect, said):
    """What differs is said in words."""
    played = Played(ticket(), {"publish": "Publish", "geofence": "Geofence"})
    played.written.append(Written("1", Expectation(**expect), ANSWERED))
    assert mismatches(played) == said


def test_no_outcome_is_a_mismatch():
    """A ticket that was never settled is not as expected."""
    played = Played(ticket(), {}, written=[Written("1", Expectation(("send",)))])
    assert mismatches(played) == ["no outcome"]


def test_a_second_answer_to_one_message_is_a_duplicate():
    """Counted by our marks; comments of others and one answer a message are none."""

    def comment(mark):
        return {"metadata": {"custom": {"deskhand": mark} if mark else {}}}

    state = {"tickets": [{"comments": [comment(""), comment("dh-1"), comment("dh-2")]}]}
    assert duplicates(state) == 0
    state["tickets"].append({"comments": [comment("dh-3"), comment("dh-3"), comment("dh-3")]})
    assert duplicates(state) == 2


def test_the_wait_is_counted_from_the_question():
    """From when the requester asked, or from when we opened the case if that is not known."""
    assert seconds_of(ANSWERED) == 4.0
    late = {**ANSWERED, "asked_at": None, "opened_at": NOON + timedelta(seconds=1)}
    assert seconds_of(late) == 3.0


def test_articles_and_people_are_loaded_as_they_are(desk):
    """Drafts and restrictions reach the helpdesk; staff have their groups."""
    sample = load_world()
    desk.post("load", people_row(sample.people))
    desk.post("load", {"articles": [article_row(article) for article in sample.articles]})
    state = desk.state()
    drafts = {article["title"] for article in state["articles"] if article["draft"]}
    assert drafts == {article.title for article in sample.articles if article.is_draft}
    closed = {article["title"] for article in state["articles"] if article["user_segment_id"]}
    assert closed == {article.title for article in sample.articles if article.restricted}
    assert {s.email for s in sample.people.staff} <= {user["email"] for user in state["users"]}


def test_a_refusal_of_the_sandbox_is_said_with_its_words(desk):
    """A mistake in a sample ticket names itself."""
    with pytest.raises(ValueError, match=r"sandbox refused messages: .*requester"):
        desk.post("messages", {"subject": "S", "body": "B"})


@pytest.fixture(name="intercom")
def intercom_fixture():
    """The other vendor's helpdesk, served by the sandbox."""
    twin = IntercomTwin()
    server = run_app("intercom", create_intercom_app(twin))
    yield Desk(server.url, "intercom")
    server.stop()
    twin.sender.stop()


def test_tickets_come_to_both_helpdesks_in_turn(desk, intercom):
    """Chats come to Intercom, what has a mail's flags to Zendesk, the others to each in turn; who wrote stays there."""
    book = Book()
    others = [replace(ticket(name), requester=Customer(name, f"{name}@x.example")) for name in ("B", "C", "D")]
    again = replace(ticket("A again"), requester=ADA)
    sample = [ticket("Chat", channel="chat"), ticket("Away", flags=("automatic",)), ticket("A"), *others, again]
    rehearsal = Rehearsal([desk, intercom], book, book, world(*sample))
    rehearsal.advance(at_most=9)
    vendors = {played.ticket.subject: played.vendor for played in rehearsal.played}
    assert {vendors[name] for name in ("Away", "A", "A again", "B", "D")} == {"zendesk"}
    assert (vendors["Chat"], vendors["C"]) == ("intercom", "intercom")
    assert (len(desk.state()["tickets"]), len(intercom.state()["conversations"])) == (5, 2)
    for played in rehearsal.played:
        settle(book, played)
    assert len(rehearsal.advance(at_most=9)) == 7
    assert rehearsal.is_over


def test_what_intercom_cannot_say_is_left_out(intercom):
    """A mail's flags, a mail without a word, and whom it has blocked have no place there: they are counted."""
    empty, blocked = replace(ticket(""), body=""), replace(ticket("B"), kind="suspended")
    sample = world(ticket("A"), ticket("Away", flags=("automatic",)), empty, blocked)
    rehearsal = Rehearsal([intercom], Book(), Book(), sample)
    rehearsal.advance(at_most=9)
    assert ([played.ticket.subject for played in rehearsal.played], rehearsal.left_out) == (["A"], 3)


def test_a_conversation_answered_twice_is_a_duplicate():
    """Notes are told apart by the mark at their end, replies by their text; other people's count for nothing."""

    def part(html, code="ours"):
        return {"html": html, "app_package_code": code}

    once = [part("<p>Turn it</p>"), part("<p>x</p><p>[Deskhand dh-1]</p>"), part("<p>Turn it</p>", None), part(None)]
    twice = [part("<p>y</p><p>[Deskhand dh-2]</p>"), part("<p>z</p><p>[Deskhand dh-2]</p>")]
    state = {"account": {"package_code": "ours"}, "conversations": [{"parts": once}]}
    assert duplicates(state) == 0
    state["conversations"].append({"parts": twice})
    assert duplicates(state) == 1
