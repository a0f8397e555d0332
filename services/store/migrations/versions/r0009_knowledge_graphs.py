"""Knowledge Graphs: files on their way into them, and which ones the agent of a batch used at launch."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("graphs", sa.Text(), nullable=True))
    op.create_table(
        "graph_uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("graph_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_graph_uploads"),
    )
    op.create_index("ix_graph_uploads_hash", "graph_uploads", ["hash"])
    op.create_index("ix_graph_uploads_connection_graph_id", "graph_uploads", ["connection", "graph_id"])
    op.create_index("ix_graph_uploads_connection_state", "graph_uploads", ["connection", "state"])
