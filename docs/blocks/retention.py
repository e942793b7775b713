"""How long each table's rows are kept, and which setting says so."""

from __future__ import annotations

from docs.blocks.markdown import table
from gateway import config
from gateway.retention import RECORDS, Retention


def retention() -> str:
    """One row a table."""
    default = {each.key: each.default for each in config.settings()}
    journal, records = "journal.keep_days", "records.keep_days"
    usual = f"`{records}`, {default[records]} days"
    rows = [
        (
            "`journal`",
            f"`{journal}`, {default[journal]} days",
            "since it was written; not before the engine and the saved devices have it",
        ),
        *((f"`{each.table.name}`", _kept(each, usual), each.when) for each in RECORDS),
    ]
    return table(("table", "kept for", "counted"), rows)


def _kept(each: Retention, usual: str) -> str:
    return usual if each.kept is None else f"{each.kept.total_seconds() / 3600:.0f} h"
