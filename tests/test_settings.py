"""Settings: defaults, `.env`, values that cannot be used, and the documents that list them."""

import re
from pathlib import Path

import pytest

from services import settings
from services.errors import SettingsError
from services.settings import Connection, Settings, load

ROOT = Path(__file__).parents[1]
NOWHERE = Path("/nonexistent/.env")


def test_without_anything_set_copydesk_runs_on_its_sandbox() -> None:
    assert load({}, NOWHERE) == Settings(
        connection=Connection("sandbox"),
        writer_base_url="https://api.writer.com",
        writer_rpm=400,
        database_url="sqlite:///data/copydesk.db",
        max_upload_mb=50,
        max_rows=200_000,
        max_columns=256,
        allowed_hosts=("localhost", "127.0.0.1", "[::1]"),
        files_dir=Path("data/files"),
        max_file_mb=100,
        max_files_mb=5000,
        fetch_urls=True,
        fetch_private_hosts=frozenset(),
    )


def test_a_key_connects_to_writer() -> None:
    connection = load({"WRITER_API_KEY": "key-0123456789"}, NOWHERE).connection
    assert connection == Connection("https://api.writer.com", "key-0123456789")
    assert not connection.is_sandbox


def test_the_key_shows_nowhere_but_for_its_last_four_characters() -> None:
    loaded = load({"WRITER_API_KEY": "key-0123456789"}, NOWHERE)
    assert loaded.connection.key_hint == "…6789"
    assert Connection("x", "short").key_hint == "…"
    assert "0123" not in repr(loaded)


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WRITER_RPM=100\nMAX_ROWS=7\nMAX_COLUMNS=\n")
    loaded = load({"WRITER_RPM": "60"}, tmp_path / ".env")
    assert (loaded.writer_rpm, loaded.max_rows, loaded.max_columns) == (60, 7, 256)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("postgresql://me@db/copydesk", "postgresql+psycopg://me@db/copydesk"),
        ("postgres://me@db/copydesk", "postgresql+psycopg://me@db/copydesk"),
        ("sqlite:////srv/copydesk.db", "sqlite:////srv/copydesk.db"),
    ],
)
def test_databases(given: str, stored: str) -> None:
    assert load({"DATABASE_URL": given}, NOWHERE).database_url == stored


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({"DATABASE_URL": "sqlite:////srv/copydesk.db"}, "/srv/files"),
        ({"DATABASE_URL": "sqlite:////srv/copydesk.db", "FILES_DIR": "/mnt/files"}, "/mnt/files"),
        ({"DATABASE_URL": "postgresql://me@db/copydesk"}, "data/files"),
    ],
)
def test_files_are_stored_beside_the_database(given: dict[str, str], folder: str) -> None:
    assert load(given, NOWHERE).files_dir == Path(folder)


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:////srv/c.db", "/srv/sandbox.db"), ("postgres://db/c", "data/sandbox.db")]
)
def test_the_sandbox_keeps_its_jobs_beside_the_database(url: str, path: str) -> None:
    assert load({"DATABASE_URL": url}, NOWHERE).sandbox_path == Path(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WRITER_RPM", "0"),
        ("WRITER_RPM", "many"),
        ("WRITER_RPM", "-5"),
        ("MAX_ROWS", "1e5"),
        ("MAX_UPLOAD_MB", "½"),
        ("MAX_COLUMNS", "2.5"),
        ("DATABASE_URL", "mysql://db/copydesk"),
        ("DATABASE_URL", "sqlite:///"),
        ("WRITER_API_KEY", "two words"),
        ("WRITER_API_KEY", "clé"),
        ("ALLOWED_HOSTS", "*evil.example"),
        ("ALLOWED_HOSTS", "https://desk.example.com"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value}, NOWHERE)


@pytest.mark.parametrize("value", ["api.writer.com", "ftp://api.writer.com", "https://", "http://[::1"])
def test_a_base_url_must_be_a_web_address(value: str) -> None:
    with pytest.raises(SettingsError, match="WRITER_BASE_URL"):
        load({"WRITER_API_KEY": "key", "WRITER_BASE_URL": value}, NOWHERE)


def test_env_example_lists_every_setting_with_its_meaning_and_default() -> None:
    listed = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert listed == [(setting.meaning, setting.name, setting.default) for setting in settings.ALL]


def test_the_readme_lists_every_setting_with_its_meaning_and_default() -> None:
    listed = re.findall(
        r"^\| `([A-Z_]+)` \| (?:`(.*?)`|none) \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert listed == [(setting.name, setting.default, setting.meaning) for setting in settings.ALL]
