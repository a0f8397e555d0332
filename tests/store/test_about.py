"""What the store tells of its database, on SQLite and PostgreSQL."""

from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

from services.models import DatabaseInfo
from services.store import Store
from services.store.database import MIGRATIONS

HEAD = ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_the_database_is_reported_without_user_and_password(database_url: str) -> None:
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if not is_sqlite:
        url = url.set(password="not-to-be-told", port=5432)
    store = Store(url.render_as_string(hide_password=False))
    try:
        info = store.database_info()
        with store._database.read() as connection:
            asked = "sqlite_version()" if is_sqlite else "current_setting('server_version')"
            version = str(connection.execute(text(f"SELECT {asked}")).scalar_one())
    finally:
        store.close()
    place = url.database if is_sqlite else f"{url.host or url.query['host']}:5432/{url.database}"
    product = "SQLite" if is_sqlite else "PostgreSQL"
    assert info == DatabaseInfo(product, version.split()[0], str(place), info.size, str(HEAD))
    assert info.size > 50_000
    assert "not-to-be-told" not in repr(info)
