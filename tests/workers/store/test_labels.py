"""Staff's word on a ticket: one a ticket, the newest, bounded, forgotten with it; and what counts as approved."""

import pytest

from tests.fakes.helpdesk import START as NOW
from workers.store.labels import Label, Labels
from workers.store.tables import action, case, review, writing


@pytest.fixture
def labels(engine):
    return Labels(engine)


def settle(engine, ticket, *, tags=("deskhand",), state="done", question="How do I swap?", opinions=()):
    """Put a settled case and its write into the record; return the case's id."""
    with writing(engine) as connection:
        case_id = connection.execute(
            case.insert()
            .values(
                vendor="zendesk",
                ticket_id=ticket,
                message_id=f"m{question}",
                state="settled",
                opened_at=NOW,
                settled_at=NOW,
                subject="Shifts",
                question=question,
                classification={"opinions": list(opinions)},
            )
            .returning(case.c.id)
        ).scalar_one()
        connection.execute(
            action.insert().values(
                case_id=case_id,
                kind="outcome",
                mark=f"dh-{case_id}",
                state=state,
                write={"add_tags": list(tags)},
                fence=1,
                begun_at=NOW,
            )
        )
    return case_id


def approve(engine, case_id, use="unchanged", kind="draft", **columns):
    with writing(engine) as connection:
        row = {"case_id": case_id, "intent": "swap", "kind": kind, "is_eligible": True, "use": use}
        connection.execute(review.insert().values(**row, reviewed_at=NOW, **columns))


def say(labels, ticket, intent, case_id=1, text="How do I swap?"):
    label = Label(("zendesk", ticket), case_id, intent, text)
    return labels.relabel(label, case_id=case_id, before="plan", now=NOW)


def test_the_newest_word_of_staff_wins(labels):
    """Saying the same again is no news; another word takes the place of the first and is the newest."""
    assert say(labels, "1", "swap")
    assert say(labels, "2", "leave")
    assert not say(labels, "1", "swap")
    assert say(labels, "1", "invoice")
    assert [(one.ticket[1], one.intent) for one in labels.relabels(10)] == [("1", "invoice"), ("2", "leave")]


def test_only_the_newest_labels_are_kept(engine):
    """What staff said longest ago goes first."""
    labels = Labels(engine, most=3)
    for number in range(5):
        say(labels, str(number), "swap")
    assert [one.ticket[1] for one in labels.relabels(10)] == ["4", "3", "2"]


def test_a_label_goes_with_its_ticket(labels):
    """Removing is by ticket; taking back only undoes what was said since the same case of ours."""
    say(labels, "1", "swap", case_id=7)
    say(labels, "2", "swap", case_id=8)
    assert not labels.take_back("zendesk", "1", case_id=9)
    assert labels.take_back("zendesk", "1", case_id=7)
    labels.remove("zendesk", "2")
    assert labels.relabels(10) == []


def test_what_we_wrote_last_is_known(engine, labels):
    """Cases without a finished write say nothing of what stands on the ticket."""
    first = settle(engine, "1", tags=("deskhand", "deskhand_intent_swap"), question="one")
    settle(engine, "1", tags=("deskhand_intent_leave",), state="missed", question="two")
    (written,) = labels.written("zendesk", "1")
    assert (written.case_id, written.tags) == (first, ("deskhand", "deskhand_intent_swap"))


def test_a_draft_sent_as_it_was_confirms_its_label(engine, labels):
    """Not one that was edited, objected to or reopened, nor one on a ticket that staff called something else."""
    approve(engine, settle(engine, "1"))
    approve(engine, settle(engine, "2"), use="edited")
    approve(engine, settle(engine, "3"), is_wrong=True)
    approve(engine, settle(engine, "4"), is_reopened=True)
    approve(engine, settle(engine, "5"), kind="send")
    approve(engine, settle(engine, "6"))
    say(labels, "6", "leave")
    (one,) = labels.approved(10)
    assert (one.ticket, one.intent, one.text) == (("zendesk", "1"), "swap", "Shifts\nHow do I swap?")


def test_a_ticket_confirms_once(engine, labels):
    """Of several approved drafts on one ticket the newest counts."""
    approve(engine, settle(engine, "1", question="first"))
    approve(engine, settle(engine, "1", question="second"))
    assert [one.text for one in labels.approved(10)] == ["Shifts\nsecond"]


def test_what_is_labelled_comes_with_what_was_thought_of_it(engine, labels):
    """Relabels and approvals alike, each with the record of the case that its text is of."""
    seen = [{"model": "a", "intent": "plan"}]
    case_id = settle(engine, "1", opinions=seen)
    say(labels, "1", "leave", case_id=case_id)
    approve(engine, settle(engine, "2"))
    found = {one.label.intent: one.classification for one in labels.judged(10)}
    assert found == {"leave": {"opinions": seen}, "swap": {"opinions": []}}
