"""The reports that are kept: masked ones alone, each whole or not at all, for a while.

A report is three files: the page, the workbook, and its figures, which are written last. Without
them it is not there, and is made again. Only this user may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from gateway.privacy import write_private
from gateway.reports.figures import Figures
from gateway.reports.period import Period, named
from gateway.web.ports import Language

_SINCE: Final = "since"
"""Names the day from which reports are made: the first on which this was asked for."""


class Format(StrEnum):
    """How a report is written."""

    HTML = "html"
    XLSX = "xlsx"


MEDIA: Final[Mapping[Format, str]] = {
    Format.HTML: "text/html; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Kept(msgspec.Struct, frozen=True):
    """What is known of a report that is kept; the file that says so makes it one."""

    made_at: datetime
    language: Language
    figures: Figures


@dataclass(frozen=True, slots=True)
class Shelf:
    """A directory of reports."""

    directory: Path

    def periods(self) -> list[Period]:
        """Return what there are reports of, the latest first."""
        found = (named(path.stem) for path in self._files("*.json"))
        return sorted(
            (period for period in found if period is not None),
            key=lambda period: (period.last, period.kind),
            reverse=True,
        )

    def kept(self, period: Period) -> Kept | None:
        """Return what is known of a report; None where there is none."""
        try:
            return msgspec.json.decode(self._path(period, "json").read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):  # a damaged one is made again
            return None

    def figures(self, period: Period) -> Figures | None:
        """Return the figures that a report gave."""
        found = self.kept(period)
        return found.figures if found else None

    def read(self, period: Period, form: Format) -> bytes | None:
        """Return a report; None where there is none."""
        if self.kept(period) is None:
            return None
        try:
            return self._path(period, form).read_bytes()
        except OSError:
            return None

    def put(self, period: Period, files: Mapping[Format, bytes], kept: Kept) -> None:
        """Keep a report; on return it is on the disk. Raises `OSError`."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for form, content in files.items():
            write_private(self._path(period, form), content)
        write_private(self._path(period, "json"), msgspec.json.encode(kept))

    def since(self, today: date) -> date:
        """Return the day from which reports are made; today, where it was never asked before.

        Raises `OSError`.
        """
        path = self.directory / _SINCE
        try:
            found = date.fromisoformat(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            found = None
        if found is None or found > today:  # never written, or by a clock that was wrong
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, f"{today}\n".encode("ascii"))
            return today
        return found

    def clear(self, before: date) -> list[Period]:
        """Delete what ended before a day, and what a crash left half; return what is gone."""
        for draft in self._files(".*"):
            draft.unlink(missing_ok=True)
        gone = set()
        for path in self._files("*-*.*"):
            period = named(path.stem)
            if period is not None and period.last < before:
                path.unlink(missing_ok=True)
                gone.add(period)
        return sorted(gone)

    def _files(self, pattern: str) -> list[Path]:
        return [path for path in self.directory.glob(pattern) if path.is_file()]

    def _path(self, period: Period, suffix: str) -> Path:
        return self.directory / f"{period.name}.{suffix}"
