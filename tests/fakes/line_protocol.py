"""A strict reader of line protocol: what it reads is what InfluxDB 1.8, 2 and 3 store.

    point = read(b'door,home=1203 state="open" 1763700000000000000')
    check(point)   # against gateway.export.schema

It takes nothing that any of them would refuse, mend or read in another way: every tag has a value,
tags stand in order of their names, no name twice, one space between the three parts, a time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.export.schema import MEASUREMENTS, Measurement, Type

_NAME: Final = r"(?:[^,= \\\x00-\x1f]|\\[,= ]|\\(?![,= ]))+"
_TEXT: Final = r'"(?:[^"\\\x00\n\r]|\\["\\])*"'
_WHOLE: Final = r"-?(?:0|[1-9][0-9]*)i"
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
_FIELD: Final = re.compile(rf"(?P<name>{_NAME})=(?P<value>{_TEXT}|{_WHOLE}|{_NUMBER})")
_TAG: Final = re.compile(rf",(?P<name>{_NAME})=(?P<value>{_NAME})")
_MEASUREMENT: Final = re.compile(r"[a-z_]+")
_TIME: Final = re.compile(r" (?P<at>-?[0-9]+)$")
_BY_NAME: Final[Mapping[str, Measurement]] = {each.name: each for each in MEASUREMENTS}

Value = str | int | float


@dataclass(frozen=True)
class Point:
    """One point, as it is stored."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    at_ns: int

    @property
    def series(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What is one line in Grafana."""
        return self.measurement, tuple(sorted(self.tags.items()))


class RefusedError(AssertionError):
    """No server would take the line, or not all of them as it was meant."""


def read(line: bytes) -> Point:
    """Read one line; raises `RefusedError`."""
    text = line.decode()
    measurement = _MEASUREMENT.match(text)
    if measurement is None:
        raise RefusedError(f"no measurement: {line!r}")
    position, tags = measurement.end(), dict[str, str]()
    while tag := _TAG.match(text, position):
        if tags and _plain(tag["name"]) <= list(tags)[-1]:
            raise RefusedError(f"tags are not in order, each once: {line!r}")
        if tag["value"].endswith("\\"):
            raise RefusedError(f"a tag ends with a backslash: {line!r}")
        tags[_plain(tag["name"])] = _plain(tag["value"])
        position = tag.end()
    if text[position : position + 1] != " ":
        raise RefusedError(f"no fields: {line!r}")
    fields, position = dict[str, Value](), position + 1
    while field := _FIELD.match(text, position):
        if field["name"] in fields:
            raise RefusedError(f"a field stands twice: {line!r}")
        fields[field["name"]] = _value(field["value"])
        position = field.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    time = _TIME.match(text, position)
    if time is None or not fields:
        raise RefusedError(f"no time where it should be: {line!r}")
    return Point(measurement[0], tags, fields, _whole(time["at"]))


def check(point: Point) -> None:
    """Assert that a point is what the schema says, by the types it has for ever."""
    measurement = _BY_NAME[point.measurement]
    assert set(point.tags) <= set(measurement.tags), point
    types = {field.name: field.type for field in measurement.fields}
    kinds = {Type.TEXT: str, Type.WHOLE: int, Type.NUMBER: float}
    for name, value in point.fields.items():
        assert type(value) is kinds[types[name]], (name, point)


def read_all(lines: list[bytes]) -> list[Point]:
    """Read lines, and hold each against the schema."""
    found = [read(line) for line in lines]
    for each in found:
        check(each)
    return found


def stored(points: list[Point]) -> dict[tuple[object, int], dict[str, Value]]:
    """Return what a server has after it took these: fields of one series and time are one point."""
    found: dict[tuple[object, int], dict[str, Value]] = {}
    for each in points:
        found.setdefault((each.series, each.at_ns), {}).update(each.fields)
    return found


def _plain(name: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", name)


def _value(written: str) -> Value:
    if written.startswith('"'):
        return re.sub(r"\\([\"\\])", r"\1", written[1:-1])
    if written.endswith("i"):
        return _whole(written[:-1])
    value = float(written)
    if not math.isfinite(value):
        raise RefusedError(f"no number: {written}")
    return value


def _whole(written: str) -> int:
    value = int(written)
    if not -(2**63) <= value < 2**63:
        raise RefusedError(f"more than 64 bits: {written}")
    return value
