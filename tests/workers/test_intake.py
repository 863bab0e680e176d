"""The way in: what is accepted stands in the inbox first, and the bell never gets in the way."""

import fcntl
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from config.settings import Settings
from integrations.errors import SignatureError
from tests.fakes.webhook import FakeBell, FakeWebhook
from workers.intake import (
    BackgroundBell,
    Intake,
    SharedCommit,
    StoreUnavailableError,
    UnknownVendorError,
    build_intake,
    kept_headers,
    storable_key,
)
from workers.store.inbox import Inbox, Received
from workers.store.story import Story
from workers.store.tables import delivery, open_engine

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SIGNED = {"x-signature": "right", "content-type": "application/json", "x-zendesk-webhook-id": "W1"}


def intake(engine, *, webhook=None, bell=None, inbox=None):
    return Intake(
        {"zendesk": webhook or FakeWebhook()},
        inbox or Inbox(engine),
        bell or FakeBell(),
        Story(engine),
        now=lambda: NOW,
    )


def rows(engine):
    with engine.connect() as connection:
        return connection.execute(select(delivery)).all()


def test_a_signed_delivery_is_stored_byte_for_byte_and_rung_for(engine):
    """The row holds the exact bytes, the vendor's ids and no signature."""
    bell, body = FakeBell(), b'{ "id": "d1",\n "note": "d\xc3\xa9j\xc3\xa0 vu" }\n'
    headers = {**SIGNED, "x-zendesk-webhook-signature": "c2VjcmV0", "authorization": "Bearer x", "cookie": "y"}
    accepted = intake(engine, bell=bell).accept("zendesk", headers, body)
    [row] = rows(engine)
    assert (row.id, row.vendor, row.key, row.body, row.state) == (accepted.delivery_id, "zendesk", "d1", body, "new")
    assert row.headers == {"content-type": "application/json", "x-zendesk-webhook-id": "W1"}
    assert bell.rung == [row.id]
    assert not accepted.is_duplicate


def test_the_bell_rings_only_after_the_commit(engine):
    """Whoever hears the ring finds the row."""
    seen = []

    class Looking(FakeBell):
        def ring_delivery(self, delivery_id):
            seen.append(Inbox(engine).load(delivery_id) is not None)
            return True

    intake(engine, bell=Looking()).accept("zendesk", SIGNED, b'{"id": "d1"}')
    assert seen == [True]


def test_a_repeated_delivery_is_known_and_not_rung_for(engine):
    """The vendor's repetition leaves one row and one ring."""
    bell = FakeBell()
    door = intake(engine, bell=bell)
    door.accept("zendesk", SIGNED, b'{"id": "d1"}')
    again = door.accept("zendesk", SIGNED, b'{"id": "d1", "try": 2}')
    assert again.is_duplicate
    assert len(rows(engine)) == len(bell.rung) == 1


def test_a_hundred_repetitions_at_once_leave_one_row(engine):
    """A replay by many connections at the same moment has one effect."""
    door, found = intake(engine), []
    threads = [
        threading.Thread(target=lambda: found.append(door.accept("zendesk", SIGNED, b'{"id": "d1"}')))
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not accepted.is_duplicate for accepted in found) == 1
    assert len(found) == 100
    assert len(rows(engine)) == 1


@pytest.mark.parametrize(
    "error", [SignatureError("no"), ValueError("bad base64"), TypeError("non-ASCII"), UnicodeError("x")]
)
def test_whatever_the_verifier_stumbles_over_is_a_bad_signature(engine, error):
    """A header that cannot be read was not signed by us, and nothing is stored."""
    with pytest.raises(SignatureError):
        intake(engine, webhook=FakeWebhook(error)).accept("zendesk", SIGNED, b"{}")
    assert rows(engine) == []


def test_the_signature_is_checked_before_the_body_is_read(engine):
    """An unsigned body that is not even JSON is refused for its signature."""
    with pytest.raises(SignatureError):
        intake(engine).accept("zendesk", {}, b"not json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b'{"id": NaN}',
        b'{"id": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"id": "1"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": ""}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_a_json_object_with_a_name_is_refused(engine, body):
    """Odd JSON is a ValueError, whatever its oddity, and nothing is stored."""
    with pytest.raises(ValueError):
        intake(engine).accept("zendesk", SIGNED, body)
    assert rows(engine) == []


def test_what_is_no_json_and_names_a_ticket_is_refused_and_kept(engine):
    """No vendor sends it again after a 400; its row is for the worker to look at the ticket, once."""
    door = intake(engine)
    for _ in range(2):
        with pytest.raises(ValueError):
            door.accept("zendesk", SIGNED, b'{"ticket_id": 35, "title": "Say "hi""}')
    (row,) = rows(engine)
    assert (row.state, row.body) == ("new", b'{"ticket_id": 35, "title": "Say "hi""}')


def test_an_unknown_vendor_is_named(engine):
    """A vendor that is not connected is an error of its own."""
    with pytest.raises(UnknownVendorError):
        intake(engine).accept("intercom", SIGNED, b"{}")


def test_a_row_that_cannot_be_written_is_said_and_not_rung_for(engine):
    """Whatever the database says, the caller learns that the vendor must try again, without the delivery's text."""
    bell = FakeBell()
    delivery.drop(engine)
    with pytest.raises(StoreUnavailableError) as caught:
        intake(engine, bell=bell).accept("zendesk", SIGNED, b'{"id": "d1", "text": "canary"}')
    assert "canary" not in str(caught.value)
    assert bell.rung == []


def test_a_writer_that_is_stopped_is_not_waited_for(empty_sqlite, tmp_path):
    """Who keeps SQLite's turn makes the door say within moments that the vendor must send it again."""
    shutil.copy(empty_sqlite, tmp_path / "test.sqlite3")
    hurried = open_engine(f"sqlite:///{tmp_path}/test.sqlite3", patience_seconds=0.1)
    with Path(f"{tmp_path}/test.sqlite3.lock").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with pytest.raises(StoreUnavailableError):
            intake(hurried).accept("zendesk", SIGNED, b'{"id": "d1"}')
    assert intake(hurried).accept("zendesk", SIGNED, b'{"id": "d1"}').delivery_id
    hurried.dispose()


def test_a_bell_that_is_away_changes_nothing(engine):
    """Redis may be down: the delivery is stored all the same."""
    assert intake(engine, bell=FakeBell(up=False)).accept("zendesk", SIGNED, b'{"id": "d1"}').delivery_id


@pytest.mark.parametrize("key", ["k" * 161, "nul\0", "line\nbreak", "\ud800"])
def test_a_key_that_a_database_may_refuse_is_hashed(key):
    """Long, unprintable or half characters give a short name, the same one each time."""
    assert storable_key(key) == storable_key(key)
    assert storable_key(key).startswith("sha256:")
    assert len(storable_key(key)) < 160


def test_an_ordinary_key_stays_as_it_is():
    """Names up to the column's width are kept readable."""
    assert storable_key("event:6a0c") == "event:6a0c"


def test_kept_headers_are_cut():
    """A huge header costs no more than its first letters."""
    assert kept_headers({"user-agent": "z" * 5000})["user-agent"] == "z" * 400


def test_the_background_bell_never_makes_the_caller_wait():
    """While Redis hangs, ringing returns at once; what does not fit is dropped and said so."""
    hanging, started = threading.Event(), threading.Event()

    class Hanging(FakeBell):
        def ring_delivery(self, delivery_id):
            started.set()
            hanging.wait(10)
            return super().ring_delivery(delivery_id)

    bell = BackgroundBell(Hanging(), size=2)
    assert bell.ring_delivery(1)
    assert started.wait(5)
    assert [bell.ring_delivery(number) for number in (2, 3, 4)] == [True, True, False]
    hanging.set()


def test_the_background_bell_drops_what_waits_when_redis_is_away():
    """A ring that failed empties the line: old rings are worth nothing, the sweep finds the rows."""
    tries, tried_two = [], threading.Event()

    class Away(FakeBell):
        def ring_delivery(self, delivery_id):
            tries.append(delivery_id)
            if delivery_id == 99:
                tried_two.set()
            return False

    bell = BackgroundBell(Away(), pause_seconds=0.05)
    for number in range(20):
        bell.ring_delivery(number)
    threading.Event().wait(0.3)
    bell.ring_delivery(99)
    assert tried_two.wait(5)
    assert len(tries) < 21


def test_the_background_bell_outlives_a_bug_in_ringing():
    """An exception in one ring does not end the thread."""
    heard = threading.Event()

    class Faulty(FakeBell):
        def ring_delivery(self, delivery_id):
            if delivery_id == 1:
                raise RuntimeError("a bug")
            heard.set()
            return True

    bell = BackgroundBell(Faulty(), pause_seconds=0.01)
    bell.ring_delivery(1)
    threading.Event().wait(0.2)
    bell.ring_delivery(2)
    assert heard.wait(5)


def test_building_connects_to_nothing(tmp_path):
    """The door can be built while database and Redis are away, and knows only what is configured."""
    settings = Settings(
        _env_file=None,
        DATABASE_URL=f"sqlite:///{tmp_path}/none/none.sqlite3",
        REDIS_URL="redis://127.0.0.1:1/0",
        ZENDESK_URL="https://acme.zendesk.com",
        ZENDESK_WEBHOOK_SECRETS=(SecretStr("s" * 44),),
    )
    door = build_intake(settings)
    assert door.vendors == ("zendesk",)
    assert not door.bell_is_up()
    assert not door.story.overview.is_up()


def received(key):
    return Received("zendesk", key, {}, b"{}", NOW)


class CountingInbox(Inbox):
    """Counts commits, and holds the first one until it is let go."""

    def __init__(self, engine):
        super().__init__(engine)
        self.sizes, self.entered, self.go_on = [], threading.Event(), threading.Event()

    def add_all(self, deliveries):
        self.sizes.append(len(deliveries))
        self.entered.set()
        assert self.go_on.wait(10)
        return super().add_all(deliveries)


def add_beside(commit, keys):
    """Add each key from a thread of its own; return what each got, and the threads."""
    found = {}

    def add(key):
        try:
            found[key] = commit.add(received(key))
        except BaseException as error:
            found[key] = error

    threads = [threading.Thread(target=add, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    return found, threads


def test_those_who_come_during_a_commit_share_the_next(engine):
    """Ten requests while the disk is busy cost one more commit, and each learns the id of its own row."""
    inbox = CountingInbox(engine)
    commit = SharedCommit(inbox)
    first, [leader] = add_beside(commit, ["first"])
    assert inbox.entered.wait(5)
    rest, threads = add_beside(commit, [f"k{number}" for number in range(10)])
    while len(commit._line) < 10:
        threading.Event().wait(0.01)
    inbox.go_on.set()
    for thread in [leader, *threads]:
        thread.join()
    assert inbox.sizes == [1, 10]
    assert {**first, **rest} == {row.key: row.id for row in rows(engine)}


def test_more_than_fit_take_turns(engine):
    """A line longer than one commit takes is written in several, and nobody is forgotten."""
    inbox = CountingInbox(engine)
    commit = SharedCommit(inbox, most=4)
    _, [leader] = add_beside(commit, ["first"])
    assert inbox.entered.wait(5)
    rest, threads = add_beside(commit, [f"k{number}" for number in range(10)])
    while len(commit._line) < 10:
        threading.Event().wait(0.01)
    inbox.go_on.set()
    for thread in [leader, *threads]:
        thread.join()
    assert inbox.sizes == [1, 4, 4, 2]
    assert len(set(rest.values())) == 10


@pytest.mark.parametrize("error", [RuntimeError("disk full"), SystemExit()])
def test_a_commit_that_fails_fails_for_all_who_shared_it(engine, error):
    """Nobody is told that a row is there when it is not, however the writing ended."""
    inbox = CountingInbox(engine)
    inbox.go_on.set()

    def broken(deliveries):
        raise error

    inbox.add_all = broken
    found, threads = add_beside(SharedCommit(inbox), ["a", "b", "c"])
    for thread in threads:
        thread.join()
    assert rows(engine) == []
    assert [type(answer).__name__ for answer in found.values() if not isinstance(answer, BaseException)] == []
    assert len(found) == 3


def test_after_a_failed_commit_the_next_one_is_tried(engine):
    """The line is not blocked by what went wrong before."""
    commit = SharedCommit(Inbox(engine))
    with pytest.raises(AttributeError):
        commit.add(None)
    assert commit.add(received("a"))


@pytest.mark.parametrize("words", [r"\u0000", r"\ud83d"])
def test_what_is_signed_and_odd_is_kept(engine, words):
    """A NUL or half a character in a customer's words: a refusal would lose the event for ever."""

    class Strict(FakeWebhook):
        def delivery_id(self, headers, body):
            raise ValueError("a NUL character in a text")

    door = intake(engine, webhook=Strict())
    body = b'{"comment": "%s"}' % words.encode()
    first, again = (door.accept("zendesk", SIGNED, body) for _ in range(2))
    assert first.delivery_id
    assert again.is_duplicate
