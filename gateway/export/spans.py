"""Unknown time as timelines draw it: from just after the last word to the next, part by part.

The one place that says which moments those are. What is written when a span is told, and what is
written when a sample is, is the same line at the same nanosecond: whichever comes last, and
however often, nobody is shown a door that is closed while nobody could say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, or_, select

from alerts.reason import Reason
from alerts.tables import unknown_spans
from devices.model import Kind
from gateway.export.directory import NEVER
from gateway.export.facts import said
from gateway.export.line import instant

EVERY_S: Final = 600
"""Seconds between two samples, as `influx.state_every_s` comes."""
NOBODY_KNOWS: Final = "unknown"
AFTER_WHAT_WAS_SAID: Final = 1000
"""Microseconds: a silence begins with the last message, and is drawn from just after it."""
FOUND_WITHIN: Final = timedelta(hours=26) // timedelta(microseconds=1)
"""Microseconds after which a silence is known at the latest: the longest reporting time. Samples
taken later said it themselves."""
OWN_FOUND_WITHIN: Final = timedelta(minutes=10) // timedelta(microseconds=1)
"""Of a gateway that was off: it notes every minute that it runs, and afterwards took no samples."""
_PATH_IS_KNOWN: Final = frozenset({Reason.LAST_WILL, Reason.LEFT_NETWORK})
"""Spans whose device is known to be offline, which says nothing of the door it hangs on."""


class Span(NamedTuple):
    """When nobody could say, in microseconds since 1970 UTC."""

    from_at: int
    until_at: int  # NEVER while it lasts
    reason: str
    is_own: bool  # the gateway's: of every device there is

    @classmethod
    def of(cls, row: Row[Any]) -> Span:
        """Return the span of a row of `unknown_spans`."""
        until_at = NEVER if row.until_at is None else row.until_at
        return cls(row.from_at, until_at, row.reason, row.device is None)

    @property
    def drawn_from(self) -> int:
        """Return from when on it is drawn."""
        return self.from_at + AFTER_WHAT_WAS_SAID

    def covers(self, at: int) -> bool:
        """Say whether nobody could say at this time."""
        return self.drawn_from <= at < self.until_at

    def begins_by(self, at: int) -> bool:
        """Say whether it had begun at this time."""
        return self.from_at <= at

    def hides(self, kind: str) -> bool:
        """Say whether a fact of this kind is unknown by it."""
        return kind != Kind.STATUS or self.reason not in _PATH_IS_KNOWN

    def sampled_at(self, every_s: int, now: int) -> range:
        """Return the times in it at which samples may have said something else."""
        every = every_s * 1_000_000
        first = -(-self.drawn_from // every) * every
        found_by = self.from_at + (OWN_FOUND_WITHIN if self.is_own else FOUND_WITHIN)
        return range(first, min(self.until_at, now + 1, found_by), every)


Spans = Mapping[str | None, Sequence[Span]]
"""By device; None: the gateway's own."""
NO_SPANS: Final[Spans] = MappingProxyType({})


def during(connection: Connection, first_at: int, last_at: int) -> Spans:
    """Return the spans that touch a time, in microseconds since 1970 UTC."""
    c = unknown_spans.c
    touching = or_(c.until_at.is_(None), c.until_at > first_at), c.from_at <= last_at
    query = select(unknown_spans).where(*touching)
    found: defaultdict[str | None, list[Span]] = defaultdict(list)
    for row in connection.execute(query.order_by(c.id)):
        found[row.device].append(Span.of(row))
    return found


def unknown(tags: str, times: Sequence[int]) -> Iterator[bytes]:
    """Yield the lines that say of something that nobody knows, at these times."""
    return (said(tags, NOBODY_KNOWS, instant(at), NOBODY_KNOWS) for at in times)
