"""Where intents stand, as the dashboard and Prometheus read it."""

from datetime import timedelta

from tests.workers.store.test_reviews import NOW, look, only, settle, verdict
from workers.autonomy import Step
from workers.store.progress import Progress
from workers.store.reviews import Reviews


def test_a_standing_has_its_evidence_and_its_words(engine):
    """What counts is the pin, and what was earned stands beside it."""
    reviews = Reviews(engine)
    look(reviews, verdict(Step.DRAFT, good=100, bad=4), pin="send")
    (one,) = Progress(engine).standings()
    assert (one.intent, one.step, one.is_pinned, one.earned) == ("swap", "send", True, "draft")
    assert (one.reviewed, one.unchanged, one.target) == (104, 100, 0.92)
    assert 0.8 < one.bound < 100 / 104
    assert one.why.startswith("draft: 104 reviewed, 100 unchanged")


def test_uses_and_edits_are_counted(engine):
    """By intent and use; an edited draft counts once for each kind of edit in it."""
    reviews, progress = Reviews(engine), Progress(engine)
    for number, use, kinds in ((1, "edited", ("fact", "fact", "tone")), (2, "edited", ("tone",)), (3, "unchanged", ())):
        settle(engine, number)
        edits = tuple({"kind": kind, "before": "", "after": ""} for kind in kinds)
        reviews.put(only(reviews, number), use=use, now=NOW + timedelta(minutes=number), edits=edits)
    assert progress.draft_uses() == {("swap", "edited"): 2, ("swap", "unchanged"): 1}
    assert progress.edits() == {"fact": 1, "tone": 2}
    assert progress.edits("other") == {}


def test_steps_come_newest_first(engine):
    """Of one intent or of all."""
    reviews = Reviews(engine)
    look(reviews, verdict(Step.DRAFT))
    look(reviews, verdict(Step.DRAFT, good=250), at=NOW + timedelta(days=1))
    look(reviews, verdict(Step.SEND, bad=20), at=NOW + timedelta(days=2))
    progress = Progress(engine)
    assert [step.after for step in progress.steps()] == ["draft", "send"]
    assert progress.steps("other") == ()
