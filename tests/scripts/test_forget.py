"""`deskhand forget`: a receipt that says what went and what stays."""

import json

import pytest

from scripts import forget as command
from scripts.__main__ import main
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.record import add_case
from tests.fakes.services import make_services
from workers.forget import LEFT


@pytest.fixture
def services(engine):
    return make_services(engine, FakeHelpdesk())


@pytest.fixture
def ready(monkeypatch, services, engine):
    """The command on the services and the database of a test."""
    monkeypatch.setattr(command, "load_settings", lambda: type("S", (), {"sql_url": ""})())
    monkeypatch.setattr(command, "build", lambda _: services)
    add_case(engine, now=services.now(), subject="a word", ticket_id="1")
    add_case(engine, now=services.now(), subject="a word", ticket_id="2", state="open", settled_at=None, action="")


def test_the_receipt_names_what_went_and_what_stays(ready, capsys):
    """One object with rows by table for each ticket, and what is not ours to delete."""
    assert main(["forget", "zendesk", "--ticket", "1", "--json", "-"]) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert (receipt["forgotten"], receipt["refused"], receipt["left"]) == (1, 0, list(LEFT))
    assert receipt["tickets"][0]["rows"]["cases"] == 1


def test_a_ticket_in_work_makes_the_command_fail_and_the_others_go(ready, capsys):
    """The exit code is 1, and the line says to try again."""
    assert main(["forget", "zendesk", "--ticket", "1", "2"]) == 1
    out = capsys.readouterr().out
    assert "zendesk 1: 1 cases" in out
    assert "zendesk 2: zendesk ticket 2 is being worked on" in out
    assert "forgot 1 tickets" in out


def test_a_dry_run_forgets_nothing(ready, capsys, services):
    """It says so, and the ticket may still teach."""
    assert main(["forget", "zendesk", "--ticket", "1", "--dry-run"]) == 0
    assert "would forget 1 tickets" in capsys.readouterr().out
    assert not services.lessons.is_forgotten("zendesk", "1")


def test_a_person_of_a_helpdesk_that_is_not_connected_is_an_error(ready, capsys):
    """Nobody could tell which tickets are theirs; by --ticket it works."""
    assert main(["forget", "intercom", "--requester", "5"]) == 1
    assert "not connected" in capsys.readouterr().err


def test_somebody_must_be_named(ready, capsys):
    """Without a ticket or a requester nothing is done."""
    assert main(["forget", "zendesk"]) == 2
    assert "--requester" in capsys.readouterr().err
