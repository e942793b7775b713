"""Reads a list row by row, from CSV or XLSX, whatever program wrote it; nothing is kept in memory.

Every byte may be wrong: what cannot be read is a `SheetError` that says what to do.
"""

from __future__ import annotations

import codecs
import csv
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from gateway.registry.cells import Raw
from gateway.registry.package import MOST_COLUMNS, MOST_ROWS, SheetError, check, layout

_CHUNK: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 18
"""Characters: csv reads no cell longer than half of it."""
_ZIP: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0"
_BY_MARK = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Line(NamedTuple):
    """One row that is not blank, and how far in the file it stands (0 to 1)."""

    row: int
    cells: list[Raw]
    done: float


class Sheet(NamedTuple):
    """An opened list."""

    lines: Iterator[Line]
    hidden: frozenset[int]
    merged: tuple[tuple[int, str], ...]
    """Last row and name of each merged range."""


@contextmanager
def open_sheet(path: Path) -> Iterator[Sheet]:
    """Open a list; its bytes say what it is. Raises `SheetError`, at each line too."""
    with ExitStack() as stack:
        yield _open(path, stack)


def _open(path: Path, stack: ExitStack) -> Sheet:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise SheetError(f"it cannot be read: {error.strerror}") from None
    if head.startswith(_OLD):
        raise SheetError("it is of the old format .xls, or locked; save it as .xlsx or CSV")
    if head.startswith(_ZIP):
        return _open_xlsx(path, stack)
    return Sheet(_csv_lines(path, stack), frozenset(), ())


# ---- CSV ----


def _csv_lines(path: Path, stack: ExitStack) -> Iterator[Line]:
    encoding = _encoding(path)
    size = max(path.stat().st_size, 1)
    file = stack.enter_context(path.open("rb"))
    text = stack.enter_context(TextIOWrapper(file, encoding, newline=""))
    start = text.readline(_LONGEST_LINE)
    delimiter = max(",;\t", key=start.count)
    reader = csv.reader(_text_lines(start.removeprefix("\ufeff"), text), delimiter=delimiter)
    row = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeError) as error:
            raise SheetError(f"row {row + 1} cannot be read: {error}") from None
        row += 1
        if len(cells) > MOST_COLUMNS:
            raise SheetError(f"row {row} has more than {MOST_COLUMNS} columns")
        if row > MOST_ROWS:
            raise SheetError(f"it has more than {MOST_ROWS} rows; split it into several files")
        if any(cell and not cell.isspace() for cell in cells):
            yield Line(row, list(cells), min(1.0, file.tell() / size))


def _text_lines(line: str, text: TextIOWrapper) -> Iterator[str]:
    while line:
        if len(line) >= _LONGEST_LINE:
            raise SheetError("a line of it is too long for a list; save it anew")
        yield line
        line = text.readline(_LONGEST_LINE)


def _encoding(path: Path) -> str:
    """Find the encoding in which the whole file can be read. Raises `SheetError`."""
    with path.open("rb") as file:
        mark = file.read(2)
        if mark in _BY_MARK:
            return _BY_MARK[mark]
        for encoding in ("utf-8", "gb18030"):
            file.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            with suppress(UnicodeDecodeError):
                while chunk := file.read(_CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
                return encoding
    raise SheetError("its text is neither UTF-8 nor GB18030; save it as CSV UTF-8")


# ---- XLSX ----


def _open_xlsx(path: Path, stack: ExitStack) -> Sheet:
    check(path)
    book = _load(stack.enter_context(path.open("rb")))
    stack.callback(book.close)
    sheets = [each for each in book.worksheets if each.sheet_state == "visible"]
    if not sheets:
        raise SheetError("it has no visible sheet")
    found = layout(path, sheets[0]._worksheet_path)
    lines = _xlsx_lines(sheets[0], max(found.last_row, 1))
    return Sheet(lines, frozenset(found.hidden), tuple(found.merged))


def _load(file: BinaryIO) -> Any:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which are not read
            return load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # noqa: BLE001
        # Whatever it meets in a part that somebody chose, the file cannot be read.
        raise SheetError(f"it cannot be read ({type(error).__name__}); save it anew") from None


def _xlsx_lines(sheet: Any, last_row: int) -> Iterator[Line]:
    try:
        sheet.reset_dimensions()  # what the file says of them may be wrong
        rows, row = sheet.iter_rows(), 0
        while (cells := _quietly_next(rows)) is not None:
            row += 1
            found = [_raw(cell) for cell in cells]
            if any(cell is not None and cell != "" for cell in found):
                yield Line(row, found, min(1.0, row / last_row))
    except Exception as error:  # noqa: BLE001
        # As above: its cells are as hostile as its parts.
        raise SheetError(f"a row cannot be read ({type(error).__name__}); save it anew") from None


def _quietly_next(rows: Iterator[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of dates that are none: they are read as text
        return next(rows, None)


def _raw(cell: Any) -> Raw:
    """Return a cell's value; a date that is shown without a time of day is a day."""
    value = cell.value
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if "h" in str(cell.number_format).lower() else value.date()
    if isinstance(value, str | int | float | bool | date):
        return value
    return str(value) if hasattr(value, "isoformat") else "="  # an array formula, or a data table
