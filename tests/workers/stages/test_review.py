"""What staff did with a draft is found on the ticket, and counts for its intent."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integrations.helpdesk import Status
from tests.fakes.helpdesk import ADA
from tests.fakes.services import POLICY, make_services, scripted, shelve_swap, take
from workers import pipeline
from workers.autonomy import Step
from workers.store.tables import reading, review

PINNED = POLICY.intents["swap_shift"]


def with_step(policy, step):
    """The same policy, with the intent of the question pinned to a step."""
    intents = {**policy.intents, "swap_shift": PINNED.model_copy(update={"autonomy": step})}
    return policy.model_copy(update={"intents": intents})


@pytest.fixture
def drafting(engine, desk):
    """Services that leave a draft on the question of `desk.open_ticket()`."""
    made = make_services(engine, desk, llm=scripted(), policy=with_step(POLICY, "draft"))
    shelve_swap(made)
    return made


def worked(services, desk, **opening):
    """Open the ticket and let Deskhand do its part; return the ticket's id."""
    opened = desk.open_ticket(**opening)
    desk.tick()
    lease = take(services, opened.id)
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))
    return opened.id


def again(services, desk, ticket_id):
    """Let Deskhand look at the ticket again after something happened."""
    desk.tick()
    lease = take(services, ticket_id)
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))


def row_of(engine):
    with reading(engine) as connection:
        return connection.execute(select(review)).one_or_none()


ANSWER = "Open the schedule, choose the shift and press Offer swap. A manager approves the swap."


def test_a_draft_sent_as_it_is_counts_as_approved(drafting, desk, engine):
    """Staff greet and sign in their own way; what they send is the draft."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, f"Dear Ada,\n{ANSWER}\nBest regards,\nGrace")
    again(drafting, desk, ticket_id)
    row = row_of(engine)
    assert (row.use, row.kind, row.intent, row.kept) == ("unchanged", "draft", "swap_shift", 1.0)
    place = drafting.reviews.place("swap_shift")
    assert (place.step, place.pin, place.corrections) == (Step.DRAFT, "draft", 1)


def test_an_edit_is_kept_with_its_kind(drafting, desk, engine):
    """Both sides of the change stand in the record, so that the figures can say what goes wrong."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, ANSWER.replace("A manager approves", "Nobody approves"))
    again(drafting, desk, ticket_id)
    row = row_of(engine)
    assert row.use == "edited"
    assert [(e["before"], e["after"]) for e in row.edits if e["kind"] != "greeting"] == [("A manager", "Nobody")]


def test_another_reply_replaces_a_draft(drafting, desk, engine):
    """What staff write instead is no edit."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, "Sorry, that does not work today, we shall write to you when it is mended.")
    again(drafting, desk, ticket_id)
    assert row_of(engine).use == "replaced"


def test_staffs_words_are_masked_before_they_are_kept(drafting, desk, engine):
    """An edit may name people and addresses; the record does not."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, f"{ANSWER} Or write to grace@harbour.example.")
    again(drafting, desk, ticket_id)
    assert "harbour" not in str(row_of(engine).edits)


def test_a_solved_ticket_without_a_word_ignores_the_draft(drafting, desk, engine):
    """Nobody has reviewed it; it counts neither way."""
    ticket_id = worked(drafting, desk)
    desk.change(ticket_id, status=Status.SOLVED)
    again(drafting, desk, ticket_id)
    assert row_of(engine).use == "ignored"
    assert drafting.reviews.corrections("swap_shift") == 0


def test_nothing_is_concluded_while_nobody_has_answered(drafting, desk, engine):
    """A note of a colleague, and looking twice, are no outcome."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, ANSWER, is_public=False)
    again(drafting, desk, ticket_id)
    assert row_of(engine) is None


def test_a_second_answer_of_staff_counts_too(drafting, desk, engine):
    """Half the draft in a first mail and the rest in a second is the whole draft."""
    ticket_id = worked(drafting, desk)
    first, second = ANSWER.split(". ", 1)
    desk.staff_writes(ticket_id, f"{first}.")
    again(drafting, desk, ticket_id)
    assert row_of(engine).use == "edited"
    desk.staff_writes(ticket_id, second)
    again(drafting, desk, ticket_id)
    assert row_of(engine).use == "unchanged"


def test_a_ticket_that_comes_back_takes_the_approval_back(drafting, desk, engine):
    """Solved, then a new question on it: the approved draft did not help."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, ANSWER)
    desk.change(ticket_id, status=Status.SOLVED)
    again(drafting, desk, ticket_id)
    assert (row_of(engine).use, row_of(engine).is_reopened) == ("unchanged", False)
    desk.requester_writes(ticket_id, "I do not see that button. Where is it?")
    desk.change(ticket_id, status=Status.OPEN)
    again(drafting, desk, ticket_id)
    assert row_of(engine).is_reopened


def test_thanks_on_a_solved_ticket_is_no_return(drafting, desk, engine):
    """Courtesy reopens tickets in helpdesks; it takes nothing back."""
    ticket_id = worked(drafting, desk)
    desk.staff_writes(ticket_id, ANSWER)
    desk.change(ticket_id, status=Status.SOLVED)
    again(drafting, desk, ticket_id)
    desk.requester_writes(ticket_id, "Thanks a lot!")
    desk.change(ticket_id, status=Status.OPEN)
    again(drafting, desk, ticket_id)
    assert not row_of(engine).is_reopened


def test_a_reply_that_nobody_objects_to_leaves_no_row(services, desk, engine):
    """Silence is the usual end of a good answer."""
    ticket_id = worked(services, desk)
    desk.change(ticket_id, status=Status.SOLVED)
    again(services, desk, ticket_id)
    assert row_of(engine) is None


def test_a_requester_who_comes_back_unhappy_contests_the_reply(services, desk, engine):
    """Nobody need say so."""
    ticket_id = worked(services, desk)
    desk.requester_writes(ticket_id, "That does not work at all, I am really frustrated. Same error again!")
    again(services, desk, ticket_id)
    assert (row_of(engine).use, row_of(engine).kind) == ("contested", "send")


def test_staff_who_call_a_reply_wrong_are_heard(services, desk, engine):
    """A tag is enough."""
    ticket_id = worked(services, desk)
    ticket = desk.peek(ticket_id)
    desk.change(ticket_id, tags=(*ticket.tags, POLICY.answering.wrong_tag))
    again(services, desk, ticket_id)
    assert (row_of(engine).use, row_of(engine).is_wrong) == ("contested", True)


def test_a_shadow_draft_is_compared_with_what_staff_wrote_by_themselves(engine, desk):
    """They never saw it: agreeing in content is enough."""
    services = make_services(engine, desk, llm=scripted(), policy=with_step(POLICY, "shadow"))
    shelve_swap(services)
    ticket_id = worked(services, desk, requester=replace(ADA, name="Ada"))
    desk.staff_writes(
        ticket_id, "Please open your schedule, then choose that shift and press Offer swap; a manager approves."
    )
    again(services, desk, ticket_id)
    assert (row_of(engine).use, row_of(engine).kind) == ("agreed", "shadow")
