"""A case that was given up has a state of its own, and can be set going again."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("cases", sa.Column("set_aside", sa.JSON(), nullable=False, server_default="[]"))
    op.execute(
        "UPDATE cases SET state = 'given_up' WHERE state = 'settled' AND"
        " ((action <> 'ignore' AND CAST(reasons AS TEXT) LIKE '%\"gave_up%')"
        " OR (action = 'ignore' AND CAST(reasons AS TEXT) LIKE '%\"write_refused%'))"
    )
