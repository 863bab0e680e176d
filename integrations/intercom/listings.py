"""Intercom's lists -> our nouns: teams, earlier tickets, changes, articles. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from integrations.helpdesk import Article, EarlierTicket, Team, TicketRef
from integrations.intercom.markup import plain
from integrations.intercom.values import Json, identity, listed, mapping, moment, words
from integrations.intercom.wire import requester_id, status

_LOCALE = re.compile(r"/([a-z]{2,3}(?:-[A-Za-z]{2,4})?)/articles/")


def team(raw: Json) -> Team | None:
    team_id = identity(raw.get("id"))
    return Team(team_id, words(raw.get("name"))) if team_id else None


def earlier_ticket(raw: Json) -> EarlierTicket | None:
    """Read a conversation of a listing; None if it says neither whose it is nor of when."""
    ticket_id, asker, created = identity(raw.get("id")), requester_id(raw), moment(raw.get("created_at"))
    if not ticket_id or not asker or created is None:
        return None
    source = mapping(raw.get("source"))
    subject = plain(words(source.get("subject"))) or words(raw.get("title")) or plain(words(source.get("body")))[:80]
    return EarlierTicket(ticket_id, asker, subject, status(raw), created)


def ticket_ref(raw: Json) -> TicketRef | None:
    ticket_id, updated_at = identity(raw.get("id")), moment(raw.get("updated_at"))
    return TicketRef(ticket_id, status(raw), updated_at) if ticket_id and updated_at else None


def articles(raw: Json, shelf: Mapping[str, tuple[str, ...]]) -> Iterable[Article]:
    """Return an article in each of its languages. `shelf` maps a collection's id to the names on the way to it.

    Public only if it is published, has an address and says that everyone may read it: a missing audience counts as
    restricted. A translation has a state of its own; the audience is the whole article's.
    """
    texts = {
        str(locale): mapping(one)
        for locale, one in mapping(raw.get("translated_content")).items()
        if mapping(one).get("type") == "article_content"
    }
    for locale, content in (texts or {words(raw.get("default_locale")): raw}).items():
        if found := _article(raw, content, locale, shelf):
            yield found


def _article(raw: Json, content: Json, locale: str, shelf: Mapping[str, tuple[str, ...]]) -> Article | None:
    article_id, url = identity(raw.get("id")), words(content.get("url"))
    if not article_id:
        return None
    is_draft = content.get("state") != "published"
    updated_at = moment(content.get("updated_at")) or moment(raw.get("updated_at")) or moment(raw.get("created_at"))
    named = _LOCALE.search(url)
    parents = raw.get("parent_ids")
    places = [identity(one) for one in (parents if isinstance(parents, list) else [raw.get("parent_id")])]
    return Article(
        id=article_id,
        title=words(content.get("title")),
        html=words(content.get("body")),
        url=url,
        locale=(locale or (named[1] if named else "")).lower(),
        is_public=not is_draft and bool(url) and raw.get("help_center_audience") == "everyone",
        is_draft=is_draft,
        updated_at=updated_at or datetime.fromtimestamp(0, UTC),
        section=next((shelf[place] for place in places if place in shelf), ()),
        labels=tuple(filter(None, (words(row.get("name")) for row in listed(raw.get("tags"), "tags")))),
    )


def shelf(collections: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    """Return collection id -> the names from the outermost collection down to it."""
    by_id = {identity(row.get("id")): row for row in collections}

    def path(place: str, seen: frozenset[str]) -> tuple[str, ...]:
        row = by_id.get(place)
        if row is None or place in seen:
            return ()
        return (*path(identity(row.get("parent_id")), seen | {place}), words(row.get("name")))

    return {place: path(place, frozenset()) for place in by_id}
