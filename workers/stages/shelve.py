"""The help centre -> the library: articles become documents; unchanged ones cost nothing."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from config.logs import get_logger
from integrations.helpdesk import Article, Ticket
from kb.domain import Audience, Document, Filter, PutReport, Source
from kb.folder import Folder, Unread, documents, prefix_of
from kb.markup import to_text
from workers.services import Services

log = get_logger(__name__)

# The feed's border is inclusive and its clock is not ours: ask again for a little more than the last run saw.
_OVERLAP = timedelta(minutes=5)


def public_filter(ticket: Ticket, *, now: datetime) -> Filter:
    """Let through what anyone may read; of a page that two help centres have alike, that of the ticket's helpdesk."""
    return Filter(frozenset({Audience.PUBLIC}), brand_id=ticket.brand_id, at=now, prefers=_prefix(ticket.vendor))


def _prefix(vendor: str) -> str:
    return f"{vendor}:article:"


def shelve(
    vendor: str, services: Services, *, full: bool, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Sync one vendor's articles; a full run also removes what is gone, unless that is a suspicious share.

    An incremental run removes only what it sees unpublished; deletions show in full runs alone. Returns the counts.
    """
    name = f"shelved:{vendor}"
    started = services.now()
    last = services.schedule.value(name)
    since = None if full or not last else datetime.fromisoformat(last) - _OVERLAP
    articles = services.helpdesks[vendor].articles(updated_since=since)
    prefix = _prefix(vendor)
    drafts: list[str] = []

    def published() -> Iterator[Document]:
        for article in articles:
            if article.is_draft:
                drafts.append(document_id(vendor, article))
            else:
                yield to_document(vendor, article, services.policy.answering.stale_labels)

    report = services.kb.put(
        published(),
        source=Source.ARTICLE,
        prefix=prefix,
        full=since is None,
        max_drop=services.policy.limits.suspicious_drop,
        progress=progress,
    )
    if not report.refused:
        services.kb.remove(drafts)
        services.schedule.set_value(name, started.isoformat(), now=services.now())
    return asdict(report)


def shelve_folder(name: str, services: Services, *, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Sync one of policy's folders, whole: what did not change costs nothing. Returns the counts and what is unread."""
    given = services.policy.folders[name]
    folder = Folder(name, given.path, Audience(given.audience), given.locale, given.brand_id, given.url)
    unread = Unread()
    try:
        report = services.kb.put(
            documents(folder, unread),
            source=Source.ARTICLE,
            prefix=prefix_of(folder),
            full=True,
            max_drop=services.policy.limits.suspicious_drop,
            keep=unread.ids,  # a file that is being edited keeps its last good state
            progress=progress,
        )
    except NotADirectoryError as error:
        report = PutReport(refused=str(error))
    for path, why in unread.files.items():
        log.warning("file_unread", folder=name, path=path, why=why)
    return asdict(report) | {"unread": unread.files}


def is_shelved(vendor: str, services: Services) -> bool:
    """Tell whether a sync of this vendor ever ended well."""
    return bool(services.schedule.value(f"shelved:{vendor}"))


def document_id(vendor: str, article: Article) -> str:
    return f"{_prefix(vendor)}{article.id}:{article.locale}"


def to_document(vendor: str, article: Article, stale_labels: Collection[str] = ()) -> Document:
    """Pure: an article as the library takes it in. What not everyone may read is for staff only, and so is what the
    help centre itself labels as out of date."""
    is_stale = not {label.casefold() for label in article.labels}.isdisjoint(stale_labels)
    return Document(
        id=document_id(vendor, article),
        source=Source.ARTICLE,
        title=article.title,
        text=to_text(article.html),
        audience=Audience.PUBLIC if article.is_public and not is_stale else Audience.STAFF,
        url=article.url,
        locale=article.locale,
        brand_id=article.brand_id,
        section=article.section,
        labels=article.labels,
        updated_at=article.updated_at,
    )
