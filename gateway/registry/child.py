"""Stages one file in a process of its own: `python -m gateway.registry.child`, asked on its input.

A file that somebody brings is opened nowhere else: whatever is in it takes this process's memory
and time, which are limited, and never the gateway's. It writes one staging file and says on its
output, in lines of JSON, how far it is, and at the end its report.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.db import Database
from gateway.homes.store import standing_orders
from gateway.privacy import KeyStore
from gateway.registry.columns import Kind
from gateway.registry.stage import Surroundings, stage_file
from gateway.registry.staging import OneTimeSeal

MEMORY: Final = 400 * 2**20
"""What it may take for data; it takes 120 MB for 300,000 devices."""
SECONDS: Final = 1_800
"""Of CPU; a list of 300,000 devices takes a tenth of it on a small machine."""


def main() -> None:
    """Do what was asked on standard input."""
    asked = json.loads(sys.stdin.readline())
    kind = Kind(asked["kind"]) if asked["kind"] else None
    keys = KeyStore.open(Path(asked["keys"]))
    database = Path(asked["database"])
    around = Surroundings(
        database=database,
        staging=Path(asked["staging"]),
        keys=keys,
        seal=OneTimeSeal(bytes.fromhex(asked["seal"])),
        watch_of=_watch_of(database, keys) if kind in {None, Kind.HOMES, Kind.DEVICES} else {},
        zone=ZoneInfo(asked["zone"]),
        now=datetime.fromisoformat(asked["now"]),
    )
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    report = stage_file(Path(asked["file"]), kind, around, _tell)
    _say({"report": report.as_json()})


def watch_of(connection: Connection, keys: KeyStore) -> Mapping[str, str]:
    """Return the watch of the standing order of each home, by house code."""
    return {order.code: order.watch for order in standing_orders(connection, keys)}


def _watch_of(file: Path, keys: KeyStore) -> Mapping[str, str]:
    database = Database(file)
    with closing(database), database.read() as connection:
        return watch_of(connection, keys)


def _tell(rows: int, done: float) -> None:
    _say({"rows": rows, "done": round(done, 4)})


def _say(said: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
