"""Zendesk's Support and Help Center API behind the `Helpdesk` port. One object serves all threads of a process."""

import base64
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.settings import Settings
from integrations.errors import NotFoundError, PermanentError, TransientError
from integrations.helpdesk import (
    Abilities,
    Applied,
    Article,
    Attachment,
    Changes,
    EarlierTicket,
    Person,
    Tagging,
    Team,
    Ticket,
    TicketWrite,
)
from integrations.limits import Limit
from integrations.transport import Answer, Auth, FixedAuth, Transport
from integrations.zendesk import listings, values, wire, writes

API = "/api/v2"
USER_AGENT = "deskhand/1 (helpdesk worker)"
FILE_HOSTS = ("zdusercontent.com",)  # where `content_url` redirects to
PAGE_SIZE = 100
MAX_PAGES = 1000
EXPORT_PAGE_SIZE = 500
TEAMS_FRESH_SECONDS = 300.0
TOKEN_SECONDS = 7200
# A PUT that somebody between us and Zendesk holds back arrives within this after we have stopped waiting, or never.
FLIGHT_MARGIN_SECONDS = 60.0
# The export refuses a start in the newest minute.
EXPORT_LAG = timedelta(seconds=90)


def build_helpdesk(settings: Settings, *, timeout_seconds: float = 20.0) -> "ZendeskHelpdesk":
    """Return a client from the settings. Raise ValueError as `auth_of` does."""
    return ZendeskHelpdesk(settings.zendesk_url, auth_of(settings), timeout_seconds=timeout_seconds)


def auth_of(settings: Settings) -> Auth:
    """Return the credentials: an OAuth client if there is one, else the older e-mail and API token."""
    secret = settings.zendesk_client_secret.get_secret_value()
    if settings.zendesk_client_id and secret:
        return ClientCredentials(settings.zendesk_url, settings.zendesk_client_id, secret)
    if settings.zendesk_email and settings.zendesk_api_token.get_secret_value():
        return api_token(settings.zendesk_email, settings.zendesk_api_token.get_secret_value())
    raise ValueError("ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET are missing")


def api_token(email: str, token: str) -> FixedAuth:
    """Return the older credentials; Zendesk ends them on 2027-04-30."""
    return FixedAuth("Basic " + base64.b64encode(f"{email}/token:{token}".encode()).decode())


class ClientCredentials:
    """An OAuth token of the client-credentials grant, fetched when needed and shared by all threads.

    It is renewed a minute before it runs out (earlier for none, at half its life for a very short one), and once when
    Zendesk refuses it. This grant has no refresh token.
    """

    def __init__(
        self, site_url: str, client_id: str, client_secret: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = Transport(site_url, vendor=values.VENDOR, timeout_seconds=10, user_agent=USER_AGENT)
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._stale_at = 0.0

    def header(self) -> str:
        """Return "Bearer ..."; one thread fetches, the others wait for it. Raise what the token request raises."""
        with self._lock:
            if not self._token or self._clock() >= self._stale_at:
                self._fetch()
            return f"Bearer {self._token}"

    def renew(self, refused: str) -> bool:
        """Forget the refused token, unless another thread has replaced it already; either way try again."""
        with self._lock:
            if refused == f"Bearer {self._token}":
                self._token = ""
        return True

    def _fetch(self) -> None:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "scope": "read write",
            "expires_in": TOKEN_SECONDS,
        }
        # A token asked for in vain changes nothing on a ticket, so no write becomes doubtful by it.
        answer = self._transport.call("POST", "/oauth/tokens", json=asked, operation="token", changes_data=False).body
        token = values.mapping(answer).get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise PermanentError("the answer has no token", vendor=values.VENDOR, operation="token")
        life = values.mapping(answer).get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) and life > 0 else 300.0
        self._token = token
        self._stale_at = self._clock() + max(seconds - 60, seconds / 2)


class ZendeskHelpdesk:
    """The calling half of Zendesk.

    Nothing is repeated here but what `Transport` repeats (a read on a dropped connection, any call after a renewed
    token). URLs that Zendesk sends along are never followed: pages are asked for by cursor on our own address.
    """

    vendor = values.VENDOR

    def __init__(
        self,
        site_url: str,
        auth: Auth,
        *,
        timeout_seconds: float = 20.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site_url = site_url.rstrip("/")
        self._transport = Transport(
            self._site_url, auth, vendor=values.VENDOR, timeout_seconds=timeout_seconds, user_agent=USER_AGENT
        )
        self._auth = auth
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._bot_id = ""
        self._teams: tuple[Team, ...] | None = None
        self._teams_stale_at = 0.0

    @property
    def abilities(self) -> Abilities:
        """`safe_update` is a lock; an `Idempotency-Key` counts for new tickets only (documentation, 2026-11-20)."""
        flight = self._transport.timeout_seconds + FLIGHT_MARGIN_SECONDS
        return Abilities(has_lock=True, has_keys=False, longest_flight_seconds=flight, read_lag_seconds=1.0)

    @property
    def last_limits(self) -> Mapping[str, str]:
        """The rate-limit headers of the newest answer."""
        return self._transport.last_limits

    def limits(self) -> tuple[Limit, ...]:
        return self._transport.limits()

    def me(self) -> Person:
        """Ask who we are. To a token it no longer takes, Zendesk may answer 200 with an anonymous user.

        A token that can be renewed is renewed once then; an anonymous answer after that raises PermanentError.
        """
        user = self._who()
        if not wire.is_staff_account(user) and self._auth.renew(self._auth.header()):
            user = self._who()
        if not wire.is_staff_account(user):
            raise PermanentError(
                "the credentials are not those of an agent or admin", vendor=self.vendor, operation="me", status=401
            )
        bot = wire.person(user, bot_id=values.identity(user.get("id")))
        self._bot_id = bot.id
        return bot

    def own_id(self) -> str:
        return self._bot_id or self.me().id

    def ticket(self, ticket_id: str) -> Ticket:
        """Read the ticket first and its comments after: what arrives between the two makes a later write conflict."""
        path = f"/tickets/{self._known_id(ticket_id, 'ticket')}"
        answer = self._answer(path, "ticket", {"include": "users,groups,organizations"})
        page = values.mapping(answer.body)
        raw = values.mapping(page.get("ticket"))
        if wire.is_gone(raw):
            raise NotFoundError("deleted or merged", vendor=self.vendor, operation="ticket", status=404)
        if not values.identity(raw.get("id")):
            raise TransientError("the answer has no ticket", vendor=self.vendor, operation="ticket")

        users = list(values.rows(page.get("users")))
        comments: list[values.Json] = []
        for part in self._pages(f"{path}/comments", "comments", {"include": "users", "sort": "created_at"}):
            comments += values.rows(part["comments"])
            users += values.rows(part.get("users"))
        by_id = _by_id(users)
        by_id |= self._missing_users(wire.authors(raw, comments) - by_id.keys())
        found = wire.ticket(
            raw,
            comments,
            by_id,
            values.rows(page.get("organizations")),
            bot_id=self.own_id(),
            site_url=self._site_url,
        )
        return replace(found, read_at=answer.at)

    def download(self, attachment: Attachment, *, most_bytes: int) -> bytes:
        """Fetch from `content_url`, which redirects to Zendesk's file hosts; those get no credentials."""
        return self._transport.fetch(attachment.url, FILE_HOSTS, most_bytes=most_bytes, operation="attachment")

    def requested_by(self, requester_id: str, *, limit: int) -> tuple[EarlierTicket, ...]:
        """Ask for one page, newest first; Zendesk keeps no cursor for this list."""
        path = f"/users/{self._known_id(requester_id, 'requested')}/tickets/requested"
        order = {"sort_by": "created_at", "sort_order": "desc", "per_page": str(min(limit, PAGE_SIZE))}
        rows = values.rows(self._list(path, "tickets", order)["tickets"])
        return tuple(found for row in rows if (found := listings.earlier_ticket(row)))

    def tagged(self, ticket: Ticket, tag: str) -> Tagging | None:
        """Read it from the audits, which come oldest first; a rule is nobody."""
        path = f"/tickets/{self._known_id(ticket.id, 'audits')}/audits"
        found = [wire.tagging(audit, tag) for audit in self._rows(path, "audits")]
        newest = next((one for one in reversed(found) if one), None)
        if newest is None:
            return None
        author_id, at, is_by_rule = newest
        if is_by_rule or not author_id:
            return Tagging(wire.SYSTEM, at)
        user = self._missing_users({author_id}).get(author_id, {"id": author_id})
        return Tagging(wire.person(user, requester_id=ticket.requester.id, bot_id=self.own_id()), at)

    def write(self, ticket: Ticket, write: TicketWrite) -> Applied:
        """Carry out one outcome in one PUT that Zendesk refuses if the ticket moved since `ticket.stamp`.

        Raise PermanentError without sending anything if the text is longer than Zendesk keeps, if the ticket was read
        without a stamp, or if an id or status has no meaning there. An answer that does not name the new comment is a
        TransientError with `maybe_done`: the mark tells.
        """
        if not ticket.stamp:
            raise self._refusal("the ticket was read without a stamp")
        try:
            body = writes.update(ticket, write)
        except ValueError as error:
            raise self._refusal(str(error)) from None
        html = body["ticket"].get("comment", {}).get("html_body", "")
        if len(html.encode()) > writes.MAX_HTML_BYTES:
            raise self._refusal("the text is longer than 64 KB and would be cut")
        path = f"{API}/tickets/{self._known_id(ticket.id, 'write')}"
        answer = self._transport.call("PUT", path, json=body, operation="write")
        applied = writes.applied(values.mapping(answer.body), request_id=answer.request_id)
        if not applied.stamp or (html and not applied.message_id):
            raise TransientError(
                "the answer does not confirm the write",
                vendor=self.vendor,
                operation="write",
                request_id=answer.request_id,
                maybe_done=True,
            )
        return applied

    def teams(self) -> tuple[Team, ...]:
        """Return the groups; what was read stays good for five minutes."""
        with self._lock:
            if self._teams is None or self._clock() >= self._teams_stale_at:
                groups = self._rows("/groups", "groups")
                self._teams = tuple(team for group in groups if (team := listings.team(group)))
                self._teams_stale_at = self._clock() + TEAMS_FRESH_SECONDS
            return self._teams

    def changes(self, cursor: str, *, since: datetime) -> Changes:
        """Return the next page of the export, which needs an admin's credentials and withholds the newest minute."""
        start = max(0, int(min(since, self._now() - EXPORT_LAG).timestamp()))
        place = {"cursor": cursor} if cursor else {"start_time": str(start)}
        page = self._list("/incremental/tickets/cursor", "tickets", {**place, "per_page": str(EXPORT_PAGE_SIZE)})
        return listings.changes(page, cursor)

    def articles(self, *, updated_since: datetime | None = None) -> Iterator[Article]:
        """Yield every article in every enabled locale, or with a time what changed since, once for each article.

        The feed of changes names articles in the locale they were written in and leaves deleted ones out: a full
        listing from time to time stays necessary. Raise NotFoundError if the account has no Help Center.
        """
        shelf = listings.shelf(
            self._rows("/help_center/sections", "sections"),
            self._rows("/help_center/categories", "categories"),
        )
        found = self._every_article() if updated_since is None else self._changed_articles(updated_since)
        seen = set()
        for raw in found:
            article = listings.article(raw, shelf)
            if article and (article.id, article.locale) not in seen:
                seen.add((article.id, article.locale))
                yield article

    def _who(self) -> values.Json:
        return values.mapping(self._get("/users/me", "me").get("user"))

    def _every_article(self) -> Iterator[values.Json]:
        for locale in self._locales():
            yield from self._rows(f"/help_center/{locale}articles", "articles")

    def _changed_articles(self, since: datetime) -> Iterator[values.Json]:
        """Follow the time-based feed, which repeats rows at the border of two pages and ends when time stands still."""
        start = max(0, int(since.timestamp()))
        newest: dict[str, values.Json] = {}
        for _ in range(MAX_PAGES):
            page = self._list("/help_center/incremental/articles", "articles", {"start_time": str(start)})
            rows = values.rows(page["articles"])
            newest |= _by_id(rows)
            end = page.get("end_time")
            if not rows or not page.get("next_page") or not isinstance(end, int) or end <= start:
                break
            start = end
        yield from newest.values()

    def _locales(self) -> list[str]:
        """Return a path part for each enabled locale; a single empty one (the default locale) if they are not told."""
        try:
            locales = self._get("/help_center/locales", "locales").get("locales")
        except PermanentError:
            return [""]
        names = [name.lower() for name in values.texts(locales) if name.replace("-", "").isalnum() and name.isascii()]
        return [f"{name}/" for name in dict.fromkeys(names)] or [""]

    def _missing_users(self, missing: Iterable[str]) -> dict[str, values.Json]:
        ids = sorted(missing)
        found: list[values.Json] = []
        for begin in range(0, len(ids), PAGE_SIZE):
            page = self._list("/users/show_many", "users", {"ids": ",".join(ids[begin : begin + PAGE_SIZE])})
            found += values.rows(page["users"])
        return _by_id(found)

    def _rows(self, path: str, name: str) -> Iterator[values.Json]:
        for page in self._pages(path, name):
            yield from values.rows(page[name])

    def _pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[values.Json]:
        """Yield all pages by cursor. `meta.has_more` alone ends it: `links.next` is set on the last page too."""
        cursor = ""
        for _ in range(MAX_PAGES):
            place = {"page[size]": str(PAGE_SIZE)} | ({"page[after]": cursor} if cursor else {})
            page = self._list(path, name, {**(params or {}), **place})
            yield page
            meta = values.mapping(page.get("meta"))
            after = values.words(meta.get("after_cursor"))
            if meta.get("has_more") is not True:
                return
            if not after or after == cursor:
                break
            cursor = after
        raise TransientError("the pages do not come to an end", vendor=self.vendor, operation=name)

    def _list(self, path: str, name: str, params: Mapping[str, str] | None = None) -> values.Json:
        """Return a page with the named list. Without it, it is an outage: "no articles" would empty a library."""
        page = self._get(path, name, params)
        if not isinstance(page.get(name), list):
            raise TransientError(f"the answer has no {name}", vendor=self.vendor, operation=name)
        return page

    def _get(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> values.Json:
        body: values.Json = self._answer(path, operation, params).body
        return body

    def _answer(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return a JSON object. An empty or odd answer under a 200 counts as an outage, not as "nothing there"."""
        answer = self._transport.call("GET", API + path, params=params, operation=operation)
        if not isinstance(answer.body, dict):
            raise TransientError("the answer is not an object", vendor=self.vendor, operation=operation)
        return answer

    def _known_id(self, ticket_id: str, operation: str) -> str:
        found = values.identity(ticket_id)
        if not found:
            raise NotFoundError("not an id of Zendesk's", vendor=self.vendor, operation=operation, status=404)
        return found

    def _refusal(self, why: str) -> PermanentError:
        return PermanentError(why, vendor=self.vendor, operation="write")


def _by_id(rows: Iterable[values.Json]) -> dict[str, values.Json]:
    return {identity: row for row in rows if (identity := values.identity(row.get("id")))}
