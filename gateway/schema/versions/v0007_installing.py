"""What is being installed, and the daily check of devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "installings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_seq", sa.BigInteger(), nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("mounted_at", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.String(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("installings_device", "installings", ["device"], unique=False)
    op.create_index("installings_ended_at", "installings", ["ended_at"], unique=False)
    op.create_table(
        "device_checks",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("device_checks_device", "device_checks", ["device", "at"], unique=False)
