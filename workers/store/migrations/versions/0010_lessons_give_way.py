"""A lesson names the one that took its place."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("lesson", sa.Column("replaced_by", sa.String(length=90), nullable=False, server_default=""))
