"""Reads a list, compares it with the registry, and stages what is new or differs. Changes nothing.

It runs in a process of its own for files that people bring (`gateway.registry.child`), and in the
gateway's for single entries. The report names each row that is wrong; with any, nothing happens.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from alerts.tables import micros
from gateway.privacy import KeyStore
from gateway.registry.columns import KEYS, Kind
from gateway.registry.package import SheetError
from gateway.registry.rows import Entry, Problem, entries, find_heading
from gateway.registry.sheets import open_sheet
from gateway.registry.staging import Change, Known, OneTimeSeal, Staging
from gateway.registry.take_devices import TakeDevices
from gateway.registry.take_homes import TakeHomes
from gateway.registry.take_places import TakeAreas, TakeBuildings, TakeMembers, Taken

MOST_PROBLEMS: Final = 500
"""Problems that are listed; the others are counted (ours)."""
TELL_EVERY: Final = 1_000
"""Rows between two words of progress."""

Progress = Callable[[int, float], None]
"""Called with rows done, and how much of the file that is (0 to 1)."""


@dataclass(slots=True)
class Report:
    """What an import would do, or did; and what is wrong."""

    kind: str = ""
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Entries by what becomes of them."""
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    passed_over: tuple[str, ...] = ()
    """Headings of columns that are not ours."""
    snapshot: int = 0
    """The last change of the registry that was seen."""

    @property
    def is_good(self) -> bool:
        """Say whether it may be switched."""
        return self.problem_count == 0

    def wrong(self, *problems: Problem) -> None:
        """Note what is wrong."""
        self.problem_count += len(problems)
        self.problems += problems[: max(0, MOST_PROBLEMS - len(self.problems))]

    def as_json(self) -> dict[str, Any]:
        """Return it for the API and for the process that asked."""
        return {
            "kind": self.kind,
            "rows": self.rows,
            **{change.value: self.counts[change] for change in Change},
            "problem_count": self.problem_count,
            "problems": [problem._asdict() for problem in self.problems],
            "passed_over": list(self.passed_over),
            "snapshot": self.snapshot,
        }

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Report:
        """Read what `as_json` wrote."""
        return cls(
            kind=said["kind"],
            rows=said["rows"],
            counts=Counter({change.value: said[change.value] for change in Change}),
            problems=[Problem(**each) for each in said["problems"]],
            problem_count=said["problem_count"],
            passed_over=tuple(said["passed_over"]),
            snapshot=said["snapshot"],
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is compared with, and where the result goes."""

    database: Path
    staging: Path
    keys: KeyStore
    seal: OneTimeSeal
    watch_of: Mapping[str, str]
    zone: ZoneInfo
    now: datetime


class Taker(Protocol):
    """Stages the entries of one kind."""

    def take(self, entry: Entry) -> Taken:
        """Stage one entry; return what it does, or what is wrong with it."""
        ...


def stage_file(
    path: Path, kind: Kind | None, around: Surroundings, tell: Progress = lambda _rows, _done: None
) -> Report:
    """Stage a file of whatever kind its headings say. It raises nothing for what is in the file."""
    report = Report(kind=kind or "")
    try:
        with open_sheet(path) as sheet:
            heading = find_heading(sheet.lines, kind)
            report.kind, report.passed_over = heading.kind.value, heading.unknown
            found = entries(sheet, heading, around.zone)
            if heading.kind is Kind.HOMES:
                found = _one_a_home(found)
            _stage(found, heading.kind, around, report, tell)
    except SheetError as error:
        report.wrong(Problem(0, "", str(error), ""))
    except MemoryError:
        report.wrong(Problem(0, "", "it takes too much memory", "split it into several files"))
    return report


def stage_entry(kind: Kind, entry: Entry | list[Problem], around: Surroundings) -> Report:
    """Stage one entry."""
    report = Report(kind=kind.value)
    _stage([entry], kind, around, report, lambda _rows, _done: None)
    return report


def last_change(connection: sqlite3.Connection) -> int:
    """Return the number of the latest change of the registry."""
    found = connection.execute("SELECT max(id) FROM registry_changes").fetchone()[0]
    return int(found or 0)


def _stage(
    found: Iterable[Entry | list[Problem]],
    kind: Kind,
    around: Surroundings,
    report: Report,
    tell: Progress,
) -> None:
    uri = f"{around.database.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reader,
        Staging(around.staging) as staging,
    ):
        report.snapshot = last_change(reader)
        is_apart = kind in {Kind.HOMES, Kind.DEVICES}
        taker = _taker(kind, Known(reader, staging, is_apart=is_apart), around)
        for entry in found:
            report.rows += 1
            if isinstance(entry, list):
                report.wrong(*entry)
                continue
            taken = _repeated(staging, kind, entry) or taker.take(entry)
            if isinstance(taken, list):
                report.wrong(*taken)
            else:
                report.counts[taken.value] += 1
            if report.rows % TELL_EVERY == 0:
                tell(report.rows, entry.done)


def _taker(kind: Kind, known: Known, around: Surroundings) -> Taker:
    match kind:
        case Kind.AREAS:
            return TakeAreas(known)
        case Kind.BUILDINGS:
            return TakeBuildings(known)
        case Kind.TEAMS:
            return TakeMembers(known, around.keys, around.seal)
        case Kind.HOMES:
            return TakeHomes(known, around.keys, around.seal, around.watch_of)
        case Kind.DEVICES:
            return TakeDevices(known, around.watch_of, micros(around.now))


def _repeated(staging: Staging, kind: Kind, entry: Entry) -> Taken | None:
    """Say what a row is that was there before; None for the first of its key."""
    subject = "/".join(str(entry.values[key]) for key in KEYS[kind])
    digest = hash(tuple(entry.values.items()))
    before = staging.note_once(subject, entry.row, digest)
    if before is None:
        return None
    if before[1] == digest:
        return Change.REPEATED
    wrong = f"stands in row {before[0]} too, and says something else there"
    return [Problem(entry.row, KEYS[kind][-1], wrong, "keep one of both rows")]


def _one_a_home(found: Iterator[Entry | list[Problem]]) -> Iterator[Entry | list[Problem]]:
    """Make one entry of rows of the same home that follow each other: a row for each resident."""
    held: Entry | None = None
    for entry in found:
        if isinstance(entry, list):
            yield entry
            continue
        joined = _joined(held, entry) if held is not None else None
        if joined is not None:
            held = joined
            continue
        if held is not None:
            yield held
        held = entry
    if held is not None:
        yield held


_PEOPLE = frozenset({"residents", "phones"})


def _joined(held: Entry, entry: Entry) -> Entry | None:
    """Return both as one; None where they are of two homes, or not about two people."""
    first, second = held.values, entry.values
    same = {key for key in first.keys() & second.keys() - _PEOPLE if first[key] == second[key]}
    others = second.keys() - _PEOPLE
    if "house_code" not in same or others != same or first.items() == second.items():
        return None
    if not first.get("residents") or not second.get("residents"):
        return None
    names, phones = _people(first)
    more_names, more_phones = _people(second)
    people = {"residents": (*names, *more_names)}
    if any((*phones, *more_phones)):
        people["phones"] = (*phones, *more_phones)
    return Entry(held.row, {**first, **people}, entry.done)


def _people(values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(values.get("residents", ()))
    phones = tuple(values.get("phones", ()))[: len(names)]
    return names, phones + ("",) * (len(names) - len(phones))
