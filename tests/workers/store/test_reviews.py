"""The record of drafts and of steps: what counts, what is audited, and who wins when two look at once."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from config.policy import Autonomy
from workers.autonomy import Kind, Observation, Step, judge
from workers.store.progress import Progress
from workers.store.reviews import Reviewable, Reviews
from workers.store.tables import case, writing

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = Autonomy()
DRAFT = {"sentences": [{"text": "Press it."}]}


@pytest.fixture
def reviews(engine):
    return Reviews(engine)


def settle(engine, number, action="draft", reasons=("autonomy_draft",), at=NOW, intent="swap"):
    """Put a settled case into the record, as conclude leaves it."""
    with writing(engine) as connection:
        connection.execute(
            case.insert().values(
                vendor="zendesk",
                ticket_id=str(number),
                message_id=f"m{number}",
                state="settled",
                opened_at=at,
                settled_at=at,
                action=action,
                intent=intent,
                reasons=list(reasons),
                draft=DRAFT,
            )
        )


def only(reviews, number) -> Reviewable:
    (item,) = reviews.of_ticket("zendesk", str(number))
    return item


def test_a_case_is_reviewable_by_what_it_left(engine, reviews):
    """Drafts and replies are; a package is only if its draft was kept in the shadow."""
    for number, action, reasons in (
        (1, "draft", ["autonomy_draft"]),
        (2, "draft", ["autonomy_draft", "frustrated"]),
        (3, "send", ["confident"]),
        (4, "assist", ["autonomy_shadow"]),
        (5, "assist", ["nothing_found"]),
    ):
        settle(engine, number, action, reasons)
    kinds = [[(r.kind, r.is_eligible) for r in reviews.of_ticket("zendesk", str(n))] for n in range(1, 6)]
    assert kinds == [[(Kind.DRAFT, True)], [(Kind.DRAFT, False)], [(Kind.SEND, True)], [(Kind.SHADOW, True)], []]


def test_only_what_would_have_been_sent_is_evidence(engine, reviews):
    """A draft that other reasons held back says nothing of replies; staff's correction of it counts all the same."""
    settle(engine, 1)
    settle(engine, 2, reasons=("autonomy_draft", "frustrated"))
    settle(engine, 3)
    for number, use in ((1, "unchanged"), (2, "replaced"), (3, "ignored")):
        reviews.put(only(reviews, number), use=use, now=NOW + timedelta(minutes=number))
    seen = reviews.observations("swap", NOW, now=NOW + timedelta(days=9), settle_days=3)
    assert seen == [Observation(Kind.DRAFT, True)]
    assert reviews.corrections("swap") == 2


def test_a_sent_reply_is_good_until_somebody_objects(engine, reviews):
    """Ripe only after some days; contested, reopened or called wrong it is bad."""
    for number in (1, 2):
        settle(engine, number, "send", ["confident"], at=NOW + timedelta(minutes=number))
    reviews.put(only(reviews, 2), use="contested", now=NOW + timedelta(hours=1))
    young = reviews.observations("swap", NOW, now=NOW + timedelta(days=1), settle_days=3)
    assert young == [Observation(Kind.SEND, True, False), Observation(Kind.SEND, False, False)]


def test_a_later_word_changes_a_review(engine, reviews):
    """The second answer of staff replaces the first comparison; a return takes the approval back."""
    settle(engine, 1)
    reviews.put(only(reviews, 1), use="edited", now=NOW + timedelta(minutes=1), message_ids=("5",))
    reviews.put(only(reviews, 1), use="unchanged", now=NOW + timedelta(minutes=2), message_ids=("5", "6"))
    item = only(reviews, 1)
    assert (item.use, item.message_ids) == ("unchanged", ("5", "6"))
    reviews.note(item.case_id, is_reopened=True, solved_at=NOW)
    seen = reviews.observations("swap", NOW, now=NOW + timedelta(days=9), settle_days=3)
    assert seen == [Observation(Kind.DRAFT, False)]


def verdict(step, *, good=0, bad=0):
    return judge(step, [Observation(Kind.DRAFT, True)] * good + [Observation(Kind.DRAFT, False)] * bad, RULES)


def look(reviews, found, *, pin="", at=NOW):
    return reviews.settle_place("swap", reviews.place("swap"), found, pin=pin, corrections=0, now=at)


def test_each_step_is_audited(reviews, engine):
    """The first look is no step; a rise and a fall are, with who, when and why; a fall begins a new climb."""
    assert not look(reviews, verdict(Step.DRAFT))
    assert look(reviews, verdict(Step.DRAFT, good=250), at=NOW + timedelta(days=1))
    assert look(reviews, verdict(Step.SEND, bad=20), at=NOW + timedelta(days=2))
    place = reviews.place("swap")
    assert (place.step, place.climb, place.since) == (Step.DRAFT, 2, NOW + timedelta(days=2))
    told = [(taken.before, taken.after, taken.by, taken.at.day) for taken in Progress(engine).steps("swap")]
    assert told == [("send", "draft", "deskhand", 4), ("draft", "send", "deskhand", 3)]
    assert Progress(engine).steps()[1].why.startswith("send: 250 reviewed, 250 unchanged")
    assert reviews.places() == (place,)


def test_a_pin_is_audited_as_the_policys(reviews, engine):
    """Setting it and taking it out are steps that a person took; what the intent has earned stays beneath."""
    look(reviews, verdict(Step.DRAFT))
    look(reviews, verdict(Step.DRAFT), pin="send")
    assert (reviews.place("swap").step, reviews.place("swap").pin) == (Step.DRAFT, "send")
    look(reviews, verdict(Step.DRAFT))
    assert [(s.before, s.after, s.by) for s in Progress(engine).steps("swap")] == [
        ("send", "draft", "policy"),
        ("draft", "send", "policy"),
    ]


def test_evidence_is_kept_with_the_place(reviews):
    """The figures behind the words can be read without counting again."""
    found = verdict(Step.DRAFT, good=100, bad=4)
    look(reviews, found)
    assert reviews.place("swap").evidence == asdict(found.evidence)
    assert reviews.place("nothing") is None
