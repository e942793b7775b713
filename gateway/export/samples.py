"""Samples: how every home, device and part of the gateway stood at one moment, kept until exported.

A sample is one row of `samples`, compressed: ids, states and figures, never a name or a house code.
What becomes of a home whose order is released since is not exported any more.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from gateway.export import spans
from gateway.export.directory import Directory, with_tags
from gateway.export.facts import said
from gateway.export.line import SPREAD, Value, instant, tags_of
from gateway.export.point import point
from gateway.export.schema import (
    CHANNEL,
    COUNTER,
    CURSOR,
    FINDING,
    GATEWAY,
    HOME,
    SUPERVISION,
    Bucket,
    Points,
)
from gateway.export.tables import samples
from gateway.homes.look import Standing

PERMIT: Final = "permit"
"""The `kind` of a `state` that says what is announced at a home."""
NONE: Final = "none"
"""State of a home for whose door nothing is announced."""
_HERE: Final = "~here~"
"""Of no tag a value."""
REWRITTEN: Final = "rewritten"
"""Source of a `state` that nobody said anew."""


class OfDevice(msgspec.Struct, array_like=True, frozen=True):
    """How one device stood. `states`: kind, part, and the state that was said last."""

    device: str
    states: tuple[tuple[str, str, str], ...]
    silent_s: float | None = None
    owes_every_s: float | None = None
    is_missing: bool = False
    is_unknown: bool = False
    is_battery_low: bool = False
    is_on_battery: bool = False


class OfHome(msgspec.Struct, array_like=True, frozen=True):
    """How one home stood, by its watch."""

    watch: str
    devices: tuple[OfDevice, ...]
    permit: str  # the purpose of what is announced now, NONE where nothing is
    standing: Standing
    doors_open: int
    unknown_s: float  # since the sample before
    watched_s: float  # since the sample before
    ends_in_s: float


class Homes(msgspec.Struct, array_like=True, frozen=True, tag="homes"):
    """Some homes at one moment. Times in microseconds since 1970 UTC."""

    at: int  # of the whole sample, on a multiple of its interval; of one between as `looked_at`
    looked_at: int  # when these were looked at
    is_between: bool  # not on a multiple: states alone, so that no figure is counted twice
    homes: tuple[OfHome, ...]
    elsewhere: tuple[OfDevice, ...] = ()  # devices that hang in a building, at no home


Fields = dict[str, Value | bool | None]
"""As they were said: each gets the type that it has for ever when its point is made."""


class OfChannel(msgspec.Struct, array_like=True, frozen=True):
    """How one channel stood, as fields of `schema.CHANNEL`."""

    name: str
    fields: Fields


class Found(msgspec.Struct, array_like=True, frozen=True):
    """What was found of one part of the gateway."""

    part: str
    level: int
    reason: str
    detail: str


class Gateway(msgspec.Struct, array_like=True, frozen=True, tag="gateway"):
    """The gateway at one moment. `fields` as of `schema.GATEWAY`."""

    at: int
    fields: Fields
    channels: tuple[OfChannel, ...] = ()
    findings: tuple[Found, ...] = ()
    cursors: dict[str, int] = msgspec.field(default_factory=dict)
    counters: dict[str, int] = msgspec.field(default_factory=dict)


Sample = Homes | Gateway
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sample).decode


class Stored(NamedTuple):
    """One row."""

    id: int
    at: int
    kind: str
    sample: Sample
    unknown: spans.Spans = spans.NO_SPANS  # what is known by now of who was unknown then


# ---- rows ----


def append(connection: Connection, sample: Sample) -> None:
    """Keep a sample. It does not commit."""
    kind = "homes" if isinstance(sample, Homes) else "gateway"
    connection.execute(insert(samples).values(at=sample.at, kind=kind, sample=_packed(sample)))


def read(connection: Connection, limit: int) -> list[Stored]:
    """Return up to `limit` samples, the oldest first, with what was found out since."""
    rows = connection.execute(select(samples).order_by(samples.c.id).limit(limit)).all()
    decoded = [_decode(_raw(row.sample)) for row in rows]
    times = [at for each in decoded if isinstance(each, Homes) for at in (each.at, each.looked_at)]
    unknown = spans.during(connection, min(times), max(times)) if times else {}
    return [
        Stored(row.id, row.at, row.kind, sample, unknown)
        for row, sample in zip(rows, decoded, strict=True)
    ]


def forget(connection: Connection, through_id: int) -> None:
    """Delete samples up to this one: they are in InfluxDB. It does not commit."""
    connection.execute(delete(samples).where(samples.c.id <= through_id))


def take_out(
    connection: Connection, watches: Collection[str], after_id: int, limit: int
) -> int | None:
    """Take homes out of the next samples after this one, as their orders are over.

    Returns the last sample looked at, None at the end. It does not commit.
    """
    rows = connection.execute(
        select(samples.c.id, samples.c.sample)
        .where(samples.c.id > after_id)
        .order_by(samples.c.id)
        .limit(limit)
    ).all()
    for row in rows:
        left = _without(row.sample, watches)
        if left is not None:
            connection.execute(update(samples).where(samples.c.id == row.id).values(sample=left))
    return rows[-1].id if rows else None


def _without(packed: bytes, watches: Iterable[str]) -> bytes | None:
    """Return what a row holds without these homes; None where it holds none of them."""
    raw = _raw(packed)
    # Bytes are found a hundred times faster than samples are decoded.
    gone = {watch for watch in watches if watch.encode() in raw}
    if not gone:
        return None
    sample = _decode(raw)
    if not isinstance(sample, Homes):
        return None
    left = tuple(home for home in sample.homes if home.watch not in gone)
    return _packed(msgspec.structs.replace(sample, homes=left))


def _packed(sample: Sample) -> bytes:
    return zlib.compress(_encode(sample), 6)


def _raw(packed: bytes) -> bytes:
    return zlib.decompress(packed)


# ---- points ----


def points(stored: Iterable[Stored], directory: Directory, gateway: str) -> Points:
    """Return the points of samples; released homes have none."""
    found: Points = {Bucket.HOMES: [], Bucket.GATEWAY: []}
    for each in stored:
        sample, unknown = each.sample, each.unknown
        if isinstance(sample, Homes):
            for home in sample.homes:
                place = directory.place(home.watch)
                if place is not None:
                    found[Bucket.HOMES] += _home_points(sample, home, place, unknown)
            for device in sample.elsewhere:
                where = directory.at(device.device, sample.looked_at)
                if where is not None and where.watch is None:
                    found[Bucket.HOMES] += _device_points(sample, device, where.tags, unknown)
        else:
            found[Bucket.GATEWAY] += _gateway_points(sample, gateway)
    return found


def _home_points(sample: Homes, home: OfHome, place: str, unknown: spans.Spans) -> Iterator[bytes]:
    if not sample.is_between:
        yield point(HOME, place, _standing(home), instant(sample.at))
    tags = with_tags(place, kind=PERMIT)
    yield said(tags, home.permit, instant(sample.looked_at), REWRITTEN)
    for device in home.devices:
        yield from _device_points(sample, device, place, unknown)


def _device_points(
    sample: Homes, device: OfDevice, place: str, unknown: spans.Spans
) -> Iterator[bytes]:
    head, middle, tail = _pieces(place)
    before = f"{head}{tags_of((('device', device.device),))}{middle}"
    if not sample.is_between:
        looked_ns = instant(sample.looked_at)
        yield point(SUPERVISION, f"{before}{tail}", _supervision(device), looked_ns)
    at, number = _known_at(sample, device)
    touching = [*unknown.get(None, ()), *unknown.get(device.device, ())]
    # It may have become unknown after the multiple; of what no span tells it was so all the time.
    is_told = any(each.begins_by(sample.looked_at) and at < each.until_at for each in touching)
    for kind, part, state in device.states:
        tags = f"{before}{_kind(kind, part)}{tail}"
        is_unknown = any(each.covers(at) and each.hides(kind) for each in touching)
        if is_unknown or (device.is_unknown and not is_told):
            yield from spans.unknown(tags, (at,))
        else:
            yield said(tags, state, instant(at, number), REWRITTEN)


def _known_at(sample: Homes, device: OfDevice) -> tuple[int, int]:
    """Return when its states were so for sure, and the number of that instant.

    On the multiple, where whatever is found out later is written too. Of a device that spoke since
    it is just after its last word: what it said is not to be shown before it happened, and no
    silence begins before it.
    """
    if sample.is_between:
        return sample.looked_at, 0
    if device.silent_s is not None:
        heard_at = sample.looked_at - round(device.silent_s * 1_000_000)
        if heard_at > sample.at:
            return heard_at, SPREAD - 1
    return sample.at, 0


@lru_cache(maxsize=1000)
def _pieces(place: str) -> tuple[str, str, str]:
    """Return the tags of a place in three: `device` stands after the first, `kind` the second.

    Of each home there are a dozen points: its tags are put in order once.
    """
    head, _, rest = with_tags(place, device=_HERE, kind=_HERE).partition(f",device={_HERE}")
    middle, _, tail = rest.partition(f",kind={_HERE}")
    return head, middle, tail


@lru_cache(maxsize=1000)  # a device names its parts as it likes
def _kind(kind: str, part: str) -> str:
    return tags_of((("kind", kind), ("part", part)))


def _standing(home: OfHome) -> dict[str, Value | None]:
    return {
        "standing": home.standing.value,
        "doors_open": home.doors_open,
        "devices": len(home.devices),
        "missing": sum(device.is_missing for device in home.devices),
        "unknown_s": home.unknown_s,
        "watched_s": home.watched_s,
        "ends_in_s": home.ends_in_s,
    }


def _supervision(device: OfDevice) -> dict[str, Value | None]:
    return {
        "silent_s": device.silent_s,
        "owes_every_s": device.owes_every_s,
        "is_missing": device.is_missing,
        "is_unknown": device.is_unknown,
        "is_battery_low": device.is_battery_low,
        "is_on_battery": device.is_on_battery,
    }


def _gateway_points(sample: Gateway, gateway: str) -> Iterator[bytes]:
    at_ns = instant(sample.at)

    def tags(name: str, value: str) -> str:
        return tags_of((("gateway", gateway), (name, value)))

    yield point(GATEWAY, tags_of((("gateway", gateway),)), sample.fields, at_ns)
    for channel in sample.channels:
        yield point(CHANNEL, tags("channel", channel.name), channel.fields, at_ns)
    for found in sample.findings:
        what: dict[str, Value | None] = {
            "level": found.level,
            "reason": found.reason,
            "detail": found.detail or None,
        }
        yield point(FINDING, tags("part", found.part), what, at_ns)
    last = _whole(sample.fields.get("journal_seq"))
    for consumer, seq in sample.cursors.items():
        how_far: dict[str, Value | None] = {"seq": seq, "lag_records": max(0, last - seq)}
        yield point(CURSOR, tags("consumer", consumer), how_far, at_ns)
    for name, total in sample.counters.items():
        yield point(COUNTER, tags("name", name), {"total": total}, at_ns)


def _whole(value: Value | None) -> int:
    return int(value) if isinstance(value, int | float) else 0
