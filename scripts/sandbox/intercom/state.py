"""The state of the local Intercom workspace: plain dataclasses in dictionaries behind one lock, saved as JSON.

Times are Unix seconds, as they go over the wire. What stands here as `html` is what the API returns by default.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.sandbox.keeping import Kept

STATES = ("open", "closed", "snoozed")
PRIORITIES = ("none", "low", "medium", "high", "urgent")
CHANNELS = (
    "conversation", "email", "facebook", "instagram", "phone_call", "phone_switch", "push", "sms", "twitter",
    "whatsapp",
)  # fmt: skip

Ref = dict[str, str]  # {"type": "admin", "id": "7001"}


@dataclass(slots=True)
class Admin:
    id: int
    name: str
    email: str
    team_ids: list[int] = field(default_factory=list)
    has_inbox_seat: bool = True
    is_operator: bool = False  # the workspace's own bot: what it says to mail is not mailed


@dataclass(slots=True)
class Team:
    id: int
    name: str
    admin_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Company:
    id: str
    company_id: str
    name: str
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class Contact:
    id: str
    role: str = "user"  # user | lead
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    phone: str | None = None
    language: str | None = None
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    company_ids: list[str] = field(default_factory=list)
    tag_ids: list[str] = field(default_factory=list)
    archived: bool = False
    blocked: bool = False
    merged_into: str | None = None
    created_at: int = 0
    updated_at: int = 0
    last_replied_at: int | None = None


@dataclass(slots=True)
class Part:
    """One entry of a thread. Text may stand in comment, note, and also in assignment, close and open."""

    id: str
    part_type: str
    author: Ref
    created_at: int
    html: str | None = None
    assigned_to: dict[str, str | None] | None = None
    state: str = "open"
    app_package_code: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    event_details: dict[str, Any] | None = None
    redacted: bool = False
    tag_ids: list[str] = field(default_factory=list)
    updated_at: int = 0
    external_id: str | None = None
    is_mailed: bool | None = None  # None: not a conversation by mail, or nothing to mail


@dataclass(slots=True)
class Source:
    """The first message of a conversation."""

    id: str
    html: str
    author: Ref
    type: str = "conversation"
    delivered_as: str = "customer_initiated"
    subject: str = ""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    url: str | None = None
    redacted: bool = False


@dataclass(slots=True)
class Conversation:
    id: str
    source: Source
    contact_ids: list[str]
    created_at: int
    updated_at: int
    title: str | None = None
    state: str = "open"
    read: bool = False
    priority: str = "none"
    waiting_since: int | None = None
    snoozed_until: int | None = None
    admin_assignee_id: int = 0
    team_assignee_id: int = 0
    tags: list[dict[str, Any]] = field(default_factory=list)  # id, applied_at, applied_by
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    rating: dict[str, Any] | None = None
    ai_agent: dict[str, Any] | None = None
    company_id: str | None = None
    ticket_id: str | None = None
    merged_into: str | None = None
    teammate_ids: list[int] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def is_ticket(self) -> bool:
        return self.ticket_id is not None


@dataclass(slots=True)
class Deleted:
    """What is left of a conversation that was deleted."""

    id: str
    deleted_at: int
    metrics_retained: bool = True


@dataclass(slots=True)
class Tag:
    id: str
    name: str


@dataclass(slots=True)
class Attribute:
    """A conversation's own field; `options` have id, label and archived."""

    id: int
    name: str
    data_type: str
    description: str = ""
    options: list[dict[str, Any]] = field(default_factory=list)
    multiline: bool = False
    required: bool = False
    visible_to_team_ids: list[str] = field(default_factory=list)
    archived: bool = False
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class DataAttribute:
    """A field of contacts or companies."""

    id: int
    name: str
    model: str
    data_type: str
    description: str = ""
    options: list[str] = field(default_factory=list)
    archived: bool = False
    messenger_writable: bool = False
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class HelpCenter:
    id: int
    identifier: str
    display_name: str
    locales: list[str] = field(default_factory=lambda: ["en"])
    is_on: bool = True
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class Collection:
    id: int
    name: str
    help_center_id: int
    description: str = ""
    parent_id: int | None = None
    order: int = 0
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class Article:
    """An article in its default locale; `translations` hold the others, each with its own state."""

    id: int
    title: str
    body: str | None
    author_id: int
    description: str = ""
    state: str = "published"
    locale: str = "en"
    audience: str = "everyone"  # or restricted
    parent_ids: list[int] = field(default_factory=list)
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    tag_ids: list[str] = field(default_factory=list)
    is_internal: bool = False
    has_unpublished_changes: bool = False
    created_at: int = 0
    updated_at: int = 0

    @property
    def is_public(self) -> bool:
        return self.state == "published" and self.audience == "everyone" and not self.is_internal


@dataclass(slots=True)
class TicketType:
    id: str
    name: str
    category: str = "Customer"
    description: str = ""


@dataclass(slots=True)
class TicketState:
    id: str
    category: str
    internal_label: str
    external_label: str


@dataclass(slots=True)
class Ticket:
    """What a conversation became; its thread stays the conversation's."""

    id: str
    number: str  # what people see; no call takes it
    conversation_id: str
    type_id: str
    state_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class Account:
    """What belongs to the workspace itself. The secrets are constants of a toy: they open nothing else."""

    app_id: str = "tide1234"
    name: str = "Tidemark"
    region: str = "US"
    timezone: str = "UTC"
    package_code: str = "deskhand-private-app"  # stands in each part that the API wrote
    access_token: str = "sandbox-intercom-token"  # noqa: S105
    owner_id: int = 0  # the teammate whose token it is
    operator_id: int = 0
    created_at: int = 1735689600


def _conversation(**values: Any) -> Conversation:
    parts = [Part(**row) for row in values["parts"]]
    return Conversation(**{**values, "source": Source(**values["source"]), "parts": parts})


# The collections that are saved, with what makes a row of its saved values.
_MAKERS: dict[str, Callable[..., Any]] = {
    "admins": Admin,
    "teams": Team,
    "companies": Company,
    "contacts": Contact,
    "conversations": _conversation,
    "deleted": Deleted,
    "tags": Tag,
    "attributes": Attribute,
    "data_attributes": DataAttribute,
    "help_centers": HelpCenter,
    "collections": Collection,
    "articles": Article,
    "ticket_types": TicketType,
    "ticket_states": TicketState,
    "tickets": Ticket,
}
_FIRST = {"conversation": 215470000000101, "part": 45700000021, "row": 5100, "contact": 1, "ticket": 1}


class World(Kept):
    """Everything the workspace knows."""

    makers = _MAKERS

    def clear(self) -> None:
        """Forget everything."""
        self.account = Account()
        self.admins: dict[int, Admin] = {}
        self.teams: dict[int, Team] = {}
        self.companies: dict[str, Company] = {}
        self.contacts: dict[str, Contact] = {}
        self.conversations: dict[str, Conversation] = {}
        self.deleted: dict[str, Deleted] = {}
        self.tags: dict[str, Tag] = {}
        self.attributes: dict[int, Attribute] = {}
        self.data_attributes: dict[int, DataAttribute] = {}
        self.help_centers: dict[int, HelpCenter] = {}
        self.collections: dict[int, Collection] = {}
        self.articles: dict[int, Article] = {}
        self.ticket_types: dict[str, TicketType] = {}
        self.ticket_states: dict[str, TicketState] = {}
        self.tickets: dict[str, Ticket] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self._next = dict(_FIRST)

    # -- ids and time

    def take(self, kind: str) -> int:
        """Return the next number of a kind: conversation, part, contact, ticket, or row for anything else."""
        number = self._next[kind]
        self._next[kind] = number + 1
        return number

    def part_id(self) -> str:
        return str(self.take("part"))

    def stamp(self) -> int:
        return int(self.now().timestamp())

    # -- finding

    def contact_by(self, name: str, value: Any) -> Contact | None:
        """Return the contact whose email or external_id is this; of several with one address the first."""
        wanted = str(value or "").lower()
        if not wanted:
            return None
        rows = (c for c in self.contacts.values() if str(getattr(c, name) or "").lower() == wanted)
        return next((row for row in rows if row.merged_into is None), None)

    def owner(self) -> Admin:
        return self.admins[self.account.owner_id]

    def staff(self) -> list[Admin]:
        """Return the teammates who are people."""
        return [a for a in self.admins.values() if not a.is_operator and a.id != self.account.owner_id]

    def tag_named(self, name: str) -> Tag | None:
        return next((tag for tag in self.tags.values() if tag.name.lower() == name.strip().lower()), None)

    def tag_for(self, name: str) -> Tag:
        """Return the tag of this name, in whatever case, made if it is new."""
        tag = self.tag_named(name)
        if tag is None:
            tag = Tag(str(self.take("row")), name.strip())
            self.tags[tag.id] = tag
        return tag

    # -- keeping

    def to_dict(self) -> dict[str, Any]:
        account, counters = asdict(self.account), dict(self._next)
        return {"account": account, "next": counters, "files": dict(self.files), **self.rows_to_dict()}

    def load_dict(self, data: dict[str, Any]) -> None:
        self.clear()
        self.account = Account(**data["account"])
        self.load_rows(data)
        self.files = dict(data["files"])
        self._next = {**_FIRST, **data["next"]}
