"""The figures of a day or a week: counts and times that lead to nobody. Pure.

They are kept with the report, so that a week is compared with what the week before said then, and
not with what is left of it after releases.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from alerts.model import Matter
from alerts.reason import Reason
from alerts.rules.opening import UNANNOUNCED
from gateway.homes.look import Standing
from gateway.intervals import Span, clip, length
from gateway.reports.known import Home, Incident, Known, Opening, counted
from gateway.reports.period import midnight

TARGET_S: Final = 900
"""Seconds from an alarm to a contact or visit (Taiwan's 15 minutes)."""
_SECOND: Final = 1_000_000
K = TypeVar("K", str, int)


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds; None where it never happened."""

    count: int = 0
    median_s: float | None = None
    p95_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """How some incidents were answered."""

    incidents: int = 0
    due: int = 0
    """Of these, where somebody was to report in within the target: not what ended by itself
    before, nor what is younger than it."""
    in_time: int = 0
    taken: Times = Times()
    on_site: Times = Times()
    closed: Times = Times()

    @property
    def share(self) -> float | None:
        """The part of `due` that was in time, 0 to 1."""
        return self.in_time / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class Openings:
    """Doors that opened."""

    announced: int = 0
    announced_late: int = 0
    unannounced: int = 0
    at_night: int = 0
    """Of the unannounced ones."""
    found: int = 0
    """Found open after a silence: nobody knows since when."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What was sent."""

    texts: int = 0
    parts: int = 0
    delivered: int = 0
    unconfirmed: int = 0
    unknown: int = 0
    failed: int = 0
    cost_fen: float = 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week."""

    day: date
    answers: Answers
    openings: Openings
    unknown_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it."""

    homes: int = 0
    """Under an order whose notice was served, when the period ended."""
    standing: dict[str, int] = field(default_factory=dict)
    begun: int = 0
    ended: int = 0
    released: int = 0
    answers: Answers = Answers()
    open_now: int = 0
    by_matter: dict[str, Answers] = field(default_factory=dict)
    by_level: dict[int, Answers] = field(default_factory=dict)
    by_cause: dict[str, int] = field(default_factory=dict)
    by_team: dict[str, Answers] = field(default_factory=dict)
    openings: Openings = Openings()
    watched_s: float = 0.0
    """Home-seconds in which an order ran."""
    unknown_s: float = 0.0
    """Of these, in which nobody could say what a door did."""
    unknown_homes: int = 0
    gateway_unknown_s: float = 0.0
    """In which the gateway heard nobody, or was off."""
    faults: dict[str, int] = field(default_factory=dict)
    permits: int = 0
    texts: Texts = Texts()
    days: tuple[Day, ...] = ()


def figures(known: Known) -> Figures:
    """Count everything."""
    opened = known.opened
    standing = Counter(known.standing(home).value for home in known.homes)
    blind_us = [unknown_us(known, home, known.span) for home in known.homes]
    return Figures(
        homes=sum(n for each, n in standing.items() if each != Standing.UNWATCHED),
        standing={each.value: standing[each.value] for each in Standing},
        begun=sum(_is_in(home.starts_at, known.span) for home in known.homes),
        ended=sum(_is_in(home.ends_at, known.span) for home in known.homes),
        released=known.released,
        answers=answers(opened, known.as_of),
        open_now=sum(incident.is_open(known.as_of) for incident in known.incidents),
        by_matter=_split(opened, known.as_of, lambda each: each.matter),
        by_level=_split(_departures(opened), known.as_of, lambda each: each.level),
        by_cause=dict(Counter(each.cause for each in opened if each.cause).most_common()),
        by_team=_split(opened, known.as_of, lambda each: each.team),
        openings=_openings(known, known.span),
        watched_s=sum(_watched_us(home, known.span) for home in known.homes) / _SECOND,
        unknown_s=sum(blind_us) / _SECOND,
        unknown_homes=sum(each > 0 for each in blind_us),
        gateway_unknown_s=length(known.deaf) / _SECOND,
        faults=dict(Counter(fault.kind for fault in known.faults).most_common()),
        permits=len(known.permits),
        texts=_texts(known),
        days=tuple(_day(known, day) for day in known.period.days),
    )


def answers(incidents: Sequence[Incident], as_of: int) -> Answers:
    """Judge how incidents were answered."""
    due = [each for each in incidents if _is_due(each, as_of)]
    return Answers(
        incidents=len(incidents),
        due=len(due),
        in_time=sum(_is_in_time(each) for each in due),
        taken=_times(incidents, lambda each: each.taken_at),
        on_site=_times(incidents, lambda each: each.on_site_at),
        closed=_times(incidents, lambda each: each.closed_at),
    )


def times(seconds: Iterable[float]) -> Times:
    """Return count, median and 95th percentile (nearest rank: a time that was measured)."""
    ordered = sorted(seconds)
    if not ordered:
        return Times()
    rank = math.ceil(0.95 * len(ordered))
    return Times(len(ordered), statistics.median(ordered), ordered[rank - 1])


def unknown_us(known: Known, home: Home, within: Span) -> int:
    """Return how long a home was unknown while its order ran, in microseconds."""
    window = clip(home.watched, within)
    return length(clip(each, window) for each in known.unknown(home))


def _times(incidents: Iterable[Incident], at: Callable[[Incident], int | None]) -> Times:
    found = ((at(each), each.opened_at) for each in incidents)
    return times((then - opened) / _SECOND for then, opened in found if then is not None)


def _target(incident: Incident) -> int:
    return incident.opened_at + TARGET_S * _SECOND


def _is_in_time(incident: Incident) -> bool:
    return incident.taken_at is not None and incident.taken_at <= _target(incident)


def _is_due(incident: Incident, as_of: int) -> bool:
    """Say whether somebody was to report in: nobody need, where it ended by itself before."""
    if incident.taken_at is not None:
        return True
    closed_at = incident.closed_at
    if incident.ended_by_itself and closed_at is not None and closed_at <= _target(incident):
        return False
    return _target(incident) <= as_of


def _split(
    incidents: Iterable[Incident], as_of: int, key: Callable[[Incident], K]
) -> dict[K, Answers]:
    found: dict[K, list[Incident]] = {}
    for each in incidents:
        found.setdefault(key(each), []).append(each)
    return {
        name: answers(found[name], as_of)
        for name in sorted(found, key=lambda each: counted(str(each)))
    }


def _departures(incidents: Iterable[Incident]) -> list[Incident]:
    """Return those whose level says something: how sure it is that somebody left."""
    return [each for each in incidents if each.matter == Matter.DEPARTURE]


def is_unannounced(opening: Opening) -> bool:
    """Say whether nobody announced an opening, not even late."""
    return opening.reason in UNANNOUNCED and not opening.is_announced_late


def _openings(known: Known, within: Span) -> Openings:
    found = [each for each in known.openings if _is_in(each.at, within)]
    reasons = Counter(each.reason for each in found)
    unannounced = [each for each in found if is_unannounced(each)]
    return Openings(
        announced=reasons[Reason.PERMITTED],
        announced_late=sum(each.is_announced_late for each in found),
        unannounced=len(unannounced),
        at_night=sum(each.reason == Reason.OPENED_AT_NIGHT for each in unannounced),
        found=reasons[Reason.FOUND_OPEN] + reasons[Reason.AGED],
    )


def _texts(known: Known) -> Texts:
    lines = known.texts
    return Texts(
        texts=sum(line.texts for line in lines),
        parts=sum(line.parts for line in lines),
        delivered=sum(line.delivered for line in lines),
        unconfirmed=sum(line.unconfirmed for line in lines),
        unknown=sum(line.unknown for line in lines),
        failed=sum(line.failed for line in lines),
        cost_fen=sum(line.cost_fen for line in lines),
    )


def _day(known: Known, day: date) -> Day:
    next_day = date.fromordinal(day.toordinal() + 1)
    within = clip((midnight(day, known.zone), midnight(next_day, known.zone)), known.span)
    of_day = [each for each in known.opened if _is_in(each.opened_at, within)]
    unknown = sum(unknown_us(known, home, within) for home in known.homes)
    return Day(day, answers(of_day, known.as_of), _openings(known, within), unknown / _SECOND)


def _watched_us(home: Home, within: Span) -> int:
    return length([clip(home.watched, within)])


def _is_in(at: int, within: Span) -> bool:
    return within[0] <= at < within[1]
