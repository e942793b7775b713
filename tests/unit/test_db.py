"""A database that cannot be used is refused by name, with what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from gateway.db import HEAD, Database, DatabaseError, driver_of, is_current
from gateway.schema.tables import meta, metadata
from gateway.schema.upgrade import known_versions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = Database(tmp_path / "m.db")
    database.migrate()
    database.close()
    return database.path


def test_the_migrations_make_the_tables_that_the_program_uses(path: Path) -> None:
    database = Database(path)
    with database.writer() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    assert HEAD in known_versions()
    database.close()


def test_the_journals_number_is_the_row_itself_and_no_index_beside_it(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        indexes = connection.execute("PRAGMA index_list(journal)").fetchall()
    connection.close()
    assert indexes == []


def test_a_commit_is_on_the_disk_when_it_returns(path: Path) -> None:
    database = Database(path)
    with database.writer() as connection:
        driver = driver_of(connection)
        assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert driver.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    database.close()


def test_a_newer_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    with pytest.raises(DatabaseError, match=rf"{path.name}: written by a newer Menshen .*0999"):
        Database(path).migrate()


@pytest.mark.parametrize("where", [0, 4096 * 3])
def test_a_damaged_database_is_refused(path: Path, where: int) -> None:
    content = bytearray(path.read_bytes())
    content[where : where + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    database = Database(path)
    with pytest.raises(DatabaseError, match=rf"{path.name}: the database is damaged"):
        database.migrate()
    database.close()


def test_a_second_gateway_on_the_same_database_is_refused(path: Path) -> None:
    first = Database(path)
    first.migrate()
    with pytest.raises(DatabaseError, match="another gateway is running"):
        Database(path).migrate()
    first.close()


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be written"):
        Database(tmp_path / "file" / "m.db").migrate()


def test_a_reader_cannot_write(path: Path) -> None:
    database = Database(path)
    with (
        pytest.raises(OperationalError, match="readonly"),
        database.read() as connection,
    ):
        connection.execute(insert(meta).values(key="a", value="b"))
    database.close()


def test_a_reader_sees_one_moment(path: Path) -> None:
    database = Database(path)
    with database.writer() as writing, database.read() as reading:
        count = "SELECT count(*) FROM meta"
        assert reading.exec_driver_sql(count).scalar() == 0
        with writing.begin():
            writing.execute(insert(meta).values(key="a", value="b"))
        assert reading.exec_driver_sql(count).scalar() == 0
    with database.read() as reading:
        assert reading.exec_driver_sql(count).scalar() == 1
    database.close()


def test_the_file_is_its_owners_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_database_is_current_once_it_was_migrated_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "menshen.db"
    assert not is_current(path)
    database = Database(path)
    database.migrate()
    database.close()
    assert is_current(path)
    path.write_bytes(b"no database at all" * 100)
    assert not is_current(path)
