"""How long each table's rows are kept, and which setting says so."""

from __future__ import annotations

from docs.blocks.markdown import table
from gateway import config
from gateway.retention import RECORDS


def retention() -> str:
    """One row a table."""
    default = {each.key: each.default for each in config.settings()}
    journal, records = "journal.keep_days", "records.keep_days"
    rows = [
        (
            "`journal`",
            f"`{journal}`, {default[journal]} days",
            "since it was written; not before the engine and the saved devices have it",
        ),
        *(
            (f"`{each.table.name}`", f"`{records}`, {default[records]} days", each.when)
            for each in RECORDS
        ),
    ]
    return table(("table", "kept for", "counted"), rows)
