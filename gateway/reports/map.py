"""The map (一图): communities, their grids, their buildings, and how the homes of each stand. Pure.

No geography is known: places stand in the order in which people count them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.homes.look import Standing
from gateway.reports.figures import Answers, answers, unknown_us
from gateway.reports.known import Home, Known, counted


@dataclass(frozen=True, slots=True)
class Tile:
    """One building. `name` is what people call it."""

    name: str
    homes: Counter[Standing]


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid; "" for buildings of none."""

    name: str
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Community:
    """One community; "" for grids of none."""

    name: str
    street: str
    grids: Sequence[Grid]
    homes: Counter[Standing]
    answers: Answers
    """To incidents at its homes."""
    unknown_s: float


def draw(known: Known) -> list[Community]:
    """Return every community that has a home."""
    found: dict[str, list[Home]] = {}
    for home in known.homes:
        found.setdefault(known.places.level(home.building, "community"), []).append(home)
    drawn = [_community(known, area, homes) for area, homes in found.items()]
    return sorted(drawn, key=lambda each: (not each.name, counted(each.street), counted(each.name)))


def _community(known: Known, area: str, homes: Sequence[Home]) -> Community:
    grids: dict[str, list[Home]] = {}
    for home in homes:
        grids.setdefault(known.places.level(home.building, "grid"), []).append(home)
    watches = {home.watch for home in homes}
    concerned = [each for each in known.opened if each.watch in watches]
    street = known.places.level(homes[0].building, "street")
    drawn = [
        Grid(known.places.area(grid), _tiles(known, of_grid)) for grid, of_grid in grids.items()
    ]
    return Community(
        name=known.places.area(area),
        street=known.places.area(street),
        grids=sorted(drawn, key=lambda each: (not each.name, counted(each.name))),
        homes=_stand(known, homes),
        answers=answers(concerned, known.as_of),
        unknown_s=sum(unknown_us(known, home, known.span) for home in homes) / 1e6,
    )


def _tiles(known: Known, homes: Iterable[Home]) -> list[Tile]:
    found: dict[str, list[Home]] = {}
    for home in homes:
        found.setdefault(home.building, []).append(home)
    tiles = [Tile(known.places.building(each), _stand(known, of)) for each, of in found.items()]
    return sorted(tiles, key=lambda each: counted(each.name))


def _stand(known: Known, homes: Iterable[Home]) -> Counter[Standing]:
    return Counter(known.standing(home) for home in homes)
