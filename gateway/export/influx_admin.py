"""What is asked of InfluxDB besides writing and reading: buckets made, and orders deleted.

InfluxDB 2 by its own API, 1.8 by InfluxQL. Both are idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from gateway.export.verdict import InfluxError, NotSupportedError, Verdict

_BEGINNING, _END = "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
_DAY = timedelta(days=1)


class Server(Protocol):
    """What is needed of `gateway.export.influx.Influx`."""

    org: str

    def version(self) -> str: ...
    def call(self, method: str, path: str, **sent: Any) -> Any: ...
    def ask(self, influxql: str, database: str = "") -> Any: ...


def erase(server: Server, database: str, watch: str) -> None:
    """Delete every point of an order."""
    if not watch.isalnum():
        raise ValueError(f"{watch!r} is no id of an order")  # it goes into a statement
    major = major_of(server.version())
    if major == 1:
        server.ask(f"DROP SERIES WHERE \"watch\" = '{watch}'", database)
    elif major == 2:
        server.call(
            "POST",
            "/api/v2/delete",
            params={"org": server.org, "bucket": database},
            json={"start": _BEGINNING, "stop": _END, "predicate": f'watch="{watch}"'},
        )
    else:
        raise NotSupportedError(
            f"InfluxDB {major} deletes no points; use InfluxDB 2 where homes are exported, or set"
            f" the retention of {database} to as few days as you need"
        )


def prepare(server: Server, keep: Mapping[str, timedelta]) -> None:
    """Create the buckets that are missing, and set how long each is kept."""
    major = major_of(server.version())
    if major > 2:
        named = ", ".join(f"{name} ({kept.days}d)" for name, kept in keep.items())
        raise NotSupportedError(
            f"InfluxDB {major} makes databases as they are written to; set how long it keeps them"
            f" with `influxdb{major} update database --retention-period`: {named}"
        )
    for name, kept in keep.items():
        if major == 1:
            _prepare_database(server, name, kept)
        else:
            _prepare_bucket(server, org_id(server), name, kept)


def _prepare_database(server: Server, name: str, kept: timedelta) -> None:
    server.ask(f'CREATE DATABASE "{name}"')
    lasts = f"DURATION {kept // _DAY}d SHARD DURATION {1 if kept < 180 * _DAY else 7}d DEFAULT"
    server.ask(f'ALTER RETENTION POLICY "autogen" ON "{name}" {lasts}')


def _prepare_bucket(server: Server, org: str, name: str, kept: timedelta) -> None:
    rules = {"retentionRules": [{"type": "expire", "everySeconds": int(kept.total_seconds())}]}
    asked = {"orgID": org, "name": name}
    found = server.call("GET", "/api/v2/buckets", params=asked).json()["buckets"]
    if found:
        server.call("PATCH", f"/api/v2/buckets/{found[0]['id']}", json=rules)
    else:
        server.call("POST", "/api/v2/buckets", json={**asked, **rules})


def org_id(server: Server) -> str:
    """Return the id of the organisation. Raises `InfluxError`."""
    found = server.call("GET", "/api/v2/orgs", params={"org": server.org}).json()["orgs"]
    if not found:
        raise InfluxError(Verdict.NOT_FOUND, f"there is no organisation {server.org}")
    return str(found[0]["id"])


def major_of(version: str) -> int:
    """Return the first number of a version; 2 where a server does not say one."""
    first = version.partition(".")[0]
    return int(first) if first.isdigit() else 2
