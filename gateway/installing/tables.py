"""The tables of installing: what was begun and by whom, and the daily check of each device."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from alerts.tables import RowId, metadata

installings = Table(
    "installings",
    metadata,
    Column("id", String, primary_key=True),  # random; stands in the page's address
    Column("device", String, nullable=False),
    Column("account", String, nullable=False),  # who began it
    Column("begun_at", BigInteger, nullable=False),
    Column("begun_seq", BigInteger, nullable=False),  # the last record from before
    Column("watch", String),  # the order it is for; NULL: no home was chosen yet
    Column("kind", String, nullable=False),  # empty until it was mounted
    Column("place", String, nullable=False),
    Column("mounted_at", BigInteger),
    Column("answers", String, nullable=False),  # JSON object: what the installer confirmed
    Column("told_at", BigInteger),  # when the lead was told that it takes long
    Column("ended_at", BigInteger),
    Column("outcome", String, nullable=False),  # empty while it goes on; in_service, given_up
    Index("installings_device", "device"),
    Index("installings_ended_at", "ended_at"),
)

device_checks = Table(
    "device_checks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device", String, nullable=False),
    Column("account", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),  # good, faulty
    Index("device_checks_device", "device", "at"),
)
