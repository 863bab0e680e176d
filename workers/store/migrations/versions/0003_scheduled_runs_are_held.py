"""Scheduled runs say who carries them out, and live leases are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("job_run", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("job_run", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_ticket_lease_until", "ticket", ["lease_until"], unique=False)
