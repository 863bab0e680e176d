"""The schema comes forward, says where it stands, and is what the tables say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from workers.store.migrate import SchemaError, head, migrate, require_head
from workers.store.tables import metadata, open_engine


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
