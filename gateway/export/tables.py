"""The tables of export: what changed and is not exported yet, samples, refusals, erasures.

Triggers on the tables of alerting fill `export_feed`, and only while the cursor "influx" exists
(see docs/adr/0025-changes-are-noted-by-the-database.md): a change cannot be committed without it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from alerts.tables import RowId, metadata

CONSUMER: Final = "influx"
"""Of the journal. While its cursor exists, changed rows are noted in `export_feed`."""

export_feed = Table(
    "export_feed",
    metadata,
    Column("seq", RowId, primary_key=True),  # never used again: a change while we post stays
    Column("what", String, nullable=False),  # the table
    Column("key", String, nullable=False),  # of the row
    UniqueConstraint("what", "key"),  # the latest change alone
    sqlite_autoincrement=True,
)

samples = Table(
    "samples",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),  # homes, gateway
    Column("sample", LargeBinary, nullable=False),  # see gateway.export.samples
    sqlite_autoincrement=True,
)

export_refused = Table(
    "export_refused",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("bucket", String, nullable=False),
    Column("watch", String),
    Column("line", LargeBinary, nullable=False),  # sealed under the watch, or "gateway"
    Column("why", String, nullable=False),  # what InfluxDB said, without the line
    Index("export_refused_watch", "watch"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", String, primary_key=True),  # of the release, and so of its certificate
    Column("watch", String),  # NULL once nothing was found any more
    Column("asked_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),  # when the deletion was last asked of InfluxDB
    Column("proven_at", BigInteger),  # when a query last found nothing left
    Column("points_left", Integer),  # that the last query found
    Column("why", String, nullable=False),  # why it is not proven yet, "" where it is
)
