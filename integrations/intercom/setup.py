"""Set an Intercom workspace up for Deskhand, as far as its API goes: attributes and tags are made, teams looked at.

The webhook can only be entered by hand, in the Developer Hub: what to click is said, and proved by a delivery.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from config.settings import Settings
from integrations.errors import IntegrationError, PermanentError
from integrations.intercom import values, writes
from integrations.intercom.client import API_VERSION, USER_AGENT, transport_of
from integrations.intercom.webhook import TOPICS, sign
from integrations.setup import BY_HAND, Act, Step, Trial, Wish
from integrations.transport import Transport

ARRIVAL_SECONDS = 25.0
MARK = "Made by deskhand connect."
PATH = "/webhooks/intercom"
ATTRIBUTES = {
    writes.REPLIES: "What Deskhand sent here. Please leave it alone: it keeps replies from going out twice.",
    writes.OUTCOME: "What Deskhand did last.",
    writes.PRIORITY: "How urgent Deskhand takes it to be.",
}
PERMISSIONS = (
    "Read and write conversations, read and write users and companies, read and write tags, read admins, "
    "read and list articles, read and write conversation attributes"
)
_PING = b'{"type":"notification_event","topic":"ping","data":{"item":{"type":"ping"}}}'


def build_setup(settings: Settings) -> "IntercomSetup":
    """Return it from the settings. Raise ValueError if the token is missing."""
    token = settings.intercom_access_token.get_secret_value()
    if not token:
        raise ValueError("INTERCOM_ACCESS_TOKEN is missing")
    return IntercomSetup(settings.intercom_url, token, settings.public_url, settings.webhook_secrets(values.VENDOR))


class IntercomSetup:
    def __init__(
        self,
        url: str,
        token: str,
        public_url: str = "",
        secrets: tuple[str, ...] = (),
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport_of(url, token)
        self._public_url = public_url
        self._secrets = secrets
        self._off_tag = ""
        self._sleep = sleep
        self._clock = clock

    # --- connecting

    def connect(self, wish: Wish, *, is_dry: bool) -> Iterator[Step]:
        """Make what is missing, then say what only a person can do."""
        self._public_url = wish.public_url
        self._off_tag = next(iter(wish.off_tags), "")
        yield from self._attributes(is_dry=is_dry)
        yield from self._tags(wish, is_dry=is_dry)
        yield from self._teams(wish)
        yield from by_hand(wish.public_url)

    def _attributes(self, *, is_dry: bool) -> Iterator[Step]:
        there = {name for name, row in self._live_attributes()}
        for name, description in ATTRIBUTES.items():
            if name in there:
                yield Step("attribute", name, Act.KEEP)
                continue
            if not is_dry:
                body = {"name": name, "data_type": "string", "description": f"{description} {MARK}"}
                self._transport.post("/conversations/attributes", json=body, operation="attribute")
            yield Step("attribute", name, Act.CREATE)

    def _live_attributes(self) -> list[tuple[str, values.Json]]:
        answer = self._transport.get("/conversations/attributes", operation="attributes")
        rows = values.rows(values.mapping(answer).get("data"))
        return [(values.words(row.get("name")), row) for row in rows if row.get("archived") is not True]

    def _tags(self, wish: Wish, *, is_dry: bool) -> Iterator[Step]:
        """Make the tags that people set or look for. Intercom finds them by name in any case."""
        answer = self._transport.get("/tags", operation="tags")
        there = {values.words(row.get("name")).lower() for row in values.rows(values.mapping(answer).get("data"))}
        wanted = (*wish.off_tags, *(macro.tag for macro in wish.macros), *writes.OUTCOMES)
        for name in dict.fromkeys(wanted):
            if name.lower() in there:
                yield Step("tag", name, Act.KEEP)
                continue
            if not is_dry:
                self._transport.post("/tags", json={"name": name}, operation="tag")
            yield Step("tag", name, Act.CREATE)

    def _teams(self, wish: Wish) -> Iterator[Step]:
        answer = self._transport.get("/teams", operation="teams")
        there = {values.words(row.get("name")).casefold() for row in values.rows(values.mapping(answer).get("teams"))}
        for name in wish.groups:
            if name.casefold() in there:
                yield Step("group", name, Act.KEEP)
            else:
                yield Step("group", name, Act.MISSING, "create the team in Intercom, or name another in taxonomy.toml")

    # --- removing

    def remove(self, *, is_dry: bool) -> Iterator[Step]:
        """Archive our attributes. Tags stay: they are the record on conversations, and rules may use them."""
        for name, row in self._live_attributes():
            if name in ATTRIBUTES and MARK in values.words(row.get("description")):
                if not is_dry:
                    self._transport.delete(f"/conversations/attributes/{values.identity(row.get('id'))}")
                yield Step("attribute", name, Act.REMOVE, "archived; what it holds stays on the conversations")

    # --- the secret, and a trial

    def signing_secret(self) -> str:
        """Intercom tells nobody: it stands on the app's page Basic information."""
        return ""

    def vendor_time(self) -> datetime | None:
        return self._transport.call("GET", "/me", operation="me").at

    def try_delivery(self, arrived: Callable[[str], bool] | None = None) -> Trial:
        """Knock at our own door as Intercom does; then, if arrivals can be seen, let Intercom deliver for real.

        For that, a lead is made who begins a conversation; both are deleted again, whatever comes of it.
        """
        knocked = self._knock()
        if not knocked.is_ok or arrived is None:
            return knocked
        lead_id = self._made("/contacts", {"role": "lead", "name": "Deskhand connection test"}, "id")
        try:
            return self._deliver(lead_id, arrived)
        finally:
            with suppress(IntegrationError):
                self._transport.delete(f"/contacts/{lead_id}", operation="tidy")

    def _knock(self) -> Trial:
        """Send what Intercom would send first: HEAD, and a ping under our secret."""
        address = f"{self._public_url}{PATH}"
        if not self._secrets:
            return Trial(is_ok=False, detail="INTERCOM_CLIENT_SECRETS is missing, so no delivery can be believed")
        signed = {"X-Hub-Signature": sign(self._secrets[0], _PING), "Content-Type": "application/json"}
        door = Transport(self._public_url, vendor="our door", timeout_seconds=10, user_agent=USER_AGENT, headers=signed)
        try:
            door.call("HEAD", PATH, operation="HEAD", changes_data=False)
            door.call("POST", PATH, raw=_PING, operation="ping")
        except IntegrationError as error:
            return Trial(is_ok=False, detail=f"{address}: {error}")
        said = f"{address} takes what is signed with the client secret; whether Intercom delivers was not seen"
        return Trial(is_ok=True, detail=said, has_delivered=False)

    def _deliver(self, lead_id: str, arrived: Callable[[str], bool]) -> Trial:
        words = "A test of the connection by `deskhand connect intercom`. Please ignore it."
        begun = {"from": {"type": "lead", "id": lead_id}, "body": words}
        conversation_id = self._made("/conversations", begun, "conversation_id")
        try:
            self._silence(conversation_id)
            is_here = self._wait(lambda: arrived(conversation_id))
        finally:
            with suppress(IntegrationError):
                self._transport.delete(f"/conversations/{conversation_id}", operation="tidy")
        if is_here:
            return Trial(is_ok=True, detail="a conversation begun in Intercom arrived, signed, within seconds")
        hint = "is the webhook entered in the Developer Hub, with conversation.user.created among its topics?"
        return Trial(is_ok=False, detail=f"no delivery from Intercom within {ARRIVAL_SECONDS:.0f} s; {hint}")

    def _silence(self, conversation_id: str) -> None:
        """Keep Deskhand itself off the trial."""
        if not self._off_tag:
            return
        admin_id = values.identity(values.mapping(self._transport.get("/me", operation="me")).get("id"))
        tag_id = self._made("/tags", {"name": self._off_tag}, "id")
        body = {"id": tag_id, "admin_id": admin_id}
        self._transport.post(f"/conversations/{conversation_id}/tags", json=body, operation="tag")

    def _wait(self, is_there: Callable[[], bool]) -> bool:
        until = self._clock() + ARRIVAL_SECONDS
        while not is_there():
            if self._clock() >= until:
                return False
            self._sleep(0.5)
        return True

    def _made(self, path: str, body: dict[str, Any], name: str) -> str:
        made = values.identity(values.mapping(self._transport.post(path, json=body, operation="trial")).get(name))
        if not made:
            raise PermanentError(f"the answer has no {name}", vendor=values.VENDOR, operation="trial")
        return made


def by_hand(public_url: str) -> Iterator[Step]:
    """Say what has to be clicked in the Developer Hub, in order."""
    topics = ", ".join(sorted(TOPICS))
    for name, detail in (
        ("version", f"app.intercom.com > Settings > Developer Hub > your app > API version: {API_VERSION}"),
        ("permissions", f"Configure > Authentication: {PERMISSIONS}"),
        ("address", f"Configure > Webhooks > Endpoint URL: {public_url}{PATH}"),
        ("topics", f"Configure > Webhooks > Topics: {topics}; then Save"),
        ("secret", "Basic information > Client secret: into INTERCOM_CLIENT_SECRETS, then restart the receiver"),
    ):
        yield Step(BY_HAND, name, Act.MISSING, detail)
