"""Runs the migrations on the connection that `database.py` hands over."""

from alembic import context

from services.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
    transactional_ddl=False,  # the transaction is database.py's: it commits all or nothing
)
context.run_migrations()
