"""The tables of the audit: a chain of digests that is kept, and the words behind them that are not.

`audit` names accounts by random ids and everything else by salted digests; a row is never changed.
`audit_said` holds what a digest was made of, sealed under its owner's key; it goes with the other
records, or becomes unreadable with the key.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from alerts.tables import RowId, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", RowId, primary_key=True),  # 1, 2, 3 … without a gap
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),  # an account's id, "machine", "gateway" or "nobody"
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),  # salted digest, or empty
    Column("detail", String, nullable=False),  # salted digest, or empty
    Column("previous", String, nullable=False),  # the hash of the row before
    Column("hash", String, nullable=False),
)

audit_said = Table(
    "audit_said",
    metadata,
    Column("seq", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("owner", String, nullable=False),  # whose key it is sealed under
    Column("sealed", LargeBinary, nullable=False),  # JSON: subject and detail
)
