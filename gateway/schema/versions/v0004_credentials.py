"""Credentials of devices and bridges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table of accounts on the broker."""
    op.create_table(
        "device_credentials",
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("serial", sa.String(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("bases", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("retires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_index("device_credentials_owner", "device_credentials", ["owner"], unique=False)
    op.create_index("device_credentials_code", "device_credentials", ["code"], unique=False)
