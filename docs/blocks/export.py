"""What is in InfluxDB, from the schema that the exporter writes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from alerts.model import IncidentState, Matter, NoticeKind
from docs.blocks.markdown import table
from gateway import config
from gateway.export.schema import MEASUREMENTS, PLACE, TAGS, Bucket, Measurement, Type
from gateway.homes.look import Standing

TYPES: Mapping[Type, str] = {
    Type.TEXT: "string",
    Type.WHOLE: "integer",
    Type.NUMBER: "float",
}
"""What InfluxDB calls them."""

KEPT: Mapping[Bucket, str] = {
    Bucket.HOMES: "influx.keep_days",
    Bucket.GATEWAY: "influx.gateway_keep_days",
    Bucket.COUNTS: "influx.counts_keep_days",
}
"""The setting of each bucket."""


class Site(NamedTuple):
    """What the worked bound is of: homes under an order at one time, and who watches over them."""

    homes: int = 1000
    devices: int = 3000  # a door, a seal and a camera or button each
    buildings: int = 40
    communities: int = 10
    teams: int = 20
    contacts: int = 6  # of a team, both shifts
    channels: int = 3
    parts: int = 12  # of the gateway, that health speaks of
    consumers: int = 4
    counters: int = 120

    @property
    def subjects(self) -> int:
        """What an incident can be about."""
        return self.homes + self.devices + self.buildings


BOUNDS: Mapping[str, Callable[[Site], int]] = {
    "observation": lambda site: 6 * site.devices,
    "state": lambda site: 4 * site.devices + site.homes,
    "unknown": lambda site: site.devices + 1,
    "home": lambda site: site.homes,
    "supervision": lambda site: site.devices,
    "device": lambda site: site.devices,
    "incident": lambda site: len(Matter) * site.subjects,
    "transition": lambda site: len(Matter) * len(IncidentState) * site.subjects,
    "notice": lambda site: len(NoticeKind) * site.contacts * site.homes,
    "condition": lambda site: 4 * site.devices,
    "attempt": lambda site: len(NoticeKind) * site.channels * site.teams,
    "gateway": lambda _: 1,
    "channel": lambda site: site.channels,
    "finding": lambda site: site.parts,
    "cursor": lambda site: site.consumers,
    "counter": lambda site: site.counters,
    "homes_hour": lambda site: len(Standing) * site.communities,
    "incidents_day": lambda site: len(Matter) * site.communities,
    "channel_day": lambda site: site.channels,
    "gateway_hour": lambda _: 2,
}
"""How many series each measurement has at most, whatever happens."""


def bound() -> str:
    """One row a measurement: its series at a site of a thousand homes; the sum below."""
    site = Site()
    counted = [(each.name, each.series, BOUNDS[each.name](site)) for each in MEASUREMENTS]
    rows = [(f"`{name}`", series, f"{count:,}") for name, series, count in counted]
    total = sum(count for _, _, count in counted)
    return table(("measurement", "series", "at most"), [*rows, ("all", "", f"{total:,}")])


def buckets() -> str:
    """One row a bucket: what it holds, how long, and whether it leads to a home."""
    default = {each.key: each.default for each in config.settings()}
    rows = [
        (
            f"`<bucket>_{bucket.value}`",
            ", ".join(f"[`{each.name}`](#{each.name})" for each in _of(bucket)),
            "yes" if bucket is Bucket.HOMES else "no",
            f"`{KEPT[bucket]}`, {default[KEPT[bucket]]} days",
        )
        for bucket in Bucket
    ]
    return table(("bucket", "measurements", "leads to a home", "kept for"), rows)


def tags() -> str:
    """One row a tag."""
    return table(("tag", "is"), [(f"`{name}`", what) for name, what in TAGS.items()])


def schema() -> str:
    """One section a measurement."""
    return "\n\n".join(section for each in MEASUREMENTS for section in _section(each))


def _of(bucket: Bucket) -> Iterator[Measurement]:
    return (each for each in MEASUREMENTS if each.bucket is bucket)


def _section(each: Measurement) -> Iterator[str]:
    yield f"### `{each.name}`"
    yield (
        f"{each.what} In `<bucket>_{each.bucket.value}`. The time of a point: {each.time}."
        f" Tags: {_tags(each.tags)}. Series: {each.series}."
    )
    rows = [(f"`{field.name}`", TYPES[field.type], field.what) for field in each.fields]
    yield table(("field", "type", "is"), rows)


def _tags(tags: tuple[str, ...]) -> str:
    if tags[: len(PLACE)] != PLACE:
        return ", ".join(f"`{tag}`" for tag in tags)
    return ", ".join(["the place", *(f"`{tag}`" for tag in tags[len(PLACE) :])])
