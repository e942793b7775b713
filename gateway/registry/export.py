"""Writes what the registry says as CSV or XLSX, in the columns that an import reads.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, which an import
takes away again (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from gateway.registry.columns import COLUMNS, Kind

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How a list is written."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA: Final[Mapping[Format, str]] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write(
    path: Path,
    kind: Kind,
    rows: Iterable[Mapping[str, str]],
    form: Format,
    language: Literal["zh", "en"] = "zh",
) -> int:
    """Write a list with its headings; return how many rows it has."""
    columns = COLUMNS[kind]
    heading = [column.chinese if language == "zh" else column.key for column in columns]
    cells = ([harmless(row[column.key]) for column in columns] for row in rows)
    path.touch(0o600)
    return (_write_csv if form is Format.CSV else _write_xlsx)(path, heading, cells)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def _write_csv(path: Path, heading: list[str], rows: Iterable[list[str]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # by its mark Excel knows it
        writer = csv.writer(file)
        writer.writerow(heading)
        for count, row in enumerate(rows, 1):  # noqa: B007 - how many there were
            writer.writerow(row)
    return count


def _write_xlsx(path: Path, heading: list[str], rows: Iterable[list[str]]) -> int:
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no types

    count = 0
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(heading)
    for count, row in enumerate(rows, 1):  # noqa: B007 - how many there were
        sheet.append(row)
    book.save(path)
    return count
