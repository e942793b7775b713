"""Lines that InfluxDB refused and that were set aside: listed, and offered to it again.

A line is sealed under the key of the home it leads to; with that key gone it is gone too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from alerts.tables import from_micros, micros
from gateway.export.schema import Bucket, Points
from gateway.export.shipping import Shipper, Writes
from gateway.export.tables import export_refused
from gateway.export.verdict import Answer, Verdict
from gateway.privacy import GATEWAY, KeyStore, UnreadableError

MOST_AT_ONCE = 5_000
"""Lines that one retry takes: the rest waits for the next (ours: some 2 MB)."""


class Line(NamedTuple):
    """One line that was refused; `content` None: its home was released."""

    id: int
    at: datetime
    bucket: str
    content: bytes | None
    why: str

    @property
    def measurement(self) -> str:
        """Return what it is a point of, "" where it cannot be read."""
        return (self.content or b"").partition(b",")[0].partition(b" ")[0].decode(errors="replace")


class Retried(NamedTuple):
    """What became of lines that were offered again."""

    taken: int
    refused: int
    over: Sequence[int]  # ids of those that need not be kept
    obstacle: Answer | None = None


def count(connection: Connection) -> int:
    """Count them."""
    return int(connection.scalar(select(func.count()).select_from(export_refused)) or 0)


def read(connection: Connection, keys: KeyStore, limit: int, before: int = 0) -> list[Line]:
    """Return up to `limit` of them, the latest first. `before`: only rows with a smaller id."""
    found = select(export_refused).order_by(export_refused.c.id.desc()).limit(limit)
    rows = connection.execute(found if not before else found.where(export_refused.c.id < before))
    return [
        Line(row.id, from_micros(row.at), row.bucket, _opened(keys, row.watch, row.line), row.why)
        for row in rows
    ]


def offer(
    influx: Writes, keep: Mapping[Bucket, timedelta], lines: Sequence[Line], now: datetime
) -> Retried:
    """Offer lines to InfluxDB again. Where it answers nobody, nothing is over."""
    points: Points = {}
    for line in lines:
        if line.content is not None:
            points.setdefault(Bucket(line.bucket), []).append(line.content)
    shipped = Shipper(influx, keep).ship(points, micros(now) * 1000)
    if shipped.obstacle is not None:
        # One that refuses whatever it is given is told from one that is away.
        refuses = shipped.obstacle.verdict is Verdict.REFUSED
        left = sum(map(len, points.values())) if refuses else 0
        return Retried(0, left, (), None if refuses else shipped.obstacle)
    again = {(each.bucket, each.line) for each in shipped.refused}
    over = [
        line.id
        for line in lines
        if line.content is None or (Bucket(line.bucket), line.content) not in again
    ]
    return Retried(shipped.written, len(lines) - len(over), over)


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Delete some of them. It does not commit."""
    for start in range(0, len(ids), 500):
        mine = export_refused.c.id.in_(ids[start : start + 500])
        connection.execute(delete(export_refused).where(mine))


def _opened(keys: KeyStore, watch: str | None, sealed: bytes) -> bytes | None:
    try:
        return keys.unseal(watch or GATEWAY, sealed).encode()
    except UnreadableError:
        return None
