"""Drafts that a person has discarded, which can be taken back for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("discarded_at", sa.Double(), nullable=True))
