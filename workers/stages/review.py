"""What staff did with a draft, and how a reply was taken: found on the ticket, without asking anybody."""

from config.logs import get_logger
from config.policy import Policy
from integrations.helpdesk import Message, Role, Status, Ticket
from workers import rules
from workers.autonomy import Kind
from workers.domain import MessageKind, Reading, Sentiment, mark_of, send_key_of
from workers.draft_outcome import Outcome, Use, compare, resembles
from workers.ladder import reconsider
from workers.letter import greeting
from workers.protocol import find_own
from workers.redact import mask
from workers.services import Services
from workers.stages.learn import said
from workers.store.reviews import Reviewable

log = get_logger(__name__)

_DONE = frozenset({Status.SOLVED, Status.CLOSED})


def review(ticket: Ticket, reading: Reading, services: Services) -> None:
    """Record what became of our drafts and replies on this ticket, and let it count for their intents at once."""
    if not any(message.mark for message in ticket.messages):
        return
    moved = {
        item.intent
        for item in services.reviews.of_ticket(ticket.vendor, ticket.id)
        if find_own(ticket, item.message_id) and _look(item, ticket, reading, services)
    }
    for intent in sorted(moved):
        reconsider(intent, services)


def _look(item: Reviewable, ticket: Ticket, reading: Reading, services: Services) -> bool:
    """Record what is new about one case; tell whether anything is."""
    is_new = _look_at_use(item, ticket, reading, services)
    if not is_new and not item.use:
        return False
    later: dict[str, object] = {}
    if ticket.status in _DONE and item.solved_at is None:
        later["solved_at"] = ticket.updated_at
    if not item.is_reopened and _is_reopened(item, ticket, reading):
        later["is_reopened"] = True
    if not item.is_wrong and services.policy.answering.wrong_tag in ticket.tags:
        later["is_wrong"] = True
    if later:
        services.reviews.note(item.case_id, **later)
    return is_new or bool(later)


def _look_at_use(item: Reviewable, ticket: Ticket, reading: Reading, services: Services) -> bool:
    if item.kind is Kind.SEND:
        return _look_at_reply(item, ticket, reading, services)
    answers = _staff_after(item, ticket)
    ids = tuple(message.id for message in answers)
    if not answers and (item.use or ticket.status not in _DONE or _is_overtaken(item, ticket)):
        return False
    if answers and ids == item.message_ids:
        return False
    if any(message.mark for message in answers):
        outcome = Outcome(Use.UNCHANGED, 1.0)  # staff had us send it as it stands
    else:
        outcome = _compared(item, ticket, answers, services.policy) if answers else Outcome(Use.IGNORED, 0.0)
    use = outcome.use.value
    if item.kind is Kind.SHADOW and answers:
        use = "agreed" if resembles(_letter(item, ticket, services.policy), _answer(ticket, answers)) else "differed"
    edits = tuple({"kind": e.kind.value, "before": e.before, "after": e.after} for e in outcome.edits)
    services.reviews.put(item, use=use, kept=outcome.kept, edits=edits, message_ids=ids, now=services.now())
    log.info("reviewed", vendor=ticket.vendor, ticket=ticket.id, case=item.case_id, use=use, edits=len(edits))
    return True


def _look_at_reply(item: Reviewable, ticket: Ticket, reading: Reading, services: Services) -> bool:
    """Note a sent reply that did not help: the requester came back unhappy, or staff had to answer after all."""
    if item.use:
        return False
    after = _after(item, ticket)
    came_back = [m for m in after if m.is_public and m.author.role is Role.REQUESTER]
    if not came_back:
        return services.policy.answering.wrong_tag in ticket.tags and _put_reply(item, services, "contested")
    is_newest = came_back[-1].id == reading.message_id
    is_unhappy = is_newest and reading.kind is MessageKind.QUESTION and rules.mood(reading) is not Sentiment.CALM
    had_to_answer = any(m.is_public and _is_staff(m) for m in after[after.index(came_back[0]) :])
    if not is_unhappy and not had_to_answer:
        return False
    return _put_reply(item, services, "contested")


def _put_reply(item: Reviewable, services: Services, use: str) -> bool:
    services.reviews.put(item, use=use, now=services.now())
    return True


def _compared(item: Reviewable, ticket: Ticket, answers: list[Message], policy: Policy) -> Outcome:
    titles = [str(p.get("title", "")) for p in item.passages] + [str(p.get("url", "")) for p in item.passages]
    named = (*titles, policy.answering.signature, policy.answering.says_assistant)
    return compare(_letter(item, ticket, policy), _answer(ticket, answers), sources=named)


def _letter(item: Reviewable, ticket: Ticket, policy: Policy) -> str:
    """Return the draft as it stood in the note, masked."""
    lines = [str(sentence.get("text", "")) for sentence in item.draft.get("sentences", ())]
    hello = _masked(greeting(ticket.requester.name), ticket)
    return "\n".join([hello, *lines, policy.answering.signature])


def _answer(ticket: Ticket, answers: list[Message]) -> str:
    return _masked("\n".join(said(message) for message in answers), ticket)


def _masked(text: str, ticket: Ticket) -> str:
    people = {message.author.name for message in ticket.messages if message.author.name} | {ticket.requester.name}
    return mask(text, vault={}, known_names=sorted(people - {""}))


def _after(item: Reviewable, ticket: Ticket) -> list[Message]:
    own = find_own(ticket, item.message_id)
    return list(ticket.messages[ticket.messages.index(own) + 1 :]) if own else []


def _staff_after(item: Reviewable, ticket: Ticket) -> list[Message]:
    """Return staff's public answers to the message that was drafted for: those before the requester writes again."""
    found = []
    for message in _after(item, ticket):
        if message.is_public and message.author.role in (Role.REQUESTER, Role.PARTICIPANT):
            break
        if message.is_public and (_is_staff(message) or message.mark == mark_of(send_key_of(item.message_id))):
            found.append(message)
    return found


def _is_overtaken(item: Reviewable, ticket: Ticket) -> bool:
    """Tell whether the requester wrote again before anybody answered: then nobody had a word on this draft."""
    return any(m.is_public and m.author.role in (Role.REQUESTER, Role.PARTICIPANT) for m in _after(item, ticket))


def _is_staff(message: Message) -> bool:
    return message.author.role is Role.STAFF and not message.mark


def _is_reopened(item: Reviewable, ticket: Ticket, reading: Reading) -> bool:
    if item.solved_at is None or ticket.status in _DONE or reading.kind is not MessageKind.QUESTION:
        return False
    return any(m.id == reading.message_id and m.created_at > item.solved_at for m in ticket.messages)
