"""Zendesk's lists -> our nouns: groups, earlier tickets, changes, articles. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from integrations.helpdesk import Article, Changes, EarlierTicket, Team, TicketRef
from integrations.zendesk.values import Json, identity, moment, rows, status, texts, words
from integrations.zendesk.wire import is_gone


def team(group: Json) -> Team | None:
    """Return a group, or None if it is deleted or has no id."""
    group_id = identity(group.get("id"))
    return Team(group_id, words(group.get("name"))) if group_id and group.get("deleted") is not True else None


def earlier_ticket(row: Json) -> EarlierTicket | None:
    """Read a ticket of a listing; None for one that is gone or says neither whose it is nor of when."""
    ticket_id, requester_id = identity(row.get("id")), identity(row.get("requester_id"))
    created = moment(row.get("created_at"))
    if not ticket_id or not requester_id or created is None or is_gone(row):
        return None
    return EarlierTicket(ticket_id, requester_id, words(row.get("subject")), status(row.get("status")), created)


def changes(page: Json, cursor: str) -> Changes:
    """Read a page of the incremental export. Without a new cursor the old one stays and the stream counts as ended."""
    refs = [
        TicketRef(ticket_id, status(row.get("status")), when)
        for row in rows(page.get("tickets"))
        if (ticket_id := identity(row.get("id"))) and (when := moment(row.get("updated_at")) or _stamped(row))
    ]
    after = words(page.get("after_cursor"))
    return Changes(tuple(refs), after or cursor, is_last=page.get("end_of_stream") is not False or not after)


def _stamped(row: Json) -> datetime | None:
    seconds = row.get("generated_timestamp")
    if isinstance(seconds, int) and 0 < seconds < 2**40:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def article(raw: Json, shelf: Mapping[str, tuple[str, ...]]) -> Article | None:
    """Return an article, or None without an id. `shelf` maps a section's id to (category, section).

    Public only if restriction and draft are both plainly denied: a missing field counts as restricted.
    """
    article_id = identity(raw.get("id"))
    if not article_id:
        return None
    is_open = raw.get("user_segment_id", "unknown") is None and not raw.get("user_segment_ids")
    is_draft = raw.get("draft") is not False
    updated_at = moment(raw.get("updated_at")) or moment(raw.get("edited_at")) or moment(raw.get("created_at"))
    return Article(
        id=article_id,
        title=words(raw.get("title")) or words(raw.get("name")),
        html=words(raw.get("body")),
        url=words(raw.get("html_url")),
        locale=words(raw.get("locale")).lower(),
        is_public=is_open and not is_draft,
        is_draft=is_draft,
        updated_at=updated_at or datetime.fromtimestamp(0, UTC),
        section=shelf.get(identity(raw.get("section_id")), ()),
        labels=texts(raw.get("label_names")),
        brand_id=identity(raw.get("brand_id")),
    )


def shelf(sections: Iterable[Json], categories: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    """Return section id -> (category, section ..., section), parents first, however sections are nested."""
    names = {identity(row.get("id")): words(row.get("name")) for row in categories}
    by_id = {identity(row.get("id")): row for row in sections}

    def path(section_id: str, seen: frozenset[str]) -> tuple[str, ...]:
        row = by_id.get(section_id)
        if row is None or section_id in seen:
            return ()
        parent = identity(row.get("parent_section_id"))
        category = names.get(identity(row.get("category_id")), "")
        above = path(parent, seen | {section_id}) if parent else (category,) if category else ()
        return (*above, words(row.get("name")))

    return {section_id: path(section_id, frozenset()) for section_id in by_id}
