"""Lost requests: how the answer was lost, when a job may have been created, and which jobs belong to no row."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rows", sa.Column("loss", sa.Text(), nullable=True))
    for table in ("rows", "attempts"):
        op.add_column(table, sa.Column("effect_from", sa.Double(), nullable=True))
        op.add_column(table, sa.Column("effect_until", sa.Double(), nullable=True))
    op.create_table(
        "unknown_jobs",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_unknown_jobs_batches", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "job_id", name="pk_unknown_jobs"),
    )
