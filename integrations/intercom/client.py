"""Intercom's REST API 2.16 behind the `Helpdesk` port. One object serves all threads of a process."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config.logs import get_logger
from config.settings import Settings
from integrations.errors import ConflictError, IntegrationError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import (
    Abilities,
    Applied,
    Article,
    Attachment,
    Changes,
    EarlierTicket,
    Person,
    Role,
    Status,
    Tagging,
    Team,
    Ticket,
    TicketWrite,
)
from integrations.intercom import listings, values, wire, writes
from integrations.limits import Limit
from integrations.transport import Answer, FixedAuth, Transport

API_VERSION = "2.16"
USER_AGENT = "deskhand/1 (helpdesk worker)"
FILE_HOSTS = ("intercomcdn.com", "intercomcdn.eu", "intercom-attachments-1.com")
PAGE_SIZE = 150
ARTICLES_A_PAGE = 50
MAX_PAGES = 1000
FRESH_SECONDS = 300.0
# What goes before the message of a write has to be through by then, so that the message is not late as well.
BESIDE_SECONDS = 20.0
# A request that somebody between us and Intercom holds back arrives within this after we stopped waiting, or never.
FLIGHT_MARGIN_SECONDS = 60.0
READ_LAG_SECONDS = 10.0  # search lags behind by seconds; how far a single read may, nobody says
OVERLAP = timedelta(seconds=READ_LAG_SECONDS)
SNOOZE = timedelta(hours=24)  # how long "on hold" lasts: Intercom wants to know when

log = get_logger(__name__)


def build_helpdesk(settings: Settings, *, timeout_seconds: float = 20.0) -> "IntercomHelpdesk":
    """Return a client from the settings. Raise ValueError if the token is missing."""
    token = settings.intercom_access_token.get_secret_value()
    if not token:
        raise ValueError("INTERCOM_ACCESS_TOKEN is missing")
    return IntercomHelpdesk(settings.intercom_url, token, timeout_seconds=timeout_seconds)


def transport_of(url: str, token: str, *, timeout_seconds: float = 20.0) -> Transport:
    """Return the way to Intercom: every request names the version of the API that this folder is written for."""
    return Transport(
        url,
        FixedAuth(f"Bearer {token}"),
        vendor=values.VENDOR,
        timeout_seconds=timeout_seconds,
        user_agent=USER_AGENT,
        headers={"Intercom-Version": API_VERSION},
    )


class IntercomHelpdesk:
    """The calling half of Intercom. Nothing is repeated here but what `Transport` repeats."""

    vendor = values.VENDOR

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_seconds: float = 20.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._transport = transport_of(url, token, timeout_seconds=timeout_seconds)
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._bot: Person | None = None
        self._inbox_url = ""
        self._teams: tuple[Team, ...] | None = None
        self._teams_stale_at = 0.0
        self._seatless: frozenset[str] = frozenset()
        self._colleagues: dict[str, str] = {}
        self._seats_stale_at = float("-inf")
        self._tags: dict[str, str] = {}  # name in lower case -> id
        self._tag_names: dict[str, str] = {}
        self._tags_stale_at: float | None = None

    @property
    def abilities(self) -> Abilities:
        """Neither a lock nor an idempotency key exists (API 2.16, read 2026-11-20)."""
        flight = BESIDE_SECONDS + self._transport.timeout_seconds + FLIGHT_MARGIN_SECONDS
        return Abilities(
            has_lock=False, has_keys=False, longest_flight_seconds=flight, read_lag_seconds=READ_LAG_SECONDS
        )

    def limits(self) -> tuple[Limit, ...]:
        return self._transport.limits()

    # --- reading

    def me(self) -> Person:
        """Ask who we are, and of which workspace. Operator will not do: its replies to e-mail are not mailed."""
        body = self._get("/me", "me")
        bot = wire.bot(body)
        if bot is None:
            raise PermanentError("the token does not act as a teammate", vendor=self.vendor, operation="me", status=403)
        app_id = values.identity(values.mapping(body.get("app")).get("id_code"))
        site = self._url.replace("//api.", "//app.").replace(".intercom.io", ".intercom.com")
        self._inbox_url = f"{site}/a/inbox/{app_id}/inbox"
        self._bot = bot
        return bot

    def own_id(self) -> str:
        return self._own().id

    def ticket(self, ticket_id: str) -> Ticket:
        """Read the conversation with its parts (the newest 500), then the contact who asks."""
        raw, answer = self._conversation(ticket_id)
        contact: values.Json = {}
        if contact_id := wire.requester_id(raw):
            with suppress(NotFoundError):  # merged or deleted: what the first message says of them is left
                contact = self._get(f"/contacts/{contact_id}", "contact")
        return replace(wire.ticket(raw, contact, self._home(contact)), read_at=answer.at)

    def download(self, attachment: Attachment, *, most_bytes: int) -> bytes:
        """Fetch from Intercom's file hosts, whose addresses carry their own right to read and run out."""
        return self._transport.fetch(attachment.url, FILE_HOSTS, most_bytes=most_bytes, operation="attachment")

    def requested_by(self, requester_id: str, *, limit: int) -> tuple[EarlierTicket, ...]:
        """Search by the contact, newest first."""
        if not values.identity(requester_id):
            raise NotFoundError("not an id of Intercom's", vendor=self.vendor, operation="requested", status=404)
        asked = {
            "query": {"field": "contact_ids", "operator": "IN", "value": [requester_id]},
            "sort": {"field": "created_at", "order": "descending"},
            "pagination": {"per_page": min(limit, PAGE_SIZE)},
        }
        rows = values.rows(self._search(asked, "requested")["conversations"])
        found = [earlier for row in rows if (earlier := listings.earlier_ticket(row))]
        return tuple(sorted(found, key=lambda one: one.created_at, reverse=True)[:limit])

    def tagged(self, ticket: Ticket, tag: str) -> Tagging | None:
        """Read it from the conversation, which says of each tag who applied it, and when."""
        raw, _ = self._conversation(ticket.id)
        return wire.tagging(raw, tag, self._home({}))

    def teams(self) -> tuple[Team, ...]:
        """Return the teams; what was read stays good for five minutes."""
        with self._lock:
            if self._teams is None or self._clock() >= self._teams_stale_at:
                rows = values.rows(self._listed("/teams", "teams", "teams")["teams"])
                self._teams = tuple(team for row in rows if (team := listings.team(row)))
                self._teams_stale_at = self._clock() + FRESH_SECONDS
            return self._teams

    def changes(self, cursor: str, *, since: datetime) -> Changes:
        """Search for what changed, newest first, and end as soon as a page in that order reaches what is known.

        The search may know only whole days and may not sort: so a day more is asked for, times are compared here, and
        without order every page is read. A place that Intercom no longer takes begins the same search again.
        """
        place = _Place.read(cursor) or _Place(since - OVERLAP)
        try:
            page = self._search(_changed_since(place), "changes")
        except PermanentError as error:
            if not place.after or error.status in (401, 402, 403):
                raise
            place = _Place(place.begin)
            page = self._search(_changed_since(place), "changes")
        refs = [ref for row in values.rows(page["conversations"]) if (ref := listings.ticket_ref(row))]
        times = [ref.updated_at for ref in refs]
        is_sorted = times == sorted(times, reverse=True)
        after = values.words(values.mapping(values.mapping(page.get("pages")).get("next")).get("starting_after"))
        is_last = after in ("", place.after) or (is_sorted and bool(times) and times[-1] < place.begin)
        changed = tuple(ref for ref in refs if ref.updated_at >= place.begin)
        return Changes(changed, str(_Place(place.begin, "" if is_last else after)), is_last=is_last)

    def articles(self, *, updated_since: datetime | None = None) -> Iterator[Article]:
        """Yield every article in every language; with a time, the list is read until it gets older than that.

        A change of a translation alone may not move the article in that list: a full pass from time to time stays
        necessary, as it does for deleted ones.
        """
        shelf = listings.shelf(row for page in self._pages("/help_center/collections") for row in page)
        seen = set()
        for page in self._pages("/articles"):
            for raw in page:
                if (key := values.identity(raw.get("id"))) not in seen:
                    seen.add(key)
                    yield from listings.articles(raw, shelf)
            times = [time for raw in page if (time := values.moment(raw.get("updated_at")))]
            if updated_since and times and min(times) < updated_since:
                return

    # --- writing

    def write(self, ticket: Ticket, write: TicketWrite) -> Applied:
        """Carry out one outcome: what may be repeated first, the one decisive message after it, its state last.

        Tags, team and attributes come first, each harmless if it is made again. Then the ticket of a public reply is
        read once more, the reply is entered in the conversation's attribute by its words, and sent. Only that last
        call leaves a doubt, and only about it `maybe_done` is raised. Closing or snoozing afterwards is not worth a
        second reply: if it fails, the conversation stays open for a person to see.
        """
        begun, admin_id = self._clock(), self._own().id
        path = f"/conversations/{self._known_id(ticket.id)}"
        if write.is_public and write.html and not write.mark:
            raise self._refusal("a public reply needs a mark")
        try:
            follow = writes.state_change(write, ticket.status, admin_id, self._now() + SNOOZE)
        except ValueError as error:
            raise self._refusal(str(error)) from None
        with self._beside(path):
            self._tag(path, ticket, write, admin_id)
            for assignment in writes.assignments(write, admin_id):
                self._beside_call("POST", f"{path}/parts", assignment, "assign")
            self._enter(path, ticket, write, write.author_id or admin_id)
        if self._clock() - begun > BESIDE_SECONDS:
            raise TransientError("no time left for the message", vendor=self.vendor, operation="write")
        applied = self._say(path, write, write.author_id or admin_id)
        if follow:
            self._follow(path, follow)
        return applied

    def _say(self, path: str, write: TicketWrite, admin_id: str) -> Applied:
        if not write.html:
            return Applied("", "")
        body = writes.message_body(write, admin_id)
        try:
            answer = self._transport.call("POST", f"{path}/reply", json=body, operation="write")
        except NotFoundError as error:
            raise self._what_is_gone(path, error) from None
        applied = writes.applied(values.mapping(answer.body), body, request_id=answer.request_id)
        if not applied.message_id:
            raise TransientError(
                "the answer does not confirm the message",
                vendor=self.vendor,
                operation="write",
                request_id=answer.request_id,
                maybe_done=True,
            )
        return applied

    def _follow(self, path: str, body: Mapping[str, Any]) -> None:
        try:
            self._beside_call("POST", f"{path}/parts", body, "state")
        except IntegrationError as error:
            log.warning("state_not_set", vendor=self.vendor, ticket=path.rpartition("/")[2], error=str(error))

    def _enter(self, path: str, ticket: Ticket, write: TicketWrite, author_id: str) -> None:
        """Write the conversation's attributes; for a public reply from a fresh read, and it may not go without."""
        is_reply = write.is_public and bool(write.html)
        replies = self._unmoved(ticket, write) if is_reply else ""
        if not (found := writes.attributes(write, replies, author_id)):
            return
        try:
            self._beside_call("PUT", path, {"custom_attributes": found}, "attributes")
        except PermanentError as error:
            if is_reply or error.status not in (400, 422):
                raise
            log.warning("attributes_not_set", vendor=self.vendor, ticket=ticket.id, error=str(error))

    def _unmoved(self, ticket: Ticket, write: TicketWrite) -> str:
        """Read again and return what the attribute of replies holds; raise ConflictError if somebody was faster."""
        raw, _ = self._conversation(ticket.id)
        now = wire.ticket(raw, {}, self._home({}))
        known = {message.id for message in ticket.messages}
        is_new = any(m.id not in known and m.author.role is not Role.BOT for m in now.messages)
        has_taken = bool(now.assignee_id) and now.assignee_id != ticket.assignee_id
        is_there = any(message.mark == write.mark for message in now.messages)
        is_tagged = bool({*now.tags} - {*ticket.tags, *write.add_tags})  # perhaps to stop us: that is not known here
        if is_new or has_taken or is_there or is_tagged or wire.status(raw) is not _plain_state(ticket):
            raise ConflictError("the conversation moved", vendor=self.vendor, operation="write")
        return values.words(values.mapping(raw.get("custom_attributes")).get(writes.REPLIES))

    def _tag(self, path: str, ticket: Ticket, write: TicketWrite, admin_id: str) -> None:
        for name in write.add_tags:
            if name not in ticket.tags:
                self._put_tag(path, name, admin_id)
        for name in write.remove_tags:
            if name in ticket.tags:
                with suppress(NotFoundError):  # somebody was faster
                    tag_path = f"{path}/tags/{self._tag_id(name)}"
                    self._beside_call("DELETE", tag_path, {"admin_id": admin_id}, "untag")

    def _put_tag(self, path: str, name: str, admin_id: str) -> None:
        """Put a tag on; one that somebody deleted since we learned its id is made again."""
        for is_again in (False, True):
            try:
                body = {"id": self._tag_id(name), "admin_id": admin_id}
                self._beside_call("POST", f"{path}/tags", body, "tag")
                return
            except NotFoundError:
                if is_again:
                    raise
                with self._lock:
                    self._tags.pop(name.lower(), None)

    def _tag_id(self, name: str) -> str:
        """Return a tag's id; Intercom finds or creates it by its name, in any case."""
        with self._lock:
            if name.lower() not in self._tags:
                answer = self._transport.post("/tags", json={"name": name}, operation="tag")
                tag_id = values.identity(values.mapping(answer).get("id"))
                if not tag_id:
                    raise TransientError("the answer has no tag", vendor=self.vendor, operation="tag")
                self._tags[name.lower()] = tag_id
            return self._tags[name.lower()]

    def _beside_call(self, method: str, path: str, body: Mapping[str, Any], operation: str) -> None:
        """Make a call that may be repeated. What stands already as wanted is no error."""
        try:
            self._transport.call(method, path, json=body, operation=operation)
        except PermanentError as error:
            if error.status not in (400, 422) or "already" not in str(error).lower():
                raise

    @contextmanager
    def _beside(self, path: str) -> Iterator[None]:
        """Name failures for what they are before the message: whatever was lost of these calls, it was not sent."""
        try:
            yield
        except NotFoundError as error:
            raise self._what_is_gone(path, error) from None
        except TransientError as error:
            error.maybe_done = False
            raise

    def _what_is_gone(self, path: str, error: NotFoundError) -> PermanentError:
        """Tell a conversation that is gone from a teammate, team or tag that is: both are 404."""
        self._forget()
        try:
            self._get(path, "ticket")
        except NotFoundError:
            return error
        except IntegrationError as other:
            return PermanentError(f"{error}; {other}", vendor=self.vendor, operation="write", status=404)
        return PermanentError("the teammate, team or tag is unknown", vendor=self.vendor, operation="write", status=404)

    def _forget(self) -> None:
        with self._lock:
            self._teams, self._tags, self._tags_stale_at = None, {}, None

    def _refusal(self, why: str) -> PermanentError:
        return PermanentError(why, vendor=self.vendor, operation="write")

    # --- asking

    def _own(self) -> Person:
        return self._bot or self.me()

    def _home(self, contact: values.Json) -> wire.Home:
        has_tags = bool(values.rows(values.mapping(contact.get("tags")).get("data")))
        bot = self._own()
        names = self._names_of_tags() if has_tags else {}
        self._know_teammates()
        return wire.Home(bot.id, self._inbox_url, names, self._seatless, self._colleagues)

    def _know_teammates(self) -> None:
        """Read who is who, and who may not speak to contacts; what was read stays good for five minutes."""
        with self._lock:
            if self._clock() >= self._seats_stale_at:
                admins = values.rows(self._listed("/admins", "admins", "admins")["admins"])
                self._seatless, self._colleagues = wire.seatless(admins), wire.colleagues(admins)
                self._seats_stale_at = self._clock() + FRESH_SECONDS

    def _names_of_tags(self) -> Mapping[str, str]:
        """Return id -> name: a contact names its tags by id only."""
        with self._lock:
            if self._tags_stale_at is None or self._clock() >= self._tags_stale_at:
                rows = values.rows(self._listed("/tags", "data", "tags")["data"])
                self._tag_names = {values.identity(row.get("id")): values.words(row.get("name")) for row in rows}
                self._tags_stale_at = self._clock() + FRESH_SECONDS
            return self._tag_names

    def _conversation(self, ticket_id: str) -> tuple[values.Json, Answer]:
        path = f"/conversations/{self._known_id(ticket_id)}"
        answer = self._transport.call("GET", path, operation="ticket")
        raw = values.mapping(answer.body)
        if not values.identity(raw.get("id")):
            raise TransientError("the answer has no conversation", vendor=self.vendor, operation="ticket")
        return raw, answer

    def _search(self, asked: Mapping[str, Any], operation: str) -> values.Json:
        answer = self._transport.call(
            "POST", "/conversations/search", json=asked, operation=operation, changes_data=False
        )
        return self._with_list(answer.body, "conversations", operation)

    def _pages(self, path: str) -> Iterator[list[values.Json]]:
        """Yield the pages of a list that counts them. `total_pages` alone ends it."""
        operation = path.strip("/")
        for number in range(1, MAX_PAGES):
            params = {"page": str(number), "per_page": str(ARTICLES_A_PAGE)}
            page = self._listed(path, "data", operation, params)
            yield values.rows(page["data"])
            total = values.mapping(page.get("pages")).get("total_pages")
            if not isinstance(total, int) or number >= total:
                return
        raise TransientError("the pages do not come to an end", vendor=self.vendor, operation=operation)

    def _listed(self, path: str, name: str, operation: str, params: Mapping[str, str] | None = None) -> values.Json:
        return self._with_list(self._transport.get(path, params=params, operation=operation), name, operation)

    def _with_list(self, body: Any, name: str, operation: str) -> values.Json:
        """Return a page with the named list. Without it, it is an outage: "no articles" would empty a library."""
        page = values.mapping(body)
        if not isinstance(page.get(name), list):
            raise TransientError(f"the answer has no {name}", vendor=self.vendor, operation=operation)
        return page

    def _get(self, path: str, operation: str) -> values.Json:
        body = self._transport.get(path, operation=operation)
        if not isinstance(body, dict):
            raise TransientError("the answer is not an object", vendor=self.vendor, operation=operation)
        return body

    def _known_id(self, ticket_id: str) -> str:
        found = values.identity(ticket_id)
        if not found.isdecimal():
            raise NotFoundError("not an id of Intercom's", vendor=self.vendor, operation="ticket", status=404)
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run of `changes` is: since when it looks, to the second, and its page."""

    begin: datetime
    after: str = ""

    @classmethod
    def read(cls, cursor: str) -> "_Place | None":
        begin, _, after = cursor.partition("|")
        found = values.moment(begin)
        return cls(found, after) if found else None

    def __str__(self) -> str:
        return f"{int(self.begin.timestamp())}|{self.after}"


def _changed_since(place: _Place) -> dict[str, Any]:
    day = place.begin.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return {
        "query": {"field": "updated_at", "operator": ">", "value": max(0, int(day.timestamp()))},
        "sort": {"field": "updated_at", "order": "descending"},
        "pagination": {"per_page": PAGE_SIZE} | ({"starting_after": place.after} if place.after else {}),
    }


def _plain_state(ticket: Ticket) -> Status:
    """Return the status of a ticket as far as Intercom's three states tell it."""
    return ticket.status if ticket.status in (Status.SOLVED, Status.ON_HOLD) else Status.OPEN
