"""What is known of the person who asks: whose it is, how it reads, and what is masked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.policy import Context
from integrations.helpdesk import EarlierTicket, Organization, Person, Role, Status
from tests.fakes.helpdesk import ADA, FakeHelpdesk
from tests.fakes.services import POLICY
from workers.account import LOOK_BACK, account_of
from workers.reading import read
from workers.redact import unmask
from workers.words import words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ADA_KNOWN = replace(ADA, created_at=datetime(2025, 5, 2, tzinfo=UTC), fields={"plan": "Crew", "shoe_size": "38"})


def ticket(requester: Person = ADA_KNOWN, **changes):
    desk = FakeHelpdesk()
    return replace(desk.open_ticket(requester=requester), **changes)


def earlier(number: int, *, days: int = 3, of: str = "501", subject: str = "Export is empty"):
    return EarlierTicket(str(number), of, subject, Status.ON_HOLD, NOW - timedelta(days=days))


def known(*before, of=None, policy=POLICY):
    asked = of or ticket()
    return account_of(asked, read(asked), before, policy, now=NOW)


def test_plan_organisation_age_and_count_are_told():
    """Only fields that policy names are; a month's tickets are counted with this one."""
    harbour = Organization("1", "Harbour Café", fields={"plan": "Enterprise", "debt": "900"})
    account, _ = known(earlier(7), earlier(8, days=40), of=ticket(organization=harbour))
    assert account.lines() == [
        "Plan: Crew",
        "Organisation: Harbour Café",
        "Organisation's plan: Enterprise",
        "Known since: 2025-05",
        "Requests in the last 30 days, with this one: 2",
    ]


def test_earlier_tickets_come_newest_first_and_no_more_than_policy_says():
    """Number, subject, status and day of each."""
    policy = POLICY.model_copy(update={"context": Context(earlier_tickets=2)})
    account, _ = known(earlier(7, days=9), earlier(8, days=1), earlier(9, days=20), policy=policy)
    assert account.requests() == (
        "#8 “Export is empty” (on hold, 2026-11-19); #7 “Export is empty” (on hold, 2026-11-11)"
    )
    assert account.requests(words("fr")).startswith("#8 “Export is empty” (en pause, 2026-11-19)")


def test_a_ticket_of_somebody_else_and_this_one_are_left_out():
    """Whatever the helpdesk sends along, nobody reads about another person."""
    asked = ticket()
    account, _ = known(earlier(7, of="999", subject="CANARY"), earlier(int(asked.id)), of=asked)
    assert account.earlier == ()


def test_personal_data_in_a_subject_is_masked_and_comes_back_to_the_same_person():
    """A placeholder means one thing on one ticket, wherever it was found."""
    asked = ticket()
    reading = replace(read(asked), vault={"[email-1]": "first@harbour.example"})
    account, after = account_of(asked, reading, [earlier(7, subject="Mail to second@x.example")], POLICY, now=NOW)
    assert "second@x.example" not in account.requests()
    assert "[email-2]" in account.requests()
    assert "second@x.example" in unmask(account.requests(), after.vault)
    assert reading.vault == {"[email-1]": "first@harbour.example"}


def test_a_helpdesk_that_cannot_tell_is_no_count_of_one():
    """What is not known is not said."""
    asked = ticket()
    account, _ = account_of(asked, read(asked), None, POLICY, now=NOW)
    assert account.is_partial
    assert not any("30 days" in line for line in account.lines())


def test_many_requests_are_not_counted_further():
    """One page is read; beyond it the number is said to be more."""
    account, _ = known(*(earlier(number) for number in range(1, LOOK_BACK + 1)))
    assert account.lines()[-1].endswith(": 31+")


@pytest.mark.parametrize("subject", ["", "  \n "])
def test_a_ticket_without_a_subject_has_a_line_too(subject):
    """No empty quotation marks."""
    assert known(earlier(7, subject=subject))[0].requests().startswith("#7 “no subject”")


def test_a_person_nobody_knows_anything_of():
    """Nothing is said; that this is their only request is no news."""
    account, _ = known(of=ticket(Person("3", "", Role.REQUESTER)))
    assert account.lines() == []


@pytest.mark.parametrize(
    ("before", "is_repeated"),
    [
        ((), False),
        ((earlier(7),), True),
        ((earlier(7, days=8),), False),
        ((earlier(7, of="999"),), False),
        ((replace(earlier(7), status=Status.SOLVED),), False),
    ],
)
def test_who_waits_elsewhere_asks_again(before, is_repeated):
    """An own request of the last week that nobody has settled; not an old one, a solved one or somebody else's."""
    account, _ = known(*before)
    assert account.is_repeated is is_repeated
