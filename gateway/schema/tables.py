"""The tables of the shell: what arrived, how far each consumer is, and what is being watched.

They stand in the same metadata as those of alerting, so that one migration covers all. Rows of the
journal and of incidents carry a watch or a device; what ties a watch to a home is sealed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from alerts.tables import RowId, metadata
from gateway.accounts import tables as _accounts  # noqa: F401 - its tables enter the metadata
from gateway.audit import tables as _audit  # noqa: F401 - its tables enter the metadata
from gateway.export import tables as _export  # noqa: F401 - its tables enter the metadata
from gateway.installing import tables as _installing  # noqa: F401 - its tables enter too
from gateway.provisioning import tables as _provisioning  # noqa: F401 - its table enters too
from gateway.registry import tables as _registry  # noqa: F401 - its tables enter the metadata
from gateway.release import tables as _release  # noqa: F401 - its tables enter the metadata

__all__ = ["metadata"]

journal = Table(
    "journal",
    metadata,
    Column("seq", RowId, primary_key=True),  # given by us, never used again
    Column("recorded_at", BigInteger, nullable=False),  # of the commit
    Column("received_at", BigInteger, nullable=False),  # gateway clock on arrival
    Column("observed_at", BigInteger),  # the device's clock
    Column("topic", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # as it came
    Column("retained", Boolean, nullable=False),
    Column("device", String),
    Column("reason", String),  # why it could not be read; NULL where it could
    # No further index: each would cost the flash a page a row.
)

cursors = Table(
    "cursors",
    metadata,
    Column("consumer", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the last record it has committed
    Column("moved_at", BigInteger, nullable=False),
)

device_states = Table(
    "device_states",
    metadata,
    Column("device", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the last record folded into it
    Column("state", LargeBinary, nullable=False),  # JSON, see gateway.memories
)

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

proofs = Table(
    "proofs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("channel", String, nullable=False),
    Column("token", String, nullable=False),  # what the test text says, to be known again
    Column("sent_at", BigInteger, nullable=False),
    Column("came_at", BigInteger),  # back to us, or by a delivery report; NULL: not yet
    Column("reason", String, nullable=False),  # waiting, came_back, delivered, or why it failed
    Index("proofs_channel", "channel", "sent_at"),
)

areas = Table(
    "areas",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("level", String, nullable=False),  # city, district, street, community, grid
    Column("parent", String),
)

buildings = Table(
    "buildings",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("area", String),
    Column("category", String, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String, primary_key=True),
    Column("shifts", String, nullable=False),  # JSON list
    Column("overrides", String, nullable=False),  # JSON list
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", String, primary_key=True),  # "<team>/<member>"
    Column("team", String, nullable=False),
    Column("position", Integer, nullable=False),  # order within the team
    Column("role", String, nullable=False),
    Column("shift", String),
    Column("is_beyond", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # name and phones, under "team:<id>"
    Index("contacts_team", "team"),
)

homes = Table(
    "homes",
    metadata,
    Column("code", String, primary_key=True),
    Column("building", String, nullable=False),
    Column("team", String, nullable=False),
    Column("address", String, nullable=False),
    Column("short_address", String, nullable=False),
    Column("policy", String, nullable=False),  # JSON object: what differs from the gateway's
    Index("homes_building", "building"),
)

orders = Table(
    "orders",
    metadata,
    Column("watch", String, primary_key=True),  # random
    Column("sealed_home", LargeBinary, nullable=False),  # house code, under the watch
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("notice_served_at", BigInteger),
    Column("state", String, nullable=False),  # planned, active, released, extended, transferred
)

devices = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("watch", String),  # the order whose home it is at; that home is sealed there
    Column("building", String, nullable=False),
    Column("device_class", String, nullable=False),
    Column("bridge", String),
    Column("place", String, nullable=False),
    Column("settings", String, nullable=False),  # JSON object
    Index("devices_watch", "watch"),
    Index("devices_building", "building"),
)
