"""Looks through a spreadsheet file before it is read: what is too large or hostile is refused.

Its parts are walked as a stream, with nothing kept but where rows are hidden and cells merged. A
part that declares a document type is refused: entities come from there, and no spreadsheet has one.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

MOST_PARTS: Final = 2_000
MOST_BYTES: Final = 2**30
"""Of all parts unpacked: 1,000,000 rows of ten columns are 600 MB (ours)."""
MOST_STRINGS: Final = 192 * 2**20
"""Of the part that holds all texts, which is kept in memory while reading (ours)."""
MOST_ROWS: Final = 1_048_576
"""As many as the format has."""
MOST_COLUMNS: Final = 200
"""Ours: ten are known, and lists have their own besides."""
_CHUNK: Final = 1 << 16
_MOST_NOTED: Final = 1_000

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class SheetError(Exception):
    """A file that cannot be read; the message says why and what to do."""


@dataclass(slots=True)
class Layout:
    """What a sheet's values do not show."""

    last_row: int = 0
    hidden: set[int] = field(default_factory=set)
    merged: list[tuple[int, str]] = field(default_factory=list)
    """Last row and name of each range, such as (9, "A5:A9")."""


def check(path: Path) -> None:
    """Refuse what no spreadsheet is. Raises `SheetError`."""
    try:
        with zipfile.ZipFile(path) as package:
            _check(package)
    except SheetError:
        raise
    except Exception as error:  # noqa: BLE001
        # Bytes that somebody chose: zipfile, zlib and lzma have a dozen errors of their own.
        raise SheetError(f"it is no spreadsheet ({type(error).__name__}); save it anew") from None


def _check(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        raise SheetError("unpacked it is too large; split the list into several files")
    for part in parts:
        if part.flag_bits & 1:
            raise SheetError("it is locked with a password; save it without one")
        if part.filename.endswith("sharedStrings.xml") and part.file_size > MOST_STRINGS:
            raise SheetError("it holds too much text; save it as CSV")
        if part.filename.endswith((".xml", ".rels")):
            _refuse_document_type(package, part)


def layout(path: Path, sheet: str) -> Layout:
    """Walk through one sheet, by the name of its part. Raises `SheetError`."""
    walk = _Walk()
    try:
        with zipfile.ZipFile(path) as package, package.open(sheet.lstrip("/")) as stream:
            while chunk := stream.read(_CHUNK):
                walk.parser.Parse(chunk, False)
    except SheetError:
        raise
    except Exception as error:  # noqa: BLE001
        # As above.
        raise SheetError(f"its sheet is damaged ({type(error).__name__}); save it anew") from None
    return walk.found


class _Walk:
    """Follows the elements of a sheet."""

    def __init__(self) -> None:
        self.found = Layout()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._element
        self._cells = 0

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes.get("r", ""))
        elif name == "row":
            self._row(attributes)
        elif name == "mergeCell" and len(self.found.merged) < _MOST_NOTED:
            last = _REFERENCE.fullmatch(attributes.get("ref", "").rpartition(":")[2])
            self.found.merged.append((int(last[2]) if last else 0, attributes.get("ref", "")[:20]))

    def _row(self, attributes: dict[str, str]) -> None:
        written = attributes.get("r", "")
        row = self.found.last_row + 1
        if written:
            row = int(written) if written.isdecimal() and len(written) < 9 else 0
        if not self.found.last_row < row <= MOST_ROWS:
            raise SheetError("its rows are not in order; save it anew")
        self.found.last_row, self._cells = row, 0
        if attributes.get("hidden") in {"1", "true"} and len(self.found.hidden) < _MOST_NOTED:
            self.found.hidden.add(row)

    def _cell(self, reference: str) -> None:
        self._cells += 1
        found = _REFERENCE.fullmatch(reference)
        column = _number(found[1]) if found else self._cells
        if reference and (not found or int(found[2]) > MOST_ROWS):
            raise SheetError("a cell of it is nowhere; save it anew")
        if max(column, self._cells) > MOST_COLUMNS:
            raise SheetError(f"it has more than {MOST_COLUMNS} columns; delete the empty ones")


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class _RootSeen(Exception):  # noqa: N818 - nothing is wrong
    pass


def _refuse_document_type(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    def declared(*_: object) -> None:
        raise SheetError("it declares a document type, which no spreadsheet does; save it anew")

    def root(*_: object) -> None:
        raise _RootSeen

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = root
    with package.open(part) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        except _RootSeen:
            return
        except expat.ExpatError:
            raise SheetError("a part of it is damaged; save it anew") from None
