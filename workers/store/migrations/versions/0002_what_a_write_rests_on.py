"""The vendor's time of the look that a write rests on; the ticket that a delivery named."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("action", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("ticket_id", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("ix_delivery_vendor_ticket_id", "delivery", ["vendor", "ticket_id"])
