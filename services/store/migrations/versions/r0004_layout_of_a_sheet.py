"""Which sheets of a workbook are hidden, and where the table is in its sheet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("hidden_sheets", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("drafts", sa.Column("layout", sa.Text(), nullable=True))
