"""The account itself: settings, the tags in use, brands, and the addresses webhooks come from."""

from collections import Counter
from typing import Any

from flask import Blueprint, Response, request

from scripts.sandbox.zendesk import uploads
from scripts.sandbox.zendesk.calls import answer, listing, twin

bp = Blueprint("account", __name__)


@bp.get("/api/v2/account/settings")
def show_settings() -> Response:
    """Show the few settings that clients look at."""
    settings = {
        "active_features": {
            "customer_satisfaction": True,
            "business_hours": False,
            "user_tagging": True,
            "voice": False,
        },
        "limits": {"attachment_size": uploads.MAX_BYTES},
        "groups": {"check_group_name_uniqueness": False},
        "tickets": {
            "tagging": True,
            "private_attachments": False,
            "email_attachments": True,
            "comments_public_by_default": True,
            "list_newest_comments_first": False,
            "agent_collision": True,
        },
        "user": {"tagging": True, "time_zone_selection": True, "language_selection": True},
        "localization": {"locale_ids": [1]},
        "branding": {"header_color": "78A300", "favicon_url": None},
    }
    return answer({"settings": settings})


@bp.get("/api/v2/brands")
def list_brands() -> Response:
    account = twin().world.account
    brand = {
        "id": account.brand_id,
        "url": f"{twin().world.base_url}/api/v2/brands/{account.brand_id}.json",
        "name": account.name,
        "subdomain": account.subdomain,
        "brand_url": twin().world.base_url,
        "active": True,
        "default": True,
        "has_help_center": True,
        "help_center_state": "enabled",
    }
    return answer({"brands": [brand], "count": 1, "next_page": None, "previous_page": None})


@bp.get("/ips")
def show_addresses() -> Response:
    """Say where requests to receivers come from."""
    own = {"all": ["127.0.0.1/32"], "specific": ["127.0.0.1/32"]}
    return answer({"ips": {"ingress": own, "egress": own}})


def _counts() -> Counter[str]:
    return Counter(tag for ticket in twin().world.tickets.values() if ticket.status != "deleted" for tag in ticket.tags)


class _Tag:
    """A tag with its count; paging goes by its name."""

    def __init__(self, name: str, count: int) -> None:
        self.id, self.count = name, count


def _show_tag(row: _Tag) -> dict[str, Any]:
    return {"name": row.id, "count": row.count}


@bp.get("/api/v2/tags")
def list_tags() -> Response:
    """List the tags in use, the most used first."""
    rows = sorted(_counts().items(), key=lambda pair: (-pair[1], pair[0]))
    return listing("tags", [_Tag(name, count) for name, count in rows], _show_tag)


@bp.get("/api/v2/tags/count")
def count_tags() -> Response:
    return answer({"count": {"value": len(_counts()), "refreshed_at": twin().world.stamp()}})


@bp.get("/api/v2/autocomplete/tags")
def complete_tags() -> Response:
    start = request.args.get("name", "").lower()
    return answer({"tags": sorted(tag for tag in _counts() if len(start) > 1 and tag.startswith(start))})
