"""The pace of creating jobs, fair turns, and what is chosen at launch."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("options", sa.Text(), server_default="{}", nullable=False))

    op.add_column("batches", sa.Column("options", sa.Text(), server_default="{}", nullable=False))
    op.add_column("batches", sa.Column("sample_end", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("unguarded", sa.Boolean(), server_default=sa.false(), nullable=False))

    op.add_column("rows", sa.Column("retry_at", sa.Double(), nullable=True))
    op.add_column("rows", sa.Column("retries", sa.Integer(), server_default="0", nullable=False))
    waiting = sa.text("retry_at IS NOT NULL")
    op.create_index(
        "ix_rows_batch_id_retry_at",
        "rows",
        ["batch_id", "retry_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )

    op.add_column("requests", sa.Column("batch_id", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("number", sa.Integer(), server_default="1", nullable=False))
    op.add_column("requests", sa.Column("refused", sa.Integer(), server_default="0", nullable=False))
    op.add_column("requests", sa.Column("drops", sa.Integer(), server_default="0", nullable=False))

    op.add_column("connections", sa.Column("next_drop", sa.Double(), nullable=True))
    op.add_column("connections", sa.Column("pace", sa.Double(), nullable=True))
    op.add_column("connections", sa.Column("paced_at", sa.Double(), nullable=True))

    op.create_table(
        "askers",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "batch_id", name="pk_askers"),
    )
