"""What staff ask for on a ticket is done once, answered by a note, and never over a person."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import ConflictError, PermanentError, TransientError
from integrations.helpdesk import Person, Role, Status, Tagging
from tests.fakes.helpdesk import ADA, BOT, GRACE, UNLOCKED
from tests.fakes.llm import ScriptedLLM
from tests.fakes.services import POLICY, classified, drafted, judged, make_services, shelve_swap, take, take_again
from workers import ladder, pipeline
from workers.store.tables import autonomy_step, case, command, correction, errand, reading, review

LIGHT = replace(GRACE, id="802", name="Lee Light", may_act=False)
SEND_TAG = POLICY.approval.send_tag
WRONG_TAG = POLICY.approval.wrong_tag
STOP_TAG = POLICY.answering.stop_tag
REDONE = "Open the schedule, choose the shift and press Offer swap."


def with_step(step, **more):
    """The policy, with the intent of the question pinned to a step."""
    intents = {**POLICY.intents, "swap_shift": POLICY.intents["swap_shift"].model_copy(update={"autonomy": step})}
    return POLICY.model_copy(update={"intents": intents} | more)


@pytest.fixture
def llm():
    """A model that drafts well, and drafts shorter the second time."""
    return ScriptedLLM(classify=[classified()], draft=[drafted(), drafted(REDONE)], judge=[judged(), judged()])


@pytest.fixture
def drafting(engine, desk, llm):
    read_twice = POLICY.checking.model_copy(update={"judge_drafts": 1.0})
    made = make_services(engine, desk, llm=llm, policy=with_step("draft", checking=read_twice))
    shelve_swap(made)
    return made


@pytest.fixture
def ticket_id(drafting, desk):
    """A ticket with a draft on it."""
    opened = desk.open_ticket()
    look(drafting, desk, opened.id)
    assert desk.own_messages(opened.id)[0].mark == f"dh-{opened.messages[0].id}"
    return opened.id


def look(services, desk, ticket_id, *, seconds=60):
    """Let Deskhand look at the ticket after something happened."""
    desk.tick(seconds)
    lease = take(services, ticket_id)
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))


def asks(services, desk, ticket_id, text, author=GRACE):
    """Let staff write a note, and Deskhand look; return the note's id."""
    desk.tick()
    said = desk.staff_writes(ticket_id, text, is_public=False, author=author)
    look(services, desk, ticket_id)
    return said.id


def answer_to(desk, ticket_id, key):
    """The one note that answers a command."""
    (found,) = [m for m in desk.peek(ticket_id).messages if m.mark == f"dh-{key}"]
    assert not found.is_public
    return found


def replies(desk, ticket_id):
    """What the requester got through us."""
    return [m for m in desk.peek(ticket_id).messages if m.is_public and m.mark]


def rows(engine, table):
    with reading(engine) as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


# --- /send


def test_send_makes_the_draft_the_public_reply(drafting, desk, engine, ticket_id):
    """In the name of who asked, with a mark of its own; the answer says so, the record too."""
    asked = desk.peek(ticket_id).messages[0].id
    note_id = asks(drafting, desk, ticket_id, "/send")
    (sent,) = replies(desk, ticket_id)
    assert (sent.author, sent.mark) == (GRACE, f"dh-{asked}-send")
    assert sent.text.startswith("Hi Ada,")
    assert "press Offer swap" in sent.text
    assert "Grace Hill" in answer_to(desk, ticket_id, f"c{note_id}").text
    ticket = desk.peek(ticket_id)
    assert ticket.status is Status.PENDING
    assert "deskhand_approved" in ticket.tags
    assert "deskhand_draft" not in ticket.tags
    (row,) = rows(engine, command)
    assert (row.name, row.asked_by, row.result, row.state) == ("send", GRACE.id, "done", "settled")
    assert {one.state for one in rows(engine, errand)} == {"done"}


def test_a_draft_that_staff_have_sent_counts_as_unchanged(drafting, desk, engine, ticket_id):
    """It is the accuracy signal that costs staff nothing; what they add later takes nothing back."""
    asks(drafting, desk, ticket_id, "/send")
    assert rows(engine, review)[0].use == "unchanged"
    desk.tick()
    desk.staff_writes(ticket_id, "By the way: your manager is told by mail.")
    look(drafting, desk, ticket_id)
    assert rows(engine, review)[0].use == "unchanged"


def test_send_twice_sends_once(drafting, desk, ticket_id):
    """The second one is told so."""
    asks(drafting, desk, ticket_id, "/send")
    second = asks(drafting, desk, ticket_id, "/send")
    assert len(replies(desk, ticket_id)) == 1
    assert "already" in answer_to(desk, ticket_id, f"c{second}").text


def test_two_sends_before_we_look_send_once(drafting, desk, ticket_id):
    """Two colleagues, one reply, two answers."""
    desk.tick()
    first = desk.staff_writes(ticket_id, "/send", is_public=False)
    second = desk.staff_writes(ticket_id, "/send", is_public=False)
    look(drafting, desk, ticket_id)
    assert len(replies(desk, ticket_id)) == 1
    assert "Sent:" in answer_to(desk, ticket_id, f"c{first.id}").text
    assert "already" in answer_to(desk, ticket_id, f"c{second.id}").text


def test_a_requester_cannot_send(drafting, desk, ticket_id, llm):
    """In public it is a message like any other; of their own draft it makes a stale one."""
    desk.tick()
    desk.requester_writes(ticket_id, "/send")
    look(drafting, desk, ticket_id)
    assert replies(desk, ticket_id) == []
    assert not [m for m in desk.peek(ticket_id).messages if m.mark.startswith("dh-c")]


def test_a_light_agent_is_refused_with_a_note(drafting, desk, ticket_id, engine):
    """Who may not write to requesters may not have us do it."""
    note_id = asks(drafting, desk, ticket_id, "/send", author=LIGHT)
    assert replies(desk, ticket_id) == []
    assert "your seat" in answer_to(desk, ticket_id, f"c{note_id}").text
    assert rows(engine, command)[0].result == "light"


def test_a_stale_draft_is_not_sent(drafting, desk, ticket_id, llm):
    """The requester wrote again: the draft does not know what."""
    desk.tick()
    desk.requester_writes(ticket_id, "Wait, and how do I swap two shifts at once?")
    note_id = asks(drafting, desk, ticket_id, "/send")
    assert replies(desk, ticket_id) == []
    assert "newer message" in answer_to(desk, ticket_id, f"c{note_id}").text


def test_nothing_is_sent_over_a_colleague(drafting, desk, ticket_id):
    """Somebody answered personally in the meantime."""
    desk.tick()
    desk.staff_writes(ticket_id, "I have swapped it for you.")
    note_id = asks(drafting, desk, ticket_id, "/send")
    assert replies(desk, ticket_id) == []
    assert "somebody has answered" in answer_to(desk, ticket_id, f"c{note_id}").text


@pytest.mark.parametrize("who", ["colleague", "requester"])
def test_a_race_while_we_write_is_looked_at_again(drafting, desk, ticket_id, who, llm):
    """The lock refuses the write, the next look sees why, and the answer says it."""

    def interrupts():
        if who == "colleague":
            desk.staff_writes(ticket_id, "I have swapped it for you.")
        else:
            desk.requester_writes(ticket_id, "Never mind, I found out how. But how do I undo it?")

    desk.before_write(interrupts)
    note_id = asks(drafting, desk, ticket_id, "/send")
    assert replies(desk, ticket_id) == []
    said = answer_to(desk, ticket_id, f"c{note_id}").text
    assert ("somebody has answered" if who == "colleague" else "newer message") in said


def test_a_change_that_does_not_matter_only_costs_a_second_look(drafting, desk, ticket_id):
    """The colleague who sends takes the ticket in the same moment."""
    desk.before_write(lambda: desk.change(ticket_id, assignee_id=GRACE.id))
    asks(drafting, desk, ticket_id, "/send")
    assert len(replies(desk, ticket_id)) == 1


def test_without_a_draft_nothing_is_sent(drafting, desk):
    """A ticket that went straight to a person has none."""
    opened = desk.open_ticket("We have started a chargeback for this.")
    look(drafting, desk, opened.id)
    note_id = asks(drafting, desk, opened.id, "/send")
    assert replies(desk, opened.id) == []
    assert "Not sent" in answer_to(desk, opened.id, f"c{note_id}").text


def test_nothing_is_written_on_a_closed_ticket(drafting, desk, ticket_id, engine):
    """It takes no notes either."""
    desk.tick()
    desk.staff_writes(ticket_id, "/send", is_public=False)
    desk.change(ticket_id, status=Status.CLOSED)
    before = desk.write_attempts
    look(drafting, desk, ticket_id)
    assert desk.write_attempts == before
    assert rows(engine, command) == []


def test_the_requesters_own_data_is_filled_in_from_the_ticket(engine, desk):
    """The record holds placeholders; the reply holds what the requester wrote."""
    said = [
        {"text": REDONE, "passages": ["P1"], "block": "paragraph"},
        {"text": "Just reply if [email-1] is not the right address.", "passages": [], "block": "paragraph"},
    ]
    llm = ScriptedLLM(classify=[classified()], draft=[drafted(sentences=said)], judge=[judged()])
    services = make_services(engine, desk, llm=llm, policy=with_step("draft"))
    shelve_swap(services)
    opened = desk.open_ticket("How do I swap a shift? My address is ada.doe@harbour.example.")
    look(services, desk, opened.id)
    assert "ada.doe" not in str(rows(engine, case)[0].draft)
    asks(services, desk, opened.id, "/send")
    (sent,) = replies(desk, opened.id)
    assert "ada.doe@harbour.example" in sent.text
    assert "ada.doe" not in str(rows(engine, errand))


# --- by tag


def tagged(services, desk, ticket_id, tag, person=GRACE):
    """Let somebody set a tag, and Deskhand look."""
    desk.tick()
    ticket = desk.peek(ticket_id)
    if person is not None:
        desk.taggings[ticket_id, tag] = Tagging(person, desk.now)
    desk.change(ticket_id, tags=(*ticket.tags, tag))
    look(services, desk, ticket_id)


def test_the_send_tag_sends_in_the_name_of_who_set_it(drafting, desk, ticket_id, engine):
    """One click on a macro; the tag goes with the same write."""
    asked = desk.peek(ticket_id).messages[0].id
    tagged(drafting, desk, ticket_id, SEND_TAG)
    (sent,) = replies(desk, ticket_id)
    assert sent.author == GRACE
    assert SEND_TAG not in desk.peek(ticket_id).tags
    assert "Grace Hill" in answer_to(desk, ticket_id, f"t{asked}-send-0").text
    assert rows(engine, command)[0].asked_name == "Grace Hill"
    (written,) = [one.write for one in desk.written if one.write.is_public]
    assert SEND_TAG in written.remove_tags


def test_a_tag_of_nobody_known_sends_in_our_own_name(drafting, desk, ticket_id):
    """The helpdesk does not tell: only staff can set tags."""
    tagged(drafting, desk, ticket_id, SEND_TAG, person=None)
    (sent,) = replies(desk, ticket_id)
    assert sent.author == BOT


@pytest.mark.parametrize("person", [ADA, LIGHT, Person("", "", Role.SYSTEM)])
def test_a_tag_of_somebody_else_is_refused_and_taken_off(drafting, desk, ticket_id, person):
    """A requester's, a light agent's, a rule's."""
    tagged(drafting, desk, ticket_id, SEND_TAG, person=person)
    assert replies(desk, ticket_id) == []
    assert SEND_TAG not in desk.peek(ticket_id).tags


def test_a_tag_set_again_after_a_refusal_is_obeyed(drafting, desk, ticket_id):
    """Refused for a light seat, then a colleague with a full one."""
    tagged(drafting, desk, ticket_id, SEND_TAG, person=LIGHT)
    tagged(drafting, desk, ticket_id, SEND_TAG)
    assert len(replies(desk, ticket_id)) == 1


# --- crashes


class Dying:
    """Orders whose worker dies right after (or before) the n-th call of a method."""

    def __init__(self, orders, name, *, before, times=1):
        self._orders, self._name, self._before, self._left = orders, name, before, times

    def __getattr__(self, name):
        real = getattr(self._orders, name)
        if name != self._name:
            return real

        def call(*args, **kwargs):
            self._left -= 1
            if self._left == 0 and self._before:
                raise KeyboardInterrupt
            result = real(*args, **kwargs)
            if self._left == 0:
                raise KeyboardInterrupt
            return result

        return call


STEPS = [
    (name, before, times)
    for name, most in (("open", 1), ("begin", 2), ("end_try", 2), ("settle", 1))
    for before in (True, False)
    for times in range(1, most + 1)
]


@pytest.mark.parametrize("by", ["note", "tag"])
@pytest.mark.parametrize(("name", "before", "times"), STEPS)
def test_a_crash_at_any_step_of_send_leaves_one_reply_and_one_answer(
    drafting, desk, ticket_id, by, name, before, times
):
    """Whatever stood on record or on the ticket by then."""
    desk.tick()
    asked = desk.peek(ticket_id).messages[0].id
    if by == "note":
        key = f"c{desk.staff_writes(ticket_id, '/send', is_public=False).id}"
    else:
        key = f"t{asked}-send-0"
        desk.taggings[ticket_id, SEND_TAG] = Tagging(GRACE, desk.now)
        desk.change(ticket_id, tags=(*desk.peek(ticket_id).tags, SEND_TAG))
    dying = replace(drafting, orders=Dying(drafting.orders, name, before=before, times=times))
    desk.tick()
    lease = take(drafting, ticket_id)
    with pytest.raises(KeyboardInterrupt):
        pipeline.work(lease, dying)
    desk.tick(60)
    second = take_again(drafting, ticket_id)
    drafting.tickets.release(second, now=drafting.now(), seen_at=pipeline.work(second, drafting))
    assert len(replies(desk, ticket_id)) == 1
    assert "Sent:" in answer_to(desk, ticket_id, key).text
    (order,) = drafting.orders.of_ticket("zendesk", ticket_id)
    assert (order.is_settled, order.result) == (True, "done")


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("writes", [1, 2])
def test_a_lost_answer_is_read_back(drafting, desk, ticket_id, done, writes):
    """The reply or its note may have arrived, or not: the ticket tells."""
    desk.tick()
    note = desk.staff_writes(ticket_id, "/send", is_public=False)
    if writes == 2:
        desk.before_write(lambda: desk.lose_answers(done=done))
    else:
        desk.lose_answers(done=done)
    desk.tick()
    lease = take(drafting, ticket_id)
    with pytest.raises(TransientError):
        pipeline.work(lease, drafting)
    desk.tick(200)
    second = take_again(drafting, ticket_id)
    drafting.tickets.release(second, now=drafting.now(), seen_at=pipeline.work(second, drafting))
    assert len(replies(desk, ticket_id)) == 1
    assert "Sent:" in answer_to(desk, ticket_id, f"c{note.id}").text


def test_a_reply_lost_without_a_lock_is_never_sent_again(engine, desk, llm):
    """A helpdesk that keeps nothing from arriving twice: in doubt a person looks."""
    desk.abilities = UNLOCKED
    services = make_services(engine, desk, llm=llm, policy=with_step("draft"))
    shelve_swap(services)
    opened = desk.open_ticket()
    look(services, desk, opened.id)
    desk.tick()
    note = desk.staff_writes(opened.id, "/send", is_public=False)
    desk.hold_writes()
    lease = take(services, opened.id)
    with pytest.raises(TransientError):
        pipeline.work(lease, services)
    desk.tick(300)
    second = take_again(services, opened.id)
    services.tickets.release(second, now=services.now(), seen_at=pipeline.work(second, services))
    assert "lost on its way" in answer_to(desk, opened.id, f"c{note.id}").text
    assert desk.release_writes() == 1
    assert len(replies(desk, opened.id)) == 1


def test_what_the_helpdesk_refuses_is_told(drafting, desk, ticket_id):
    """A reply it will not have is no reply; the note says so."""
    desk.refuse_writes(PermanentError("HTTP 422: RecordInvalid", vendor="zendesk", operation="write", status=422))
    note_id = asks(drafting, desk, ticket_id, "/send")
    assert replies(desk, ticket_id) == []
    assert "422" in answer_to(desk, ticket_id, f"c{note_id}").text


def test_a_tag_taken_off_again_before_the_write_sends_nothing(drafting, desk, ticket_id):
    """Second thoughts count until the moment of writing."""

    def thinks_again():
        desk.change(ticket_id, tags=tuple(t for t in desk.peek(ticket_id).tags if t != SEND_TAG))

    desk.before_write(thinks_again)
    tagged(drafting, desk, ticket_id, SEND_TAG)
    assert replies(desk, ticket_id) == []


def test_a_redo_whose_note_is_refused_replaces_nothing(drafting, desk, engine, ticket_id):
    """What nobody saw cannot be what /send sends."""
    error = PermanentError("HTTP 422: RecordInvalid", vendor="zendesk", operation="write", status=422)
    desk.refuse_writes(error, times=2)
    asks(drafting, desk, ticket_id, "/redo shorter")
    assert "A manager approves" in str(rows(engine, case)[0].draft)


# --- the others


def test_help_is_answered_once(drafting, desk, ticket_id):
    """Looking again changes nothing."""
    note_id = asks(drafting, desk, ticket_id, "/hlep")
    said = answer_to(desk, ticket_id, f"c{note_id}")
    assert "/hlep" in said.text
    assert "/redo" in said.text
    look(drafting, desk, ticket_id)
    assert answer_to(desk, ticket_id, f"c{note_id}") == said


def test_why_says_how_the_decision_fell(drafting, desk, ticket_id):
    """Kind and confidence, sources with scores, checks, second reading, reasons, and what would have to change."""
    note_id = asks(drafting, desk, ticket_id, "/why")
    said = answer_to(desk, ticket_id, f"c{note_id}").text
    assert "Swapping shifts (very sure, 95%" in said
    assert "How to swap a shift" in said
    assert "nothing found wrong" in said
    assert "faithful 100%" in said
    assert "has not earned automatic sending yet" in said
    assert 'autonomy = "send"' in said


def test_stop_keeps_us_out_and_says_how_to_undo_it(drafting, desk, ticket_id, llm):
    """The tag is all there is to it; commands still work."""
    note_id = asks(drafting, desk, ticket_id, "/stop")
    assert STOP_TAG in desk.peek(ticket_id).tags
    assert STOP_TAG in answer_to(desk, ticket_id, f"c{note_id}").text
    desk.tick()
    desk.requester_writes(ticket_id, "How do I swap a shift?")
    calls = len(llm.asked)
    look(drafting, desk, ticket_id)
    assert len(llm.asked) == calls
    second = asks(drafting, desk, ticket_id, "/help")
    assert answer_to(desk, ticket_id, f"c{second}")


def test_redo_writes_another_draft_as_staff_wish(drafting, desk, engine, ticket_id, llm):
    """The wish stands in the prompt as data; the new draft is checked, shown, and the one that /send sends."""
    note_id = asks(drafting, desk, ticket_id, "/redo only what to press, and nothing about Grace Hill")
    prompt = [one for one in llm.asked if one.name == "draft"][-1]
    assert "<wish>\nonly what to press" in prompt.user
    assert "<earlier>" in prompt.user
    said = answer_to(desk, ticket_id, f"c{note_id}").text
    assert "press Offer swap" in said
    assert "A manager approves" not in said
    (row,) = rows(engine, command)
    assert "A manager approves" in str(row.replaced)
    assert "A manager approves" not in str(rows(engine, case)[0].draft)
    asks(drafting, desk, ticket_id, "/send")
    (sent,) = replies(desk, ticket_id)
    assert "press Offer swap" in sent.text
    assert "A manager approves" not in sent.text


def test_a_draft_written_after_the_send_was_asked_for_is_not_sent(drafting, desk, ticket_id):
    """Redo and send in one breath: nobody has seen what would go out."""
    desk.tick()
    desk.staff_writes(ticket_id, "/shorter", is_public=False)
    note = desk.staff_writes(ticket_id, "/send", is_public=False)
    look(drafting, desk, ticket_id)
    assert replies(desk, ticket_id) == []
    assert "newer draft" in answer_to(desk, ticket_id, f"c{note.id}").text


@pytest.mark.parametrize(
    ("name", "before", "times"), [("keep_made", False, 1), ("end_try", True, 1), ("settle", True, 1)]
)
def test_a_crash_in_a_redo_shows_the_draft_that_is_on_record(
    drafting, desk, engine, ticket_id, llm, name, before, times
):
    """What is shown and what would be sent are the same; the model is asked once."""
    desk.tick()
    note = desk.staff_writes(ticket_id, "/redo shorter please", is_public=False)
    dying = replace(drafting, orders=Dying(drafting.orders, name, before=before))
    lease = take(drafting, ticket_id)
    with pytest.raises(KeyboardInterrupt):
        pipeline.work(lease, dying)
    desk.tick(60)
    asked = len(llm.asked)
    second = take_again(drafting, ticket_id)
    drafting.tickets.release(second, now=drafting.now(), seen_at=pipeline.work(second, drafting))
    assert len(llm.asked) == asked
    assert "press Offer swap" in answer_to(desk, ticket_id, f"c{note.id}").text
    assert "A manager approves" not in str(rows(engine, case)[0].draft)


def test_a_redo_that_changes_nothing_says_so(drafting, desk, ticket_id, llm):
    """Nobody has to compare two drafts to find them the same."""
    llm.say("draft", drafted())
    note_id = asks(drafting, desk, ticket_id, "/shorter")
    assert "stays as it is" in answer_to(desk, ticket_id, f"c{note_id}").text


def test_without_a_model_redo_says_so(drafting, desk, ticket_id):
    """Nothing is invented."""
    note_id = asks(replace(drafting, llm=None), desk, ticket_id, "/redo friendlier")
    assert "no language model" in answer_to(desk, ticket_id, f"c{note_id}").text


def test_wrong_is_written_down_and_counts(drafting, desk, engine, ticket_id):
    """Masked, with the draft and its sources; the tag lets articles and autonomy hear of it."""
    note_id = asks(drafting, desk, ticket_id, "/wrong a swap needs two managers, ask grace@tidemark.example")
    (row,) = rows(engine, correction)
    assert row.words.startswith("a swap needs two managers")
    assert "grace@" not in row.words
    assert (row.was_sent, row.intent, row.by) == (False, "swap_shift", GRACE.id)
    assert row.passages[0]["title"] == "How to swap a shift"
    assert "Nothing was sent" in answer_to(desk, ticket_id, f"c{note_id}").text
    assert POLICY.answering.wrong_tag in desk.peek(ticket_id).tags
    (seen,) = rows(engine, review)
    assert (seen.use, seen.is_wrong) == ("contested", True)


def test_wrong_after_we_sent_it_says_who_has_the_wrong_answer(engine, desk, llm):
    """And offers a draft of a correction, which we do not send ourselves."""
    services = make_services(engine, desk, llm=llm, policy=with_step("send"))
    shelve_swap(services)
    opened = desk.open_ticket()
    look(services, desk, opened.id)
    assert len(replies(desk, opened.id)) == 1
    note_id = asks(services, desk, opened.id, "/wrong")
    assert "has the wrong answer" in answer_to(desk, opened.id, f"c{note_id}").text
    again = asks(services, desk, opened.id, "/redo say sorry first")
    assert "answered this message already" in answer_to(desk, opened.id, f"c{again}").text
    refused = asks(services, desk, opened.id, "/send")
    assert "already" in answer_to(desk, opened.id, f"c{refused}").text
    assert len(replies(desk, opened.id)) == 1


def test_the_wrong_tag_does_the_same_and_comes_off(drafting, desk, engine, ticket_id):
    """The macro's tag is taken off; the one that stays says that the answer was wrong."""
    tagged(drafting, desk, ticket_id, WRONG_TAG)
    assert WRONG_TAG not in desk.peek(ticket_id).tags
    assert rows(engine, correction)[0].words == ""


def test_never_holds_a_kind_of_request_until_an_admin_lifts_it(engine, desk, llm):
    """What would have been sent is a draft from now on; the step stands in the audit."""
    services = make_services(engine, desk, llm=llm, policy=with_step("send"))
    shelve_swap(services)
    opened = desk.open_ticket()
    look(services, desk, opened.id)
    note_id = asks(services, desk, opened.id, "/never")
    assert "deskhand autonomy --lift swap_shift" in answer_to(desk, opened.id, f"c{note_id}").text
    assert ladder.standing("swap_shift", "1", services).autonomy == "draft"
    step = rows(engine, autonomy_step)[-1]
    assert (step.before, step.after, step.by) == ("send", "draft", f"staff {GRACE.id}")
    again = asks(services, desk, opened.id, "/never")
    assert "held already" in answer_to(desk, opened.id, f"c{again}").text
    assert services.orders.lift("swap_shift", after="send", now=services.now())
    assert ladder.standing("swap_shift", "1", services).autonomy == "send"


def test_a_conflict_on_the_note_is_looked_at_again(drafting, desk, ticket_id):
    """A colleague edits the ticket in the same second; the answer follows."""
    desk.refuse_writes(ConflictError("HTTP 409", vendor="zendesk", operation="write"))
    note_id = asks(drafting, desk, ticket_id, "/help")
    assert answer_to(desk, ticket_id, f"c{note_id}")


def test_a_german_team_is_answered_in_german(engine, desk, llm):
    """The language of a note is the team's."""
    teams = {**POLICY.teams, "support": POLICY.teams["support"].model_copy(update={"language": "de"})}
    services = make_services(engine, desk, llm=llm, policy=with_step("draft", teams=teams))
    shelve_swap(services)
    opened = desk.open_ticket()
    look(services, desk, opened.id)
    note_id = asks(services, desk, opened.id, "/stop")
    assert "Deskhand hält sich" in answer_to(desk, opened.id, f"c{note_id}").text


def test_a_flood_of_commands_is_done_in_turns(drafting, desk, ticket_id):
    """Ten in one go; the rest when the ticket is looked at again."""
    desk.tick()
    for _ in range(12):
        desk.staff_writes(ticket_id, "/help", is_public=False)
    look(drafting, desk, ticket_id)
    look(drafting, desk, ticket_id)
    answers = [m for m in desk.peek(ticket_id).messages if m.mark.startswith("dh-c")]
    assert len(answers) == 12
    assert desk.now - desk.peek(ticket_id).created_at < timedelta(hours=1)
