"""The words in which a measurement of InfluxDB is declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Bucket(StrEnum):
    """What is kept together, and as long; a database in InfluxDB 1.x."""

    HOMES = "homes"
    """What leads to a home: deleted when its order is released, 88 days old at the latest."""
    GATEWAY = "gateway"
    """How the gateway and its channels do. Leads to nobody."""
    COUNTS = "counts"
    """Hourly and daily figures by community: kept for years. Leads to nobody."""


Points = dict[Bucket, list[bytes]]
"""Lines, by the bucket that they belong to."""


class Type(StrEnum):
    """Type of a field; for ever, as InfluxDB refuses another."""

    TEXT = "text"
    WHOLE = "whole"  # an integer; facts that are true or false are 1 or 0
    NUMBER = "number"  # a float


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Its unit is in its name: `_s`, `_ms` (since 1970 UTC where it is a time)."""

    name: str
    type: Type
    what: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement."""

    name: str
    bucket: Bucket
    what: str
    time: str  # what the time of a point is
    tags: tuple[str, ...]
    series: str  # how many series at most
    fields: tuple[Field, ...]


def text(name: str, what: str) -> Field:
    """Return a field of text."""
    return Field(name, Type.TEXT, what)


def whole(name: str, what: str) -> Field:
    """Return a field of integers."""
    return Field(name, Type.WHOLE, what)


def number(name: str, what: str) -> Field:
    """Return a field of floats."""
    return Field(name, Type.NUMBER, what)
