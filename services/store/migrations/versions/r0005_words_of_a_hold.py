"""What Writer said when it asked for a hold, polls during long holds, and empty suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("hold_reason", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("connections", sa.Column("next_poll", sa.Double(), nullable=True))
    op.execute("UPDATE rows SET state = 'empty' WHERE state = 'completed' AND trim(coalesce(suggestion, '')) = ''")
