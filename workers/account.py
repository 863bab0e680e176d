"""Pure: what is known of the person who asks, for the prompt and for staff. Of this person and nobody else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.policy import Policy
from integrations.helpdesk import EarlierTicket, Status, Ticket
from workers.domain import Reading
from workers.redact import mask
from workers.words import Words, words

LOOK_BACK = 30  # earlier tickets that are looked at
_MONTH, _LATELY = timedelta(days=30), timedelta(days=7)
_SETTLED = frozenset({Status.SOLVED, Status.CLOSED, Status.DELETED})
_SUBJECT_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known. `name` is that of a text under [account], or what the account calls the field."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier ticket of the requester's."""

    ticket_id: str
    subject: str
    status: Status
    date: str


@dataclass(frozen=True, slots=True)
class Account:
    """What is known, masked. `earlier` are the requester's own earlier tickets, newest first."""

    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    is_partial: bool = False  # the helpdesk did not say which earlier tickets there are
    is_repeated: bool = False  # another request of theirs, of the last days, is not settled yet
    others: tuple[EarlierTicket, ...] = ()  # all of their other tickets that were looked at, newest first

    def lines(self, fixed: Words | None = None) -> list[str]:
        """Return the facts as lines, in English or as `fixed` has the words."""
        fixed = fixed or words()
        return [f"{fixed.get(f'account.{fact.name}', fact.name)}: {fact.value}" for fact in self.facts]

    def requests(self, fixed: Words | None = None) -> str:
        """Return the earlier tickets in one line."""
        fixed = fixed or words()
        return "; ".join(
            f"#{one.ticket_id} “{one.subject or fixed['account.no_subject']}”"
            f" ({fixed[f'status.{one.status.value}']}, {one.date})"
            for one in self.earlier
        )


def account_of(
    ticket: Ticket,
    reading: Reading,
    earlier: Sequence[EarlierTicket] | None,
    policy: Policy,
    *,
    now: datetime,
) -> tuple[Account, Reading]:
    """Return what is known, and the reading with a vault that knows what was masked here too.

    `earlier` is None if the helpdesk could not tell. A ticket of somebody else is left out, whoever sent it along.
    """
    vault = dict(reading.vault)

    def masked(text: str) -> str:
        flat = " ".join(text.split())[:_SUBJECT_LETTERS]
        return mask(flat, vault=vault, known_names=(ticket.requester.name,))

    own = [one for one in earlier or () if one.requester_id == ticket.requester.id and one.ticket_id != ticket.id]
    own.sort(key=lambda one: one.created_at, reverse=True)
    account = Account(
        facts=tuple(_facts(ticket, own, masked, policy, now, is_partial=earlier is None)),
        earlier=tuple(_earlier(one, masked) for one in own[: policy.context.earlier_tickets]),
        is_partial=earlier is None,
        is_repeated=any(one.status not in _SETTLED and now - one.created_at < _LATELY for one in own),
        others=tuple(own),
    )
    return account, replace(reading, vault=vault)


def _facts(
    ticket: Ticket,
    own: Sequence[EarlierTicket],
    masked: Callable[[str], str],
    policy: Policy,
    now: datetime,
    *,
    is_partial: bool,
) -> list[Fact]:
    requester, organization = ticket.requester, ticket.organization
    found = [
        Fact(name.replace("_", " ").capitalize(), masked(value))
        for name in policy.context.requester_fields
        if (value := requester.fields.get(name, ""))
    ]
    if organization:
        found.append(Fact("organisation", masked(organization.name)))
        found += [
            Fact(f"Organisation's {name.replace('_', ' ')}", masked(value))
            for name in policy.context.organization_fields
            if (value := organization.fields.get(name, ""))
        ]
    if requester.created_at:
        found.append(Fact("since", f"{requester.created_at:%Y-%m}"))
    if not is_partial:
        recent = 1 + sum(now - one.created_at < _MONTH for one in own)
        if recent > 1:
            found.append(Fact("recent", f"{recent}{'+' if recent >= LOOK_BACK else ''}"))
    return found


def _earlier(one: EarlierTicket, masked: Callable[[str], str]) -> Earlier:
    return Earlier(one.ticket_id, masked(one.subject), one.status, f"{one.created_at:%Y-%m-%d}")
