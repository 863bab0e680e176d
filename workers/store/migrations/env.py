"""Alembic's entry: the connection comes from workers.store.migrate, never from a file."""

from typing import Any, Literal

from alembic import context

from workers.store.tables import UtcDateTime, metadata


def _plain_time(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write our time columns as the plain type they are, so that a migration stands alone."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_item=_plain_time)
with context.begin_transaction():
    context.run_migrations()
