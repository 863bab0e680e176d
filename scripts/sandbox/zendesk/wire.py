"""How each object looks over the API: dataclass in, JSON values out. Pure but for the addresses it is given."""

import re
from typing import Any

from scripts.sandbox import ticket_links
from scripts.sandbox.state import (
    Article,
    Audit,
    Category,
    Comment,
    Group,
    Macro,
    Organization,
    Section,
    Ticket,
    Trigger,
    TriggerCategory,
    User,
    Webhook,
    World,
)

_ROLE_TYPES = {"admin": 4, "agent": 0, "end-user": None}
_LIGHT_AGENT = 1


def user(row: User, world: World) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"{world.base_url}/api/v2/users/{row.id}.json",
        "name": row.name,
        "email": row.email,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "phone": row.phone,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": row.locale,
        "organization_id": row.organization_id,
        "role": row.role,
        "role_type": _LIGHT_AGENT if row.is_light else _ROLE_TYPES[row.role],
        "custom_role_id": None,
        "verified": row.verified,
        "external_id": row.external_id,
        "tags": row.tags,
        "alias": None,
        "active": row.active,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": None,
        "signature": None,
        "details": row.details,
        "notes": row.notes,
        "moderator": row.role == "admin",
        "ticket_restriction": None if row.is_staff else "requested",
        "only_private_comments": row.is_light,
        "restricted_agent": row.role != "admin",
        "suspended": row.suspended,
        "default_group_id": row.default_group_id,
        "report_csv": row.role == "admin",
        "user_fields": row.user_fields,
    }


def organization(row: Organization, world: World) -> dict[str, Any]:
    return {
        "url": f"{world.base_url}/api/v2/organizations/{row.id}.json",
        "id": row.id,
        "name": row.name,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": row.external_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "domain_names": row.domain_names,
        "details": row.details,
        "notes": row.notes,
        "group_id": None,
        "tags": row.tags,
        "organization_fields": row.organization_fields,
    }


def group(row: Group, world: World) -> dict[str, Any]:
    return {
        "url": f"{world.base_url}/api/v2/groups/{row.id}.json",
        "id": row.id,
        "is_public": row.is_public,
        "name": row.name,
        "description": row.description,
        "default": row.default,
        "deleted": row.deleted,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def ticket(row: Ticket, world: World) -> dict[str, Any]:
    values = {**world.empty_fields(), **row.custom_fields}
    fields = [{"id": int(key) if key.isdigit() else key, "value": value} for key, value in values.items()]
    account = world.account
    status = ticket_links.status_of(world, row)
    return {
        "url": f"{world.base_url}/api/v2/tickets/{row.id}.json",
        "id": row.id,
        "external_id": row.external_id,
        "via": row.via,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "generated_timestamp": row.generated_timestamp,
        "type": row.type,
        "subject": row.subject,
        "raw_subject": row.subject,
        "description": row.description,
        "priority": row.priority,
        "status": row.status,
        "recipient": row.recipient,
        "requester_id": row.requester_id,
        "submitter_id": row.submitter_id,
        "assignee_id": row.assignee_id,
        "organization_id": row.organization_id,
        "group_id": row.group_id,
        "collaborator_ids": list(dict.fromkeys([*row.email_cc_ids, *row.follower_ids])),
        "follower_ids": row.follower_ids,
        "email_cc_ids": row.email_cc_ids,
        "forum_topic_id": None,
        "problem_id": row.problem_id,
        "has_incidents": row.type == "problem" and bool(ticket_links.incidents_of(world, row)),
        "is_public": row.is_public,
        "due_at": row.due_at,
        "tags": row.tags,
        "custom_fields": fields,
        "satisfaction_rating": _rating(row, world),
        "sharing_agreement_ids": [],
        "custom_status_id": status.id if status else None,
        "fields": fields,
        "followup_ids": row.followup_ids,
        "ticket_form_id": row.ticket_form_id,
        "brand_id": account.brand_id,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": row.from_messaging_channel,
    }


def _rating(row: Ticket, world: World) -> dict[str, Any]:
    given = world.ratings.get(row.rating_id or 0)
    if given is None:
        return {"score": row.satisfaction}
    return {"id": given.id, "score": given.score, "comment": given.comment, "reason": given.reason}


def comment(row: Comment) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": "Comment",
        "author_id": row.author_id,
        "body": row.body,
        "html_body": row.html_body,
        "plain_body": row.plain_body,
        "public": row.public,
        "attachments": row.attachments,
        "audit_id": row.audit_id,
        "via": row.via,
        "created_at": row.created_at,
        "metadata": row.metadata,
    }


def audit(row: Audit) -> dict[str, Any]:
    return {
        "id": row.id,
        "ticket_id": row.ticket_id,
        "created_at": row.created_at,
        "author_id": row.author_id,
        "metadata": row.metadata,
        "events": row.events,
        "via": row.via,
    }


def webhook(row: Webhook) -> dict[str, Any]:
    """Return a webhook without secrets: of its authentication only type, place and user name are read back."""
    shown: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "subscriptions": row.subscriptions,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "endpoint": row.endpoint,
        "http_method": row.http_method,
        "request_format": row.request_format,
    }
    for name in ("description", "custom_headers", "updated_at", "updated_by"):
        if getattr(row, name):
            shown[name] = getattr(row, name)
    if row.authentication:
        data = row.authentication.get("data") or {}
        shown["authentication"] = {
            "type": row.authentication.get("type"),
            "add_position": "header",
            **({"data": {"username": data["username"]}} if "username" in data else {}),
        }
    return shown


def trigger(row: Trigger, world: World) -> dict[str, Any]:
    return {
        "url": f"{world.base_url}/api/v2/triggers/{row.id}.json",
        "id": row.id,
        "title": row.title,
        "active": row.active,
        "updated_at": row.updated_at,
        "created_at": row.created_at,
        "default": False,
        "actions": row.actions,
        "conditions": row.conditions,
        "description": row.description or "",
        "position": row.position,
        "raw_title": row.title,
        "category_id": row.category_id,
    }


def trigger_category(row: TriggerCategory) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "position": row.position,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def macro(row: Macro, world: World) -> dict[str, Any]:
    return {
        "url": f"{world.base_url}/api/v2/macros/{row.id}.json",
        "id": row.id,
        "title": row.title,
        "active": row.active,
        "updated_at": row.updated_at,
        "created_at": row.created_at,
        "default": False,
        "position": row.position,
        "description": row.description,
        "actions": row.actions,
        "restriction": row.restriction,
        "raw_title": row.title,
    }


def category(row: Category, world: World) -> dict[str, Any]:
    base = f"{world.base_url}/api/v2/help_center/{row.locale}/categories/{row.id}"
    return {
        "id": row.id,
        "url": f"{base}.json",
        "html_url": f"{world.base_url}/hc/{row.locale}/categories/{row.id}",
        "position": row.position,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "name": row.name,
        "description": row.description,
        "locale": row.locale,
        "source_locale": row.locale,
        "outdated": False,
    }


def section(row: Section, world: World) -> dict[str, Any]:
    base = f"{world.base_url}/api/v2/help_center/{row.locale}/sections/{row.id}"
    return {
        "id": row.id,
        "url": f"{base}.json",
        "html_url": f"{world.base_url}/hc/{row.locale}/sections/{row.id}",
        "category_id": row.category_id,
        "position": row.position,
        "sorting": "manual",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "name": row.name,
        "description": row.description,
        "locale": row.locale,
        "source_locale": row.locale,
        "outdated": False,
        "parent_section_id": row.parent_section_id,
        "theme_template": "section_page",
    }


def slug(article: Article) -> str:
    """Return the last part of an article's address: id and the words of its title."""
    return f"{article.id}-{re.sub(r'[^A-Za-z0-9]+', '-', article.title).strip('-')}"


def article(row: Article, world: World) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"{world.base_url}/api/v2/help_center/{row.locale}/articles/{slug(row)}.json",
        "html_url": f"{world.base_url}/hc/{row.locale}/articles/{slug(row)}",
        "author_id": row.author_id,
        "comments_disabled": False,
        "draft": row.draft,
        "promoted": row.promoted,
        "position": row.position,
        "vote_sum": 0,
        "vote_count": 0,
        "section_id": row.section_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "name": row.title,
        "title": row.title,
        "source_locale": row.source_locale or row.locale,
        "locale": row.locale,
        "outdated": False,
        "outdated_locales": [],
        "edited_at": row.edited_at,
        "user_segment_id": row.user_segment_id,
        "user_segment_ids": [row.user_segment_id] if row.user_segment_id else [],
        "permission_group_id": row.permission_group_id,
        "content_tag_ids": [],
        "label_names": row.label_names,
        "body": row.body,
    }
