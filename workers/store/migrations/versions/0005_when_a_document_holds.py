"""From when a document holds, and when somebody last said that it is right."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("document", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("document", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
