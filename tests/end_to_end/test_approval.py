"""Staff have Deskhand act from inside the helpdesk, over signed webhooks and its own API."""

import pytest

from tests.fakes.stack import mark_of, wait_until

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]
VAT = ("VAT number on invoices", "How do I add our VAT number to the invoices, and where can I download them as PDF?")


@pytest.fixture
def drafted(stack):
    """A ticket with a draft on it: its id and the requester's message."""
    ticket_id, message_id = stack.write(*VAT)
    assert stack.outcome(message_id)["action"] == "draft"
    stack.rest()
    return ticket_id, message_id


def marked(stack, ticket_id, mark, seconds=30):
    """Wait for what Deskhand wrote under this mark."""
    return wait_until(
        lambda: next((c for c in stack.ticket(ticket_id)["comments"] if mark_of(c).startswith(mark)), None),
        seconds,
        what=f"an answer {mark}",
    )


def public(stack, ticket_id):
    return [one for one in stack.answers(ticket_id) if one["public"]]


def test_send_in_a_note_sends_the_draft_in_the_colleagues_name(stack, drafted):
    """The reply is the colleague's, once; a note says so; asking again sends nothing."""
    ticket_id, message_id = drafted
    stack.staff(ticket_id, "/send", public=False)
    told = marked(stack, ticket_id, "dh-c")
    assert "Sent:" in told["body"]
    (sent,) = public(stack, ticket_id)
    assert mark_of(sent) == f"dh-{message_id}-send"
    note = next(c for c in stack.ticket(ticket_id)["comments"] if c["body"] == "/send")
    assert sent["author_id"] == note["author_id"]
    assert sent["author_id"] != told["author_id"]
    assert stack.ticket(ticket_id)["status"] == "pending"
    stack.staff(ticket_id, "/send", public=False)
    wait_until(lambda: len(stack.answers(ticket_id)) == 4, what="the second answer")
    stack.rest()
    assert len(public(stack, ticket_id)) == 1
    assert stack.duplicates() == 0


def test_the_macros_tag_sends_the_draft_and_comes_off(stack, drafted):
    """Who set the tag stands in the audits; the reply is theirs."""
    ticket_id, message_id = drafted
    tags = stack.ticket(ticket_id)["tags"]
    stack.staff(ticket_id, "", public=False, tags=[*tags, "deskhand_do_send"])
    told = marked(stack, ticket_id, f"dh-t{message_id}-send")
    (sent,) = public(stack, ticket_id)
    assert sent["author_id"] != told["author_id"]
    assert "in the name of" in told["body"]
    assert "deskhand_do_send" not in stack.ticket(ticket_id)["tags"]


def test_redo_gives_another_draft_and_wrong_is_kept(stack, drafted):
    """Two notes, two answers, and nothing for the requester."""
    ticket_id, _ = drafted
    stack.staff(ticket_id, "/redo make it friendlier", public=False)
    assert "make it friendlier" in marked(stack, ticket_id, "dh-c")["body"]
    stack.rest()
    stack.staff(ticket_id, "/wrong invoices have no PDF", public=False)
    wait_until(lambda: "deskhand_wrong" in stack.ticket(ticket_id)["tags"], what="the answer to /wrong")
    stack.rest()
    assert public(stack, ticket_id) == []
    exported = stack.command("export")
    assert "invoices have no PDF" in exported.stdout


def test_a_draft_is_never_sent_over_a_newer_message(stack, drafted):
    """The requester writes and the colleague sends in the same breath."""
    ticket_id, _ = drafted
    stack.write(ticket_id=ticket_id, body="Wait, I mean the VAT number of our branch in Norway, is that the same page?")
    stack.staff(ticket_id, "/send", public=False)
    assert "Not sent" in marked(stack, ticket_id, "dh-c")["body"]
    stack.rest()
    assert not [one for one in public(stack, ticket_id) if mark_of(one).endswith("-send")]
