"""What staff wrote becomes a lesson: masked, without courtesy, only if it teaches, and only as long as it stands."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from config.policy import Learning
from integrations.helpdesk import Flag, Person, Role, Status
from kb.domain import Filter, Query, Source
from tests.fakes.helpdesk import BOT, GRACE
from tests.fakes.services import POLICY
from workers.stages.learn import distil, learn, unlearn
from workers.store.tables import lesson, reading

ANSWER = "Open Billing, choose Invoices, press the three dots beside the invoice and pick Download as PDF."


@pytest.fixture
def solve(desk):
    """Open a ticket, let staff answer with each of the texts, and solve it."""

    def play(*answers, question="How do I download an invoice as a file?", **more):
        opened = desk.open_ticket(question, subject="Invoice download", **more)
        for text in answers:
            desk.staff_writes(opened.id, text)
        return desk.change(opened.id, status=Status.SOLVED)

    return play


def row_of(engine, ticket_id):
    with reading(engine) as connection:
        return connection.execute(select(lesson).where(lesson.c.ticket_id == ticket_id)).one_or_none()


def found(services, words="download an invoice"):
    return services.kb.search(Query("", words), Filter(sources=frozenset({Source.LESSON})), 3).passages


def test_question_and_answer_become_a_lesson(services, engine, solve):
    """The lesson is on record with its provenance, and the library finds it."""
    ticket = solve(ANSWER)
    made = learn(ticket, services)
    kept = row_of(engine, ticket.id)
    assert made.question == "Invoice download\nHow do I download an invoice as a file?"
    assert (kept.state, kept.answer, kept.message_ids) == ("live", ANSWER, [ticket.messages[1].id])
    passage = found(services)[0]
    assert (passage.source, passage.title) == (Source.LESSON, "Invoice download")
    assert "Download as PDF" in passage.text


def test_personal_data_is_masked_everywhere(services, engine, solve):
    """Names, addresses and numbers of the ticket stand neither in the record nor in the library."""
    ticket = solve(
        f"Hello Ada Doe, {ANSWER} I have sent it to ada@harbour.example as well, call me on +44 20 7946 0958.",
        question="How do I download an invoice? My card is 4111 1111 1111 1111. Ada Doe",
    )
    learn(ticket, services)
    stored = f"{row_of(engine, ticket.id)} {found(services)} {services.library.chunks()}"
    for private in ("ada@harbour", "4111", "7946", "Ada Doe", "Grace"):
        assert private not in stored


def test_what_is_masked_in_a_lesson_is_nobody_elses(services, solve):
    """[name-1] of another ticket would be filled in with that ticket's own; without a number it never is."""
    ticket = solve(f"{ANSWER} Write to ada@harbour.example.", question="How does Ada Doe download an invoice?")
    lesson = learn(ticket, services)
    assert re.search(r"\[[a-z-]+-\d+\]", lesson.question + lesson.answer)
    shown = " ".join(f"{passage.title} {passage.text}" for passage in found(services))
    assert not re.search(r"\[[a-z-]+-\d+\]", shown)
    assert "[email]" in shown


LINES = ANSWER.replace(", ", "\n").replace(" and ", "\n")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Hi Ada,\n\n{ANSWER}\n\nKind regards,\nGrace Hill\nTidemark Support", ANSWER),
        (f"Hello there! {ANSWER}\n\nBest,\nGrace", ANSWER),
        (f"Dear Ada,\n{ANSWER}\nThanks,\nGrace", ANSWER),
        (f"Guten Tag, {ANSWER}\n\nViele Grüße\nGrace", ANSWER),
        (f"Hi Ada, {ANSWER} Kind regards, Grace Hill Tidemark Support", ANSWER),
        (f"{ANSWER} Thanks to it you also find older ones", f"{ANSWER} Thanks to it you also find older ones"),
        (f"{ANSWER} The PDF is the best\nfor your records", f"{ANSWER} The PDF is the best\nfor your records"),
        (f"Hi Ada,\nThanks for waiting!\n{LINES}", f"Thanks for waiting!\n{LINES}"),
    ],
)
def test_courtesy_is_left_out(solve, text, kept):
    """Greeting and sign-off teach nothing; nothing of the answer goes with them."""
    ticket = solve(text)
    plain = replace(ticket.messages[1], html="", text=text)
    assert distil(replace(ticket, messages=(ticket.messages[0], plain)), POLICY.learning).answer == kept


def test_a_last_line_of_substance_is_kept(solve):
    """A closing word in the middle of an answer does not cut off what follows."""
    text = f"{ANSWER} Thanks to the new filter you also find those of earlier years, and of every location you manage."
    assert distil(solve(text), POLICY.learning).answer == text


@pytest.mark.parametrize(
    ("answers", "question", "words"),
    [
        (("Done!",), "How do I download an invoice as a file?", "staff's answer is shorter than 12 words"),
        ((ANSWER,), "Hm?", "the question is shorter than 4 words"),
        (
            ("Write to a@b.example, c@d.example, e@f.example or g@h.example and they will sort it out for you there.",),
            "How do I download an invoice as a file?",
            "the answer is mostly about one person",
        ),
    ],
)
def test_what_teaches_nothing_is_refused_with_a_reason(services, engine, solve, answers, question, words):
    """The refusal is on record, and the library knows nothing of it."""
    ticket = solve(*answers, question=question)
    made = learn(ticket, services)
    kept = row_of(engine, ticket.id)
    assert (made.refused, kept.state, kept.note) == (words, "refused", words)
    assert found(services) == ()


def test_our_own_replies_teach_nothing(services, desk, solve):
    """Neither what the bot account wrote nor what carries our mark is a lesson, or part of one."""
    ticket = solve()
    own = replace(ticket.messages[0], id="8", author=BOT, text=ANSWER, html="", mark="dh-1")
    marked = replace(own, id="9", author=GRACE)
    assert learn(replace(ticket, messages=(*ticket.messages, own, marked)), services) is None
    staff = replace(own, id="10", author=GRACE, mark="", text=ANSWER.replace("PDF", "CSV"))
    made = learn(replace(ticket, messages=(*ticket.messages, own, marked, staff)), services)
    assert "PDF" not in made.answer


def test_automatic_messages_and_notes_teach_nothing(desk, solve):
    """Only what staff wrote publicly, by hand, counts."""
    ticket = solve()
    desk.staff_writes(ticket.id, ANSWER, is_public=False)
    ticket = desk.peek(ticket.id)
    automatic = replace(ticket.messages[0], author=GRACE, text=ANSWER, flags=frozenset({Flag.AUTOMATIC}))
    assert distil(replace(ticket, messages=(*ticket.messages, automatic)), POLICY.learning) is None


def test_a_ticket_only_staff_wrote_on_teaches_nothing(desk):
    """Without a question there is no lesson."""
    ticket = desk.open_ticket(ANSWER, author=GRACE)
    assert distil(ticket, POLICY.learning) is None


def test_the_same_lesson_is_not_learned_twice(services, solve):
    """A second delivery of the solved ticket changes nothing."""
    ticket = solve(ANSWER)
    assert learn(ticket, services) is not None
    revision = services.library.revision()
    assert learn(ticket, services) is None
    assert services.library.revision() == revision


def test_a_changed_answer_is_learned_anew(services, desk, engine, solve):
    """Reopened and answered differently: the newer words take the place of the older ones."""
    ticket = solve("Invoices are sent by mail on the first of each month, so please wait for the next one.")
    learn(ticket, services)
    desk.requester_writes(ticket.id, "None came.")
    desk.staff_writes(ticket.id, ANSWER, status=Status.SOLVED)
    learn(desk.peek(ticket.id), services)
    assert row_of(engine, ticket.id).answer.endswith("Download as PDF.")
    assert len({passage.document_id for passage in found(services)}) == 1


def test_a_lesson_that_became_trivial_goes(services, solve, engine):
    """When what staff wrote is too short now, the library forgets the older lesson."""
    ticket = solve(ANSWER)
    learn(ticket, services)
    short = replace(ticket.messages[1], text="Done.", html="<p>Done.</p>")
    learn(replace(ticket, messages=(ticket.messages[0], short)), services)
    assert (row_of(engine, ticket.id).state, found(services)) == ("refused", ())


def test_a_lesson_whose_answer_was_taken_away_goes(services, solve, engine):
    """Staff's message is gone: so is what was learned from it, from library and record."""
    ticket = solve(ANSWER)
    learn(ticket, services)
    learn(replace(ticket, messages=ticket.messages[:1]), services)
    kept = row_of(engine, ticket.id)
    assert (kept.state, kept.question, kept.answer, found(services)) == ("removed", "", "", ())


def test_what_was_taken_back_can_be_learned_again(services, solve, engine):
    """A ticket that is restored teaches the same as before."""
    ticket = solve(ANSWER)
    learn(ticket, services)
    unlearn("zendesk", ticket.id, services)
    assert found(services) == ()
    assert learn(ticket, services) is not None
    assert (row_of(engine, ticket.id).state, len(found(services)) > 0) == ("live", True)


def test_a_ticket_that_taught_nothing_leaves_the_library_alone(services):
    """Deleted tickets by the thousand cost it nothing."""
    revision = services.library.revision()
    unlearn("zendesk", "5", services)
    assert services.library.revision() == revision


def test_a_lesson_may_have_to_wait_for_approval(services, solve, engine):
    """By policy it is recorded, and not used yet."""
    policy = POLICY.model_copy(update={"learning": Learning(needs_approval=True)})
    ticket = solve(ANSWER)
    learn(ticket, replace(services, policy=policy))
    assert (row_of(engine, ticket.id).state, found(services)) == ("waiting", ())


def test_learning_can_be_off(services, solve, engine):
    """By policy nothing is read, nothing recorded."""
    policy = POLICY.model_copy(update={"learning": Learning(is_on=False)})
    ticket = solve(ANSWER)
    assert learn(ticket, replace(services, policy=policy)) is None
    assert row_of(engine, ticket.id) is None


def test_a_crash_between_library_and_record_learns_it_again(services, solve, engine):
    """The record comes last, so the same lesson is put in once more, which changes nothing."""

    class Dying:
        def hash_of(self, *_):
            return ""

        def is_forgotten(self, *_):
            return False

        def replaced_by(self, *_):
            return []

        def put(self, *_, **__):
            raise RuntimeError("gone")

    ticket = solve(ANSWER)
    with pytest.raises(RuntimeError):
        learn(ticket, replace(services, lessons=Dying()))
    learn(ticket, services)
    assert (row_of(engine, ticket.id).state, len({p.document_id for p in found(services)})) == ("live", 1)


def test_another_end_users_words_are_not_the_question(desk, solve):
    """The requester asks; what a participant wrote first is not theirs."""
    ticket = solve(ANSWER)
    other = replace(ticket.messages[0], id="7", author=Person("502", "Eve", Role.PARTICIPANT), text="Me too please!")
    lesson_ = distil(replace(ticket, messages=(other, *ticket.messages)), POLICY.learning)
    assert "Me too" not in lesson_.question
