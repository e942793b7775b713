"""Writes a report as a workbook: figures, map, ledger and log, each a sheet that can be counted on.

Numbers are numbers, times are times (local: a workbook knows no zone), and no cell is a formula,
whatever somebody called a building.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from gateway.homes.look import Standing
from gateway.registry.export import harmless
from gateway.reports.cards import unknown_share
from gateway.reports.figures import Answers, Figures
from gateway.reports.naming import Naming
from gateway.reports.report import Report
from gateway.reports.words import LANGUAGES, Teller
from gateway.web.ports import Language

Cell = str | int | float | date | datetime | None
Row = Sequence[Cell]

_MOMENT: Final = "yyyy-mm-dd hh:mm"
_DAY: Final = "yyyy-mm-dd"
_PART: Final = "0.0%"
_HOURS: Final = "[h]:mm"
_S_A_DAY: Final = 86400
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot say."""


class Share(float):
    """A part of one, shown in percent."""


class Lasting(float):
    """A duration, as a workbook counts it: in days."""


def render(report: Report, language: Language, *, is_masked: bool) -> bytes:
    """Return the workbook."""
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no types

    words = LANGUAGES[language]
    say = Teller(words, report.known, Naming(report.known, is_masked=is_masked))
    book = Workbook(write_only=True)
    for title, widths, rows in (
        (words.figures, (34, 16, 16, 14, 14, 14, 14, 14), _figures(report, say)),
        (words.map, (18, 18, 18, 18, 10, 10, 10, 10), _map(report, say)),
        (words.ledger, (18, 18, 20, 18, 18, 12, 10, 10, 10, 12, 10, 10, 10), _ledger(report, say)),
        (words.log, (18, 10, 44, 34, 22), _log(report, say)),
    ):
        _sheet(book, title, widths, rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Any, title: str, widths: Sequence[int], rows: Iterator[Row]) -> None:
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]  # it has no types
    from openpyxl.styles import Font  # type: ignore[import-untyped]  # nor this
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]  # nor this

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width

    def cell(value: Cell) -> Any:
        form = _form(value)
        if form is None:  # plain values are written four times as fast
            return _text(value) if isinstance(value, str) else value
        made = WriteOnlyCell(sheet, value)
        made.number_format = form
        return made

    for number, row in enumerate(rows):
        cells = [cell(value) for value in row]
        if number == 0:
            cells = [WriteOnlyCell(sheet, each) for each in cells]
            for heading in cells:
                heading.font = Font(bold=True)
        sheet.append(cells)


def _form(value: Cell) -> str | None:
    """Return how a cell is shown, where that does not follow from what it is."""
    if isinstance(value, datetime):
        return _MOMENT
    if isinstance(value, date):
        return _DAY
    if isinstance(value, Share):
        return _PART
    return _HOURS if isinstance(value, Lasting) else None


def _text(said: str) -> str:
    """Return a text that a workbook may hold, and runs not."""
    return harmless(_CONTROL.sub(" ", said))


# ---- each sheet ----


def _figures(report: Report, say: Teller) -> Iterator[Row]:
    words, known = say.words, report.known
    yield (words.figure, words.now, words.before[known.period.kind])
    yield (words.title[known.period.kind], known.period.first, known.period.before.first)
    yield (words.made.format(time="").strip(), _moment(say, known.made_at))
    pairs = zip(_values(report.figures, say), _values(report.before, say), strict=True)
    for (name, now), (_, before) in pairs:
        yield (name, now, before)
    yield ()
    answered = (
        *(
            words.incidents,
            f"{words.in_time} /",
            words.in_time,
            f"{words.taken} {words.median} (s)",
        ),
        f"{words.taken} {words.p95} (s)",
        *(f"{words.on_site} {words.median} (s)", f"{words.closed} {words.median} (s)"),
    )
    figures = report.figures
    yield (words.team, *answered)
    for team, each in figures.by_team.items():
        yield (team, *_answers(each))
    yield (words.matter, *answered)
    for matter, each in figures.by_matter.items():
        yield (say.matter(matter), *_answers(each))
    yield (words.by_level, *answered)
    for level, each in figures.by_level.items():
        yield (level, *_answers(each))
    yield (words.day, *answered, words.unannounced, words.announced, words.unknown_time)
    for day in figures.days:
        opened = day.openings
        lasted = Lasting(day.unknown_s / _S_A_DAY)
        yield (day.day, *_answers(day.answers), opened.unannounced, opened.announced, lasted)
    yield (words.by_cause, words.count)
    for cause, n in figures.by_cause.items():
        yield (say.cause(cause), n)
    yield (words.faults, words.count)
    for kind, n in figures.faults.items():
        yield (say.headline(kind), n)


def _values(figures: Figures, say: Teller) -> Iterator[tuple[str, Cell]]:
    words, opened, texts = say.words, figures.openings, figures.texts
    yield words.under_order, figures.homes
    for standing in Standing:
        yield words.standing[standing], figures.standing.get(standing, 0)
    yield words.begun, figures.begun
    yield words.ended, figures.ended
    yield words.released_homes, figures.released
    yield words.incidents, figures.answers.incidents
    yield words.open_now, figures.open_now
    yield words.in_time, _share(figures.answers.share)
    yield f"{words.taken} {words.median} (s)", figures.answers.taken.median_s
    yield f"{words.taken} {words.p95} (s)", figures.answers.taken.p95_s
    yield f"{words.openings} {words.unannounced}", opened.unannounced
    yield words.at_night, opened.at_night
    yield f"{words.openings} {words.announced}", opened.announced
    yield f"{words.openings} {words.announced_late}", opened.announced_late
    yield f"{words.openings} {words.found}", opened.found
    yield words.permits, figures.permits
    yield words.unknown_time, Lasting(figures.unknown_s / _S_A_DAY)
    yield words.unknown_share, _share(unknown_share(figures))
    yield words.unknown_homes, figures.unknown_homes
    yield words.deaf_time, Lasting(figures.gateway_unknown_s / _S_A_DAY)
    yield words.texts, texts.texts
    yield f"{words.texts} {words.parts}", texts.parts
    yield f"{words.texts} {words.delivered}", texts.delivered
    yield f"{words.texts} {words.no_report}", texts.unknown + texts.unconfirmed
    yield f"{words.texts} {words.failed}", texts.failed
    yield words.cost, round(texts.cost_fen / 100, 2)


def _answers(each: Answers) -> Row:
    return (
        each.incidents,
        each.due,
        each.in_time,
        each.taken.median_s,
        each.taken.p95_s,
        each.on_site.median_s,
        each.closed.median_s,
    )


def _map(report: Report, say: Teller) -> Iterator[Row]:
    words = say.words
    standings = [words.standing[each] for each in Standing]
    yield (words.street, words.community, words.grid, words.building, *standings)
    for community in report.communities:
        for grid in community.grids:
            for tile in grid.tiles:
                where = (community.street, community.name, grid.name, tile.name)
                yield (*where, *(tile.homes[each] for each in Standing))


def _ledger(report: Report, say: Teller) -> Iterator[Row]:
    words, places = say.words, report.known.places
    is_masked = say.naming.is_masked
    yield (
        *(words.community, words.building, words.home if is_masked else words.house_code),
        *(() if is_masked else (words.address,)),
        *(words.order_from, words.order_until, words.state, words.incidents, words.unannounced),
        *(words.unknown_time, words.permits, words.devices, words.devices_failing),
    )
    for line in report.lines:
        home = line.home
        yield (
            places.area(places.level(home.building, "community")),
            places.building(home.building),
            say.naming.house(home),
            *(() if is_masked else (home.address,)),
            *(_moment(say, home.starts_at), _moment(say, home.ends_at)),
            words.standing[line.standing],
            *(line.incidents, line.openings, Lasting(line.unknown_s / _S_A_DAY)),
            *(line.permits, len(home.devices), line.faults),
        )


def _log(report: Report, say: Teller) -> Iterator[Row]:
    words = say.words
    yield (words.time, words.number, words.what, words.where, words.who)
    for entry in report.entries:
        number = entry.incident.number if entry.incident else None
        said = (say.says(entry), say.where(entry), say.who(entry))
        yield (_moment(say, entry.at), number, *said)


def _moment(say: Teller, at: int) -> datetime:
    return say.local(at).replace(tzinfo=None, second=0, microsecond=0)


def _share(part: float | None) -> Share | None:
    return None if part is None else Share(part)
