"""Who is where: the tags of every home, building and device, made once from the tables.

A device is found where it hung at the time, so that what it said before it moved stays at the home
where it said it. What hangs nowhere, and an order that was released, is not in here: nothing is
exported of it. Immutable; load another when homes, orders or devices change.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from sys import intern
from typing import NamedTuple

from sqlalchemy import Connection, select

from gateway.export.line import tags_of
from gateway.homes.store import RELEASED
from gateway.privacy import KeyStore, UnreadableError
from gateway.registry.tables import bindings
from gateway.schema.tables import areas, buildings, devices, homes, orders

SALTED = "salted"
"""The way of naming homes that leads nowhere without this gateway's keys."""

_KEPT_TAGS = 50_000
"""Ready tags that are kept (10 MB); beyond it all are forgotten, each costs 3 us to make anew."""
NEVER = 2**62
"""Later than any time, in microseconds."""
_BETWEEN_TAGS = re.compile(r"(?<!\\),")


class Where(NamedTuple):
    """A home, or a building, by its tags: in three pieces, between which others belong."""

    watch: str | None  # None: the building as a whole
    head: str  # building, community
    middle: str  # grid, home
    tail: str  # team, watch

    @property
    def tags(self) -> str:
        """Return all of them, as they follow the measurement."""
        return f"{self.head}{self.middle}{self.tail}"


class Span(NamedTuple):
    """A device hung somewhere, from when until when, in microseconds; the end not included."""

    from_at: int
    until_at: int
    where: Where | None  # None: at a home whose order was released


class Directory:
    """Tags of places, and where devices hung."""

    def __init__(
        self,
        homes_: Mapping[str, Where],
        home_keys: Mapping[str, str],
        buildings_: Mapping[str, Where],
        spans: Mapping[str, tuple[Span, ...]],
    ) -> None:
        """Use `load`."""
        self._homes = homes_
        self._home_keys = home_keys
        self._buildings = buildings_
        self._spans = spans
        self._ready: dict[tuple[str, str, str], tuple[Where, str]] = {}

    @classmethod
    def load(cls, connection: Connection, keys: KeyStore, home_names: str) -> Directory:
        """Read the tables. `home_names`: "code", or "salted" for digests under the order's key."""
        of_buildings = _buildings(connection)
        of_homes, home_keys = _homes(connection, keys, of_buildings, home_names)
        spans = _spans(connection, of_homes, of_buildings)
        return cls(of_homes, home_keys, of_buildings, spans)

    @property
    def watches(self) -> Collection[str]:
        """Return every order that was not released."""
        return self._homes.keys()

    @property
    def devices(self) -> Collection[str]:
        """Return every device that hangs, or hung, somewhere."""
        return self._spans.keys()

    def home_key(self, watch: str) -> str:
        """Return what the home of an order is called in tags; raises KeyError without the order."""
        return self._home_keys[watch]

    def place(self, watch: str) -> str | None:
        """Return the tags of a home by its order; None for one released or unknown."""
        where = self._homes.get(watch)
        return None if where is None else where.tags

    def building(self, id_: str) -> str:
        """Return the tags of a building."""
        return (self._buildings.get(id_) or _of_building(id_, {})).tags

    def at(self, device: str, at_us: int) -> Where | None:
        """Return where a device hung at a time, in microseconds; None: nowhere that is known."""
        spans = self._spans.get(device, ())
        for span in spans if len(spans) < 2 else spans[::-1]:  # where times overlap, the latest
            if span.from_at <= at_us < span.until_at:
                return span.where
        return None

    def tags(self, where: Where, device: str, kind: str = "", part: str = "") -> str:
        """Return the tags of what a device says, in order of their names."""
        key = (device, kind, part)
        found = self._ready.get(key)
        if found is not None and found[0] is where:
            return found[1]
        own = (tags_of([("device", device)]), tags_of([("kind", kind), ("part", part)]))
        made = f"{where.head}{own[0]}{where.middle}{own[1]}{where.tail}"
        if len(self._ready) >= _KEPT_TAGS:
            self._ready.clear()
        self._ready[key] = (where, made)
        return made


def with_tags(place: str, **more: str | None) -> str:
    """Return the tags of a place with more among them, in order of their names."""
    known = _BETWEEN_TAGS.split(place)[1:]
    added = tags_of(more.items())
    return "".join(f",{tag}" for tag in sorted([*known, *_BETWEEN_TAGS.split(added)[1:]]))


# ---- from the tables ----


def _buildings(connection: Connection) -> dict[str, Where]:
    tree = {row.id: (row.level, row.parent) for row in connection.execute(select(areas))}
    rows = connection.execute(select(buildings.c.id, buildings.c.area))
    return {row.id: _of_building(row.id, _above(tree, row.area)) for row in rows}


def _above(tree: Mapping[str, tuple[str, str | None]], area: str | None) -> dict[str, str]:
    """Return the areas in which something stands, by level."""
    found: dict[str, str] = {}
    while area is not None and area in tree:
        level, above = tree[area]
        if level in found:
            break  # no level stands above itself
        found[level] = area
        area = above
    return found


def _of_building(id_: str, above: Mapping[str, str]) -> Where:
    head = tags_of([("building", id_), ("community", above.get("community"))])
    return Where(None, head, tags_of([("grid", above.get("grid"))]), "")


def _homes(
    connection: Connection, keys: KeyStore, of_buildings: Mapping[str, Where], home_names: str
) -> tuple[dict[str, Where], dict[str, str]]:
    """Return the place of each order that was not released, and what its home is called."""
    home_rows = connection.execute(select(homes.c.code, homes.c.building, homes.c.team))
    known = {row.code: row for row in home_rows}
    found: dict[str, Where] = {}
    names: dict[str, str] = {}
    standing = select(orders.c.watch, orders.c.sealed_home).where(orders.c.state != RELEASED)
    for row in connection.execute(standing):
        try:
            code = keys.unseal(row.watch, row.sealed_home)
            name = keys.digest(row.watch, code) if home_names == SALTED else code
        except UnreadableError:
            continue  # its key is gone: it is being released
        home = known.get(code)
        if home is None:
            continue
        watch = intern(row.watch)
        building = of_buildings.get(home.building) or _of_building(home.building, {})
        found[watch] = Where(
            watch,
            building.head,
            building.middle + tags_of([("home", name)]),
            tags_of([("team", home.team), ("watch", watch)]),
        )
        names[watch] = name
    return found, names


def _spans(
    connection: Connection, of_homes: Mapping[str, Where], of_buildings: Mapping[str, Where]
) -> dict[str, tuple[Span, ...]]:
    """Return where each device hung: by its bindings, else, without any, by its own row."""

    def where(watch: str | None, building: str) -> Where | None:
        if watch is not None:
            return of_homes.get(watch)
        return of_buildings.get(building) or _of_building(building, {})

    hung: defaultdict[str, tuple[Span, ...]] = defaultdict(tuple)
    same: dict[tuple[int, int | None, str | None, str], Span] = {}  # one copy for all of a home
    b = bindings.c
    rows = connection.execute(
        select(b.device, b.watch, b.building, b.from_at, b.until_at).order_by(b.from_at)
    )
    for device, watch, building, from_at, until_at in rows:
        key = (from_at, until_at, watch, building)
        span = same.get(key)
        if span is None:
            ends_at = NEVER if until_at is None else until_at
            span = same[key] = Span(from_at, ends_at, where(watch, building))
        hung[device] += (span,)
    d = devices.c
    for device, watch, building in connection.execute(select(d.id, d.watch, d.building)):
        if device not in hung:
            hung[device] = (Span(-NEVER, NEVER, where(watch, building)),)
    return dict(hung)
