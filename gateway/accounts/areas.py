"""Places in the area tree, as rights are asked for them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from gateway.accounts.rights import Place
from gateway.schema.tables import areas, buildings


def parents(connection: Connection) -> dict[str, str | None]:
    """Return the area above each area."""
    return {row.id: row.parent for row in connection.execute(select(areas.c.id, areas.c.parent))}


def place_of(area: str | None, above: Mapping[str, str | None]) -> Place:
    """Return the ids from an area up to the top of its tree; of none or an unknown one, nothing."""
    place: list[str] = []
    while area and area in above and area not in place:  # a ring, if ever there is one, ends
        place.append(area)
        area = above[area]
    return tuple(place)


def place_of_building(connection: Connection, building: str) -> Place:
    """Return where a building stands."""
    area = connection.scalar(select(buildings.c.area).where(buildings.c.id == building))
    return place_of(area, parents(connection))


def names(connection: Connection) -> dict[str, str]:
    """Return what people call each area, the widest first."""
    above = parents(connection)
    rows = connection.execute(select(areas.c.id, areas.c.name)).all()
    return {
        row.id: row.name
        for row in sorted(rows, key=lambda row: (len(place_of(row.id, above)), row.name))
    }
