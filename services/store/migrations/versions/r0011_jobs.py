"""Jobs that rows didn't start: collected ones, retried ones, and lost ones that a person assigned or dismissed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("is_collected", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in ("rows", "attempts"):
        op.add_column(table, sa.Column("assigned_at", sa.Double(), nullable=True))
    op.add_column("rows", sa.Column("searched_at", sa.Double(), nullable=True))
    op.add_column("unknown_jobs", sa.Column("dismissed_at", sa.Double(), nullable=True))
    op.create_table(
        "job_retries",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("asked_at_writer", sa.Double(), nullable=True),
        sa.Column("failed_at", sa.Double(), nullable=True),
        sa.Column("new_job_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "job_id", name="pk_job_retries"),
    )
