"""What staff made of a draft, by comparison alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.draft_outcome import EditKind, Use, compare, resembles

DRAFT = (
    "Hi [name-1],\nYou can give a shift to a colleague. Open the schedule, choose the shift and press Offer swap.\n"
    "Your manager has 24 hours to approve it. Both of you get an e-mail at [email-1].\nTidemark Support"
)
SOURCES = ("Swapping shifts", "https://help.tidemark.example/swap", "Tidemark Support")
BODY = DRAFT.partition("\n")[2].rpartition("\n")[0]


@pytest.mark.parametrize(
    "reply",
    [
        DRAFT,
        BODY,
        f"Hello [name-2]!\n{BODY}\n\nBest regards,\nGrace Hopper\nSupport team",
        f"Hi [name-1],\n{BODY}\n- Swapping shifts\nhttps://help.tidemark.example/swap\nTidemark Support",
        BODY.replace("\n", "\n\n").upper().replace("[EMAIL-1]", "[email-1]"),
        BODY.replace(". ", ".\n* "),
        BODY.replace("[email-1]", "[email-7]"),
        BODY.replace("You can", "you can").replace("schedule, choose", "schedule choose"),
    ],
    ids=["all", "body", "signed", "links", "capitals", "list", "placeholder", "punctuation"],
)
def test_form_is_no_change(reply):
    """Greeting, signature, the draft's own links, lines, case and punctuation leave a draft unchanged."""
    outcome = compare(DRAFT, reply, sources=SOURCES)
    assert (outcome.use, outcome.kept) == (Use.UNCHANGED, 1.0)
    assert {edit.kind for edit in outcome.edits} <= {EditKind.FORMAT, EditKind.GREETING}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("24 hours", "48 hours", EditKind.FACT),
        ("24 hours", "two days", EditKind.FACT),
        ("can give", "cannot give", EditKind.FACT),
        ("You can give", "You can never give", EditKind.FACT),
        ("at [email-1]", "at help@tidemark.example", EditKind.FACT),
        ("has 24 hours to approve it", "must approve it within 24 hours", EditKind.POLICY),
        ("a colleague", "any entitled colleague", EditKind.POLICY),
        ("press Offer swap", "click Offer swap", EditKind.TONE),
        ("Open the schedule", "Please just open the schedule", EditKind.TONE),
        (" Both of you get an e-mail at [email-1].", "", EditKind.REMOVAL),
        ("approve it.", "approve it. Remember to choose somebody with the same role.", EditKind.ADDITION),
        ("approve it.", "approve it. It costs $5.", EditKind.ADDITION),
    ],
)
def test_an_edit_has_a_kind(old, new, kind):
    """What was changed is named by the gravest thing that it touches."""
    assert old in DRAFT
    outcome = compare(DRAFT, DRAFT.replace(old, new), sources=SOURCES)
    assert outcome.use is (Use.EDITED)
    assert kind in {edit.kind for edit in outcome.edits}
    if kind in (EditKind.TONE, EditKind.REMOVAL, EditKind.ADDITION):
        assert EditKind.FACT not in {edit.kind for edit in outcome.edits}


def test_an_edit_shows_both_sides():
    """Whoever reads the log sees what was wrong and what is right."""
    (edit,) = compare(DRAFT, DRAFT.replace("24 hours", "48 hours"), sources=SOURCES).edits
    assert (edit.kind, edit.before, edit.after) == (EditKind.FACT, "24", "48")


def test_another_reply_replaces_the_draft():
    """A reply that keeps little of the draft is no edit of it."""
    outcome = compare(DRAFT, "We are sorry, this is broken today. We will tell you once it works again.")
    assert outcome.use is Use.REPLACED
    assert outcome.kept < 0.35
    assert compare(DRAFT, "").use is Use.REPLACED


def test_a_new_greeting_is_recorded_and_no_change():
    """Staff who greet otherwise approve all the same."""
    outcome = compare(DRAFT, DRAFT.replace("Hi [name-1],", "Dear [name-1],"), sources=SOURCES)
    assert (outcome.use, [edit.kind for edit in outcome.edits]) == (Use.UNCHANGED, [EditKind.GREETING])


def test_a_shadow_draft_agrees_in_content():
    """Other words for the same are agreement; another number, or another answer, is none."""
    seen = "Please open your schedule, pick the shift, press Offer swap; your manager then has 24 hours to approve it."
    assert resembles(DRAFT, seen)
    assert not resembles(DRAFT, seen.replace("24", "48"))
    assert not resembles(DRAFT, "We have refunded your last invoice, it takes a few working days to arrive.")
    assert not resembles(DRAFT, "Thanks!")


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_compare(draft, reply):
    """Whatever people write, there is an outcome, and the same text is never an edit of itself."""
    outcome = compare(draft, reply)
    assert 0.0 <= outcome.kept <= 1.0
    assert compare(draft, draft).use in (Use.UNCHANGED, Use.REPLACED)
