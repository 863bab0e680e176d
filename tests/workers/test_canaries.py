"""A ticket full of personal data goes through the whole story: none of it stands anywhere it should not."""

from dataclasses import asdict

import pytest
from sqlalchemy import inspect, text

from integrations.helpdesk import Status
from tests.fakes.helpdesk import ADA
from tests.fakes.services import take
from workers import pipeline
from workers.reading import read
from workers.redact import unmask

# What is planted, as pieces that nothing else in the record could hold by chance.
PLANTED = {
    "email": "zoe.private@harbour-mail.example",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+44 7700 900456",
    "ip": "203.0.113.77",
    "national-id": "536-22-1947",
    "password": "Blue!Whale-77",
    "token": "sk-live_9f8e7d6c5b4a39281706",
    "code": "882291",
    "name": "Wilhelmina Katzenstein",
    "address": "17 Ferngrove Crescent, Bristol, BS1 4QA",
    "birth-date": "1984-03-19",
}
MESSAGE = f"""How do I swap a shift? I open the schedule, choose the shift and press Offer swap.
A manager approves the swap?

My name is {PLANTED["name"]}, write to {PLANTED["email"]} or call me at {PLANTED["phone"]}.
I paid with card {PLANTED["card"]} and my IBAN is {PLANTED["iban"]}. My SSN is {PLANTED["national-id"]}.
The server is {PLANTED["ip"]}, my password is {PLANTED["password"]} and the api key: {PLANTED["token"]}
Your verification code is {PLANTED["code"]}. Date of birth: {PLANTED["birth-date"]}.
My address is {PLANTED["address"]}.
"""
ANSWER = f"""Hi {PLANTED["name"]}, open the schedule, choose the shift, press Offer swap and wait for a manager.
I have noted {PLANTED["email"]} and {PLANTED["phone"]} on your account."""


def spilt(text_: str) -> list[str]:
    """Return the kinds of what was planted and stands in the text, in full or by half."""
    squeezed = text_.replace(" ", "")
    halves = {kind: (value, value[len(value) // 2 :]) for kind, value in PLANTED.items()}
    return [kind for kind, parts in halves.items() if any(part.replace(" ", "") in squeezed for part in parts)]


def rows(engine) -> dict[str, str]:
    """Return all that stands in the database, by table."""
    with engine.connect() as connection:
        return {
            table: str([tuple(row) for row in connection.execute(text(f'SELECT * FROM "{table}"'))])
            for table in inspect(engine).get_table_names()
        }


@pytest.fixture
def embedded(services, monkeypatch):
    """Everything that was turned into vectors."""
    seen: list[str] = []
    real = services.embedder.embed
    monkeypatch.setattr(services.embedder, "embed", lambda texts, *more: seen.extend(texts) or real(texts, *more))
    return seen


@pytest.fixture
def played(services, desk, embedded):
    """A ticket that was answered, then answered by staff with the same data, solved, and learned from."""
    requester = desk.open_ticket("unrelated").requester
    assert requester == ADA
    opened = desk.open_ticket(MESSAGE, subject="How do I swap a shift?")
    desk.tick()
    pipeline.work(take(services, opened.id), services)
    desk.tick()
    desk.staff_writes(opened.id, ANSWER)
    desk.change(opened.id, status=Status.SOLVED)
    desk.tick()
    services.tickets.wake("zendesk", opened.id, now=services.now())
    lease = services.tickets.claim("zendesk", opened.id, owner="b", now=services.now(), lease_seconds=8)
    if lease is not None:
        pipeline.work(lease, services)
    return opened


def test_the_planted_data_is_what_is_looked_for():
    """The search sees each piece, also with blanks in other places."""
    assert spilt(MESSAGE) == list(PLANTED)
    assert spilt("nothing of it") == []


def test_nothing_of_it_reaches_a_prompt(played, llm):
    """Classify, draft and judge see placeholders."""
    assert {prompt.name for prompt in llm.asked} >= {"classify", "draft"}
    assert [(prompt.name, spilt(prompt.system + prompt.user)) for prompt in llm.asked if spilt(prompt.user)] == []
    assert any("[card-1]" in prompt.user for prompt in llm.asked)


def test_nothing_of_it_is_logged_embedded_or_queued(played, services, logs, embedded):
    """Log lines hold ids, vectors are made of masked text, the bell carries keys."""
    assert spilt(str(logs)) == []
    assert embedded
    assert spilt("\n".join(embedded)) == []
    assert spilt(str(services.bell.rung)) == []


def test_nothing_of_it_stands_in_the_record(played, engine):
    """No table has it: cases, actions, model calls, lessons, documents, tickets."""
    assert {table: kinds for table, found in rows(engine).items() if (kinds := spilt(found))} == {}


def test_one_placeholder_is_one_thing_within_a_ticket(played, services):
    """The same value has the same placeholder in the message and in the thread; another ticket starts anew."""
    reading = read(services.helpdesks["zendesk"].ticket(played.id))
    values = list(reading.vault.values())
    assert len(values) == len(set(values))
    assert "vault" not in repr(reading)
    assert asdict(reading)["vault"]


def test_what_one_requester_wrote_never_fills_anothers_placeholder(desk):
    """Two tickets have the same placeholder; each is filled with what its own requester wrote, and no other."""
    ada, bob = (
        read(desk.open_ticket(f"Please write to {name}.private@harbour-mail.example")) for name in ("ada", "bob")
    )
    assert "[email-1]" in ada.newest
    assert "[email-1]" in bob.newest
    assert "bob.private" not in unmask(bob.newest, ada.vault)
    assert "bob.private" in unmask(bob.newest, bob.vault)
    assert unmask(ada.newest, {}) == ada.newest
