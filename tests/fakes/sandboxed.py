"""One sandboxed helpdesk of either vendor, the real client to it over HTTP, services beside it, and one clock for all.

People act through the sandbox's control API, and what became of it is read with the client: so a test says the same
of every vendor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Response
from sqlalchemy import Engine

from config.settings import Settings
from integrations.helpdesk import Helpdesk, Message
from integrations.intercom.client import IntercomHelpdesk
from integrations.registry import build_setup
from integrations.zendesk.client import ZendeskHelpdesk, api_token
from scripts.connect import wish_of
from scripts.rehearsal import Desk
from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin, Shared
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.llm import ScriptedLLM
from tests.fakes.services import POLICY, classified, drafted, judged, make_services, shelve_swap
from workers import pipeline
from workers.services import Services

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
QUESTION = "How do I swap a shift?"
REDONE = "Open the schedule, choose the shift and press Offer swap."
LIGHT = {"name": "Lou Light", "email": "lou@tidemark.example", "role": "agent", "is_light": True}
_TOKEN = ("deskhand@tidemark.example", "sandbox-api-token")


class Account:
    """A helpdesk with the people in it. `now` moves when somebody waits."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.now = START
        self._asked = 0
        self.twin: Any = _twin(vendor, lambda: self.now)
        app = create_intercom_app(self.twin) if vendor == "intercom" else create_zendesk_app(self.twin)
        app.after_request(self._tell_time)
        self._server = run_app(vendor, app)
        self.twin.world.base_url = self._server.url
        self.people = Desk(self._server.url, vendor)
        self.people.post("load", {"users": [LIGHT]})
        self.helpdesk: Helpdesk = self._client()
        self._connect()
        self.services: Services

    def _tell_time(self, response: Response) -> Response:
        response.headers["Date"] = format_datetime(self.now, usegmt=True)
        return response

    def _client(self) -> Helpdesk:
        clocks: dict[str, Any] = {"now": lambda: self.now, "clock": lambda: self.now.timestamp()}
        if self.vendor == "intercom":
            return IntercomHelpdesk(self._server.url, self.twin.world.account.access_token, **clocks)
        return ZendeskHelpdesk(self._server.url, api_token(*_TOKEN), **clocks)

    def _connect(self) -> None:
        """Make what Deskhand needs there, as `deskhand connect` does."""
        given = {"zendesk_url": "", "intercom_url": ""} | {f"{self.vendor}_url": self._server.url}
        given |= {"zendesk_email": _TOKEN[0], "zendesk_api_token": _TOKEN[1]}
        given |= {"intercom_access_token": self.twin.world.account.access_token} if self.vendor == "intercom" else {}
        setup = build_setup(self.vendor, Settings(_env_file=None, **given))  # type: ignore[call-arg]
        for _ in setup.connect(wish_of(POLICY, "https://deskhand.example"), is_dry=False):
            pass

    def stop(self) -> None:
        self._server.stop()
        self.twin.sender.stop()

    def serve(self, engine: Engine, **others: Any) -> None:
        """Begin with new services and an empty record; the model drafts one answer, and shorter ones after it."""
        llm = ScriptedLLM(
            classify=[classified("plan_shift")], draft=[drafted(), drafted(REDONE)], judge=[judged(), judged()]
        )
        parts = {"helpdesks": {self.vendor: self.helpdesk}, "llm": llm, "sleep": self.wait}
        clocks = {"now": lambda: self.now, "clock": lambda: self.now.timestamp()}
        self.services = make_services(engine, FakeHelpdesk(), **(parts | clocks | others))
        shelve_swap(self.services)

    # --- what people do

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self, body: str = QUESTION) -> str:
        """Open a ticket; return its id."""
        self.wait(60)
        self._asked += 1
        person = {"name": "Ada Doe", "email": f"ada{self._asked}@harbour.example"}
        made = self.people.post("messages", {"subject": "Swap", "body": body, "channel": "email", "requester": person})
        return str(made["ticket_id"])

    def goes_on(self, ticket_id: str, body: str) -> None:
        """Write again as the requester."""
        self.wait(60)
        self.people.post("messages", {"ticket_id": ticket_id, "body": body})

    def staff(self, ticket_id: str, body: str, *, who: str = "Priya", is_public: bool = False, **more: Any) -> None:
        """Write as staff, a note if nothing else is said; or set tags with an empty body."""
        self.wait(60)
        self.people.post("staff", {"ticket_id": ticket_id, "body": body, "public": is_public, "staff": who, **more})

    def tags(self, ticket_id: str, tag: str, *, who: str = "Priya") -> None:
        """Put a tag on as staff."""
        self.staff(ticket_id, "", who=who, tags=[*self.helpdesk.ticket(ticket_id).tags, tag])

    def work(self, ticket_id: str) -> None:
        """Let Deskhand look at the ticket, as it does after a delivery."""
        self.wait(60)
        tickets = self.services.tickets
        tickets.wake(self.vendor, ticket_id, now=self.now)
        lease = tickets.claim(self.vendor, ticket_id, owner="a", now=self.now, lease_seconds=8)
        assert lease is not None
        tickets.release(lease, now=self.now, seen_at=pipeline.work(lease, self.services))

    # --- what became of it

    def said(self, ticket_id: str) -> list[Message]:
        """Return what Deskhand wrote, in its own name or in a colleague's."""
        return [message for message in self.helpdesk.ticket(ticket_id).messages if message.mark]

    def answers(self, ticket_id: str) -> list[str]:
        """Return the notes that answer commands."""
        return [m.text for m in self.said(ticket_id) if m.mark.startswith(("dh-c", "dh-t")) and not m.is_public]

    def replies(self, ticket_id: str) -> list[Message]:
        """Return what the requester got through us."""
        return [message for message in self.said(ticket_id) if message.is_public]


def _twin(vendor: str, now: Any) -> Any:
    return IntercomTwin(shared=Shared.alone(now)) if vendor == "intercom" else Twin(now=now)


@contextmanager
def account(vendor: str) -> Iterator[Account]:
    held = Account(vendor)
    try:
        yield held
    finally:
        held.stop()
