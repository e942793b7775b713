"""Renders a report as one page that stands by itself: no script, no picture, nothing to load.

It is read on a phone, on a desk and on paper. What is too much for a page is in the workbook, and
the page says how much that is.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.homes.look import Standing
from gateway.reports import log
from gateway.reports.cards import cards
from gateway.reports.ledger import Line
from gateway.reports.log import Told
from gateway.reports.naming import Naming
from gateway.reports.report import Report
from gateway.reports.words import LANGUAGES, Teller
from gateway.web.ports import Language

TEMPLATES: Final = Path(__file__).parents[1] / "web" / "templates"

MOST_AN_HOUR: Final = 16
"""Lines of the log in one hour; more of them nobody reads on paper."""
MOST_FAULTS: Final = 60
WORST_FIRST: Final = (Standing.INCIDENT, Standing.UNKNOWN, Standing.QUIET, Standing.UNWATCHED)
_IN_A_ROW: Final = 10
"""Homes drawn side by side in a building."""


def render(report: Report, language: Language, name: str, *, is_masked: bool) -> bytes:
    """Return the page."""
    known, words = report.known, LANGUAGES[language]
    naming = Naming(known, is_masked=is_masked)
    teller = Teller(words, known, naming)
    shown = (
        _environment()
        .get_template("report.html")
        .render(
            t=words,
            css=Markup(style()),  # noqa: S704 - a file of ours
            name=name,
            report=report,
            period=known.period,
            known=known,
            figures=report.figures,
            say=teller,
            naming=naming,
            is_masked=is_masked,
            area=known.places.area(report.area),
            cards=cards(report, teller),
            worst_first=WORST_FIRST,
            drawing=drawing,
            buildings=_buildings(report),
            hours=_hours(report) if known.period.count == 1 else (),
            faults=known.faults[:MOST_FAULTS],
            faults_more=max(0, len(known.faults) - MOST_FAULTS),
        )
    )
    return shown.encode()


@cache
def style() -> str:
    """Return the page's style sheet."""
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")


def policy() -> str:
    """Return what a browser may do with the page: show it in its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def drawing(homes: Counter[Standing]) -> Mapping[str, Any]:
    """Draw a building: a square for each home, ten in a row, the worst first.

    The order tells which home is which to nobody. Returns width, height and a path by standing,
    which is a line along each row, to be dashed into squares.
    """
    paths: dict[Standing, str] = {}
    place = 0
    for standing in WORST_FIRST:
        last = place + homes[standing]
        while place < last:
            row, column = divmod(place, _IN_A_ROW)
            count = min(last - place, _IN_A_ROW - column)
            line = f"M{10 * column + 1} {10 * row + 5}h{10 * count - 2}"
            paths[standing] = paths.get(standing, "") + line
            place += count
    return {
        "width": 10 * min(_IN_A_ROW, max(1, place)),
        "height": 10 * max(1, -(-place // _IN_A_ROW)),
        "paths": paths,
    }


def _buildings(report: Report) -> list[tuple[str, str, Sequence[Line]]]:
    """Return the ledger by community and building."""
    places = report.known.places

    def of(line: Line) -> tuple[str, str]:
        building = line.home.building
        return places.area(places.level(building, "community")), places.building(building)

    return [(*where, list(lines)) for where, lines in groupby(report.lines, of)]


def _hours(report: Report) -> Iterator[tuple[str, Sequence[Told], int]]:
    """Yield each hour in which something happened, its stories, and how many more it had."""

    def hour(told: Told) -> str:
        return f"{log.hour_of(told.entry.at, report.known):%H:00}"

    for name, of_hour in groupby(log.stories(report.entries), hour):
        told = list(of_hour)
        kept = sorted(
            sorted(told, key=_matters_less)[:MOST_AN_HOUR], key=lambda each: each.entry.at
        )
        yield name, kept, len(told) - len(kept)


def _matters_less(told: Told) -> int:
    """Return by what a line is left out first, where an hour has too many."""
    if told.entry.incident is not None:
        return -1 - told.entry.incident.severity
    return int(told.entry.what is not log.What.DEAF)
