"""Looks for copies of the key store that outlive what was destroyed. Reads, never writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.config import Config
from gateway.doctor.advice import Advice, bad, warn
from gateway.release.escrow import beside

LARGEST_LOOKED_AT = 64 * 2**20


def copies_of_keys(config: Config) -> Iterator[Advice]:
    """Look at what lies beside the key store: a copy has keys that were destroyed since."""
    store = config.keys_file
    ours = {store, beside(store)}
    oldest = time.time() - config.records.contest_days * 86_400
    for path in sorted(store.parent.glob("*")) if store.parent.is_dir() else ():
        if path in ours or not _holds_keys(path):
            continue
        if path.stat().st_mtime < oldest:
            yield bad(
                "key store",
                f"{path} is a copy from before keys were destroyed: with it they can be read",
                "overwrite and remove it (`shred -u`); keep no copy longer than"
                f" {config.records.contest_days:g} days",
            )
        else:
            yield warn(
                "key store",
                f"{path} is a copy of it on the same medium",
                "keep one copy elsewhere, made anew each day, and remove this one",
            )


def _holds_keys(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LOOKED_AT:
            return False
        return bool(json.loads(path.read_bytes()).keys() >= {"version", "keys"})
    except (OSError, ValueError, AttributeError):
        return False
