"""When a hold was set, to tell the ones from before a restart of the machine."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("held_at", sa.Double(), nullable=True))
