"""The tables."""

# Jobs are never deleted, so an agent's jobs are numbered without a gap: the highest number is their count, and a page
# far down their list is found without skipping through those before it.
JOBS = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,
    finishes_at REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    title TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    UNIQUE (agent_id, number)
);
CREATE INDEX IF NOT EXISTS jobs_by_outcome ON jobs (agent_id, outcome, number, finishes_at);
CREATE INDEX IF NOT EXISTS jobs_by_finish ON jobs (agent_id, finishes_at, number);
CREATE INDEX IF NOT EXISTS jobs_that_fail ON jobs (fingerprint, number) WHERE error IS NOT NULL;
"""

# Earlier versions kept names only, in a table called files.
FILES = """
DROP TABLE IF EXISTS files;
CREATE TABLE IF NOT EXISTS uploads (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at REAL NOT NULL,
    finishes_at REAL NOT NULL,
    outcome TEXT NOT NULL
);
"""

GRAPHS = """
CREATE TABLE IF NOT EXISTS graphs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS graph_files (
    graph_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    PRIMARY KEY (graph_id, file_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS graphs_by_file ON graph_files (file_id);
CREATE TABLE IF NOT EXISTS agent_graphs (
    agent_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    graph_id TEXT NOT NULL,
    PRIMARY KEY (agent_id, position)
) WITHOUT ROWID;
"""

SCHEMA = JOBS + FILES + GRAPHS
