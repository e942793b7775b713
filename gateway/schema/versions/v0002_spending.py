"""What a text was made of, where it went and what it cost; and proof that texts arrive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns to notices and attempts, and the table of proofs; index notices by their time."""
    op.add_column("notices", sa.Column("said", sa.LargeBinary(), nullable=True))
    op.add_column("notices", sa.Column("held", sa.String(), nullable=True))
    op.add_column("notices", sa.Column("bundled_into", sa.String(), nullable=True))
    op.add_column("notices", sa.Column("pushed_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "notices", sa.Column("push_tries", sa.Integer(), nullable=False, server_default="0")
    )
    op.drop_index("notices_state", table_name="notices")
    op.create_index("notices_next", "notices", ["state", "next_at"], unique=False)
    op.add_column("attempts", sa.Column("phone", sa.String(), nullable=True))
    op.add_column("attempts", sa.Column("parts", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("attempts_phone", "attempts", ["phone", "started_at"], unique=False)
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("came_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("proofs_channel", "proofs", ["channel", "sent_at"], unique=False)
