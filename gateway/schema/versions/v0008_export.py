"""What is exported, unknown time as rows, and triggers that note what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOTED = {
    "conditions": "id",
    "incidents": "id",
    "transitions": "id",
    "notices": "id",
    "attempts": "id",
    "permits": "id",
    "unknown_spans": "id",
}


def upgrade() -> None:
    """Create the tables and triggers."""
    op.create_table(
        "unknown_spans",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unknown_spans_watch", "unknown_spans", ["watch", "from_at"])
    op.create_index("unknown_spans_until_at", "unknown_spans", ["until_at"])
    op.create_index(
        "unknown_spans_open",
        "unknown_spans",
        ["device"],
        sqlite_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "export_feed",
        sa.Column("seq", _ROW_ID, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("what", "key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "samples",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "export_refused",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("export_refused_watch", "export_refused", ["watch"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("watch", sa.String(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.Column("points_left", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, key in _NOTED.items():
        for event in ("INSERT", "UPDATE"):
            op.execute(_trigger(table, key, event))


def _trigger(table: str, key: str, event: str) -> str:
    # Not INSERT OR REPLACE: the policy of the statement that fires a trigger overrides its own.
    return f"""
        CREATE TRIGGER {table}_{event.lower()}_noted AFTER {event} ON {table}
        WHEN EXISTS (SELECT 1 FROM cursors WHERE consumer = 'influx')
        BEGIN
            DELETE FROM export_feed WHERE what = '{table}' AND key = CAST(NEW.{key} AS TEXT);
            INSERT INTO export_feed (what, key) VALUES ('{table}', CAST(NEW.{key} AS TEXT));
        END
    """  # noqa: S608 - names of our own
