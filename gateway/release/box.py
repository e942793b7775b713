"""Every row that belongs to one order, folded into one sealed box and back.

What is in the box is in no table any more: nothing that looks at tables has to know what was
released. The box is sealed under the order's key, and is worth nothing without it.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select

from alerts.model import NoticeState
from alerts.tables import (
    Sealer,
    attempts,
    conditions,
    decisions,
    incidents,
    notices,
    permits,
    silences,
    transitions,
    unknown_spans,
)
from gateway import memories
from gateway.export.tables import export_refused
from gateway.installing.tables import installings
from gateway.registry.tables import bindings, registry_changes, residents
from gateway.schema.tables import devices, orders

Rows = list[dict[str, Any]]
_BYTES: Final = "b64"


class Belonging(NamedTuple):
    """The rows of one table that belong to an order, and the class of data they count as."""

    table: Table
    of: Callable[[str], ColumnElement[bool]]
    counts_as: str


def _incidents_of(watch: str) -> Any:
    return select(incidents.c.id).where(incidents.c.watch == watch)


def _notices_of(watch: str) -> ColumnElement[bool]:
    return or_(notices.c.watch == watch, notices.c.incident.in_(_incidents_of(watch)))


BELONGINGS: Final = (
    Belonging(
        attempts,
        lambda watch: attempts.c.notice.in_(select(notices.c.id).where(_notices_of(watch))),
        "tries_to_send",
    ),
    Belonging(notices, _notices_of, "texts"),
    Belonging(transitions, lambda watch: transitions.c.incident.in_(_incidents_of(watch)), "steps"),
    Belonging(
        conditions,
        lambda watch: or_(
            conditions.c.watch == watch, conditions.c.incident.in_(_incidents_of(watch))
        ),
        "findings",
    ),
    Belonging(incidents, lambda watch: incidents.c.watch == watch, "incidents"),
    Belonging(unknown_spans, lambda watch: unknown_spans.c.watch == watch, "unknown_times"),
    Belonging(export_refused, lambda watch: export_refused.c.watch == watch, "refused_points"),
    Belonging(permits, lambda watch: permits.c.watch == watch, "permits"),
    Belonging(silences, lambda watch: silences.c.subject == watch, "silences"),
    Belonging(decisions, lambda watch: decisions.c.watch == watch, "decisions"),
    Belonging(residents, lambda watch: residents.c.watch == watch, "residents"),
    Belonging(bindings, lambda watch: bindings.c.watch == watch, "device_bindings"),
    Belonging(
        registry_changes,
        lambda watch: (registry_changes.c.kind == "order") & (registry_changes.c.subject == watch),
        "registry_changes",
    ),
    Belonging(installings, lambda watch: installings.c.watch == watch, "installings"),
    Belonging(devices, lambda watch: devices.c.watch == watch, "devices"),
    Belonging(orders, lambda watch: orders.c.watch == watch, "orders"),
)
"""In this order: what names something goes before it."""


def gather(connection: Connection, watch: str) -> dict[str, Rows]:
    """Return every row of an order, by table."""
    rows: dict[str, Rows] = {
        each.table.name: [
            dict(row)
            for row in connection.execute(select(each.table).where(each.of(watch))).mappings()
        ]
        for each in BELONGINGS
    }
    facts = memories.facts(connection, [row["id"] for row in rows["devices"]])
    return rows | {"facts": [{"device": each, "kinds": kinds} for each, kinds in facts.items()]}


def remove(connection: Connection, watch: str) -> None:
    """Delete every row of an order."""
    for each in BELONGINGS:
        connection.execute(delete(each.table).where(each.of(watch)))


def count(rows: Mapping[str, Rows]) -> dict[str, int]:
    """Count rows by class of data."""
    counted: Counter[str] = Counter()
    for each in BELONGINGS:
        counted[each.counts_as] += len(rows[each.table.name])
    return dict(counted)


def stopped(rows: Rows, at: int) -> Rows:
    """Return notices as they are once no more is sent: what still waits ends superseded."""
    waits = (NoticeState.PENDING, NoticeState.FAILED_TEMPORARY)
    ended = {"state": NoticeState.SUPERSEDED.value, "settled_at": at, "end_reason": "superseded"}
    under_way = {"state": NoticeState.UNCONFIRMED.value, "settled_at": at, "lease_until": None}
    return [
        row
        | (ended if row["state"] in waits else {})
        | (under_way if row["state"] == NoticeState.SENDING else {})
        for row in rows
    ]


def seal(sealer: Sealer, watch: str, rows: Mapping[str, Rows]) -> bytes:
    """Put rows into a box."""
    written = json.dumps(rows, default=_encoded, ensure_ascii=False, separators=(",", ":"))
    return sealer.seal(watch, written)


def unseal(sealer: Sealer, watch: str, box: bytes) -> dict[str, Rows]:
    """Return what `seal` was given. Raises `UnreadableError` without the key."""
    found: dict[str, Rows] = json.loads(sealer.unseal(watch, box), object_hook=_decoded)
    return found


def _encoded(value: object) -> dict[str, str]:
    assert isinstance(value, bytes)
    return {_BYTES: base64.b64encode(value).decode()}


def _decoded(found: dict[str, Any]) -> Any:
    return base64.b64decode(found[_BYTES]) if found.keys() == {_BYTES} else found
