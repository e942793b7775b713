"""What may be deleted, and when: for each table, the rows that nobody needs or may keep any longer.

What still stands never goes: open incidents and what belongs to them, conditions that are true,
notices on their way. Values and SQL expressions alone; `gateway.keeping` carries them out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, and_, or_, select

from alerts.tables import (
    attempts,
    conditions,
    decisions,
    incidents,
    notices,
    permits,
    silences,
    texts_in,
    transitions,
    unknown_spans,
)
from gateway.audit.tables import audit_said
from gateway.export.tables import export_refused, samples
from gateway.installing.tables import device_checks, installings
from gateway.registry.tables import bindings, idempotency_keys, registry_changes
from gateway.schema.tables import proofs


class Retention(NamedTuple):
    """The rows of one table that go once they are older than a time."""

    table: Table
    goes: Callable[[int], ColumnElement[bool]]  # microseconds since 1970 UTC, to which rows
    when: str
    """Since when a row has been old, and what keeps it nevertheless; for docs/privacy.md."""
    kept: timedelta | None = None  # None: as long as records are

    @property
    def key(self) -> Column[Any]:
        """The column by which the table is walked."""
        (key,) = self.table.primary_key.columns
        return key


ANSWERS_KEPT = timedelta(hours=24)
"""How long a request that comes once more gets the answer of the first time (ours): it may hold a
password that is shown once."""
SAMPLES_KEPT = timedelta(days=30)
"""How long samples wait for InfluxDB (ours, as records of the journal)."""

_UNREVIEWED = select(incidents.c.id).where(incidents.c.reviewed_at.is_(None))

RECORDS = (
    Retention(
        conditions,
        lambda before: and_(
            conditions.c.cleared_at < before,
            or_(conditions.c.incident.is_(None), conditions.c.incident.not_in(_UNREVIEWED)),
        ),
        "since it cleared; not while its incident waits for review",
    ),
    Retention(
        incidents,
        lambda before: incidents.c.reviewed_at < before,
        "since it was reviewed, or ended by itself",
    ),
    Retention(
        transitions,
        lambda before: and_(
            transitions.c.decided_at < before,
            transitions.c.incident.not_in(select(incidents.c.id)),
        ),
        "with its incident",
    ),
    Retention(
        notices, lambda before: notices.c.settled_at < before, "since it was sent, or given up"
    ),
    Retention(
        attempts,
        lambda before: and_(
            attempts.c.ended_at < before, attempts.c.notice.not_in(select(notices.c.id))
        ),
        "with its notice",
    ),
    Retention(proofs, lambda before: proofs.c.sent_at < before, "since it was sent"),
    Retention(decisions, lambda before: decisions.c.decided_at < before, "since it was taken"),
    Retention(texts_in, lambda before: texts_in.c.received_at < before, "since it came"),
    Retention(
        unknown_spans, lambda before: unknown_spans.c.until_at < before, "since it was known again"
    ),
    Retention(
        samples,
        lambda before: samples.c.at < before,
        "since it was taken; before that as soon as InfluxDB has it",
        kept=SAMPLES_KEPT,
    ),
    Retention(export_refused, lambda before: export_refused.c.at < before, "since it was refused"),
    Retention(permits, lambda before: permits.c.until_at < before, "since its window ended"),
    Retention(silences, lambda before: silences.c.until_at < before, "since it ended"),
    Retention(
        idempotency_keys,
        lambda before: idempotency_keys.c.at <= before,
        "since the request came",
        kept=ANSWERS_KEPT,
    ),
    Retention(bindings, lambda before: bindings.c.until_at < before, "since the device left"),
    Retention(registry_changes, lambda before: registry_changes.c.at < before, "since it was made"),
    Retention(installings, lambda before: installings.c.ended_at < before, "since it ended"),
    Retention(device_checks, lambda before: device_checks.c.at < before, "since it was done"),
    Retention(audit_said, lambda before: audit_said.c.at < before, "since it was done"),
)
"""In this order: what belongs to something goes after it."""
