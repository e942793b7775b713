"""Releases with their certificates, freed devices, codes for the own record, contests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and the indexes by which the record of one order is gathered."""
    _releases()
    _record()
    op.create_table(
        "spent_orders",
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    for table in ("conditions", "incidents", "notices", "permits", "bindings"):
        op.create_index(f"{table}_watch", table, ["watch"], unique=False)


def _releases() -> None:
    op.create_table(
        "releases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.Column("shred_at", sa.BigInteger(), nullable=True),
        sa.Column("shredded_at", sa.BigInteger(), nullable=True),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("watch"),
    )
    op.create_table(
        "freed_devices",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("freed_at", sa.BigInteger(), nullable=False),
        sa.Column("wiped_at", sa.BigInteger(), nullable=True),
        sa.Column("swept_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("freed_devices_device", "freed_devices", ["device"], unique=False)


def _record() -> None:
    op.create_table(
        "record_codes",
        sa.Column("watch", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("tie", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("watch"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "contests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("contests_watch", "contests", ["watch"], unique=False)
