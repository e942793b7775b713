"""Makes each report once: when it is due, or, where the gateway was off, as soon as it is back.

Nothing is made on a clock that is not to be believed: it would be of the wrong day. Reading and
writing run on a thread of their own and a read-only connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.config import Config
from gateway.reports.period import Period, due
from gateway.reports.read import Source
from gateway.reports.shelf import Format, Kept, Shelf
from gateway.web.ports import Language

LOOK_EVERY_S: Final = 30.0
AGAIN_AFTER_S: Final = 600.0
"""A report that could not be made is tried again after this long (ours)."""
MADE_UP_DAYS: Final = 14
"""Of these last days what was missed is made up; nobody reads an older daily log (ours)."""

logger = logging.getLogger(__name__)


_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which reports are made, and for how long they are kept."""

    daily_at: time | None  # None: none are
    weekly_on: int | None  # 0: Monday; None: no weekly ones
    language: Language
    keep_days: int


def plan_of(config: Config) -> Plan:
    """Return what is set of reports."""
    written = config.reports
    return Plan(
        daily_at=time.fromisoformat(written.daily_at) if written.daily_at else None,
        weekly_on=_WEEKDAYS.index(written.weekly_on) if written.weekly_on else None,
        language=written.language or config.gateway.language,
        keep_days=written.keep_days,
    )


class View(Source, Protocol):
    """What reports need of a running gateway."""

    @property
    def name(self) -> str: ...
    def now(self) -> datetime: ...
    def read(self) -> AbstractContextManager[Connection]: ...


@dataclass(frozen=True, slots=True)
class Making:
    """Keeps the shelf as full as it should be."""

    view: View
    shelf: Shelf
    plan: Plan
    is_trusted: Callable[[], bool]

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause_s = LOOK_EVERY_S
            try:
                await asyncio.to_thread(self.look)
            except Exception:  # a full disk, or a defect: everything else goes on
                logger.exception("a report could not be made")
                pause_s = AGAIN_AFTER_S
            await asyncio.sleep(pause_s)

    def look(self) -> list[Period]:
        """Make what is due and missing, delete what is old; return what was made.

        Raises `OSError` where the disk is full.
        """
        if not self.is_trusted():
            return []
        now = self.view.now().astimezone(ZoneInfo(self.view.timezone))
        self.shelf.clear(now.date() - timedelta(days=self.plan.keep_days))
        plan = self.plan
        if plan.daily_at is None:
            return []
        since = self.shelf.since(now.date())
        days = min(MADE_UP_DAYS, plan.keep_days - 1)  # what is deleted is not made again
        wanted = due(now, since, plan.daily_at, plan.weekly_on, days)
        missing = [period for period in wanted if self.shelf.kept(period) is None]
        for period in missing:
            self.make(period)
        return missing

    def make(self, period: Period) -> None:
        """Make one report, masked, and keep it. Raises `OSError`."""
        # Loaded where they are needed: a gateway that makes none has their memory.
        from gateway.reports import page, workbook
        from gateway.reports.report import compile_report

        now, language = self.view.now(), self.plan.language
        with self.view.read() as connection:
            report = compile_report(connection, self.view, period, now, "", self.shelf.figures)
        files = {
            Format.HTML: page.render(report, language, self.view.name, is_masked=True),
            Format.XLSX: workbook.render(report, language, is_masked=True),
        }
        self.shelf.put(period, files, Kept(now, language, report.figures))
        logger.info("made the report %s", period.name)
