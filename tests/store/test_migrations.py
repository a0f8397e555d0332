"""Upgrading: every earlier database becomes what the tables say, keeps what is in it, and is upgraded once."""

import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copytree
from textwrap import dedent
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, create_engine, insert, inspect, select

from services.store import Store, database
from services.store.tables import metadata
from tests.store.making import NOW, complete, draft, launch, sheet_rows
from tests.support.postgres import Databases

CONFIG = Config()
CONFIG.set_main_option("script_location", str(database.MIGRATIONS))
REVISIONS = [script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions()]
SOME_VALUE: dict[type, Any] = {str: "x", int: 1, float: 1.5, bytes: b"x", bool: True}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to a database as it is."""
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def make_database(url: str, revision: str) -> None:
    """A database as that revision had it, with a row in every table."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    with connected(url) as connection:
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for table in tables(connection):
            # the same value everywhere, so that foreign keys lead somewhere
            connection.execute(insert(table).values({c.name: SOME_VALUE[c.type.python_type] for c in table.c}))


def tables(connection: Connection) -> list[Table]:
    reflected = MetaData()
    reflected.reflect(connection)
    return [table for table in reflected.sorted_tables if table.name != "alembic_version"]


def contents(connection: Connection) -> dict[str, dict[str, Any]]:
    """The one row of each table, but for those that came later."""
    found = {table.name: connection.execute(select(table)).one_or_none() for table in tables(connection)}
    return {name: dict(row._mapping) for name, row in found.items() if row is not None}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_revision_becomes_what_the_tables_say_and_keeps_what_it_has(
    empty_url: str, revision: str
) -> None:
    make_database(empty_url, revision)
    with connected(empty_url) as connection:
        before = contents(connection)
    Store(empty_url).close()
    with connected(empty_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        after = contents(connection)
    assert {name: after[name].items() >= row.items() for name, row in before.items()} == dict.fromkeys(before, True)
    Store(empty_url).close()


def with_one_more(directory: Path) -> Path:
    """The migrations, and one that changes a table that others refer to, as SQLite has it: by copying."""
    copytree(database.MIGRATIONS, directory)
    (directory / "versions" / "to_come.py").write_text(
        dedent(f"""
            import sqlalchemy as sa
            from alembic import op
            revision = "to_come"
            down_revision = "{REVISIONS[0]}"
            def upgrade():
                for table, column in (("batches", "name"), ("rows", "number"), ("drafts", "name")):
                    with op.batch_alter_table(table) as changed:
                        changed.add_column(sa.Column("later", sa.Text()))
                        changed.alter_column(column, nullable=True)
        """)
    )
    return directory


def test_changing_a_table_loses_nothing_that_refers_to_it(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(empty_url)
    draft_id, batch_id = draft(store), launch(store, 3)
    complete(store, batch_id, {0: "Text", 1: None})
    store.rows.retry(batch_id, None)
    before = store.batches.get(batch_id), [store.rows.get(batch_id, n) for n in range(3)]
    store.close()
    monkeypatch.setattr(database, "MIGRATIONS", with_one_more(tmp_path / "migrations"))
    upgraded = Store(empty_url)
    try:
        with upgraded._database.read() as connection:
            assert "later" in {column["name"] for column in inspect(connection).get_columns("rows")}
        assert (upgraded.batches.get(batch_id), [upgraded.rows.get(batch_id, n) for n in range(3)]) == before
        assert upgraded.drafts.first_rows(draft_id, 9) == sheet_rows(3)
        upgraded.batches.cancel(batch_id, NOW)
    finally:
        upgraded.close()


def open_at(url: str, moment: float) -> int:
    """Open a database at that moment, as a process does that starts then."""
    time.sleep(max(0, moment - time.time()))
    store = Store(url)
    try:
        launch(store, 2)
        return store.batches.page(1, 10).total
    finally:
        store.close()


def test_processes_that_start_at_once_on_an_empty_database_all_work(
    kind: str, tmp_path: Path, processes: Executor, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        urls = [f"sqlite:///{tmp_path}/{n}/copydesk.db" for n in range(6)]
        if kind == "postgresql":
            server: Databases = request.getfixturevalue("postgres")
            urls = [stack.enter_context(server.empty()) for _ in range(2)]
        list(processes.map(time.sleep, [0.1] * 3))  # so that all are there
        for url in urls:
            moment = time.time() + 0.05
            assert max(processes.map(open_at, [url] * 3, [moment] * 3)) == 3
