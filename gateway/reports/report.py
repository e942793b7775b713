"""One report, whole: figures, map, ledger and log of a period, before any words.

A report of a past day says at any time what it said then, as far as records are kept: it looks at
nothing that happened later, except for homes that were released, which are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.reports import ledger, log
from gateway.reports import map as picture
from gateway.reports.figures import Figures, figures
from gateway.reports.known import Known
from gateway.reports.period import Period
from gateway.reports.read import Source, read


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    known: Known
    area: str
    """Id of the area beyond which nothing was looked at; "": all was."""
    figures: Figures
    before: Figures
    """Of the day or week before."""
    before_is_kept: bool
    """Whether that is what its own report said, made then."""
    communities: Sequence[picture.Community]
    lines: Sequence[ledger.Line]
    entries: Sequence[log.Entry]


def compile_report(
    connection: Connection,
    source: Source,
    period: Period,
    now: datetime,
    area: str = "",
    kept: Callable[[Period], Figures | None] = lambda _: None,
) -> Report:
    """Read and count everything. `kept`: returns the figures of a report that was kept."""
    known = read(connection, source, period, now, area)
    said = None if area else kept(period.before)
    before = said or figures(read(connection, source, period.before, now, area))
    return Report(
        known=known,
        area=area,
        figures=figures(known),
        before=before,
        before_is_kept=said is not None,
        communities=picture.draw(known),
        lines=ledger.write(known),
        entries=log.write(known),
    )
