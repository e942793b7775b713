"""What Alembic runs around each migration: on the caller's connection, which also commits."""

from __future__ import annotations

from alembic import context

from gateway.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
