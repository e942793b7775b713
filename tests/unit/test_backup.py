"""Copies: whole, apart from what opens them, not kept too long, and the same when put back."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.app import app
from gateway.config import Config, load
from gateway.db import Database
from gateway.init import init
from gateway.privacy import GATEWAY, KeyStore
from gateway.stack.backup import BackupError, back_up, newest, restore

NOW = datetime(2026, 11, 22, 3, 20, tzinfo=UTC)


@pytest.fixture
def gateway(tmp_path: Path) -> tuple[Config, Path]:
    """One that wrote something, and whose last commits are in the write-ahead log alone."""
    file = tmp_path / "home" / "menshen.toml"
    init(file, ())
    config = load(file)
    database = Database(config.database_file)
    database.migrate()
    with closing(sqlite3.connect(config.database_file)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        remember(other, "before")
        yield config, file
    database.close()


def remember(connection: sqlite3.Connection, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('test', ?)", (value,))
    connection.commit()


def recalled(path: Path) -> str:
    with closing(sqlite3.connect(path)) as opened:
        return str(opened.execute("SELECT value FROM meta WHERE key = 'test'").fetchone()[0])


def test_a_copy_has_what_was_committed_a_moment_ago_while_the_gateway_writes(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    with closing(sqlite3.connect(config.database_file)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE meta SET value = 'half way' WHERE key = 'test'")
        made = back_up(config, file, tmp_path / "copies", tmp_path / "keys", NOW)
        writer.rollback()
    assert recalled(made) == "before"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_what_was_deleted_is_in_no_copy(gateway: tuple[Config, Path], tmp_path: Path) -> None:
    config, file = gateway
    with closing(sqlite3.connect(config.database_file)) as writer:
        writer.execute("PRAGMA secure_delete = OFF")
        remember(writer, "4403070060030001203" * 500)
        remember(writer, "gone")
    made = back_up(config, file, tmp_path / "copies", tmp_path / "keys", NOW)
    assert b"4403070060030001203" not in made.read_bytes()


def test_nothing_that_opens_a_copy_lies_beside_it(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    made = back_up(config, file, tmp_path / "copies", tmp_path / "keys", NOW)
    assert list((tmp_path / "copies").iterdir()) == [made]
    for name in ("keys.json", "token", "menshen.toml", "homes.toml", "tls/ca.key"):
        kept = tmp_path / "keys" / name
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with pytest.raises(BackupError, match="another medium"):
        back_up(config, file, tmp_path / "one", tmp_path / "one", NOW)


def test_a_key_that_was_destroyed_is_gone_from_the_next_copy_and_from_its_blocks(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    store, copies, keys = KeyStore.open(config.keys_file), tmp_path / "copies", tmp_path / "keys"
    store.ensure(["a-watch"])
    back_up(config, file, copies, keys, NOW)
    with (keys / "keys.json").open("rb") as before:
        store.shred("a-watch")
        back_up(config, file, copies, keys, NOW + timedelta(days=1))
        assert KeyStore.open(keys / "keys.json").owners() == {GATEWAY}
        assert not before.read().strip(b"\0")
    assert [path.name for path in keys.glob("*keys*")] == ["keys.json"]


def test_copies_are_kept_as_long_as_a_release_can_be_contested(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    copies.mkdir()
    (copies / "somebody-elses.db").touch()
    made = [back_up(config, file, copies, keys, NOW + timedelta(days=day)) for day in range(17)]
    left = set(copies.iterdir()) - {copies / "somebody-elses.db"}
    assert left == set(made[2:])
    assert newest(copies) == made[-1]
    assert (copies / "somebody-elses.db").exists()


def test_a_clock_that_may_be_wrong_deletes_no_copy(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    first = back_up(config, file, copies, keys, NOW)
    ahead = NOW + timedelta(days=3650)
    second = back_up(config, file, copies, keys, ahead, is_synchronised=False)
    assert set(copies.iterdir()) == {first, second}


def test_a_damaged_database_makes_no_copy_and_takes_none_away(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    made = back_up(config, file, copies, keys, NOW)
    broken = tmp_path / "broken"
    init(broken / "menshen.toml")
    other = load(broken / "menshen.toml")
    other.database_file.write_bytes(made.read_bytes()[:9000] + b"\xff" * 4096)
    with pytest.raises(BackupError, match=r"cannot be copied|not whole"):
        back_up(other, file, copies, keys, NOW + timedelta(days=20))
    assert list(copies.iterdir()) == [made]


def test_all_of_it_is_put_back_on_an_empty_machine(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    token = config.token_file.read_bytes()
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    back_up(config, file, copies, keys, NOW)
    again = tmp_path / "again" / "menshen.toml"
    again.parent.mkdir()
    asked = ["backup", "restore", str(copies), "--keys", str(keys), "--config", str(again)]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0, said.output
    found = load(again)
    assert recalled(found.database_file) == "before"
    assert found.token_file.read_bytes() == token
    assert KeyStore.open(found.keys_file).owners() == {GATEWAY}
    database = Database(found.database_file)
    database.migrate()
    database.close()
    repeated = CliRunner().invoke(app, asked)
    assert repeated.exit_code == 1
    assert "move it away first" in repeated.stderr


def test_what_another_database_had_in_its_log_is_not_played_into_the_copy(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    made = back_up(config, file, copies, keys, NOW)
    log = config.database_file.with_name("menshen.db-wal").read_bytes()
    assert log
    again = tmp_path / "again" / "menshen.toml"
    init(again)
    found = load(again)
    found.keys_file.unlink()
    stale = found.database_file.with_name("menshen.db-wal")
    stale.write_bytes(log)
    restore(found, again, made, keys)
    assert not stale.exists()


def test_a_copy_without_its_keys_or_not_whole_is_not_put_back(
    gateway: tuple[Config, Path], tmp_path: Path
) -> None:
    config, file = gateway
    made = back_up(config, file, tmp_path / "copies", tmp_path / "keys", NOW)
    again = tmp_path / "again" / "menshen.toml"
    init(again)
    found = load(again)
    found.keys_file.unlink()
    (tmp_path / "none").mkdir()
    with pytest.raises(BackupError, match=r"no keys\.json"):
        restore(found, again, made, tmp_path / "none")
    made.write_bytes(made.read_bytes()[:5000])
    with pytest.raises(BackupError, match="not whole"):
        restore(found, again, made, tmp_path / "keys")
    assert not found.database_file.exists()
