"""Reports that somebody asks for: the kept one where there is one, else made now, in memory alone.

Whoever sees one area alone gets a report of that area, which is never kept; nor is one in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from gateway.reports import page, workbook
from gateway.reports.making import View
from gateway.reports.period import Kind, Period, latest
from gateway.reports.report import compile_report
from gateway.reports.shelf import Format, Shelf
from gateway.web.ports import Language

EARLIEST = date(2000, 1, 1)
"""No record is as old."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One report, as somebody wants it."""

    period: Period
    form: Format
    language: Language
    area: str = ""
    is_masked: bool = True

    @property
    def file_name(self) -> str:
        """What it is called where it is kept by whoever asked."""
        return f"menshen-{self.period.name}{'' if self.is_masked else '-in-full'}.{self.form}"


def period_of(view: View, shelf: Shelf, kind: Kind, day: date | None) -> Period | None:
    """Return the period that is meant; None where it has not begun, or is before all records.

    `day`: the day, or the first of a week; the latest that is kept, or over, where it is left out.
    """
    today = view.now().astimezone(ZoneInfo(view.timezone)).date()
    if day is None:
        kept = (period for period in shelf.periods() if period.kind is kind)
        return next(kept, None) or latest(kind, today)
    return Period(kind, day) if EARLIEST <= day <= today else None


def render(view: View, shelf: Shelf, asked: Asked) -> bytes:
    """Return a report. It takes a while: not on the event loop."""
    if asked.is_masked and not asked.area:
        kept = shelf.kept(asked.period)
        if kept is not None and kept.language == asked.language:
            found = shelf.read(asked.period, asked.form)
            if found is not None:
                return found
    with view.read() as connection:
        report = compile_report(
            connection, view, asked.period, view.now(), asked.area, shelf.figures
        )
    if asked.form is Format.XLSX:
        return workbook.render(report, asked.language, is_masked=asked.is_masked)
    return page.render(report, asked.language, view.name, is_masked=asked.is_masked)
