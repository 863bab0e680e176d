"""What staff made of drafts, and where each intent stands on the ladder."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("use", sa.String(length=12), nullable=False),
        sa.Column("kept", sa.Float(), nullable=True),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("message_ids", sa.JSON(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_reopened", sa.Boolean(), nullable=False),
        sa.Column("is_wrong", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_review_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("case_id", name=op.f("uq_review_case_id")),
    )
    op.create_index("ix_review_intent_reviewed_at", "review", ["intent", "reviewed_at"], unique=False)
    op.create_table(
        "autonomy",
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("pin", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("climb", sa.Integer(), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("intent", name=op.f("pk_autonomy")),
    )
    op.create_table(
        "autonomy_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=8), nullable=False),
        sa.Column("after", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autonomy_step")),
        sa.UniqueConstraint("intent", "number", name=op.f("uq_autonomy_step_intent_number")),
    )
