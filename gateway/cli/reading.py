"""Reads the database as it is on the disk, whether the gateway runs or not; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.db import Database
    from gateway.privacy import KeyStore


class OnDisk(NamedTuple):
    """What a gateway keeps."""

    config: Config
    keys: KeyStore
    database: Database


@contextmanager
def on_disk(config_file: Path) -> Iterator[OnDisk]:
    """Open what a gateway keeps, for reading.

    Raises `SettingsError` and `KeyStoreError`, which say what is missing.
    """
    from gateway.config import load
    from gateway.db import Database, is_current
    from gateway.privacy import KeyStore
    from gateway.settings import SettingsError

    config = load(config_file)
    if not is_current(config.database_file):
        raise SettingsError(
            f"{config.database_file}: no database of this version; start the gateway once"
        )
    keys = KeyStore.open(config.keys_file)
    database = Database(config.database_file)
    try:
        yield OnDisk(config, keys, database)
    finally:
        database.close()
