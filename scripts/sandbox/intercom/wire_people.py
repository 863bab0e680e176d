"""How teammates, contacts, companies and fields look over the API."""

from typing import Any

from scripts.sandbox.intercom.state import Admin, Attribute, Company, Contact, DataAttribute, Tag, Team, World


def basic_tag(row: Tag) -> dict[str, Any]:
    return {"type": "tag", "id": row.id, "name": row.name}


def admin(row: Admin) -> dict[str, Any]:
    return {
        "type": "admin",
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "job_title": "",
        "away_mode_enabled": False,
        "away_mode_reassign": False,
        "has_inbox_seat": row.has_inbox_seat,
        "team_ids": row.team_ids,
        "team_priority_level": {},
    }


def me(row: Admin, world: World) -> dict[str, Any]:
    account = world.account
    shown = admin(row)
    del shown["team_priority_level"]
    return {
        **shown,
        "email_verified": True,
        "avatar": {"type": "avatar", "image_url": None},
        "app": {
            "type": "app",
            "id_code": account.app_id,
            "name": account.name,
            "region": account.region,
            "timezone": account.timezone,
            "created_at": account.created_at,
            "identity_verification": False,
        },
    }


def team(row: Team) -> dict[str, Any]:
    return {
        "type": "team",
        "id": str(row.id),
        "name": row.name,
        "admin_ids": row.admin_ids,
        "assignment_limit": None,
        "distribution_method": "manual",
    }


def _pointers(path: str, kind: str, ids: list[str]) -> dict[str, Any]:
    """Return a list of addresses, as contacts have them for tags and companies."""
    rows = [{"type": kind, "id": number, "url": f"/{kind}s/{number}"} for number in ids]
    return {"type": "list", "data": rows, "url": path, "total_count": len(rows), "has_more": False}


_UNKNOWN = (
    "signed_up_at", "last_seen_at", "last_contacted_at", "last_email_opened_at", "last_email_clicked_at", "browser",
    "browser_version", "browser_language", "os", "android_app_name", "android_app_version", "android_device",
    "android_os_version", "android_sdk_version", "android_last_seen_at", "ios_app_name", "ios_app_version",
    "ios_device", "ios_os_version", "ios_sdk_version", "ios_last_seen_at", "owner_id", "avatar",
)  # fmt: skip


def contact(row: Contact, world: World) -> dict[str, Any]:
    path = f"/contacts/{row.id}"
    return {
        "type": "contact",
        "id": row.id,
        "workspace_id": world.account.app_id,
        "external_id": row.external_id,
        "role": row.role,
        "email": row.email or "",
        "email_domain": (row.email or "").rpartition("@")[2],
        "phone": row.phone,
        "name": row.name,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "last_replied_at": row.last_replied_at,
        "language_override": row.language,
        **dict.fromkeys(_UNKNOWN),
        "custom_attributes": row.custom_attributes,
        "tags": _pointers(f"{path}/tags", "tag", row.tag_ids),
        "notes": _pointers(f"{path}/notes", "note", []),
        "companies": {
            **_pointers(f"{path}/companies", "company", row.company_ids),
            "data": [{"type": "company", "id": number, "url": f"/companies/{number}"} for number in row.company_ids],
        },
        "location": {"type": "location", "country": None, "region": None, "city": None},
        "social_profiles": {"type": "list", "data": []},
    }


def company(row: Company, world: World) -> dict[str, Any]:
    tags = [basic_tag(tag) for name in row.tags if (tag := world.tag_named(name))]
    return {
        "type": "company",
        "id": row.id,
        "company_id": row.company_id,
        "app_id": world.account.app_id,
        "name": row.name,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "user_count": sum(row.id in person.company_ids for person in world.contacts.values()),
        "session_count": 0,
        "monthly_spend": 0,
        "plan": {},
        "custom_attributes": row.custom_attributes,
        "tags": {"type": "tag.list", "tags": tags},
        "segments": {"type": "segment.list", "segments": []},
        "notes": {"type": "note.list", "notes": []},
    }


# -- attributes


def attribute(row: Attribute) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "conversation_attribute",
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "data_type": row.data_type,
        "required": row.required,
        "visible_to_team_ids": row.visible_to_team_ids,
        "archived": row.archived,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    if row.data_type == "list":
        shown["options"] = row.options
    if row.data_type == "string":
        shown["multiline"] = row.multiline
    return shown


def data_attribute(row: DataAttribute, world: World) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "data_attribute",
        "id": row.id,
        "model": row.model,
        "name": row.name,
        "full_name": f"custom_attributes.{row.name}",
        "label": row.name,
        "description": row.description,
        "data_type": row.data_type,
        "api_writable": True,
        "messenger_writable": row.messenger_writable,
        "ui_writable": True,
        "custom": True,
        "archived": row.archived,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "admin_id": str(world.account.owner_id),
    }
    if row.options:
        shown["options"] = row.options
    return shown
