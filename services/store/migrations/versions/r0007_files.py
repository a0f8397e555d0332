"""Files beside a spreadsheet: which a draft or batch has, which Writer has, and which rows wait for theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("has_files", "awaits_files"):
        op.add_column("rows", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_rows_batch_id_awaits_files",
        "rows",
        ["batch_id", "position"],
        sqlite_where=sa.text("awaits_files"),
        postgresql_where=sa.text("awaits_files"),
    )
    op.create_table(
        "draft_files",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name="fk_draft_files_drafts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("draft_id", "source", name="pk_draft_files"),
    )
    op.create_index("ix_draft_files_hash", "draft_files", ["hash"])
    op.create_table(
        "batch_files",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_files_batches", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "hash", name="pk_batch_files"),
    )
    op.create_index("ix_batch_files_hash", "batch_files", ["hash"])
    op.create_table(
        "uploads",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "hash", name="pk_uploads"),
    )
