"""InfluxDB gets what the gateway and Grafana need there: buckets that forget, tokens for no more.

Done with a token that may everything, which is not kept. Once more changes nothing: buckets get the
retention of the settings again, and a token whose file is there stays as it is, since InfluxDB
does not show one a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway import config
from gateway.export.influx_admin import major_of, org_id
from gateway.export.schema import Bucket
from gateway.privacy import write_private

if TYPE_CHECKING:
    from gateway.export.influx import Influx

GRAFANA_TOKEN = "influx-grafana-token"  # noqa: S105 - the name of a file
"""Beside the gateway's own token: what Grafana reads InfluxDB with."""


class Made(NamedTuple):
    """A token's file."""

    path: Path
    what: str
    is_new: bool


class Prepared(NamedTuple):
    """What is there now."""

    version: str
    databases: tuple[str, ...]
    tokens: tuple[Made, ...]


def kept(settings: config.Influx) -> dict[Bucket, timedelta]:
    """Return how long each bucket keeps what it has."""
    return {
        Bucket.HOMES: timedelta(days=settings.keep_days),
        Bucket.GATEWAY: timedelta(days=settings.gateway_keep_days),
        Bucket.COUNTS: timedelta(days=settings.counts_keep_days),
    }


def prepare(admin: Influx, settings: config.Influx, name: str, own: Path) -> Prepared:
    """Make buckets and, in InfluxDB 2, tokens; `own` is the file of the gateway's, `name` its name.

    Raises `InfluxError`, `NotSupportedError` and `OSError`.
    """
    version = admin.version()
    admin.prepare(kept(settings))
    tokens: list[Made] = []
    if major_of(version) == 2:
        reads = own.with_name(GRAFANA_TOKEN)
        tokens += [
            _token(admin, own, f"gateway {name}", ("read", "write")),
            _token(admin, reads, f"Grafana of {name}", ("read",)),
        ]
    return Prepared(version, tuple(map(admin.database, Bucket)), tuple(tokens))


def _token(admin: Influx, path: Path, what: str, may: Sequence[str]) -> Made:
    """Have a token made that may this with our buckets alone, and write it down."""
    if path.exists():
        return Made(path, what, is_new=False)
    organisation = org_id(admin)
    resources = [
        {"type": "buckets", "id": _bucket_id(admin, organisation, bucket), "orgID": organisation}
        for bucket in Bucket
    ]
    asked = {
        "orgID": organisation,
        "description": f"menshen: {what}",
        "permissions": [
            {"action": action, "resource": resource} for action in may for resource in resources
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made: dict[str, Any] = admin.call("POST", "/api/v2/authorizations", json=asked).json()
    write_private(path, f"{made['token']}\n".encode())
    return Made(path, what, is_new=True)


def _bucket_id(admin: Influx, organisation: str, bucket: Bucket) -> str:
    asked = {"orgID": organisation, "name": admin.database(bucket)}
    found = admin.call("GET", "/api/v2/buckets", params=asked).json()["buckets"]
    return str(found[0]["id"])
