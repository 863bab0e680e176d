"""What staff wrote on a solved ticket -> a masked lesson with provenance, indexed for the next similar question."""

import hashlib
import re
from dataclasses import dataclass

from config.logs import get_logger
from config.policy import Learning
from integrations.helpdesk import Flag, Message, Role, Ticket
from kb.domain import Audience, Document, Source
from workers.courtesy import without_courtesy
from workers.domain import INTENT_TAG
from workers.reading.mail import own_words
from workers.reading.visible import visible
from workers.redact import PLACEHOLDER, mask
from workers.services import Services
from workers.stages.supersede import lesson_id, reinstate, supersede

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and staff's answer, masked; `refused` says in words why it is not worth keeping, "" if it is."""

    question: str
    answer: str
    message_ids: tuple[str, ...]
    refused: str = ""

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.question}\n{self.answer}".encode()).hexdigest()


def learn(ticket: Ticket, services: Services) -> Lesson | None:
    """Turn a ticket that staff solved into a lesson and index it; None if staff wrote nothing or nothing is new."""
    policy = services.policy.learning
    if not policy.is_on or services.lessons.is_forgotten(ticket.vendor, ticket.id):
        return None
    lesson = distil(ticket, policy)
    if lesson is None:
        unlearn(ticket.vendor, ticket.id, services)
        return None
    if services.lessons.hash_of(ticket.vendor, ticket.id) == lesson.hash:
        return None
    state = "refused" if lesson.refused else "waiting" if policy.needs_approval else "live"
    back = reinstate(ticket.vendor, ticket.id, services)  # what another wording of it had replaced
    document = _document(lesson_id(ticket.vendor, ticket.id), ticket, lesson)
    if state == "live":
        services.kb.put([document], source=Source.LESSON, prefix=document.id)
    else:
        services.kb.remove([document.id])
    log.info("learned", vendor=ticket.vendor, ticket=ticket.id, state=state)
    # Recorded last: a crash before this line learns the same lesson again, which changes nothing.
    services.lessons.put(
        ticket.vendor,
        ticket.id,
        state=state,
        note=lesson.refused,
        intent=next((tag.removeprefix(INTENT_TAG) for tag in ticket.tags if tag.startswith(INTENT_TAG)), ""),
        question=lesson.question,
        answer=lesson.answer,
        message_ids=lesson.message_ids,
        content_hash=lesson.hash,
        now=services.now(),
    )
    supersede([*back, document], services)
    return lesson


def unlearn(vendor: str, ticket_id: str, services: Services) -> None:
    """Take back what was learned from a ticket that is gone, or whose answer staff has taken away."""
    services.kb.forget([precedent_id(vendor, ticket_id)])
    if services.lessons.hash_of(vendor, ticket_id):
        services.kb.remove([lesson_id(vendor, ticket_id)])
        services.lessons.remove(vendor, ticket_id, now=services.now())
        supersede(reinstate(vendor, ticket_id, services), services)


def precedent_id(vendor: str, ticket_id: str) -> str:
    return f"{vendor}:{ticket_id}"


def distil(ticket: Ticket, policy: Learning) -> Lesson | None:
    """Pure: the requester's question and what staff answered publicly, cleaned and masked. None without staff's words.

    Our own replies and automatic messages teach nothing; the last substantial answer of staff counts most, so answers
    are kept newest last.
    """
    public = [m for m in ticket.messages if m.is_public and Flag.AUTOMATIC not in m.flags]
    asked = [m for m in public if m.author.role is Role.REQUESTER]
    answered = [m for m in public if m.author.role is Role.STAFF and not m.mark]
    if not asked or not answered:
        return None
    vault: dict[str, str] = {}
    people = {m.author.name for m in ticket.messages if m.author.name}

    def masked(text: str) -> str:
        return mask(text, vault=vault, known_names=sorted(people)).strip()

    question = masked(f"{ticket.subject}\n{said(asked[0])}")
    told = [masked(without_courtesy(said(m))) for m in answered]
    substantial = [text for text in told if len(text.split()) >= policy.min_answer_words]
    answer = "\n\n".join(dict.fromkeys(substantial))
    return Lesson(question, answer, tuple(m.id for m in answered), _refusal(question, answer, policy))


def said(message: Message) -> str:
    """Return what a message says by itself: no mark-up, no quoted history."""
    return own_words(visible(message.text, message.html).text).text


def _refusal(question: str, answer: str, policy: Learning) -> str:
    if not answer:
        return f"staff's answer is shorter than {policy.min_answer_words} words"
    if len(question.split()) < policy.min_question_words:
        return f"the question is shorter than {policy.min_question_words} words"
    personal = re.findall(r"\[[a-z-]+-\d+\]", answer)
    if len(personal) > 3:
        return "the answer is mostly about one person"
    return ""


def _unnumbered(text: str) -> str:
    """Take the numbers off placeholders: another ticket's [name-1] is somebody else, and would be filled in there."""
    return PLACEHOLDER.sub(lambda found: f"[{found[0][1:-1].rpartition('-')[0]}]", text)


def _document(document_id: str, ticket: Ticket, lesson: Lesson) -> Document:
    first, _, rest = lesson.question.partition("\n")
    return Document(
        id=document_id,
        source=Source.LESSON,
        title=_unnumbered(first) or "A solved ticket",
        text=_unnumbered(f"# Question\n{rest or first}\n\n# Answer\n{lesson.answer}"),
        audience=Audience.PUBLIC,
        url=ticket.url,
        locale="",
        brand_id=ticket.brand_id,
        updated_at=ticket.updated_at,
    )
