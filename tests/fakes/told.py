"""A gateway of which every changed row is noted for InfluxDB, and what would be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, insert, select

from alerts.tables import incidents
from gateway.export import told
from gateway.export.directory import Directory
from gateway.export.schema import Bucket, Points
from gateway.export.tables import export_feed
from tests.fakes.line_protocol import Point, read_all
from tests.fakes.released import Life


@dataclass
class Desk:
    """A life of which every change is noted for InfluxDB."""

    life: Life

    def noted(self) -> list[told.Changed]:
        with self.life.database.read() as connection:
            rows = connection.execute(select(export_feed).order_by(export_feed.c.seq))
            return [told.Changed(*row) for row in rows]

    def told(self, changed: list[told.Changed] | None = None) -> Points:
        rows = self.noted() if changed is None else changed
        with self.life.database.read() as connection:
            directory = Directory.load(connection, self.life.keys, "code")
            prices = {"gsm": 10.0}
            return told.points(connection, rows, directory, "street-3", prices, self.life.now)

    def points(self, measurement: str) -> list[Point]:
        found = self.told()
        every = read_all(found[Bucket.HOMES]) + read_all(found[Bucket.GATEWAY])
        return [each for each in every if each.measurement == measurement]

    def point(self, measurement: str) -> Point:
        (only,) = self.points(measurement)
        return only

    def states(self, kind: str) -> dict[int, Any]:
        """What was so from when on, in microseconds."""
        return {
            each.at_ns // 1000: each.fields["state"]
            for each in sorted(self.points("state"), key=lambda each: each.at_ns)
            if each.tags["kind"] == kind
        }

    def put(self, table: Table, **values: Any) -> None:
        with self.life.connection.begin():
            self.life.connection.execute(insert(table).values(**values))

    def command(self, asked: Any) -> None:
        self.life.pipeline.command(self.life.connection, asked, self.life.now)

    def breaks_in(self) -> Any:
        """A seal is broken: the incident about it."""
        self.life.hears("seal-kept", 1, "applied")
        self.life.hears("seal-kept", 2, "broken")
        return self.life.rows(incidents)[0]

    def passes(self, minutes: float) -> None:
        self.life.passes(timedelta(minutes=minutes))
