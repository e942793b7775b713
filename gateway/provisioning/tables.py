"""The table of accounts on the broker. No password stands in it, but the broker's hash of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from alerts.tables import metadata

device_credentials = Table(
    "device_credentials",
    metadata,
    Column("user", String, primary_key=True),  # on the broker
    Column("owner", String, nullable=False),  # id of the device or bridge
    Column("kind", String, nullable=False),  # device, bridge, gateway
    Column("code", String),  # a device's short code
    Column("hash", String),  # of the password, as mosquitto writes it; NULL: a certificate
    Column("serial", String),  # of the certificate, hex
    Column("expires_at", BigInteger),  # of the certificate
    Column("bases", String, nullable=False),  # JSON list: a bridge's base topics
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("retires_at", BigInteger),  # a newer one took its place and it may be used until then
    Column("revoked_at", BigInteger),
    Index("device_credentials_owner", "owner"),
    Index("device_credentials_code", "code"),
)
