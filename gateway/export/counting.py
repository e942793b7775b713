"""Unknown time of homes is counted once, whenever it was found, and whatever was killed between.

Each sample counts what came after the one before, and what of the time before that was found to be
unknown since: a silence begins with the last word, and is known an hour later. Up to which time,
and up to which row of unknown spans, each home is counted is noted with the sample that counted it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, delete, func, insert, or_, select

from alerts.model import WatchId
from alerts.tables import unknown_spans
from gateway.export.moment import Unknown, Window
from gateway.intervals import Span
from gateway.schema.tables import meta

LONGEST: Final = timedelta(days=88) // timedelta(microseconds=1)
"""Microseconds before it that a sample counts at most, after a gateway was off for so long."""
_COUNTED: Final = "homes_counted"


class Mark(NamedTuple):
    """Up to when homes are counted."""

    last: WatchId | None  # the last of them, in order of their watches; None: all that are left
    at: int  # microseconds since 1970 UTC
    span: int  # the last row of unknown spans that is counted


class _Noted(NamedTuple):
    """An unknown span as far as it matters here."""

    id: int
    span: Span


_encode = msgspec.json.Encoder().encode
_marks = msgspec.json.Decoder(list[Mark]).decode


@dataclass(slots=True)
class Counting:
    """What one sample counts: it reads and notes, and never commits."""

    at: int
    every: int  # microseconds between two samples
    marks: Sequence[Mark]  # of the samples before; of one that was broken off there are two
    last_span: int  # rows after this one are for the next sample
    reach: int  # the earliest time that anything is counted of
    own: Sequence[_Noted]  # in which the gateway itself was deaf or off

    @classmethod
    def begin(cls, connection: Connection, at: int, every: int) -> Counting:
        """Begin a sample of a time, in microseconds."""
        said = connection.scalar(select(meta.c.value).where(meta.c.key == _COUNTED))
        last_span = connection.scalar(select(func.max(unknown_spans.c.id))) or 0
        marks = [Mark(None, at - every, last_span)] if said is None else _marks(said)
        counting = cls(at, every, marks, last_span, at, ())
        counting.reach = counting._reach(connection)
        counting.own = [
            _Noted(row.id, counting._until_now(row.from_at, row.until_at))
            for row in connection.execute(counting._spans.where(unknown_spans.c.device.is_(None)))
        ]
        return counting

    def of_homes(
        self, connection: Connection, watches: Sequence[WatchId]
    ) -> Mapping[WatchId, Unknown]:
        """Return what is to be counted of each of these homes."""
        noted: defaultdict[WatchId, list[_Noted]] = defaultdict(list)
        query = self._spans.where(unknown_spans.c.watch.in_(watches))
        for row in connection.execute(query):
            noted[row.watch].append(_Noted(row.id, self._until_now(row.from_at, row.until_at)))
        return {each: self._of_home(each, [*self.own, *noted[each]]) for each in watches}

    def note(self, connection: Connection, last: WatchId | None) -> None:
        """Note that homes are counted up to this one, in order of their watches; None: all."""
        mark = Mark(last, self.at, self.last_span)
        left = [] if last is None else [each for each in self.marks if _is_after(each, last)]
        connection.execute(delete(meta).where(meta.c.key == _COUNTED))
        value = _encode([mark, *left]).decode()
        connection.execute(insert(meta).values(key=_COUNTED, value=value))

    def _of_home(self, watch: WatchId, noted: Sequence[_Noted]) -> Unknown:
        mark = next(each for each in self.marks if each.last is None or watch <= each.last)
        return Unknown(
            Window(self._since(mark), self.at),
            [each.span for each in noted if each.id <= mark.span],
            [each.span for each in noted if each.id > mark.span],
        )

    def _since(self, mark: Mark) -> int:
        # A clock that was ahead, or that went back, counts one interval.
        return self.at - self.every if mark.at >= self.at else max(mark.at, self.at - LONGEST)

    def _reach(self, connection: Connection) -> int:
        c = unknown_spans.c
        counted = min(each.span for each in self.marks)
        found_from = connection.scalar(select(func.min(c.from_at)).where(c.id > counted))
        since = min(self._since(each) for each in self.marks)
        return since if found_from is None else max(min(since, found_from), self.at - LONGEST)

    @property
    def _spans(self) -> Select[tuple[int, str | None, int, int | None]]:
        """Return the query of all spans that are counted, or that were."""
        c = unknown_spans.c
        return select(c.id, c.watch, c.from_at, c.until_at).where(
            c.id <= self.last_span,
            c.from_at < self.at,
            or_(c.until_at.is_(None), c.until_at > self.reach),
        )

    def _until_now(self, from_at: int, until_at: int | None) -> Span:
        first = max(from_at, self.reach)
        return first, max(first, self.at if until_at is None else until_at)


def _is_after(mark: Mark, last: WatchId) -> bool:
    return mark.last is None or mark.last > last
