"""The inbox keeps each delivery once, as it came."""

from datetime import timedelta

import pytest

from workers.store.inbox import Inbox, Received
from workers.store.ledger import Ledger
from workers.store.tickets import Tickets


def test_a_delivery_is_kept_as_it_came(engine, now):
    """The raw bytes come back unchanged, whatever they are."""
    inbox = Inbox(engine)
    body = b"\x00\xff not even JSON \xed\xa0\x80"
    number = inbox.add("zendesk", "k1", {"X-A": "b"}, body, now=now)
    delivery = inbox.load(number)
    assert (delivery.body, delivery.headers, delivery.received_at) == (body, {"X-A": "b"}, now)


def test_the_vendors_repetition_is_not_kept_twice(engine, now):
    """The same vendor and key is one delivery; another vendor's key is another one."""
    inbox = Inbox(engine)
    assert inbox.add("zendesk", "k1", {}, b"", now=now) is not None
    assert inbox.add("zendesk", "k1", {}, b"", now=now) is None
    assert inbox.add("intercom", "k1", {}, b"", now=now) is not None


def test_a_handled_delivery_is_not_loaded_again(engine, now):
    """A repeated ring finds nothing to do."""
    inbox = Inbox(engine)
    number = inbox.add("zendesk", "k1", {}, b"", now=now)
    inbox.finish(number, "done", "message 5", now=now)
    assert inbox.load(number) is None


def test_the_sweep_finds_what_was_never_rung_for(engine, now):
    """Old unhandled deliveries are listed oldest first; fresh ones are left to their own ring."""
    inbox = Inbox(engine)
    fresh = inbox.add("zendesk", "k1", {}, b"", now=now)
    old = inbox.add("zendesk", "k2", {}, b"", now=now - timedelta(seconds=30))
    assert inbox.unhandled(now=now, older_seconds=2, limit=10) == [old]
    assert inbox.unhandled(now=now, older_seconds=0, limit=10) == [old, fresh]
    assert inbox.oldest_seconds(now=now) == 30.0


def test_many_are_stored_in_one_commit_each_with_its_own_answer(engine, now):
    """Ids come in the order given; what is there already, or twice in the batch, gets none."""
    inbox = Inbox(engine)
    there = inbox.add("zendesk", "old", {}, b"", now=now)
    keys = ["new", "old", "twice", "twice"]
    batch = [Received("zendesk", key, {"x-a": key}, key.encode(), now) for key in keys]
    ids = inbox.add_all([*batch, Received("intercom", "new", {}, b"other", now)])
    assert [found is None for found in ids] == [False, True, False, True, False]
    assert there not in ids
    assert [inbox.load(found).body for found in ids if found] == [b"new", b"twice", b"other"]


def test_many_are_stored_or_none(engine, now):
    """One that cannot be written takes the others with it, so that nobody is told a lie."""
    inbox = Inbox(engine)
    with pytest.raises(Exception, match="without a zone"):
        inbox.add_all(
            [Received("zendesk", "a", {}, b"", now), Received("zendesk", "b", {}, b"", now.replace(tzinfo=None))]
        )
    assert inbox.unhandled(now=now, older_seconds=0, limit=10) == []


def test_words_of_a_delivery_are_found_since_a_time(engine, now):
    """Of this vendor, in the body, and not before."""
    inbox = Inbox(engine)
    inbox.add("intercom", "k1", {}, b'{"id": "777"}', now=now)
    assert inbox.holds("intercom", "777", since=now)
    assert not inbox.holds("intercom", "778", since=now)
    assert not inbox.holds("zendesk", "777", since=now)
    assert not inbox.holds("intercom", "777", since=now + timedelta(seconds=1))


def test_messages_that_no_delivery_told_of_are_counted(engine, now):
    """Those since the newest delivery, but for the minute in which clocks differ; of this vendor, and lately."""
    inbox, tickets, ledger = Inbox(engine), Tickets(engine), Ledger(engine)
    for number, minutes in enumerate((90, 30, 20, 9.5, 1)):
        at = now - timedelta(minutes=minutes)
        tickets.wake("intercom", str(number), now=at)
        lease = tickets.claim("intercom", str(number), owner="a", now=at, lease_seconds=8)
        ledger.open_case(lease, "m", now=at, asked_at=at)
    since = now - timedelta(hours=1)
    assert inbox.silence("intercom", since=since) == (4, None)
    assert inbox.silence("zendesk", since=since) == (0, None)
    inbox.add("intercom", "k", {}, b"", now=now - timedelta(minutes=10))
    assert inbox.silence("intercom", since=since) == (1, now - timedelta(minutes=10))
