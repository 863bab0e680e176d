"""Rows of the account beside tickets and people: fields, views, uploads, ratings, suspended mail and others."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class FieldOption:
    id: int
    name: str
    value: str


@dataclass(slots=True)
class TicketField:
    id: int
    title: str
    type: str
    description: str = ""
    agent_description: str = ""
    active: bool = True
    required: bool = False  # for agents: a ticket cannot be solved without it
    position: int = 0
    tag: str | None = None  # of a checkbox
    regexp: str | None = None
    is_system: bool = False
    options: list[FieldOption] = field(default_factory=list)
    in_portal: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class CustomStatus:
    """One of the statuses of a category; the default one stands for the category itself."""

    id: int
    status_category: str
    agent_label: str
    end_user_label: str = ""
    description: str = ""
    end_user_description: str = ""
    active: bool = True
    default: bool = False
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class TicketForm:
    id: int
    name: str
    display_name: str = ""
    ticket_field_ids: list[int] = field(default_factory=list)
    active: bool = True
    default: bool = False  # the form of tickets that name none
    end_user_visible: bool = False
    in_all_brands: bool = True
    agent_conditions: list[dict[str, Any]] = field(default_factory=list)
    end_user_conditions: list[dict[str, Any]] = field(default_factory=list)
    position: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class SlaPolicy:
    id: int
    title: str
    description: str = ""
    filter: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    policy_metrics: list[dict[str, Any]] = field(default_factory=list)
    position: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class View:
    id: int
    title: str
    conditions: dict[str, list[dict[str, Any]]]
    output: dict[str, Any]
    description: str | None = None
    active: bool = True
    position: int = 0
    restriction: dict[str, Any] | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Upload:
    """Files waiting under one token until a comment takes them."""

    id: str
    ends_at: str
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Rating:
    id: int
    ticket_id: int
    requester_id: int
    assignee_id: int | None
    group_id: int | None
    score: str
    comment: str | None = None
    reason: str | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class SuspendedTicket:
    id: int
    author: dict[str, Any]
    subject: str
    content: str
    cause: str
    cause_id: int
    recipient: str
    via: dict[str, Any]
    message_id: str = ""
    ticket_id: int | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class UserSegment:
    id: int
    name: str
    user_type: str
    built_in: bool = False
    tags: list[str] = field(default_factory=list)
    organization_ids: list[int] = field(default_factory=list)
    group_ids: list[int] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Identity:
    """A further way to reach a user; the primary address stands on the user itself."""

    id: int
    user_id: int
    type: str
    value: str
    verified: bool = False
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Membership:
    """The number of one person's place in one group; who is in which group stands on the group."""

    id: int
    user_id: int
    group_id: int
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Translation:
    """An article in a locale other than the one it was written in."""

    id: int
    article_id: int
    locale: str
    title: str
    body: str | None
    draft: bool = False
    outdated: bool = False
    created_at: str = ""
    updated_at: str = ""
