"""Whose words reach a prompt: planted canaries, requesters in turns, and work that breaks off half-way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.policy import FolderSource
from integrations.errors import TransientError
from integrations.helpdesk import Person, Role
from integrations.llm import ModelOutcome
from kb.domain import Audience, Document, Precedent, Source
from tests.fakes.services import take, take_again
from workers import pipeline
from workers.stages.shelve import shelve, shelve_folder

PEOPLE = [
    Person(
        str(600 + number), f"Person{name}", Role.REQUESTER, email=f"{name}@one.example", fields={"plan": f"PLAN{name}"}
    )
    for number, name in enumerate(("Alpha", "Bravo", "Carol"))
]


@pytest.fixture
def library(services):
    """One article for everybody, and four that no reply to the public may rest on."""
    text = "How to swap a shift: CANARY-{} says open the schedule."
    hidden = {
        "staff": {"audience": Audience.STAFF},
        "draft": {"audience": Audience.STAFF},
        "brand": {"audience": Audience.PUBLIC, "brand_id": "another"},
        "expired": {"audience": Audience.PUBLIC, "valid_until": services.now() - timedelta(days=1)},
    }
    documents = [
        Document(f"zendesk:article:9{place}:en-us", Source.ARTICLE, "How to swap a shift", text.format(name), **kind)
        for place, (name, kind) in enumerate(hidden.items())
    ]
    services.kb.put(documents, source=Source.ARTICLE, prefix="zendesk:article:9")


def opened_by(desk, person):
    """Open a ticket whose every part names its requester, with an earlier one and a note of staff."""
    name = person.name.removeprefix("Person")
    desk.open_ticket(f"EARLIER{name} text", subject=f"SUBJECT{name}", requester=person)
    ticket = desk.open_ticket(f"How do I swap a shift? Word of MINE{name}.", subject="Swap", requester=person)
    desk.staff_writes(ticket.id, f"CANARY-note{name}: this one owes us money.", is_public=False)
    return ticket


def prompts_about(llm, name):
    return [prompt for prompt in llm.asked if f"MINE{name}" in prompt.user]


def test_a_prompt_holds_one_requesters_words_only(services, desk, llm, library):
    """Three people in turns, every second try cut short by the model or the helpdesk: nothing crosses over."""
    tickets = {person.name.removeprefix("Person"): opened_by(desk, person) for person in PEOPLE}
    llm.say("draft", ModelOutcome.OVERLOADED)
    for ticket in tickets.values():
        with pytest.raises(TransientError):
            pipeline.work(take(services, ticket.id), services)
    desk.tick(30)
    llm.say("draft", {"sentences": [], "asks_covered": [], "escalate": "Not sure."})
    for place, ticket in enumerate(tickets.values()):
        desk.lose_answers(place % 2, done=False)
        try:
            pipeline.work(take_again(services, ticket.id), services)
        except TransientError:
            desk.tick(30)
            pipeline.work(take_again(services, ticket.id, owner="c"), services)
    for name in tickets:
        about = prompts_about(llm, name)
        assert any(prompt.name == "draft" for prompt in about)
        others = set(tickets) - {name}
        for prompt in about:
            assert not [other for other in others if other in prompt.user + prompt.system]
        assert any(f"SUBJECT{name}" in prompt.user and f"PLAN{name}" in prompt.user for prompt in about)


def test_no_note_and_no_hidden_article_reaches_a_prompt(services, desk, llm, library):
    """Internal notes, articles for staff, of another brand or out of date: none is shown to a model."""
    for person in PEOPLE:
        pipeline.work(take(services, opened_by(desk, person).id), services)
    assert llm.asked
    assert not [prompt for prompt in llm.asked if "CANARY" in prompt.user + prompt.system]


@pytest.fixture
def open_page(services, desk, tmp_path):
    """Every source holds pages about shifts that no public reply may rest on, and a folder one that it may.

    Staff sent all of them, again and again, for the very question that is asked, and answered with canaries.
    """
    front = {
        "open": "audience: public",
        "staff": "audience: staff",
        "expired": "audience: public\nvalid_until: 2001-01-01",
        "future": "audience: public\nvalid_from: 2999-01-01",
        "brand": "audience: public\nbrand_id: another",
    }
    for name, lines in front.items():
        says = "OPENPAGE" if name == "open" else f"CANARY-folder-{name}"
        text = f"---\ntitle: How to swap a shift\n{lines}\n---\nHow to swap a shift: {says} says open the schedule."
        (tmp_path / f"{name}.md").write_text(text)
    body = "<p>How to swap a shift: CANARY-{} says open the schedule.</p>"
    desk.add_article("How to swap a shift", body.format("restricted"), is_public=False)
    desk.add_article("How to swap a shift", body.format("unpublished"), is_public=False, is_draft=True)
    desk.add_article("How to swap a shift", body.format("labelled"))
    desk.article_list[-1] = replace(desk.article_list[-1], labels=("outdated",))
    desk.tick(3600)
    folders = {"handbook": FolderSource(path=tmp_path)}
    answering = services.policy.answering.model_copy(update={"stale_labels": ("outdated",)})
    ours = replace(services, policy=services.policy.model_copy(update={"folders": folders, "answering": answering}))
    shelve("zendesk", ours, full=False)
    shelve_folder("handbook", ours)
    sent = {item.document.id: 1.0 for item in services.library.chunks()}
    services.kb.remember(
        Precedent(f"zendesk:old{at}", "Swap", "How do I swap a shift?", answer="CANARY-answer", documents=sent)
        for at in range(20)
    )
    return ours


def test_what_staff_sent_before_opens_nothing(open_page, desk, llm):
    """Restricted, draft, labelled, expired, future and foreign pages stay out whatever the history says for them."""
    for person in PEOPLE:
        pipeline.work(take(open_page, opened_by(desk, person).id), open_page)
    drafts = [prompt.user for prompt in llm.asked if prompt.name == "draft"]
    assert drafts
    assert all("OPENPAGE" in text for text in drafts)
    assert not [prompt for prompt in llm.asked if "CANARY" in prompt.user + prompt.system]


def test_somebody_unverified_learns_nothing_of_the_account(services, desk, llm):
    """An address can be forged: plan and earlier tickets stay out of what the model could be talked into telling."""
    person = replace(PEOPLE[0], is_verified=False)
    pipeline.work(take(services, opened_by(desk, person).id), services)
    assert llm.asked
    assert not [prompt for prompt in llm.asked if "PLANAlpha" in prompt.user or "SUBJECTAlpha" in prompt.user]


def test_the_stable_part_of_each_prompt_is_the_same_to_the_byte(services, desk, llm):
    """Whoever asks whatever, the API can cache it."""
    for person in PEOPLE:
        pipeline.work(take(services, opened_by(desk, person).id), services)
    for name in ("classify", "draft", "judge"):
        assert len({prompt.system.encode() for prompt in llm.asked if prompt.name == name}) == 1
