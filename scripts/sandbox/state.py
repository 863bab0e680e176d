"""The state of the local Zendesk account: plain dataclasses in dictionaries behind one lock, saved as JSON.

Times are the strings that go over the wire (UTC, whole seconds), so nothing is converted on the way out.
"""

import secrets
import time
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.sandbox.keeping import Kept
from scripts.sandbox.records import (
    CustomStatus,
    FieldOption,
    Identity,
    Membership,
    Rating,
    SlaPolicy,
    SuspendedTicket,
    TicketField,
    TicketForm,
    Translation,
    Upload,
    UserSegment,
    View,
)

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("problem", "incident", "question", "task")
STAFF_ROLES = ("agent", "admin")

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(slots=True)
class User:
    id: int
    name: str
    email: str | None
    role: str = "end-user"
    locale: str = "en-US"
    tags: list[str] = field(default_factory=list)
    organization_id: int | None = None
    default_group_id: int | None = None
    external_id: str | None = None
    details: str = ""
    notes: str = ""
    phone: str | None = None
    user_fields: dict[str, Any] = field(default_factory=dict)
    suspended: bool = False
    is_light: bool = False  # of an agent: internal notes alone
    active: bool = True
    verified: bool = True
    created_at: str = ""
    updated_at: str = ""

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES


@dataclass(slots=True)
class Organization:
    id: int
    name: str
    tags: list[str] = field(default_factory=list)
    domain_names: list[str] = field(default_factory=list)
    details: str = ""
    notes: str = ""
    external_id: str | None = None
    organization_fields: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Group:
    id: int
    name: str
    description: str = ""
    is_public: bool = True
    default: bool = False
    deleted: bool = False
    member_ids: list[int] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Comment:
    id: int
    author_id: int
    body: str
    html_body: str
    plain_body: str
    public: bool
    via: dict[str, Any]
    created_at: str
    audit_id: int
    metadata: dict[str, Any] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Audit:
    id: int
    ticket_id: int
    author_id: int
    created_at: str
    via: dict[str, Any]
    metadata: dict[str, Any]
    events: list[dict[str, Any]]


@dataclass(slots=True)
class Ticket:
    id: int
    subject: str
    requester_id: int
    submitter_id: int
    via: dict[str, Any]
    created_at: str
    updated_at: str
    status: str = "new"
    priority: str | None = None
    type: str | None = None
    description: str = ""
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    external_id: str | None = None
    recipient: str | None = None
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    followup_ids: list[int] = field(default_factory=list)
    email_cc_ids: list[int] = field(default_factory=list)
    follower_ids: list[int] = field(default_factory=list)
    problem_id: int | None = None
    due_at: str | None = None
    custom_status_id: int | None = None  # None: the default one of the status
    ticket_form_id: int = 0
    is_public: bool = True
    from_messaging_channel: bool = False
    satisfaction: str = "unoffered"
    rating_id: int | None = None
    generated_timestamp: int = 0
    change_index: int = -1
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)


@dataclass(slots=True)
class Webhook:
    id: str
    name: str
    endpoint: str
    signing_secret: str
    http_method: str = "POST"
    request_format: str = "json"
    status: str = "active"
    description: str | None = None
    subscriptions: list[str] = field(default_factory=lambda: ["conditional_ticket_events"])
    authentication: dict[str, Any] | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)
    created_at: str = ""
    created_by: str = ""
    updated_at: str | None = None
    updated_by: str | None = None

    @property
    def is_event_subscribed(self) -> bool:
        return any(name.startswith("zen:event-type:") for name in self.subscriptions)


@dataclass(slots=True)
class Trigger:
    id: int
    title: str
    conditions: dict[str, list[dict[str, Any]]]
    actions: list[dict[str, Any]]
    description: str | None = None
    active: bool = True
    position: int = 0
    category_id: str = ""
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class TriggerCategory:
    id: str
    name: str
    position: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Macro:
    id: int
    title: str
    actions: list[dict[str, Any]]
    description: str | None = None
    active: bool = True
    position: int = 0
    restriction: dict[str, Any] | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Category:
    id: int
    name: str
    description: str = ""
    locale: str = "en-us"
    position: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Section:
    id: int
    name: str
    category_id: int
    description: str = ""
    locale: str = "en-us"
    parent_section_id: int | None = None
    position: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Article:
    id: int
    title: str
    body: str | None
    section_id: int
    author_id: int
    locale: str = "en-us"
    source_locale: str = ""  # set on an article shown in another locale than it was written in
    user_segment_id: int | None = None
    permission_group_id: int = 33152086795411
    draft: bool = False
    promoted: bool = False
    position: int = 0
    label_names: list[str] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""
    edited_at: str = ""

    @property
    def is_public(self) -> bool:
        return not self.draft and self.user_segment_id is None


@dataclass(slots=True)
class Account:
    """What belongs to the account itself. The secrets are constants of a toy: they open nothing else."""

    account_id: int = 12345678
    brand_id: int = 8447346621310
    ticket_form_id: int = 8646151517822
    subdomain: str = "sandbox"
    name: str = "Tidemark"
    support_address: str = "support@tidemark.example"
    oauth_client_id: str = "deskhand"
    oauth_client_secret: str = "sandbox-client-secret"  # noqa: S105
    oauth_owner_id: int = 0
    api_token: str = "sandbox-api-token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Token:
    """An access token's user, its end on the account's clock (monotonic), and what it may do."""

    user_id: int
    ends: float
    scopes: frozenset[str]


def _ticket(**values: Any) -> Ticket:
    ticket = Ticket(**values)
    ticket.comments = [Comment(**row) for row in values["comments"]]
    ticket.audits = [Audit(**row) for row in values["audits"]]
    return ticket


def _ticket_field(**values: Any) -> TicketField:
    return TicketField(**{**values, "options": [FieldOption(**row) for row in values["options"]]})


# The collections that are saved, with what makes a row of its saved values.
_MAKERS: dict[str, Callable[..., Any]] = {
    "users": User,
    "organizations": Organization,
    "groups": Group,
    "webhooks": Webhook,
    "triggers": Trigger,
    "trigger_categories": TriggerCategory,
    "macros": Macro,
    "categories": Category,
    "sections": Section,
    "articles": Article,
    "tickets": _ticket,
    "ticket_fields": _ticket_field,
    "ticket_forms": TicketForm,
    "sla_policies": SlaPolicy,
    "views": View,
    "custom_statuses": CustomStatus,
    "uploads": Upload,
    "ratings": Rating,
    "suspended_tickets": SuspendedTicket,
    "user_segments": UserSegment,
    "identities": Identity,
    "memberships": Membership,
    "translations": Translation,
}


class World(Kept):
    """Everything the account knows."""

    makers = _MAKERS

    def clear(self) -> None:
        """Forget everything, also the access tokens given out."""
        self.account = Account()
        self.users: dict[int, User] = {}
        self.organizations: dict[int, Organization] = {}
        self.groups: dict[int, Group] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.triggers: dict[int, Trigger] = {}
        self.trigger_categories: dict[str, TriggerCategory] = {}
        self.macros: dict[int, Macro] = {}
        self.categories: dict[int, Category] = {}
        self.sections: dict[int, Section] = {}
        self.articles: dict[int, Article] = {}
        self.tickets: dict[int, Ticket] = {}
        self.ticket_fields: dict[int, TicketField] = {}
        self.ticket_forms: dict[int, TicketForm] = {}
        self.sla_policies: dict[int, SlaPolicy] = {}
        self.views: dict[int, View] = {}
        self.custom_statuses: dict[int, CustomStatus] = {}
        self.uploads: dict[str, Upload] = {}
        self.ratings: dict[int, Rating] = {}
        self.suspended_tickets: dict[int, SuspendedTicket] = {}
        self.user_segments: dict[int, UserSegment] = {}
        self.identities: dict[int, Identity] = {}
        self.memberships: dict[int, Membership] = {}
        self.translations: dict[int, Translation] = {}
        self.files: dict[str, dict[str, Any]] = {}  # attachments: type, base64 and object
        self.access_tokens: dict[str, Token] = {}
        self.idempotency: dict[str, tuple[float, str, bytes, str]] = {}  # key -> time, body hash, answer, location
        self._users_by_email: dict[str, User] = {}
        self._memberships: dict[tuple[int, int], Membership] = {}
        self._changes: list[tuple[int, int]] = []  # (generated_timestamp, ticket id) in order of time
        self._next_id = 8447388090494
        self._next_ticket = 1

    # -- ids and time

    def next_id(self) -> int:
        self._next_id += 3
        return self._next_id

    def next_ticket_id(self) -> int:
        number = self._next_ticket
        self._next_ticket += 1
        return number

    def stamp(self) -> str:
        """Return the present time as the API writes it: whole seconds."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def empty_fields(self) -> dict[str, Any]:
        """Return the active fields of the account's own making as a ticket has them that says nothing of them."""
        rows = self.ticket_fields.values()
        return {
            str(row.id): False if row.type == "checkbox" else None for row in rows if not row.is_system and row.active
        }

    # -- people

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        if user.email:
            self._users_by_email[user.email.lower()] = user
        return user

    def rename_email(self, user: User, email: str | None) -> None:
        """Change the address of a user and the index over addresses with it."""
        if user.email:
            self._users_by_email.pop(user.email.lower(), None)
        user.email = email
        if email:
            self._users_by_email[email.lower()] = user

    def add_identity(self, identity: Identity) -> Identity:
        """Add a further way to reach a user; mail from such an address is theirs."""
        self.identities[identity.id] = identity
        if identity.type == "email" and identity.user_id in self.users:
            self._users_by_email[identity.value.lower()] = self.users[identity.user_id]
        return identity

    def drop_identity(self, identity: Identity) -> None:
        del self.identities[identity.id]
        if identity.type == "email":
            self._users_by_email.pop(identity.value.lower(), None)

    def membership(self, group_id: int, user_id: int) -> Membership:
        """Return the row of a person's place in a group, numbered when it is first asked for."""
        known = self._memberships.get((group_id, user_id))
        if known is None:
            group = self.groups[group_id]
            stamp = group.created_at
            known = Membership(self.next_id(), user_id, group_id, created_at=stamp, updated_at=stamp)
            self.memberships[known.id] = self._memberships[group_id, user_id] = known
        return known

    def user_by_email(self, email: str | None) -> User | None:
        return self._users_by_email.get(email.lower()) if email else None

    def organization_for(self, email: str | None) -> int | None:
        """Return the organization that claims the address's domain, as Zendesk maps new users."""
        domain = (email or "").rpartition("@")[2].lower()
        return next((o.id for o in self.organizations.values() if domain and domain in o.domain_names), None)

    def staff(self) -> list[User]:
        return [user for user in self.users.values() if user.is_staff and user.active]

    def groups_of(self, user_id: int) -> list[Group]:
        return [group for group in self.groups.values() if not group.deleted and user_id in group.member_ids]

    # -- tickets

    def live_ticket(self, ticket_id: int) -> Ticket | None:
        """Return the ticket unless it does not exist or is deleted."""
        ticket = self.tickets.get(ticket_id)
        return ticket if ticket and ticket.status != "deleted" else None

    def touch(self, ticket: Ticket) -> None:
        """Note that a ticket changed now, for `updated_at` and for the export's order."""
        moment = self.now()
        ticket.updated_at = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        ticket.generated_timestamp = int(moment.timestamp())
        ticket.change_index = len(self._changes)
        self._changes.append((ticket.generated_timestamp, ticket.id))

    def first_change(self, start_time: int) -> int:
        """Return the place in the list of changes of the first one at or after `start_time`."""
        return bisect_left(self._changes, (start_time, 0))

    def cursor_at(self, place: int) -> str:
        """Name a place in the list of changes together with the time it stands at."""
        return f"{self._changes[place - 1][0] if place else 0}-{place}"

    def place_of(self, cursor: str) -> int:
        """Return the place a cursor names; if the list is another one by now, the first change at its time.

        A client that keeps its cursor while the sandbox starts afresh so sees the new changes. Raises ValueError.
        """
        moment, place = (int(part) for part in cursor.split("-"))
        is_known = place == 0 or (place <= len(self._changes) and self._changes[place - 1][0] == moment)
        return place if is_known else self.first_change(moment)

    def changed_tickets(self, start: int, size: int, before: int | None) -> tuple[list[Ticket], int, bool]:
        """Return up to `size` tickets changed from place `start` on, the next place, and whether that was all.

        Only the latest change of a ticket counts. `before` (unix seconds) withholds newer changes.
        """
        rows: list[Ticket] = []
        place = start
        while place < len(self._changes):
            when, ticket_id = self._changes[place]
            if before is not None and when > before:
                return rows, place, True
            if len(rows) == size:
                return rows, place, False
            ticket = self.tickets.get(ticket_id)
            if ticket and ticket.change_index == place:
                rows.append(ticket)
            place += 1
        return rows, place, True

    # -- keeping

    def to_dict(self) -> dict[str, Any]:
        """Return everything but access tokens as JSON values."""
        places = {"next_id": self._next_id, "next_ticket": self._next_ticket}
        return {"account": asdict(self.account), **places, "files": dict(self.files), **self.rows_to_dict()}

    def load_dict(self, data: dict[str, Any]) -> None:
        self.clear()
        self.account = Account(**data["account"])
        self.load_rows(data)
        for user in self.users.values():
            self.add_user(user)
        for identity in self.identities.values():
            self.add_identity(identity)
        self.files = dict(data["files"])
        self._memberships = {(row.group_id, row.user_id): row for row in self.memberships.values()}
        self._next_id, self._next_ticket = data["next_id"], data["next_ticket"]
        for ticket in sorted(self.tickets.values(), key=lambda t: (t.generated_timestamp, t.change_index)):
            ticket.change_index = len(self._changes)
            self._changes.append((ticket.generated_timestamp, ticket.id))


def new_ulid() -> str:
    """Return a 26-character id as webhooks and their invocations have: 48 bits of time, 80 of chance."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_signing_secret() -> str:
    """Return a secret of 44 characters that looks like base64; it is used as literal text."""
    return b64encode(secrets.token_bytes(32)).decode()


def clean_tags(tags: str | Iterable[Any] | None) -> list[str]:
    """Return tags as Zendesk keeps them: lower case, no spaces, each once, sorted."""
    if isinstance(tags, str):
        tags = tags.replace(",", " ").split()
    return sorted({"_".join(str(tag).lower().split()) for tag in tags or () if str(tag).strip()})
