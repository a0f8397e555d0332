"""Which rows may be sent, and which wait for files, found by one index of the rows that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_rows_batch_id_awaits_files", "rows")
    waits = sa.text("state = 'waiting'")
    columns = ["batch_id", "awaits_files", "state", "position"]
    op.create_index("ix_rows_waiting", "rows", columns, sqlite_where=waits, postgresql_where=waits)
