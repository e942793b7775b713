"""Rows of permits and unknown spans to points: what was announced, and when nobody could say.

A permit, or a span, says its `state` at each of its ends, whatever was written there before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from alerts.tables import permits, unknown_spans
from gateway import memories
from gateway.export import spans
from gateway.export.directory import with_tags
from gateway.export.facts import said, standing
from gateway.export.line import Value, instant
from gateway.export.point import point
from gateway.export.samples import NONE, PERMIT, REWRITTEN
from gateway.export.schema import UNKNOWN
from gateway.export.told_place import Around, Keys, seconds

_TIMES_AT_ONCE: Final = 5000
"""Times at which devices are said to be unknown in one batch: some 4 MB with their parts."""


def of_permits(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield what was announced at the homes of these permits, at each end of each of them."""
    p = permits.c
    of_homes = select(p.watch).where(p.id.in_(keys))
    rows = around.connection.execute(
        select(p.watch, p.from_at, p.until_at, p.revoked_at, p.purpose)
        .where(p.watch.in_(of_homes))
        .order_by(p.from_at, p.id)
    )
    at_home: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        at_home[row.watch].append(row)
    for watch, granted in at_home.items():
        place = around.directory.place(watch)
        if place is not None:
            tags = with_tags(place, kind=PERMIT)
            for at, purpose in announced(granted):
                yield said(tags, purpose, instant(at))


def announced(granted: Iterable[Any]) -> Iterator[tuple[int, str]]:
    """Yield what is announced from each time on at which a permit begins, ends or was to end.

    Times in microseconds since 1970 UTC. Of several at once the latest to begin is said.
    """
    spans = []
    times: set[int] = set()
    for row in granted:
        end_at = row.until_at if row.revoked_at is None else min(row.until_at, row.revoked_at)
        spans.append((row.from_at, end_at, row.purpose))
        times |= {row.from_at, row.until_at, max(row.from_at, end_at)}
    for at in sorted(times):
        now = [purpose for from_at, end_at, purpose in spans if from_at <= at < end_at]
        yield at, now[-1] if now else NONE


def of_spans(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield each span, and what it made of all that its device had said."""
    ids = [int(key) for key in keys]
    query = select(unknown_spans).where(unknown_spans.c.id.in_(ids))
    rows = around.connection.execute(query.order_by(unknown_spans.c.id)).all()
    devices = {row.device for row in rows if row.device is not None}
    known = memories.load(around.connection, devices) if devices else {}
    for row in rows:
        place = "" if row.device is None else _place(around, row)
        if place is None:
            continue
        fields: dict[str, Value | None] = {
            "reason": row.reason,
            "until_ms": 0 if row.until_at is None else row.until_at // 1000,
            "lasted_s": seconds(row.from_at, row.until_at),
            "stands": row.until_at is None,
        }
        yield point(UNKNOWN, place, fields, instant(row.from_at, row.id))
        if row.device is None:
            yield from _of_all_devices(around, row)
        elif (memory := known.get(row.device)) is not None:
            yield from _of_device(around, row, place, memory)


def at_once(connection: Connection, keys: Sequence[str], every_s: int, now: int) -> int:
    """Return how many of these spans, from the first on, are to be told at once; at least one.

    One of the gateway's own is about every device there is, and is the last. `now`: microseconds.
    """
    c = unknown_spans.c
    query = select(unknown_spans).where(c.id.in_([int(key) for key in keys]))
    rows = {str(row.id): row for row in connection.execute(query)}
    times = 0
    for number, key in enumerate(keys, 1):
        row = rows.get(key)
        if row is None:
            continue
        times += len(spans.Span.of(row).sampled_at(every_s, now))
        if row.device is None or times > _TIMES_AT_ONCE:
            return number
    return len(keys)


def _place(around: Around, row: Row[Any]) -> str | None:
    return around.tags(row.watch, f"device:{row.device}", row.from_at, row.device)


def _of_all_devices(around: Around, row: Row[Any]) -> Iterator[bytes]:
    """Nothing is known of any device from the beginning on; they are looked at again at its end."""
    for device, memory in memories.each(around.connection):
        where = around.directory.at(device, row.from_at)
        if where is not None:
            yield from _became_unknown(around, row, around.directory.tags(where, device), memory)


def _of_device(
    around: Around, row: Row[Any], place: str, memory: memories.Saved
) -> Iterator[bytes]:
    yield from _became_unknown(around, row, place, memory)
    is_as_it_was = memory.row.unknown_since is None and memory.row.heard_at == row.until_at
    if row.until_at is not None and is_as_it_was:
        # What ended the span said one thing, and by it all else that was known is known again.
        for kind, part, state in _standing(memory):
            tags = with_tags(place, kind=kind, part=part)
            yield said(tags, state, instant(row.until_at), REWRITTEN)


def _became_unknown(
    around: Around, row: Row[Any], place: str, memory: memories.Saved
) -> Iterator[bytes]:
    """Yield what is unknown from its beginning on, and what samples did not know yet."""
    span = spans.Span.of(row)
    if not span.covers(span.drawn_from):
        return
    times = (span.drawn_from, *span.sampled_at(around.every_s, around.now))
    for kind, part, _ in _standing(memory):
        if span.hides(kind):
            yield from spans.unknown(with_tags(place, kind=kind, part=part), times)


def _standing(memory: memories.Saved) -> Iterator[tuple[str, str, str]]:
    for key, state in memory.memory.states.items():
        found = standing(key, state)
        if found is not None:
            yield found
