"""One point of the schema, each field in the type that it has for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.export.line import Value, line
from gateway.export.schema import MEASUREMENTS, Measurement, Type

_TYPES: Final[Mapping[str, Mapping[str, Type]]] = {
    each.name: {field.name: field.type for field in each.fields} for each in MEASUREMENTS
}


def point(
    measurement: Measurement, tags: str, fields: Mapping[str, Value | None], at_ns: int
) -> bytes:
    """Return a line; b"" where no field has a value. Raises KeyError for a field of no schema."""
    types = _TYPES[measurement.name]
    typed = {name: _typed(types[name], value) for name, value in fields.items()}
    return line(measurement.name, tags, typed, at_ns)


def _typed(type_: Type, value: Value | None) -> Value | None:
    if value is None or isinstance(value, str):
        return value
    return float(value) if type_ is Type.NUMBER else int(value)
