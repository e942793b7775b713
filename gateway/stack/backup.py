"""Copies of the database, kept two weeks at most, and one copy of keys and settings, kept apart.

A copy of the keys opens every copy of the database, so the two never go to one place, and a copy of
the keys goes over the one before: a key that was destroyed is gone from it on the next day.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import Config
from gateway.privacy import write_private
from gateway.release.escrow import beside

STAMP = "menshen-%Y%m%dT%H%M%SZ.db"
NAMES = "menshen-????????T??????Z.db"
SETTINGS = "menshen.toml"
KEPT = (
    *("token", "broker-password", "audit-heads.txt"),
    *("influx-admin-token", "influx-admin-password", "influx-token", "influx-grafana-token"),
)
"""Files of the data directory; where the key store is has a setting of its own."""


class BackupError(Exception):
    """A copy that cannot be made or put back; the message says why and what to do."""


def back_up(
    config: Config,
    config_file: Path,
    to: Path,
    keys_to: Path,
    now: datetime,
    *,
    is_synchronised: bool = True,
) -> Path:
    """Copy the database, then keys and settings; delete copies that are too old.

    By a clock that is not synchronised nothing is deleted. Return the new copy. The gateway may run
    meanwhile. Raises `BackupError` or `OSError`.
    """
    if to.resolve() == keys_to.resolve():
        raise BackupError(f"{to}: keys belong on another medium than the database they open")
    made = _copy_database(config.database_file, to, now)
    for name, source in _apart(config, config_file):
        if source.exists():
            _write_over(keys_to / name, source.read_bytes())
    if is_synchronised:
        _forget(to, now - timedelta(days=config.records.contest_days), made)
    return made


def restore(config: Config, config_file: Path, copy: Path, keys: Path) -> list[Path]:
    """Put back a copy of the database, and what lies in `keys`; return what was written.

    Never over a database or key store that is there. Raises `BackupError` or `OSError`.
    """
    for path in (config.database_file, config.keys_file):
        if path.exists():
            raise BackupError(f"{path} is there: stop the gateway and move it away first")
    _require_whole(copy)
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = []
    for name, target in _apart(config, config_file):
        if (keys / name).exists() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(target, (keys / name).read_bytes())
            done.append(target)
    if not config.keys_file.exists():
        raise BackupError(f"{keys} has no keys.json: without it nothing in the copy can be read")
    for suffix in ("-wal", "-shm"):  # of another database: they would be played into this one
        config.database_file.with_name(f"{config.database_file.name}{suffix}").unlink(True)
    write_private(config.database_file, copy.read_bytes())
    return [*done, config.database_file]


def newest(folder: Path) -> Path:
    """Return the newest copy of the database. Raises `BackupError` where there is none."""
    found = max(folder.glob(NAMES), default=None)
    if found is None:
        raise BackupError(f"{folder} holds no copy of a database")
    return found


def _apart(config: Config, config_file: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is never copied to where the database goes: its name there, and where it is."""
    yield "keys.json", config.keys_file
    yield "keys-held.json", beside(config.keys_file)
    yield "certificate-key.pem", config.signing_key_file
    yield SETTINGS, config_file
    if config.gateway.homes_file:
        yield "homes.toml", config.homes_file
    for name in KEPT:
        yield name, config.data_dir / name
    for name in ("ca.key", "ca.crt", "broker.pem", "web.pem"):
        yield f"tls/{name}", config.tls_dir / name


def _copy_database(database: Path, to: Path, now: datetime) -> Path:
    if not database.exists():
        raise BackupError(f"{database} is not there: has the gateway ever run?")
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = to / f"{now.astimezone(UTC):{STAMP}}"
    draft = made.with_suffix(".part")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as live:
            # Not a page of what was deleted goes along, as it would with a copy page by page.
            live.execute("VACUUM INTO ?", (str(draft),))
        draft.chmod(0o600)
        _require_whole(draft)
        _to_disk(draft)
        draft.replace(made)
    except sqlite3.Error as error:
        raise BackupError(f"{database} cannot be copied to {to}: {error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return made


def _require_whole(copy: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            found = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"{copy} is not whole ({found}): take another copy")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_over(path: Path, content: bytes) -> None:
    """Replace a file, and zero what was there as well as the medium allows."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_private(path, content)
        return
    with path.open("r+b") as before:
        write_private(path, content)
        before.write(b"\0" * os.fstat(before.fileno()).st_size)
        before.flush()
        os.fsync(before.fileno())


def _forget(folder: Path, before: datetime, but: Path) -> None:
    """Delete copies made before then; never the one just made, whatever the clock says."""
    oldest = f"{before.astimezone(UTC):{STAMP}}"
    for path in folder.glob(NAMES):
        if path.name < oldest and path != but:
            path.unlink()
