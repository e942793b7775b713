"""Looks at this machine: data directory, keys, token, database, clock. Reads, never writes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from gateway.config import LOOPBACK, Config
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.doctor.release import copies_of_keys
from gateway.health import DISK_LOW_BYTES
from gateway.privacy import KeyStore, KeyStoreError
from gateway.registry.truth import is_registry_of

FIXED_WAL_RESET = (3, 51, 3)
"""Older SQLite can damage a database that two connections write (sqlite.org, 2026-03-13)."""


def examine(config: Config, is_synchronised: Callable[[], bool]) -> Iterator[Advice]:
    """Examine all of it; `is_synchronised` asks the kernel about its clock."""
    yield from data_dir(config.data_dir)
    yield from keys(config)
    yield from copies_of_keys(config)
    if config.signing_key_file.exists():
        yield from secret_file("certificate key", config.signing_key_file)
    yield from secret_file("token", config.token_file)
    if config.mqtt.password_file:
        yield from secret_file("broker password", config.path(config.mqtt.password_file))
    if not is_registry_of(config):
        yield from secret_file("homes file", config.homes_file)
    yield from database(config.database_file)
    yield from clock(is_synchronised())
    if config.web.host not in LOOPBACK and not config.web.tls:
        yield warn(
            "web pages",
            f"listen on {config.web.host} without TLS: passwords can be read on their way",
            "set web.tls = true, or web.host to 127.0.0.1 and reach it through SSH",
        )
    if config.heartbeat.url:
        yield ok("heartbeat", f"an outside address is called every {config.heartbeat.every_s:g} s")
    else:
        yield warn(
            "heartbeat",
            "no outside address: nobody would miss this gateway",
            "set heartbeat.url to a watcher that complains when the calls stop",
        )


def data_dir(path: Path) -> Iterator[Advice]:
    """Look at rights and room."""
    if not path.is_dir():
        yield bad("data directory", f"{path} does not exist", "run `menshen init`")
        return
    if not os.access(path, os.W_OK | os.X_OK):
        yield bad("data directory", f"{path} cannot be written", f"chown it to user {os.getuid()}")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield warn("data directory", f"{path} is open to other users", f"chmod 700 {path}")
    free = shutil.disk_usage(path).free
    if free < DISK_LOW_BYTES:
        yield warn(
            "data directory",
            f"{free // 2**20} MiB free",
            "make room: a gateway without uplink keeps 30 days",
        )
    else:
        yield ok("data directory", f"{free / 2**30:.1f} GiB free")


def keys(config: Config) -> Iterator[Advice]:
    """Look at the key store."""
    path = config.keys_file
    try:
        store = KeyStore.open(path)
    except KeyStoreError as error:
        yield bad("key store", str(error), "put back its copy, or run `menshen init`")
        return
    yield from secret_file("key store", path)
    yield ok("key store", f"{len(store.owners())} keys")
    if path.is_relative_to(config.data_dir):
        yield warn(
            "key store",
            "lies beside the database: whoever takes the card can read both",
            "set gateway.keys_file to another medium, and keep a copy elsewhere",
        )


def secret_file(part: str, path: Path) -> Iterator[Advice]:
    """Look at the rights of a file that only its owner should read."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        yield bad(part, f"{path}: {error.strerror}", "run `menshen init`, or name the right file")
        return
    if mode & 0o077:
        yield bad(part, f"{path} is readable by other users", f"chmod 600 {path}")


def database(path: Path) -> Iterator[Advice]:
    """Look at version and integrity, read-only."""
    if not path.exists():
        yield ok("database", "none yet: the first start makes it")
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            said = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            mode = opened.execute("PRAGMA journal_mode").fetchone()[0]
            version = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        yield bad("database", f"{path}: {error}", "put back a backup; keep the damaged file")
        return
    if said != "ok":
        yield bad("database", f"{path} is damaged: {said}", "put back a backup; keep this file")
        return
    yield ok("database", f"whole, schema {version[0] if version else 'none'}, {mode} mode")
    if mode != "wal":
        yield warn("database", f"in {mode} mode", "start the gateway once: it changes it to wal")
    if sqlite3.sqlite_version_info < FIXED_WAL_RESET:
        yield ok(
            "database",
            f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug: safe while one connection"
            " writes, so never write to the database by hand while the gateway runs",
        )


def clock(is_synchronised: bool) -> Iterator[Advice]:
    """Look at whether something keeps the clock right."""
    if is_synchronised:
        yield ok("clock", "synchronised")
    else:
        yield warn(
            "clock",
            "not synchronised: no order ends and nothing is deleted until it is",
            "start systemd-timesyncd or chrony, or fit a clock with a battery",
        )
