"""How the help centre looks over the API: articles by locale, collections, help centres."""

import re
from typing import Any

from scripts.sandbox.intercom.state import Article, Collection, HelpCenter, World
from scripts.sandbox.intercom.wire import Style
from scripts.sandbox.intercom.wire_people import basic_tag


def article_url(row: Article, world: World, locale: str = "") -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", row.title.lower()).strip("-")
    return f"{world.base_url}/hc/{locale or row.locale}/articles/{row.id}-{slug}"


_AI = {"ai_chatbot_availability": True, "ai_copilot_availability": True, "ai_sales_agent_availability": False}


def _content(row: Article, locale: str, values: dict[str, Any], world: World) -> dict[str, Any]:
    """Return an article in one locale, which has a state of its own."""
    is_out = values["state"] == "published"
    return {
        "type": "article_content",
        "title": values["title"],
        "description": values.get("description") or "",
        "body": values.get("body") or "",
        "author_id": row.author_id,
        "state": values["state"],
        "created_at": values.get("created_at") or row.created_at,
        "updated_at": values.get("updated_at") or row.updated_at,
        **({"url": article_url(row, world, locale)} if is_out else {}),
    }


def _translated(row: Article, world: World) -> dict[str, Any]:
    own = {"title": row.title, "description": row.description, "body": row.body, "state": row.state}
    rows = {row.locale: own, **row.translations}
    return {"type": "article_translated_content"} | {
        locale: _content(row, locale, values, world) for locale, values in rows.items()
    }


def article(row: Article, world: World, style: Style) -> dict[str, Any]:
    is_multilingual = any(len(centre.locales) > 1 for centre in world.help_centers.values())
    shown: dict[str, Any] = {
        "type": "article",
        "id": str(row.id),
        "workspace_id": world.account.app_id,
        "title": row.title,
        "description": row.description or None,
        "body": row.body,
        "author_id": row.author_id,
        "state": row.state,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "url": article_url(row, world) if row.state == "published" else None,
        "parent_ids": row.parent_ids,
        "has_unpublished_changes": row.has_unpublished_changes,
        "tags": {"type": "tag.list", "tags": [basic_tag(world.tags[i]) for i in row.tag_ids if i in world.tags]},
    }
    if style.version < (2, 16):
        shown["parent_id"] = row.parent_ids[0] if row.parent_ids else None
        shown["parent_type"] = "collection" if row.parent_ids else None
    else:
        shown |= {"help_center_audience": row.audience, **_AI}
    if is_multilingual:
        shown |= {"default_locale": row.locale, "translated_content": _translated(row, world)}
    return shown


def internal_article(row: Article) -> dict[str, Any]:
    return {
        "type": "internal_article",
        "id": str(row.id),
        "title": row.title,
        "body": row.body,
        "owner_id": row.author_id,
        "author_id": row.author_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "locale": row.locale,
        **_AI,
    }


def collection(row: Collection, world: World) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": str(row.id),
        "workspace_id": world.account.app_id,
        "name": row.name,
        "description": row.description,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "url": f"{world.base_url}/hc/en/collections/{row.id}",
        "icon": "book-bookmark",
        "order": row.order,
        "default_locale": "en",
        "parent_id": str(row.parent_id) if row.parent_id else None,
        "help_center_id": row.help_center_id,
    }
    if row.translations:
        rows = {locale: {"type": "group_content", **values} for locale, values in row.translations.items()}
        shown["translated_content"] = {"type": "group_translated_content", **rows}
    return shown


def help_center(row: HelpCenter, world: World) -> dict[str, Any]:
    is_first = row.id == min(world.help_centers)
    return {
        "id": str(row.id),
        "workspace_id": world.account.app_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "identifier": row.identifier,
        "website_turned_on": row.is_on,
        "display_name": row.display_name,
        "url": f"{world.base_url}/hc/en",
        "custom_domain": None,
        "default": is_first,
        "locales": row.locales,
    }
