"""Every setting, typed, from the environment and `.env`; an invalid value stops the start and is named."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values
from httpx import URL, InvalidURL

from services.errors import SettingsError

_SQLITE = "sqlite:///"
_DEFAULT_FILES_DIR = "data/files"
_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
"""A host name, all its subdomains, an IPv6 address, or any host."""


@dataclass(frozen=True)
class Setting:
    """One setting; a test compares README, `.env.example` and this list."""

    name: str
    default: str
    meaning: str


ALL = (
    Setting(
        "WRITER_API_KEY", "", "The API key of your Writer organization. Without one, Copydesk runs on its sandbox."
    ),
    Setting("WRITER_BASE_URL", "https://api.writer.com", "The address of Writer's API."),
    Setting("WRITER_RPM", "400", "Requests per minute that Copydesk may send, across all batches."),
    Setting(
        "DATABASE_URL", "sqlite:///data/copydesk.db", "Where everything is stored: an SQLite file or `postgresql://`."
    ),
    Setting(
        "MAX_UPLOAD_MB",
        "50",
        "Largest spreadsheet, in megabytes. Above 200, raise `STREAMLIT_SERVER_MAX_UPLOAD_SIZE` too.",
    ),
    Setting(
        "FILES_DIR",
        _DEFAULT_FILES_DIR,
        "Where files and images beside spreadsheets are stored. With an SQLite database elsewhere: `files` beside it.",
    ),
    Setting("MAX_FILE_MB", "100", "Largest file or image beside a spreadsheet or for a Knowledge Graph, in megabytes."),
    Setting(
        "MAX_FILES_MB",
        "5000",
        "All files beside one spreadsheet, or uploaded into a Knowledge Graph at once, in megabytes.",
    ),
    Setting("FETCH_URLS", "true", "Whether Copydesk downloads images and files that a column gives as URLs."),
    Setting(
        "FETCH_PRIVATE_HOSTS",
        "",
        "For tests: hosts in private networks that may be downloaded from, as `host:port`, separated by commas.",
    ),
    Setting("MAX_ROWS", "200000", "Most rows a spreadsheet may have."),
    Setting("MAX_COLUMNS", "256", "Most columns a spreadsheet may have."),
    Setting(
        "ALLOWED_HOSTS",
        "localhost,127.0.0.1,[::1]",
        "Host names that Copydesk answers to, separated by commas; `*.example.com` covers subdomains.",
    ),
)

SANDBOX = "sandbox"
"""The id of the connection to Copydesk's own sandbox."""


@dataclass(frozen=True)
class Connection:
    """Where requests go. Batches stay on the connection they were launched on."""

    id: str
    """`sandbox`, or the base URL."""
    key: str = field(default="", repr=False)

    @property
    def is_sandbox(self) -> bool:
        """Whether this is Copydesk's own sandbox."""
        return self.id == SANDBOX

    @property
    def key_hint(self) -> str:
        """The last four characters of the key, the only part that is ever shown."""
        return f"…{self.key[-4:]}" if len(self.key) >= 12 else "…"


@dataclass(frozen=True)
class Settings:
    """What Copydesk was started with."""

    connection: Connection
    writer_base_url: str
    """The address of Writer's API, also while the sandbox is in use: keys are tested there."""
    writer_rpm: int
    """Requests per minute, at least 1."""
    database_url: str
    max_upload_mb: int
    max_rows: int
    max_columns: int
    allowed_hosts: tuple[str, ...]
    files_dir: Path
    """Where files beside spreadsheets are stored."""
    max_file_mb: int
    max_files_mb: int
    """All files beside one spreadsheet together."""
    fetch_urls: bool
    """Whether files given as URLs are downloaded."""
    fetch_private_hosts: frozenset[str]
    """Hosts with their ports that are downloaded from though they aren't public."""

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, where it is SQLite."""
        if not self.database_url.startswith(_SQLITE):
            return None
        return Path(self.database_url.removeprefix(_SQLITE))

    @property
    def sandbox_path(self) -> Path:
        """Where the sandbox stores its jobs: next to the database file, otherwise in `data`."""
        return (self.sqlite_path or Path("data/copydesk.db")).with_name("sandbox.db")


def load(environment: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
    """Read the settings; the environment wins over `.env`, and an empty value means the default.

    Raises:
        SettingsError: a value is invalid; the message names the variable.
    """
    given = {**dotenv_values(env_file), **(os.environ if environment is None else environment)}
    values = {setting.name: (given.get(setting.name) or "").strip() or setting.default for setting in ALL}
    database_url = _database_url(values["DATABASE_URL"])
    base_url = _base_url(values["WRITER_BASE_URL"])
    return Settings(
        connection=_connection(values["WRITER_API_KEY"], base_url),
        writer_base_url=base_url,
        writer_rpm=_whole_number(values, "WRITER_RPM"),
        database_url=database_url,
        max_upload_mb=_whole_number(values, "MAX_UPLOAD_MB"),
        max_rows=_whole_number(values, "MAX_ROWS"),
        max_columns=_whole_number(values, "MAX_COLUMNS"),
        allowed_hosts=_hosts(values["ALLOWED_HOSTS"]),
        files_dir=_files_dir(values["FILES_DIR"], database_url),
        max_file_mb=_whole_number(values, "MAX_FILE_MB"),
        max_files_mb=_whole_number(values, "MAX_FILES_MB"),
        fetch_urls=_switch(values, "FETCH_URLS"),
        fetch_private_hosts=frozenset(values["FETCH_PRIVATE_HOSTS"].replace(",", " ").split()),
    )


def is_possible_key(key: str) -> bool:
    """Whether the text has only characters that an API key can have."""
    return key.isascii() and key.isprintable() and " " not in key


def _connection(key: str, base_url: str) -> Connection:
    if not is_possible_key(key):
        raise SettingsError(
            "WRITER_API_KEY contains characters that API keys don't have. Copy it again, without quotes or spaces."
        )
    return Connection(base_url, key) if key else Connection(SANDBOX)


def _base_url(base_url: str) -> str:
    try:
        url = URL(base_url)
    except InvalidURL as exc:
        raise SettingsError(f"WRITER_BASE_URL isn't a web address: {base_url}") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"WRITER_BASE_URL must start with https:// or http://. It is: {base_url}")
    return str(url).rstrip("/")


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise SettingsError(f"ALLOWED_HOSTS must list host names such as desk.example.com. It contains: {host}")
    return hosts


def _files_dir(text: str, database_url: str) -> Path:
    """The folder; the default one is beside an SQLite file, wherever that is."""
    if text == _DEFAULT_FILES_DIR and database_url.startswith(_SQLITE):
        return Path(database_url.removeprefix(_SQLITE)).with_name("files")
    return Path(text)


def _switch(values: Mapping[str, str], name: str) -> bool:
    text = values[name].lower()
    if text not in ("true", "false"):
        raise SettingsError(f"{name} must be true or false. It is: {values[name]}")
    return text == "true"


def _whole_number(values: Mapping[str, str], name: str) -> int:
    text = values[name]
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError(f"{name} must be a whole number above 0. It is: {text}")
    return int(text)


def _database_url(text: str) -> str:
    """Accept an SQLite file or PostgreSQL, whose URLs are rewritten to name the driver."""
    if text.startswith(_SQLITE) and len(text) > len(_SQLITE):
        return text
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    raise SettingsError(
        f"DATABASE_URL must start with sqlite:/// and a file name, or with postgresql://. It starts with: {text[:12]}"
    )
