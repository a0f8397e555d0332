"""A count of the changes of the files beside a draft, so that nobody reads them all to see whether any changed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("files_version", sa.Integer(), nullable=False, server_default="0"))
