"""The tables of accounts. Secrets stand here as hashes only, or sealed under `account:<id>`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table

from alerts.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),  # random: the audit knows an account by it
    Column("login", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),  # person, service
    Column("role", String, nullable=False),
    Column("area", String, nullable=False),  # id of the top of what it sees; empty: all
    Column("password", String),  # argon2id in its encoded form; NULL for a service
    Column("password_at", BigInteger),
    Column("must_change", Boolean, nullable=False),  # the password was made by somebody else
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("factor", LargeBinary),  # TOTP secret, under "account:<id>"; NULL: none is set up
    Column("factor_pending", LargeBinary),  # one that was shown and not proven yet
    Column("factor_step", BigInteger, nullable=False),  # time step of the last code accepted
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),  # public name, to end it by
    Column("hash", String, nullable=False, unique=True),  # SHA-256 of what the browser holds
    Column("account", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("factor_at", BigInteger),  # when a code was last shown in it
    Column("sealed", LargeBinary, nullable=False),  # address and browser, under "account:<id>"
    Index("sessions_account", "account"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("hash", String, nullable=False, unique=True),
    Column("account", String, nullable=False),
    Column("scopes", String, nullable=False),  # JSON list of rights
    Column("area", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index("tokens_account", "account"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("hash", String, primary_key=True),
    Column("account", String, nullable=False),
    Index("recovery_codes_account", "account"),
)
