"""The tables of the registry, beside those of areas, buildings, teams, homes, orders and devices.

Who lives in a home is sealed under the watch of its order. `bindings` says where a device hung and
when: what a record says of a device is to be read by the binding of its time.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, text

from alerts.tables import RowId, metadata

residents = Table(
    "residents",
    metadata,
    Column("id", String, primary_key=True),  # random
    Column("watch", String, nullable=False),
    Column("position", Integer, nullable=False),  # order within the home
    Column("sealed", LargeBinary, nullable=False),  # name and phone, under the watch
    Index("residents_watch", "watch"),
)

equipment = Table(
    "equipment",
    metadata,
    Column("device", String, primary_key=True),
    Column("make", String, nullable=False),
    Column("model", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("state", String, nullable=False),  # see gateway.registry.lifecycle
    Column("changed_at", BigInteger, nullable=False),  # when it came into that state
)

bindings = Table(
    "bindings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device", String, nullable=False),
    Column("watch", String),  # of the home it hung at; NULL: in the building
    Column("building", String, nullable=False),
    Column("place", String, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("until_at", BigInteger),  # NULL: it hangs there now
    Index("bindings_device", "device", "from_at"),
    Index("bindings_open", "device", unique=True, sqlite_where=text("until_at IS NULL")),
)

registry_changes = Table(
    "registry_changes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),  # area, building, member, home, order, device, import
    Column("subject", String, nullable=False),  # id or house code; of an order its watch
    Column("change", String, nullable=False),  # entered, changed, or a state
    Column("fields", String, nullable=False),  # names of what changed, never a value
    Index("registry_changes_subject", "kind", "subject"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String, primary_key=True),  # digest of who asked, what, and the key they gave
    Column("asked", String, nullable=False),  # digest of the body
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),  # the body, under the gateway's key
    Column("at", BigInteger, nullable=False),
)
