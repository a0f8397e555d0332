"""The tables. Times are seconds since 1970, UTC; JSON is kept as text so that both databases keep it to the letter.

Only the request budget goes by a time of its own: see `services/store/connections.py`.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("file", LargeBinary, nullable=False),  # as it was given, so that it can be read again in another way
    Column("columns", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("reading", Text, nullable=False),
    Column("sheets", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("agent", Text),
    Column("choices", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("batch_id", Text),
    Column("options", Text, nullable=False, server_default="{}"),
    Column("created_at", Double, nullable=False, index=True),
    Column("hidden_sheets", Text, nullable=False, server_default="[]"),
    Column("layout", Text),  # where the table is in the sheet; none for drafts from before it was kept
    Column("discarded_at", Double),  # none: it's listed
    Column("files_version", Integer, nullable=False, server_default="0"),  # grows with each change of its files
)

draft_chunks = Table(
    "draft_chunks",
    metadata,
    Column("draft_id", Text, ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("rows", LargeBinary, nullable=False),  # see services/chunks.py
)

batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    # no foreign key: drafts are purged, and a draft still launches only once
    Column("draft_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("pause_kind", Text),
    Column("reason", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("choices", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("options", Text, nullable=False, server_default="{}"),
    Column("sample_end", Integer),  # the position before which rows may be sent; none: all may
    Column("unguarded", Boolean, nullable=False, server_default=false()),  # a person let it go on although most fail
    Column("graphs", Text),  # the Knowledge Graphs that the agent used at launch; none: Writer couldn't be asked
    Column("is_collected", Boolean, nullable=False, server_default=false()),  # its jobs were started elsewhere
)

rows = Table(
    "rows",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("cells", Text, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("suggestion", Text),  # the best that any attempt gave
    Column("error", Text),
    Column("job_id", Text),  # of the current attempt
    Column("job_failed", Boolean, nullable=False, server_default=false()),  # Writer itself said so: its retry works
    Column("retry_of", Text),  # a failed job that the next attempt goes through Writer's retry call for
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", Double),
    Column("sent_at_writer", Double),  # the same by Writer's clock, no later than that; none where it is not known
    Column("lost_at", Double),  # when the answer to the current attempt's request was lost
    Column("loss", Text),  # how that answer was lost; none: not known, because a process ended
    # when the request of an unconfirmed row may have created a job, by the clock that stamps jobs; none: unknown
    Column("effect_from", Double),
    Column("effect_until", Double),
    Column("ended_at", Double),
    Column("retry_at", Double),  # when a failed row is retried automatically
    Column("retries", Integer, nullable=False, server_default="0"),  # automatic ones, since a person's last order
    Column("has_files", Boolean, nullable=False, server_default=false()),  # its inputs name stored files
    Column("awaits_files", Boolean, nullable=False, server_default=false()),  # it can't be sent before Writer has them
    Column("assigned_at", Double),  # when a person said that the current attempt's job is this row's
    Column("searched_at", Double),  # since when all jobs that may be this unconfirmed row's are in unknown_jobs
    Index("ix_rows_batch_id_state_position", "batch_id", "state", "position"),
    Index("ix_rows_batch_id_ended_at", "batch_id", "ended_at"),
    Index("ix_rows_job_id", "job_id"),
)
Index(
    "ix_rows_batch_id_retry_at",
    rows.c.batch_id,
    rows.c.retry_at,
    # few rows wait for that, and others need not pay for it
    sqlite_where=rows.c.retry_at.is_not(None),
    postgresql_where=rows.c.retry_at.is_not(None),
)

IS_WAITING = rows.c.state == literal_column("'waiting'")
"""Where a statement says it in these words, it may use the index below."""
Index(
    # of 100,000 rows that wait, all but a few may wait for their files; SQLite takes the index only with `state` in it,
    # PostgreSQL only where a statement orders by `awaits_files`, too: it guesses that every batch has enough of both
    "ix_rows_waiting",
    rows.c.batch_id,
    rows.c.awaits_files,
    rows.c.state,
    rows.c.position,
    sqlite_where=IS_WAITING,
    postgresql_where=IS_WAITING,
)

attempts = Table(
    "attempts",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("job_id", Text),
    Column("suggestion", Text),
    Column("error", Text),
    Column("sent_at", Double),
    Column("ended_at", Double),
    Column("effect_from", Double),  # of an unconfirmed one, as in the row
    Column("effect_until", Double),
    Column("assigned_at", Double),  # as in the row
    ForeignKeyConstraint(["batch_id", "position"], ["rows.batch_id", "rows.position"], ondelete="CASCADE"),
    Index("ix_attempts_job_id", "job_id"),
)

unknown_jobs = Table(
    "unknown_jobs",  # jobs in Writer's list that may belong to unconfirmed rows of the batch
    metadata,
    Column("batch_id", Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("job_id", Text, primary_key=True),
    Column("created_at", Double),  # by Writer's clock; none where Writer does not say
    Column("dismissed_at", Double),  # when a person said that it's none of the batch's rows
)

job_retries = Table(
    "job_retries",  # retries of failed jobs that belong to no row
    metadata,
    Column("connection", Text, primary_key=True),
    Column("job_id", Text, primary_key=True),
    Column("asked_at", Double, nullable=False),  # when the last one left
    Column("asked_at_writer", Double),  # the same by Writer's clock, no later than that; none where it isn't known
    Column("failed_at", Double),  # when the job had changed last before, by Writer's clock
    Column("new_job_id", Text),  # what Writer answered; none as long as there's no answer
)

draft_files = Table(
    "draft_files",
    metadata,
    Column("draft_id", Text, ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),  # the name a file was attached under, or the URL it was downloaded from
    Column("name", Text, nullable=False),
    Column("hash", Text, index=True),  # names its bytes in the vault; none for a URL that gave no file
    Column("size", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("error", Text, nullable=False),  # why a URL gave no file
)

batch_files = Table(
    "batch_files",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, primary_key=True, index=True),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
)

uploads = Table(
    "uploads",  # files that Writer has, or may have
    metadata,
    Column("connection", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("file_id", Text),  # none while it's being uploaded
    Column("is_ready", Boolean, nullable=False),  # Writer has processed it
    Column("checked_at", Double, nullable=False),  # when Writer last said so
)

graph_uploads = Table(
    "graph_uploads",  # files that are, or were lately, on their way into a Knowledge Graph
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("graph_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column(
        "hash", Text, index=True
    ),  # names its bytes in the vault; none once it's in there, or where others uploaded it
    Column("size", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("file_id", Text),  # Writer's, once it has the file
    Column("error", Text, nullable=False),  # why it failed
    Column("added_at", Double, nullable=False),
    Index("ix_graph_uploads_connection_graph_id", "connection", "graph_id"),
    Index("ix_graph_uploads_connection_state", "connection", "state"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("at", Double, nullable=False),  # by the budget's time
    Column("batch_id", Text),  # whose jobs they start; none for polls and all else
    Column("number", Integer, nullable=False, server_default="1"),  # requests entered together
    Column("refused", Integer, nullable=False, server_default="0"),  # of those, the ones Writer answered with 429
    Column("drops", Integer, key="trickled", nullable=False, server_default="0"),  # of those, from the reserve
    Index("ix_requests_connection_at", "connection", "at"),
)

waiters = Table(
    "askers",  # batches that wait for their turn
    metadata,
    Column("connection", Text, primary_key=True),
    Column("batch_id", Text, primary_key=True),
    Column("until", Double, nullable=False),  # by the budget's time it asks again, or does not wait any more
)

connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hold_until", Double),  # by the budget's time, as are the next trickle and when the pace was found
    Column("unreachable_since", Double),
    Column("key_refused_at", Double),
    Column("detail", Text, nullable=False),
    Column("next_drop", Double, key="next_trickle"),  # when large batches may take from what is kept back
    Column("pace", Double),  # jobs a minute, since Writer refused some; none: as many as the limit allows
    Column("paced_at", Double),  # when that was found
    Column("held_at", Double),  # when the hold was set
    Column("hold_reason", Text, nullable=False, server_default=text("''")),  # Writer's words with the hold
    Column("next_poll", Double),  # when one poll may leave although the hold lasts
)
