"""How long each table's rows are kept, and which setting says so."""

from __future__ import annotations

from datetime import timedelta

from docs.blocks.markdown import table
from gateway import config
from gateway.retention import RECORDS, Retention

HOUR = timedelta(hours=1)


def retention() -> str:
    """One row a table."""
    default = {each.key: each.default for each in config.settings()}
    journal, records = "journal.keep_days", "records.keep_days"
    usual = f"`{records}`, {default[records]} days"
    since = (
        "since it was written; not before the engine, the saved devices and, for"
        f" {config.LONGEST_DAYS} days at most, InfluxDB have it"
    )
    rows = [
        ("`journal`", f"`{journal}`, {default[journal]} days", since),
        *((f"`{each.table.name}`", _kept(each, usual), each.when) for each in RECORDS),
    ]
    return table(("table", "kept for", "counted"), rows)


def _kept(each: Retention, usual: str) -> str:
    if each.kept is None:
        return usual
    return f"{each.kept.days} days" if each.kept.days > 1 else f"{each.kept // HOUR} h"
