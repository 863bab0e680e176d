"""One ticket as the inbox shows it: which form is offered, and with what in it."""

from scripts.sandbox import inbox_thread
from scripts.sandbox.state import Macro


def kind(twin, ticket):
    return inbox_thread.form_for(twin, twin.world.tickets[ticket], {}, None).kind


def test_the_form_answers_whoever_spoke_last(twin, ticket, control):
    """To a requester staff reply; after a reply it is the requester's turn, as on a closed ticket."""
    assert kind(twin, ticket) == "reply"
    control("staff", ticket_id=ticket, staff="Priya", body="Try this")
    assert kind(twin, ticket) == "requester"
    control("messages", ticket_id=ticket, body="No")
    control("staff", ticket_id=ticket, staff="Priya", body="Hm", public=False)
    assert kind(twin, ticket) == "reply"
    twin.world.tickets[ticket].status = "closed"
    assert kind(twin, ticket) == "requester"


def test_what_was_typed_comes_before_a_macro(twin, ticket):
    """A refused form comes back as it was; a macro that writes a note turns the form to notes."""
    actions = [{"field": "comment_value", "value": "N"}, {"field": "comment_mode_is_public", "value": "false"}]
    macro = Macro(1, "M", actions)
    form = inbox_thread.form_for(twin, twin.world.tickets[ticket], {}, macro)
    assert (form.kind, form.values["body"], form.macro_words) == ("note", "N", ("writes an internal note",))
    typed = inbox_thread.form_for(twin, twin.world.tickets[ticket], {"kind": "reply", "body": "mine"}, macro)
    assert (typed.kind, typed.values["body"]) == ("reply", "mine")
