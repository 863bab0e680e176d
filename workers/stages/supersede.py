"""Of two lessons that say the same, or contradict each other, only the newer one answers.

The older one is kept, dated, under the name of the one that took its place, and comes back when that goes.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from config.logs import get_logger
from kb.domain import Document, Filter, Query, Source
from workers.freshness import at_odds
from workers.services import Services

log = get_logger(__name__)

SAME_QUESTION = 0.75  # cosine from which on two questions ask the same
SAME_ANSWER = 0.85  # and two answers to them say the same
_RIVALS = 5  # lessons that are looked at, the most alike
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def lesson_id(vendor: str, ticket_id: str) -> str:
    """Return the id of the document that a ticket's lesson is in the library."""
    return f"lesson:{vendor}:{ticket_id}"


def supersede(documents: Iterable[Document], services: Services) -> None:
    """Let live lessons replace the older ones that they repeat or contradict; or give way to newer ones."""
    for document in documents:
        _supersede(document, services)


def _supersede(document: Document, services: Services) -> None:
    words = services.lessons.words(*_ticket(document))
    if words is None:
        return
    for rival in _rivals(document, words[0], services):
        why = _relation(words, services.lessons.words(*_ticket(rival)), document.title, services)
        if not why:
            continue
        older, newer = sorted((rival, document), key=lambda one: one.updated_at or _LONG_AGO)
        _retire(older, newer, why, services)
        if older is document:
            return


def reinstate(vendor: str, ticket_id: str, services: Services) -> list[Document]:
    """Bring back what this ticket's lesson had replaced, and return it: for supersede(), once that lesson is gone."""
    back = []
    for ticket in services.lessons.replaced_by(f"{vendor}:{ticket_id}"):
        document = services.library.document(lesson_id(*ticket))
        if document is not None:
            back.append(replace(document, valid_until=None))
            services.kb.put(back[-1:], source=Source.LESSON, prefix=document.id)
        services.lessons.revive(*ticket)  # last: after a crash before this line it is brought back again
    return back


def _rivals(document: Document, question: str, services: Services) -> list[Document]:
    """Return the live lessons of the same brand that are found for the same question."""
    subject, _, text = question.partition("\n")
    seen = Filter(sources=frozenset({Source.LESSON}), brand_id=document.brand_id, at=services.now())
    found = services.kb.search(Query(subject, text), seen, 2 * _RIVALS).passages
    ids = dict.fromkeys(passage.document_id for passage in found if passage.document_id != document.id)
    others = [services.library.document(id_) for id_ in list(ids)[:_RIVALS]]
    return [other for other in others if other is not None and other.brand_id == document.brand_id]


def _relation(words: tuple[str, str], others: tuple[str, str] | None, title: str, services: Services) -> str:
    """Say in words why two lessons cannot both stand; "" if they can."""
    if others is None:
        return ""
    vectors = services.embedder.embed([words[0], others[0], words[1], others[1]])
    if float(vectors[0] @ vectors[1]) < SAME_QUESTION:
        return ""
    if next(at_odds(words[1], others[1], title), None):
        return "contradicts it"
    return "says the same" if float(vectors[2] @ vectors[3]) >= SAME_ANSWER else ""


def _retire(older: Document, newer: Document, why: str, services: Services) -> None:
    """Record first: a crash before the index knows leaves both lessons answering, as they did, and nothing lost."""
    services.lessons.retire(*_ticket(older), by=":".join(_ticket(newer)), why=why)
    past = replace(older, valid_until=services.now())
    services.kb.put([past], source=Source.LESSON, prefix=past.id)
    log.info("lesson_replaced", lesson=older.id, by=newer.id, why=why)


def _ticket(document: Document) -> tuple[str, str]:
    """Return vendor and ticket of a lesson's document."""
    _, vendor, ticket_id = document.id.split(":", 2)
    return vendor, ticket_id
