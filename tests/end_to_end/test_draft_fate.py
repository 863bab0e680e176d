"""What staff did with a draft, on every vendor: found from their public reply, without asking anybody."""

import pytest
from sqlalchemy import select

from integrations.registry import VENDORS
from tests.fakes.sandboxed import account
from workers.store.tables import reading, review

DRAFT = "Open the schedule, choose the shift and press Offer swap. A manager approves the swap."
# What staff write, what that makes of the draft, and which kinds of edit stand on record.
FATES = {
    "sent unchanged": (DRAFT, "unchanged", set()),
    "with another greeting": (f"Dear Ada,\n\n{DRAFT}\n\nBest, Priya", "unchanged", {"greeting"}),
    "a fact corrected": (
        DRAFT.replace("A manager approves", "A manager approves within 48 hours"),
        "edited",
        {"addition"},
    ),
    "a sentence left out": (DRAFT.partition(" A manager")[0], "edited", {"removal"}),
    "the opposite said": (DRAFT.replace("approves", "does not approve"), "edited", {"fact"}),
    "another answer": (
        "We have sold that part of the business, so please ask Harbour Rota from now on.",
        "replaced",
        set(),
    ),
    "solved without a word": ("", "ignored", set()),
}


@pytest.fixture(scope="module", params=VENDORS)
def held(request):
    with account(request.param) as held:
        yield held


@pytest.mark.parametrize("fate", FATES)
def test_what_became_of_the_draft_is_on_record(held, engine, fate):
    """Unchanged, edited with the kind of each edit, replaced, or ignored; the case carries it."""
    words, use, kinds = FATES[fate]
    held.serve(engine)
    ticket_id = held.ask()
    held.work(ticket_id)
    held.staff(ticket_id, words, is_public=True, status="solved")
    held.work(ticket_id)
    with reading(engine) as connection:
        (kept,) = connection.execute(select(review)).all()
    assert kept.use == use
    assert {edit["kind"] for edit in kept.edits or ()} >= kinds
    if use == "edited":
        assert all(edit["before"] or edit["after"] for edit in kept.edits if edit["kind"] not in ("greeting", "format"))
