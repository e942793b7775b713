"""The ledger (一账): one line a home, with what became of it in the period. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gateway.homes.look import Standing
from gateway.reports.figures import is_unannounced, unknown_us
from gateway.reports.known import Home, Known, counted
from gateway.reports.naming import mark


@dataclass(frozen=True, slots=True)
class Line:
    """One home."""

    home: Home
    standing: Standing
    incidents: int
    openings: int
    """Nobody announced them."""
    unknown_s: float
    permits: int
    faults: int


def write(known: Known) -> list[Line]:
    """Return a line for each home, by community, building and mark: not by house code."""
    incidents = Counter(each.watch for each in known.opened)
    openings = Counter(each.watch for each in known.openings if is_unannounced(each))
    permits = Counter(each.watch for each in known.permits)
    faults = Counter(each.watch for each in known.faults)
    places = known.places
    lines = [
        Line(
            home=home,
            standing=known.standing(home),
            incidents=incidents[home.watch],
            openings=openings[home.watch],
            unknown_s=unknown_us(known, home, known.span) / 1e6,
            permits=permits[home.watch],
            faults=faults[home.watch],
        )
        for home in known.homes
    ]
    return sorted(
        lines,
        key=lambda line: (
            counted(places.area(places.level(line.home.building, "community"))),
            counted(places.building(line.home.building)),
            mark(line.home.watch),
        ),
    )
