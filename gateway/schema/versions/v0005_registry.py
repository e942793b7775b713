"""Residents, equipment with its states, bindings with from-to, changes, and keys of requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and the indexes by which lists are turned over page by page."""
    _people_and_devices()
    _history()
    op.create_index("homes_building", "homes", ["building"], unique=False)
    op.create_index("contacts_team", "contacts", ["team"], unique=False)
    op.create_index("devices_watch", "devices", ["watch"], unique=False)
    op.create_index("devices_building", "devices", ["building"], unique=False)


def _people_and_devices() -> None:
    op.create_table(
        "residents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("residents_watch", "residents", ["watch"], unique=False)
    op.create_table(
        "equipment",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("make", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )


def _history() -> None:
    op.create_table(
        "bindings",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bindings_device", "bindings", ["device", "from_at"], unique=False)
    op.create_index(
        "bindings_open",
        "bindings",
        ["device"],
        unique=True,
        sqlite_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "registry_changes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "registry_changes_subject", "registry_changes", ["kind", "subject"], unique=False
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
