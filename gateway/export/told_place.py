"""What the points of changed rows are made with: who is where, what texts cost, and the time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zlib import crc32

from sqlalchemy import Connection, select

from gateway.export.directory import Directory, with_tags
from gateway.schema.tables import contacts

Keys = Collection[str]
"""Primary keys of one table's rows, as the feed has them."""


@dataclass(frozen=True, slots=True)
class Around:
    """What rows alone do not say."""

    connection: Connection
    directory: Directory
    gateway: str
    prices_fen: Mapping[str, float]  # of a part, by channel
    now: int  # microseconds since 1970 UTC
    every_s: int  # between two samples of homes

    def tags(
        self, watch: str | None, subject: str, at: int, device: str | None = None
    ) -> str | None:
        """Return the tags of where something was at a time; None where it leads nowhere any more.

        `subject`: a watch, "building:<id>", "device:<id>"; of a bridge or the gateway itself there
        are none.
        """
        what, _, id_ = subject.partition(":")
        if what == "device":
            device = device or id_
        if watch is not None:
            place = self.directory.place(watch)
            return None if place is None else with_tags(place, device=device)
        if what == "building":
            return with_tags(self.directory.building(id_), device=device)
        if device is None:
            return ""
        where = self.directory.at(device, at)
        return None if where is None else self.directory.tags(where, device)

    def roles(self, ids: Collection[str]) -> dict[str, str]:
        """Return the role of each of these contacts that is known."""
        query = select(contacts.c.id, contacts.c.role).where(contacts.c.id.in_(ids))
        return {row.id: row.role for row in self.connection.execute(query)}


def number_of(id_: str) -> int:
    """Return a number by which rows of one instant are kept apart; the same at each run."""
    return crc32(id_.encode())


def seconds(from_at: int, until_at: int | None) -> float | None:
    """Return the seconds between two times; None while the later is not known."""
    return None if until_at is None else (until_at - from_at) / 1_000_000
