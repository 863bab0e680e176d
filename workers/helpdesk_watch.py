"""The helpdesk as workers see it: how each of its answers ended is told to the breaker that all workers share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from integrations.errors import IntegrationError, TransientError
from integrations.helpdesk import (
    Abilities,
    Applied,
    Article,
    Attachment,
    Changes,
    EarlierTicket,
    Helpdesk,
    Person,
    Tagging,
    Team,
    Ticket,
    TicketWrite,
)
from integrations.limits import Limit
from integrations.llm import ModelOutcome
from workers.store.breakers import Breakers


class WatchedHelpdesk:
    """Fills `Helpdesk`, and never keeps a call from being made: whether a ticket is begun is the crew's to decide.

    A refusal is an answer; a spent limit is the budget's matter. What a client may know without asking (its own
    account, the teams) says nothing.
    """

    def __init__(self, helpdesk: Helpdesk, outages: Breakers, now: Callable[[], datetime]) -> None:
        self.vendor = helpdesk.vendor
        self._helpdesk = helpdesk
        self._outages = outages
        self._now = now

    @property
    def abilities(self) -> Abilities:
        return self._helpdesk.abilities

    def limits(self) -> tuple[Limit, ...]:
        return self._helpdesk.limits()

    def me(self) -> Person:
        return self._helpdesk.me()

    def own_id(self) -> str:
        return self._helpdesk.own_id()

    def teams(self) -> tuple[Team, ...]:
        return self._helpdesk.teams()

    def ticket(self, ticket_id: str) -> Ticket:
        with self._heard():
            return self._helpdesk.ticket(ticket_id)

    def download(self, attachment: Attachment, *, most_bytes: int) -> bytes:
        """Say nothing of it to the breaker: files lie on hosts of their own, which may be away alone."""
        return self._helpdesk.download(attachment, most_bytes=most_bytes)

    def requested_by(self, requester_id: str, *, limit: int) -> tuple[EarlierTicket, ...]:
        with self._heard():
            return self._helpdesk.requested_by(requester_id, limit=limit)

    def tagged(self, ticket: Ticket, tag: str) -> Tagging | None:
        with self._heard():
            return self._helpdesk.tagged(ticket, tag)

    def write(self, ticket: Ticket, write: TicketWrite) -> Applied:
        with self._heard():
            return self._helpdesk.write(ticket, write)

    def changes(self, cursor: str, *, since: datetime) -> Changes:
        with self._heard():
            return self._helpdesk.changes(cursor, since=since)

    def articles(self, *, updated_since: datetime | None = None) -> Iterator[Article]:
        return self._helpdesk.articles(updated_since=updated_since)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except TransientError as error:
            if not error.limit:
                self._tell(ModelOutcome.UNREACHABLE, error.retry_after_seconds)
            raise
        except IntegrationError:
            self._tell(ModelOutcome.OK)
            raise
        self._tell(ModelOutcome.OK)

    def _tell(self, outcome: ModelOutcome, retry_after_seconds: float | None = None) -> None:
        self._outages.heard(self.vendor, outcome, now=self._now(), retry_after_seconds=retry_after_seconds)
