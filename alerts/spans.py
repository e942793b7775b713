"""Unknown time as rows, to the second: who could not be relied on, why, and from when until when.

What a turn decided is saved with the rest of it. Apart from that there is only what no turn could
decide: the time in which the gateway was off, and what changed while nobody looked. It never
commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, null, select, update

from alerts import supervision
from alerts.model import Unknown
from alerts.reason import Reason
from alerts.state import State
from alerts.tables import micros, micros_or_none, unknown_spans

SHORTEST_GAP = timedelta(seconds=60)
"""A gateway notes once a minute that it runs: a shorter gap proves nothing."""

_LASTS = unknown_spans.c.until_at.is_(None)
# A message may have arrived just before it was decided that its device is silent.
_END = update(unknown_spans).values(
    until_at=func.max(unknown_spans.c.from_at, bindparam("ended_at"))
)
_END_OF_DEVICE = _END.where(_LASTS, unknown_spans.c.device == bindparam("of_device"))
_END_OF_GATEWAY = _END.where(_LASTS, unknown_spans.c.device.is_(None))


def save(
    connection: Connection, known: Mapping[str | None, datetime], unknown: Iterable[Unknown]
) -> None:
    """Write which spans ended, by device, and which began."""
    ended = [
        {"of_device": device, "ended_at": micros(at)}
        for device, at in known.items()
        if device is not None
    ]
    if ended:
        connection.execute(_END_OF_DEVICE, ended)
    if None in known:
        connection.execute(_END_OF_GATEWAY, {"ended_at": micros(known[None])})
    began = [
        {
            "watch": each.watch,
            "device": each.device,
            "reason": each.reason.value,
            "from_at": micros(each.from_at),
            "until_at": micros_or_none(each.until_at),
        }
        for each in unknown
    ]
    if began:
        connection.execute(insert(unknown_spans), began)


def shift(connection: Connection, by: timedelta) -> None:
    """Move what lasts with a clock that stepped: it stays as long as it was.

    The row by the old clock stays, with no length, so that whoever was told of it learns that too.
    """
    spans = unknown_spans.c
    last = connection.scalar(select(func.max(spans.id))) or 0
    moved = select(
        spans.watch,
        spans.device,
        spans.reason,
        spans.from_at + by // timedelta(microseconds=1),
        null(),
    ).where(_LASTS)
    names = [each.name for each in (spans.watch, spans.device, spans.reason, spans.from_at)]
    connection.execute(insert(unknown_spans).from_select([*names, spans.until_at.name], moved))
    connection.execute(
        update(unknown_spans).where(_LASTS, spans.id <= last).values(until_at=spans.from_at)
    )


def was_off(connection: Connection, from_at: datetime | None, until_at: datetime) -> bool:
    """Note that the gateway did not run, if it was for long enough; say whether it was.

    One that was killed before it showed another sign of life was off for longer, not once more.
    """
    if from_at is None or until_at - from_at <= SHORTEST_GAP:
        return False
    noted = update(unknown_spans).where(
        unknown_spans.c.device.is_(None),
        unknown_spans.c.reason == Reason.GATEWAY_OFF,
        unknown_spans.c.from_at == micros(from_at),
    )
    if not connection.execute(noted.values(until_at=micros(until_at))).rowcount:
        save(connection, {}, [Unknown(None, None, Reason.GATEWAY_OFF, from_at, until_at)])
    return True


def bring_in_line(connection: Connection, state: State, now: datetime) -> None:
    """End what lasts of devices that are no more, hang elsewhere or are known, and begin the rest.

    At a start, and after homes were read again: of such changes no turn knows.
    """
    known: dict[str | None, datetime] = {}
    unknown: list[Unknown] = []
    lasting = set()
    for row in connection.execute(select(unknown_spans).where(_LASTS).order_by(unknown_spans.c.id)):
        if row.device is None:
            if state.intake_lost_at is None:
                known[None] = now
            continue
        device = state.devices.get(row.device)
        lasts = device is not None and device.unknown_since is not None
        if device is not None and lasts and device.info.watch == row.watch:
            lasting.add(row.device)
        else:
            known[row.device] = now
    for id_, device in state.devices.items():
        if device.unknown_since is not None and id_ not in lasting:
            reason = supervision.why_unknown(device)
            unknown.append(Unknown(id_, device.info.watch, reason, now))
    save(connection, known, unknown)
