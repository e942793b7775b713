"""From the lines of a file to entries: each cell read by its column, each mistake named.

A list may begin with a title: the first row whose cells name all required columns is the heading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.registry.cells import Raw, Value, Wrong, read
from gateway.registry.columns import COLUMNS, KEYS, Column, Form, Kind, kinds_of, known_as
from gateway.registry.package import SheetError
from gateway.registry.sheets import Line, Sheet

HEADING_WITHIN: Final = 10
"""Rows of titles that may stand above the headings (ours)."""


class Problem(NamedTuple):
    """One thing that is wrong in one row."""

    row: int
    column: str
    wrong: str
    instead: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what it says, by column; what it does not say is not in it."""

    row: int
    values: Mapping[str, Value]
    done: float = 1.0


Memo = dict[str, Value | Wrong | None]
"""What cells of a column meant before: lists repeat buildings, days and makes."""
MOST_REMEMBERED: Final = 2_000
"""Of a column; what differs in each row is not worth it."""


class Heading(NamedTuple):
    """Where each column stands."""

    row: int
    kind: Kind
    places: tuple[tuple[int, Column, Memo], ...]
    unknown: tuple[str, ...]
    """Headings that name no column of ours; they are passed over."""


def find_heading(lines: Iterator[Line], kind: Kind | None) -> Heading:
    """Read lines up to the heading. Raises `SheetError` where there is none, or it is unclear."""
    nearest: tuple[Heading, str] | None = None
    for line in lines:
        if line.row > HEADING_WITHIN:
            break
        written = ["" if cell is None else str(cell) for cell in line.cells]
        kinds = [kind] if kind else kinds_of(written)
        if len(kinds) > 1:
            named = " or ".join(kinds)
            raise SheetError(f"it may be a list of {named}: say which with --kind")
        if not kinds:
            continue
        heading, missing = _read_heading(line.row, written, kinds[0])
        if not missing:
            return heading
        if nearest is None or len(heading.places) > len(nearest[0].places):
            nearest = heading, missing
    if nearest and nearest[0].places:
        raise SheetError(f"row {nearest[0].row}: there is no column {nearest[1]}")
    known = "; ".join(f"{each}: {_keys(each)}" for each in ([kind] if kind else Kind))
    raise SheetError(f"no row names the columns; needed for {known}")


def entries(sheet: Sheet, heading: Heading, zone: ZoneInfo) -> Iterator[Entry | list[Problem]]:
    """Yield what each row says, or all that is wrong with it. Raises `SheetError`."""
    for last_row, cells in sheet.merged:
        if last_row > heading.row:
            yield [Problem(last_row, cells, "cells are merged", "unmerge them, and fill in each")]
    for line in sheet.lines:
        yield _entry(line, heading, zone, is_hidden=line.row in sheet.hidden)


def from_values(kind: Kind, given: Mapping[str, Raw], zone: ZoneInfo) -> Entry | list[Problem]:
    """Read one entry that comes by itself, by the keys of columns."""
    columns = {column.key: column for column in COLUMNS[kind]}
    places: list[tuple[int, Column, Memo]] = [
        (place, columns[key], {}) for place, key in enumerate(given)
    ]
    return _entry(Line(1, list(given.values()), 1.0), Heading(0, kind, tuple(places), ()), zone)


def _keys(kind: Kind) -> str:
    required = (column for column in COLUMNS[kind] if column.is_required)
    return ", ".join(f"{column.chinese} ({column.key})" for column in required)


def _read_heading(row: int, written: list[str], kind: Kind) -> tuple[Heading, str]:
    """Return a heading, and the key column that is missing from it."""
    places: dict[str, tuple[int, Column, Memo]] = {}
    unknown = []
    for place, name in enumerate(written):
        column = known_as(name, kind)
        if column is None:
            unknown += [" ".join(name.split())[:40]] if name.strip() else []
        elif column.key in places:
            raise SheetError(f'row {row}: two columns are "{column.chinese}" ({column.key})')
        else:
            places[column.key] = (place, column, {})
    missing = next((key for key in KEYS[kind] if key not in places), "")
    return Heading(row, kind, tuple(places.values()), tuple(unknown)), missing


def _entry(
    line: Line, heading: Heading, zone: ZoneInfo, *, is_hidden: bool = False
) -> Entry | list[Problem]:
    problems = []
    if is_hidden:
        problems.append(Problem(line.row, "", "the row is hidden", "unhide it, or delete it"))
    values: dict[str, Value] = {}
    for place, column, memo in heading.places:
        raw = line.cells[place] if place < len(line.cells) else None
        value = _remembered(raw, column, memo, zone)
        if isinstance(value, Wrong):
            problems.append(_problem(line.row, column, raw, value))
        elif value is not None:
            values[column.key] = value
    for key in KEYS[heading.kind]:
        if key not in values and not any(each.column == key for each in problems):
            problems.append(Problem(line.row, key, "is missing", "each row needs its own"))
    return problems or Entry(line.row, values, line.done)


def _remembered(raw: Raw, column: Column, memo: Memo, zone: ZoneInfo) -> Value | Wrong | None:
    if not isinstance(raw, str):
        return read(raw, column, zone)
    if raw in memo:
        return memo[raw]
    value = read(raw, column, zone)
    if len(memo) < MOST_REMEMBERED:
        memo[raw] = value
    return value


def _problem(row: int, column: Column, raw: Raw, found: Wrong) -> Problem:
    """Say what is wrong, with the value where it is nobody's."""
    is_shown = not column.is_personal and column.form is not Form.CODE
    said = str(raw)[:40].encode("utf-8", "replace").decode()
    shown = f'"{said}" ' if is_shown else ""
    return Problem(row, column.key, f"{shown}{found.wrong}", found.instead)
