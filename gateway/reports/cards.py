"""The figures that stand at the top of a report, each beside what it was before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.reports.figures import Figures
from gateway.reports.report import Report
from gateway.reports.words import NOT_KNOWN, Teller


@dataclass(frozen=True, slots=True)
class Card:
    """One figure in words. `is_worse`: than before; None where it is neither better nor worse."""

    name: str
    value: str
    before: str
    trend: str
    """Whether it rose since, or fell; "" where it did neither."""
    is_worse: bool | None
    notes: tuple[str, ...]


def cards(report: Report, say: Teller) -> list[Card]:
    """Return the six figures that are looked at first."""
    now, before = report.figures, report.before
    return [*_of_people(now, before, say), *_of_the_rest(now, before, say)]


def unknown_share(figures: Figures) -> float | None:
    """Return the part of the time watched in which nobody could say what a door did."""
    return figures.unknown_s / figures.watched_s if figures.watched_s else None


def _of_people(now: Figures, before: Figures, say: Teller) -> Iterator[Card]:
    words = say.words
    yield _card(
        words.under_order,
        (now.homes, before.homes),
        str,
        None,
        (words.begun, now.begun),
        (words.ended, now.ended),
        (words.released_homes, now.released),
    )
    yield _card(
        words.incidents,
        (now.answers.incidents, before.answers.incidents),
        str,
        True,
        (words.open_now, now.open_now),
    )
    yield _card(
        words.in_time,
        (now.answers.share, before.answers.share),
        say.share,
        False,
        ("", words.in_time_of.format(n=now.answers.in_time, of=now.answers.due)),
        (words.median, say.short(now.answers.taken.median_s)),
        (words.p95, say.short(now.answers.taken.p95_s)),
    )


def _of_the_rest(now: Figures, before: Figures, say: Teller) -> Iterator[Card]:
    words, opened = say.words, now.openings
    yield _card(
        words.unannounced,
        (opened.unannounced, before.openings.unannounced),
        str,
        True,
        (words.at_night, opened.at_night),
        (words.announced, opened.announced),
        (words.announced_late, opened.announced_late),
    )
    yield _card(
        words.unknown_time,
        (unknown_share(now), unknown_share(before)),
        say.share,
        True,
        (words.unknown_homes, now.unknown_homes),
        (words.deaf_time, say.span(now.gateway_unknown_s) or 0),
    )
    texts = now.texts
    yield _card(
        words.texts,
        (texts.texts, before.texts.texts),
        str,
        None,
        (words.delivered, texts.delivered),
        (words.failed, texts.failed),
        ("", f"¥{texts.cost_fen / 100:.2f}"),
    )


def _card(
    name: str,
    figures: tuple[float | None, float | None],
    said: Callable[[Any], str],
    more_is_worse: bool | None,
    *notes: tuple[str, object],
) -> Card:
    now, before = figures
    differs = now is not None and before is not None and now != before
    rose = differs and now > before  # type: ignore[operator]  # neither is None
    return Card(
        name=name,
        value=NOT_KNOWN if now is None else said(now),
        before=NOT_KNOWN if before is None else said(before),
        trend=("↑" if rose else "↓") if differs else "",
        is_worse=None if more_is_worse is None or not differs else rose is more_is_worse,
        # No line ends between a name and its figure.
        notes=tuple(f"{each}\u00a0{value}".strip("\u00a0") for each, value in notes),
    )
