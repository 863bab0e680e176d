"""What the requester reads: whom it greets, and how a draft becomes a letter."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integrations.helpdesk import Message, Person, Role, Status, Ticket
from kb.domain import Passage, Source
from tests.fakes.services import POLICY
from workers.domain import Block, Draft, MessageKind, Reading, Sentence
from workers.letter import Package, approved_reply, as_chat, greeting, reply

AT = datetime(2026, 11, 20, tzinfo=UTC)
ADA = Person("501", "ada Doe", Role.REQUESTER, email="ada@harbour.example")
TICKET = Ticket("zendesk", "5", "Swap", Status.NEW, ADA, (Message("1", ADA, True, "How?", AT),), AT, AT, "s")
READING = Reading("1", MessageKind.QUESTION, "Swap", "How?", "", ("How?",), "en", ())
SWAP = Passage("c1", "d1", Source.ARTICLE, "Swap a shift", (), "Press Offer swap.", "https://help.example/swap", 0.8)
DRAFT = Draft(
    (
        Sentence("You can swap it:", ("P1",)),
        Sentence("Open the schedule.", ("P1",), Block.STEP),
        Sentence("Press Offer swap.", ("P1",), Block.STEP),
    )
)
PACKAGE = Package(TICKET, READING, passages=(SWAP,), draft=DRAFT)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ada Doe", "Hi Ada,"),
        ("ada", "Hi Ada,"),
        ("Jürgen Groß", "Hi Jürgen,"),
        ("", "Hello,"),
        ("  ", "Hello,"),
        ("J. Doe", "Hello,"),
        ("info", "Hello,"),
        ("Support Team", "Hello,"),
        ("ada@harbour.example", "Hello,"),
        ("<b>Ada</b>", "Hello,"),
        ("x" * 30, "Hello,"),
        ("李 明", "Hello,"),
    ],
)
def test_people_are_greeted_by_name_only_if_it_is_one(name, words):
    """Mailboxes, initials and oddities get a plain greeting."""
    assert greeting(name) == words


def test_only_what_was_sent_by_itself_names_an_assistant():
    """What a person sends is that person's."""
    says = POLICY.answering.model_copy(update={"says_assistant": "I am a machine."})
    policy = POLICY.model_copy(update={"answering": says})
    assert "I am a machine." in reply(PACKAGE, policy)
    assert "I am a machine." not in approved_reply(PACKAGE, policy)


def test_steps_are_a_list_and_sources_are_linked_once():
    """By the mark-up of a mail; a chat gets the same as plain text."""
    made = reply(PACKAGE, POLICY)
    assert "<ol><li>Open the schedule.</li><li>Press Offer swap.</li></ol>" in made
    assert made.count("https://help.example/swap") == 1
    chat = as_chat(replace(PACKAGE, ticket=replace(TICKET, is_messaging=True)))
    assert "1. Open the schedule." in chat
    assert "<" not in chat
    assert as_chat(PACKAGE) == ""


def test_who_is_only_a_participant_is_not_greeted_as_the_requester():
    """The reply still goes to the requester, whose name would be wrong."""
    assert "Hi Ada," in reply(PACKAGE, POLICY)
    other = replace(PACKAGE, reading=replace(READING, is_participant=True))
    assert "Ada" not in reply(other, POLICY)
