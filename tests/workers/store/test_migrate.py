"""The schema comes forward, says where it stands, and is what the tables say."""

from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from workers.store import migrate as migrations
from workers.store.dead import DeadLetters
from workers.store.inbox import Inbox
from workers.store.ledger import Ledger
from workers.store.migrate import SchemaError, head, migrate, require_head
from workers.store.schedule import Schedule
from workers.store.tables import metadata, open_engine, writing
from workers.store.tickets import Tickets


@pytest.fixture
def empty(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/empty.sqlite3")
    yield engine
    engine.dispose()


def test_an_empty_database_is_brought_to_this_release(empty):
    """All tables are there, and the revision is the newest."""
    assert migrate(empty) == head()
    require_head(empty)
    assert set(inspect(empty).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_migrating_again_changes_nothing(empty):
    """Several processes may do it in turn."""
    migrate(empty)
    assert migrate(empty) == head()
    require_head(empty)


def test_migrations_make_the_tables_of_the_code(empty):
    """No column, index or constraint of workers/store/tables.py is missing from the migrations."""
    migrate(empty)
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_another_release_is_refused(empty):
    """The message says which revision is there, which is needed, and what to do."""
    with pytest.raises(SchemaError, match=f"revision none, this release needs {head()}: run `deskhand migrate`"):
        require_head(empty)


def test_a_database_of_the_first_release_comes_forward_with_its_data(unmigrated, now):
    """On both databases: every row is there afterwards, and the new release works with it."""
    with writing(unmigrated) as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST_RELEASE:
            connection.execute(text(statement), {"now": now, "no": False, "body": b"{}"})
    assert migrate(unmigrated) == head()
    with unmigrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert Inbox(unmigrated).load(1).body == b"{}"
    assert Schedule(unmigrated).value("paused") == "yes"
    assert Schedule(unmigrated).take(1, now=now, seconds=30) == 1
    lease = Tickets(unmigrated).claim("zendesk", "7", owner="a", now=now, lease_seconds=8)
    ledger = Ledger(unmigrated)
    case = ledger.open_case(lease, "70", now=now)
    assert (case.id, case.is_settled, case.attempts) == (1, False, 2)
    intent = ledger.begun(case.id)
    assert (intent.mark, intent.state, intent.write) == ("dh-70", "sending", {"letters": 3})
    ledger.settle(lease, case.id, now=now, ended=(intent, "done"), message_id="71", action="send", reasons=[])
    assert ledger.outcomes("zendesk")["70"]["action"] == "send"
    (letter,) = DeadLetters(unmigrated).list(since=now - timedelta(days=1))
    assert (letter.name, letter.state, letter.why) == ("case:2", "given_up", "gave_up:5 attempts")


# What a database of the first release holds, in that release's own columns.
FIRST_RELEASE = (
    "INSERT INTO delivery (vendor, key, headers, body, received_at, state, note)"
    " VALUES ('zendesk', 'k1', '{}', :body, :now, 'new', '')",
    "INSERT INTO ticket (vendor, ticket_id, due_at, waiting_since, wakes, lease_owner, fence, attempts, urgency, error)"
    " VALUES ('zendesk', '7', :now, :now, 1, '', 3, 0, 1, '')",
    "INSERT INTO cases (vendor, ticket_id, message_id, state, channel, language, opened_at, subject, question, action,"
    " intent, team, urgency, stage, reasons, facts, policy_hash, attempts)"
    " VALUES ('zendesk', '7', '70', 'open', '', '', :now, 'Swap', 'How?', '', '', '', '', '', '[]', '{}', '', 1)",
    "INSERT INTO cases (vendor, ticket_id, message_id, state, channel, language, opened_at, settled_at, subject,"
    " question, action, intent, team, urgency, stage, reasons, facts, policy_hash, attempts)"
    " VALUES ('zendesk', '8', '80', 'settled', '', '', :now, :now, 'Swap', 'How?', 'assist', '', '', '', '',"
    " '[\"gave_up:5 attempts\"]', '{}', '', 5)",
    "INSERT INTO action (case_id, kind, mark, state, write, stamp, fence, tries, message_id, begun_at, error)"
    " VALUES (1, 'outcome', 'dh-70', 'sending', '{\"letters\": 3}', 's', 3, 1, '', :now, '')",
    "INSERT INTO pointer (name, value, set_at) VALUES ('paused', 'yes', :now)",
    "INSERT INTO job_run (name, slot, started_at) VALUES ('reconcile', 1, :now)",
)
