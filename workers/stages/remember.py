"""What a ticket teaches about articles: which of them staff sent for this question, and which were wrong for it."""

import re
from collections.abc import Iterable

from integrations.helpdesk import Flag, Message, Role, Status, Ticket
from kb.domain import Precedent
from workers.redact import mask
from workers.services import Services
from workers.stages.learn import distil, precedent_id, said
from workers.store.reviews import Reviewable

SENT = 1.0  # staff linked it, or sent a draft that rests on it
OURS = 0.5  # only our own reply linked it, and nobody objected: weaker, or we would learn from ourselves
WRONG = -1.0

_DONE = frozenset({Status.SOLVED, Status.CLOSED})
_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_USED = frozenset({"unchanged", "edited"})


def remember(ticket: Ticket, services: Services) -> None:
    """Let a ticket that is solved, or whose answer staff called wrong, count for later ones like it."""
    is_wrong = services.policy.answering.wrong_tag in ticket.tags
    if not services.policy.learning.is_on or not (is_wrong or ticket.status in _DONE):
        return
    if services.lessons.is_forgotten(ticket.vendor, ticket.id):
        return
    precedent = _precedent(ticket, services, is_wrong=is_wrong)
    if precedent is not None and (precedent.documents or precedent.answer):
        services.kb.remember([precedent])


def _precedent(ticket: Ticket, services: Services, *, is_wrong: bool) -> Precedent | None:
    public = [m for m in ticket.messages if m.is_public and Flag.AUTOMATIC not in m.flags]
    asked = next((m for m in public if m.author.role is Role.REQUESTER), None)
    if asked is None:
        return None
    vault: dict[str, str] = {}
    people = sorted({m.author.name for m in ticket.messages if m.author.name})
    lesson = distil(ticket, services.policy.learning)
    return Precedent(
        precedent_id(ticket.vendor, ticket.id),
        mask(ticket.subject, vault=vault, known_names=people).strip(),
        mask(said(asked), vault=vault, known_names=people).strip(),
        answer=lesson.answer if lesson else "",
        url=ticket.url,
        brand_id=ticket.brand_id,
        asked_at=asked.created_at,
        documents=_documents(ticket, public, services, is_wrong=is_wrong),
    )


def _documents(ticket: Ticket, public: list[Message], services: Services, *, is_wrong: bool) -> dict[str, float]:
    """Return what served or failed. What staff sent themselves is right, whatever else was said of it."""
    staff = [m for m in public if m.author.role is Role.STAFF and not m.mark]
    ours = [m for m in public if m.mark]
    drafts = services.reviews.of_ticket(ticket.vendor, ticket.id)
    weights = dict.fromkeys(services.kb.document_ids(_links(ours)), 0.0 if is_wrong else OURS)
    for item in drafts:
        used = SENT if item.use in _USED else 0.0
        weights |= {id_: WRONG if is_wrong else used or weights.get(id_, 0.0) for id_ in _cited(item)}
    weights |= dict.fromkeys(services.kb.document_ids(_links(staff)), SENT)
    return {id_: weight for id_, weight in weights.items() if weight}


def _links(messages: Iterable[Message]) -> list[str]:
    return [url.rstrip(".,;:!?") for m in messages for url in _URL.findall(f"{m.text}\n{m.html}")]


def _cited(item: Reviewable) -> set[str]:
    """Return the documents that a draft rests on."""
    names = {name for sentence in item.draft.get("sentences", ()) for name in sentence.get("passages", ())}
    cited = (p for number, p in enumerate(item.passages, 1) if f"P{number}" in names)
    return {str(passage.get("chunk_id", "")).rpartition("#")[0] for passage in cited} - {""}
