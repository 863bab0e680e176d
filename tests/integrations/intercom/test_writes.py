"""What Intercom is told, and how a reply is entered before it is sent."""

from integrations.helpdesk import TicketWrite
from integrations.intercom import writes
from tests.fakes.intercom_server import BOT_ID


def test_the_entry_of_a_reply_is_added_and_the_oldest_go():
    """Eight are kept, one is entered once, the whole fits into an attribute."""
    replies = ""
    for number in range(20):
        write = TicketWrite(mark=f"dh-4570000{number:04}", html=f"<p>{number}</p>", is_public=True)
        replies = writes.attributes(write, replies, BOT_ID)[writes.REPLIES]
        assert writes.attributes(write, replies, BOT_ID)[writes.REPLIES] == replies
    assert [entry.split(":")[0] for entry in replies.split()] == [f"dh-4570000{n:04}" for n in range(12, 20)]
    assert len(replies) <= 255
    assert writes.attributes(TicketWrite(mark="dh-1", html="<p>note</p>"), replies, BOT_ID) == {}
