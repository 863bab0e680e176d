"""Bring the database's schema forward. Migrations are never edited afterwards and never go back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from workers.store.tables import reading, writing

_FOLDER = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """The database is not at the schema of this release."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def migrate(engine: Engine) -> str:
    """Run what is missing and return the revision reached. Safe to call from several processes in turn."""
    config = _config()
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def head() -> str:
    """Return the newest revision this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def require_head(engine: Engine) -> None:
    """Raise SchemaError unless the database is at this release's revision."""
    with reading(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision() or "none"
    if current != head():
        raise SchemaError(f"database is at revision {current}, this release needs {head()}: run `deskhand migrate`")
