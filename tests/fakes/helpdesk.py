"""FakeHelpdesk: a whole helpdesk in memory behind the `Helpdesk` port, for tests that have no vendor in mind.

It keeps tickets, locks writes by stamp, remembers every write, and has its accidents on request. Time stands still
until a test moves it: `tick`. Safe to use from several threads.
"""

import html
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from integrations.errors import ConflictError, IntegrationError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import (
    Abilities,
    Applied,
    Article,
    Attachment,
    Changes,
    EarlierTicket,
    Flag,
    Message,
    Organization,
    Person,
    Rating,
    Role,
    Status,
    Tagging,
    Team,
    Ticket,
    TicketRef,
    TicketWrite,
)
from integrations.limits import Limit

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BOT = Person("900", "Deskhand", Role.BOT, email="deskhand@tidemark.example")
ADA = Person("501", "Ada Doe", Role.REQUESTER, email="ada@harbour.example", locale="en-US")
GRACE = Person("801", "Grace Hill", Role.STAFF, email="grace@tidemark.example")
TEAMS = (Team("11", "Support"), Team("12", "Billing"))
LOCKED = Abilities(has_lock=True, has_keys=False, longest_flight_seconds=80.0)
UNLOCKED = Abilities(has_lock=False, has_keys=False, longest_flight_seconds=80.0)


@dataclass(frozen=True, slots=True)
class Written:
    """One call of `write` that changed something, whether or not its answer came back."""

    ticket_id: str
    write: TicketWrite
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Accident:
    """What the next write meets: an error, raised before or after the change is made, or with the change held up."""

    error: IntegrationError
    is_done: bool = False
    is_held: bool = False


class FakeHelpdesk:
    """Fills `Helpdesk`. The first part is the port, the rest is how a test plays requester, staff and bad luck."""

    def __init__(
        self,
        *,
        vendor: str = "zendesk",
        now: datetime = START,
        bot: Person = BOT,
        teams: tuple[Team, ...] = TEAMS,
        abilities: Abilities = LOCKED,
    ) -> None:
        self.vendor = vendor
        self.abilities = abilities
        self.now = now
        self.bot = bot
        self.team_list = teams
        self.article_list: list[Article] = []
        self.written: list[Written] = []
        self.reads = 0
        self.write_attempts = 0
        self.page_size = 100
        self.updates_per_minute: int | None = None  # the vendor's budget for writes, shared with staff
        self._updates: dict[int, int] = {}  # minute -> updates made in it
        self.taggings: dict[tuple[str, str], Tagging] = {}  # (ticket, tag) -> who set it
        self.staff: dict[str, Person] = {GRACE.id: GRACE}  # in whose name we may write
        self._tickets: dict[str, Ticket] = {}
        self._export: list[TicketRef] = []
        self._numbers = count(1001)
        self._revisions = count(1)
        self._accidents: deque[_Accident] = deque()
        self._held: list[tuple[Ticket, TicketWrite]] = []
        self._before_write: deque[Callable[[], object]] = deque()
        self._before_read: deque[Callable[[], object]] = deque()
        self.files: dict[str, bytes] = {}  # by the attachment's id
        self.downloads: list[str] = []
        self._absences = 0
        self._absence: IntegrationError | None = None
        self._lock = threading.RLock()

    # --- the port

    def limits(self) -> tuple[Limit, ...]:
        with self._lock:
            if self.updates_per_minute is None:
                return ()
            left = self.updates_per_minute - self._updates.get(self._minute(), 0)
            return (Limit("tickets-update", self.updates_per_minute, left, 60 - self.now.timestamp() % 60),)

    def _minute(self) -> int:
        return int(self.now.timestamp() // 60)

    def count_update(self) -> None:
        """Count one update against the budget, whoever makes it; raise what the vendor answers when it is spent."""
        with self._lock:
            for limit in self.limits():
                if limit.is_spent:
                    raise TransientError(
                        "HTTP 429",
                        vendor=self.vendor,
                        operation="write",
                        retry_after_seconds=limit.resets_seconds,
                        limit=limit.name,
                    )
            self._updates[self._minute()] = self._updates.get(self._minute(), 0) + 1

    def me(self) -> Person:
        with self._lock:
            self._answer_or_raise()
            return self.bot

    def own_id(self) -> str:
        return self.me().id

    def ticket(self, ticket_id: str) -> Ticket:
        with self._lock:
            self.reads += 1
            self._answer_or_raise()
            if self._before_read:
                self._before_read.popleft()()
            return replace(self._existing(ticket_id), read_at=self.now)

    def download(self, attachment: Attachment, *, most_bytes: int) -> bytes:
        with self._lock:
            self.downloads.append(attachment.id)
            self._answer_or_raise()
            content = self.files.get(attachment.id)
            if content is None:
                raise NotFoundError("gone", vendor=self.vendor, operation="attachment", status=404)
            if len(content) > most_bytes:
                raise PermanentError("too long", vendor=self.vendor, operation="attachment", status=413)
            return content

    def requested_by(self, requester_id: str, *, limit: int) -> tuple[EarlierTicket, ...]:
        with self._lock:
            self._answer_or_raise()
            own = [one for one in self._tickets.values() if one.requester.id == requester_id]
            newest = sorted(own, key=lambda one: one.created_at, reverse=True)[:limit]
            return tuple(EarlierTicket(o.id, requester_id, o.subject, o.status, o.created_at) for o in newest)

    def tagged(self, ticket: Ticket, tag: str) -> Tagging | None:
        with self._lock:
            self._answer_or_raise()
            return self.taggings.get((ticket.id, tag))

    def write(self, ticket: Ticket, write: TicketWrite) -> Applied:
        with self._lock:
            self.write_attempts += 1
            self._answer_or_raise()
            self.count_update()
            if self._before_write:
                self._before_write.popleft()()
            accident = self._accidents.popleft() if self._accidents else None
            if accident and accident.is_held:
                self._held.append((ticket, write))
            if accident and not accident.is_done:
                raise accident.error
            applied = self._carry_out(ticket, write)
            if accident:
                raise accident.error
            return applied

    def teams(self) -> tuple[Team, ...]:
        with self._lock:
            self._answer_or_raise()
            return self.team_list

    def changes(self, cursor: str, *, since: datetime) -> Changes:
        """Return the next page of every change ever made, oldest first; a ticket comes once for each change."""
        with self._lock:
            self._answer_or_raise()
            begin = int(cursor) if cursor else sum(ref.updated_at < since for ref in self._export)
            end = min(begin + self.page_size, len(self._export))
            return Changes(tuple(self._export[begin:end]), str(end), is_last=end == len(self._export))

    def articles(self, *, updated_since: datetime | None = None) -> Iterator[Article]:
        with self._lock:
            self._answer_or_raise()
            found = [a for a in self.article_list if updated_since is None or a.updated_at >= updated_since]
        yield from found

    # --- playing the requester, staff and the vendor

    def tick(self, seconds: float = 60) -> datetime:
        """Let time pass and return the new time."""
        with self._lock:
            self.now += timedelta(seconds=seconds)
            return self.now

    def open_ticket(
        self,
        text: str = "How do I swap a shift?",
        *,
        subject: str = "A question",
        ticket_id: str = "",
        requester: Person = ADA,
        author: Person | None = None,
        status: Status = Status.NEW,
        channel: str = "email",
        tags: tuple[str, ...] = (),
        organization: Organization | None = None,
        flags: frozenset[Flag] = frozenset(),
        attachments: tuple[Attachment, ...] = (),
        is_public: bool = True,
        followup_of: str = "",
        copies: tuple[str, ...] = (),
    ) -> Ticket:
        """Open a ticket whose first message is by the requester, or by `author` in their name."""
        with self._lock:
            writer = author or requester
            found = Ticket(
                vendor=self.vendor,
                id=ticket_id or self._number(),
                subject=subject,
                status=status,
                requester=requester,
                messages=(),
                created_at=self.now,
                updated_at=self.now,
                stamp="",
                channel=channel,
                tags=tags,
                organization=organization,
                group_id=self.team_list[0].id if self.team_list else "",
                brand_id="1",
                submitter_id=writer.id,
                recipient="support@tidemark.example",
                copies=copies,
                followup_of=followup_of,
                locale=requester.locale,
                is_messaging=channel in ("messaging", "chat"),
            )
            if found.id in self._tickets:
                raise ValueError(f"ticket {found.id} is open already")
            found = replace(found, url=f"https://desk.example/tickets/{found.id}")
            self._tickets[found.id] = found
            self._say(found.id, writer, text, is_public=is_public, flags=flags, attachments=attachments)
            return self._tickets[found.id]

    def requester_writes(
        self,
        ticket_id: str,
        text: str,
        *,
        author: Person | None = None,
        flags: frozenset[Flag] = frozenset(),
        attachments: tuple[Attachment, ...] = (),
    ) -> Message:
        """Add a public message by the requester, or by another end user; a waiting or solved ticket opens again."""
        with self._lock:
            found = self._existing(ticket_id)
            waiting = (Status.PENDING, Status.ON_HOLD, Status.SOLVED)
            status = Status.OPEN if found.status in waiting else found.status
            writer = author or found.requester
            return self._say(ticket_id, writer, text, flags=flags, attachments=attachments, status=status)

    def staff_writes(
        self,
        ticket_id: str,
        text: str,
        *,
        is_public: bool = True,
        author: Person = GRACE,
        status: Status | None = None,
    ) -> Message:
        """Add a message by staff, public or a note, and change the status with it if one is given."""
        with self._lock:
            found = self._existing(ticket_id)
            return self._say(ticket_id, author, text, is_public=is_public, status=status or found.status)

    def change(
        self,
        ticket_id: str,
        *,
        status: Status | None = None,
        priority: str | None = None,
        tags: tuple[str, ...] | None = None,
        assignee_id: str | None = None,
        group_id: str | None = None,
        requester: Person | None = None,
        is_shared: bool | None = None,
        is_with_ai_agent: bool | None = None,
    ) -> Ticket:
        """Change fields as staff or a rule would, without a message. The stamp moves."""
        given = {
            "status": status,
            "priority": priority,
            "tags": tags,
            "assignee_id": assignee_id,
            "group_id": group_id,
            "requester": requester,
            "is_shared": is_shared,
            "is_with_ai_agent": is_with_ai_agent,
        }
        with self._lock:
            return self._move(self._existing(ticket_id), {name: v for name, v in given.items() if v is not None})

    def redact(self, ticket_id: str, message_id: str, words: str) -> Ticket:
        """Take words out of a message for good, as staff can; blocks stand where they were."""
        with self._lock:
            found = self._existing(ticket_id)
            messages = tuple(
                replace(m, text=m.text.replace(words, "▇" * len(words)), html="", flags=m.flags | {Flag.REDACTED})
                if m.id == message_id
                else m
                for m in found.messages
            )
            return self._move(replace(found, messages=messages), {})

    def rate(self, ticket_id: str, rating: Rating) -> Ticket:
        """Rate a ticket as its requester."""
        with self._lock:
            return self._move(self._existing(ticket_id), {"rating": rating})

    def delete(self, ticket_id: str) -> None:
        """Delete a ticket: reading it is NotFoundError from now on, and the export names it as deleted."""
        with self._lock:
            self._move(self._existing(ticket_id), {"status": Status.DELETED})

    def add_article(
        self,
        title: str,
        html: str,
        *,
        article_id: str = "",
        locale: str = "en-us",
        is_public: bool = True,
        is_draft: bool = False,
        section: tuple[str, ...] = (),
    ) -> Article:
        """Add an article, or put a new version in place of the one with this id and locale."""
        with self._lock:
            number = article_id or self._number()
            article = Article(
                id=number,
                title=title,
                html=html,
                url=f"https://help.example/{locale}/articles/{number}",
                locale=locale,
                is_public=is_public and not is_draft,
                is_draft=is_draft,
                updated_at=self.now,
                section=section,
            )
            self.remove_article(number, locale=locale)
            self.article_list.append(article)
            return article

    def remove_article(self, article_id: str, *, locale: str = "en-us") -> None:
        with self._lock:
            kept = [a for a in self.article_list if (a.id, a.locale) != (article_id, locale)]
            self.article_list[:] = kept

    # --- bad luck

    def lose_answers(self, times: int = 1, *, done: bool = True) -> None:
        """Let the next writes end in TransientError with `maybe_done`, carried out or not.

        A conflict or refusal that stands in the way of such a write is raised as itself.
        """
        self._accidents.extend([_Accident(self._lost(), is_done=done)] * times)

    def hold_writes(self, times: int = 1) -> None:
        """Let the next writes end as lost, stuck on their way until `release_writes` lets them arrive."""
        self._accidents.extend([_Accident(self._lost(), is_held=True)] * times)

    def release_writes(self) -> int:
        """Let held writes arrive and return how many were carried out: the stamp refuses those that come too late."""
        with self._lock:
            held, self._held = self._held, []
            return sum(self._arrives(ticket, write) for ticket, write in held)

    def refuse_writes(self, error: IntegrationError, times: int = 1) -> None:
        """Let the next writes change nothing and raise this."""
        self._accidents.extend([_Accident(error)] * times)

    def be_away(self, calls: int = 1, error: IntegrationError | None = None) -> None:
        """Let the next calls of any method raise, nothing being done; by default a 503. Use `be_back` to end it."""
        with self._lock:
            self._absences = calls
            self._absence = error or TransientError("HTTP 503", vendor=self.vendor, operation="any")

    def be_back(self) -> None:
        with self._lock:
            self._absences = 0

    def before_write(self, act: Callable[[], object]) -> None:
        """Do this once, right before the next write is judged: the moment in which somebody else is faster."""
        self._before_write.append(act)

    def before_read(self, act: Callable[[], object]) -> None:
        """Do this once, right before the next read of a ticket."""
        self._before_read.append(act)

    # --- looking

    def peek(self, ticket_id: str) -> Ticket:
        """Return a ticket as it stands, deleted ones too, without counting as a read or meeting bad luck."""
        with self._lock:
            return self._tickets[ticket_id]

    def own_messages(self, ticket_id: str, *, is_public: bool | None = None) -> list[Message]:
        """Return what the bot wrote on a ticket, by default replies and notes."""
        messages = [m for m in self.peek(ticket_id).messages if m.author.role is Role.BOT]
        return [m for m in messages if is_public is None or m.is_public is is_public]

    # --- inside

    def _answer_or_raise(self) -> None:
        if self._absences > 0 and self._absence is not None:
            self._absences -= 1
            raise self._absence

    def _lost(self) -> TransientError:
        return TransientError("the answer was lost", vendor=self.vendor, operation="write", maybe_done=True)

    def _arrives(self, ticket: Ticket, write: TicketWrite) -> bool:
        try:
            self._carry_out(ticket, write)
        except IntegrationError:
            return False
        return True

    def _existing(self, ticket_id: str) -> Ticket:
        found = self._tickets.get(ticket_id)
        if found is None or found.status is Status.DELETED:
            raise NotFoundError("HTTP 404", vendor=self.vendor, operation="ticket", status=404)
        return found

    def _carry_out(self, seen: Ticket, write: TicketWrite) -> Applied:
        found = self._existing(seen.id)
        if found.status is Status.CLOSED:
            raise PermanentError("HTTP 422: ClosedTicket", vendor=self.vendor, operation="write", status=422)
        if self.abilities.has_lock and seen.stamp != found.stamp:
            raise ConflictError("HTTP 409: UpdateConflict", vendor=self.vendor, operation="write")
        if write.group_id and write.group_id not in {team.id for team in self.team_list}:
            raise PermanentError("HTTP 422: no such group", vendor=self.vendor, operation="write", status=422)
        tags = [tag for tag in dict.fromkeys((*seen.tags, *write.add_tags)) if tag not in write.remove_tags]
        fields: dict[str, object] = {"tags": tuple(tags)}
        if write.status is not None:
            fields["status"] = write.status
        if write.priority is not None:
            fields["priority"] = write.priority
        if write.group_id is not None:
            fields["group_id"] = write.group_id
        if write.unassign:
            fields["assignee_id"] = ""
        said = (
            Message(
                id=self._number(),
                author=self.staff[write.author_id] if write.author_id else self.bot,
                is_public=write.is_public,
                text=_plain(write.html),
                html=write.html,
                created_at=self.now,
                channel="api",
                mark=write.mark,
            )
            if write.html
            else None
        )
        moved = self._move(found, fields, said)
        message_id = said.id if said else ""
        self.written.append(Written(seen.id, write, message_id, self.now))
        return Applied(message_id, moved.stamp, f"request-{len(self.written)}", moved.updated_at)

    def _say(
        self,
        ticket_id: str,
        author: Person,
        text: str,
        *,
        is_public: bool = True,
        status: Status | None = None,
        flags: frozenset[Flag] = frozenset(),
        attachments: tuple[Attachment, ...] = (),
    ) -> Message:
        found = self._existing(ticket_id)
        if found.status is Status.CLOSED:
            raise ValueError(f"ticket {ticket_id} is closed: nobody can write on it")
        said = Message(
            id=self._number(),
            author=author,
            is_public=is_public,
            text=text,
            html=f"<p>{html.escape(text)}</p>",
            created_at=self.now,
            channel=found.channel,
            flags=flags,
            attachments=attachments,
        )
        self._move(found, {"status": status or found.status}, said)
        return said

    def _move(self, found: Ticket, fields: Mapping[str, object], said: Message | None = None) -> Ticket:
        """Store a new version of a ticket: new stamp, new time, one row in the export."""
        messages = (*found.messages, said) if said else found.messages
        moved = replace(found, **fields, messages=messages)  # type: ignore[arg-type]
        moved = replace(moved, updated_at=self.now, stamp=f"{self.now.isoformat()}/{next(self._revisions)}")
        self._tickets[found.id] = moved
        self._export.append(TicketRef(moved.id, moved.status, moved.updated_at))
        return moved

    def _number(self) -> str:
        return str(next(self._numbers))


def _plain(text: str) -> str:
    """Return what a reader sees: block ends as line breaks, no tags, no entities."""
    broken = re.sub(r"(?i)<br\s*/?>|</(p|li|h[1-6]|div)>", "\n", text)
    return html.unescape(re.sub(r"<[^>]+>", "", broken)).strip()
