"""A homes file with an error in it never stops a gateway that knows its homes already."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from gateway.config import load
from gateway.db import Database
from gateway.init import init
from gateway.privacy import KeyStore
from gateway.register import Register
from gateway.settings import SettingsError

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def gateway(tmp_path: Path) -> tuple[Database, Register]:
    init(tmp_path / "menshen.toml")
    config = load(tmp_path / "menshen.toml")
    database = Database(config.database_file)
    database.migrate()
    return database, Register(config, KeyStore.open(config.keys_file), lambda: NOW)


def take_in(database: Database, register: Register) -> int:
    with database.writer() as connection, connection.begin():
        register.take_in(connection)
        return len(register.load(connection).watches)


def test_a_file_that_breaks_later_changes_nothing_and_is_said(
    gateway: tuple[Database, Register],
) -> None:
    database, register = gateway
    file = register.config.homes_file
    homes = take_in(database, register)
    assert homes > 0
    good = file.read_text()
    file.write_text(good + "\n[[homes]]\ncode = 1\n")
    assert take_in(database, register) == homes
    assert "homes" in register.problem
    file.write_text(good)
    assert take_in(database, register) == homes
    assert register.problem == ""
    database.close()


def test_a_first_file_with_an_error_is_refused(gateway: tuple[Database, Register]) -> None:
    database, register = gateway
    register.config.homes_file.write_text("[[homes]]\ncode = 1\n")
    with pytest.raises(SettingsError):
        take_in(database, register)
    database.close()


def test_the_example_that_init_writes_can_be_taken_in() -> None:
    assert "[[homes]]" in resources.files("gateway").joinpath("examples/homes.toml").read_text()
