"""Line protocol, as InfluxDB 1.8, 2 and 3 read it: one point a line, in bytes.

The same fact always makes the same series and the same time, so that writing it again changes
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

Value = str | int | float

_CONTROLS = [chr(code) for code in range(32)]  # a line's end among them
_IN_NAMES = str.maketrans(dict.fromkeys(_CONTROLS, r"\ ") | {",": r"\,", "=": r"\=", " ": r"\ "})
_IN_TEXTS = str.maketrans(dict.fromkeys(_CONTROLS, " ") | {'"': r"\"", "\\": r"\\"})
LONGEST_TEXT = 1000
"""Characters of a text field that are kept; ours are far shorter (InfluxDB takes 64 KB)."""
WIDEST = 2**63
"""Integers have 64 bits."""
SPREAD = 100_000
"""Points of one instant that are kept apart, and in order: what is taken from the broker in one go
has arrived at one microsecond. Nothing is moved by more than this, 0.1 ms."""


def instant(at: int, number: int = 0) -> int:
    """Return nanoseconds since 1970 UTC for microseconds, the `number`-th of that instant.

    Numbers that differ by less than `SPREAD` are kept apart.
    """
    return at * 1000 + number % SPREAD


def tags_of(tags: Iterable[tuple[str, str | None]]) -> str:
    """Return tags as they follow the measurement, in order of their names; empty ones left out."""
    return "".join(f",{name}={_name(value)}" for name, value in sorted(tags) if value)


def line(measurement: str, tags: str, fields: Mapping[str, Value | None], at_ns: int) -> bytes:
    """Return one point; b"" where no field has a value. `tags` as `tags_of` returns them."""
    said = ",".join(f"{name}={_value(value)}" for name, value in fields.items() if _is_said(value))
    return f"{measurement}{tags} {said} {at_ns}".encode() if said else b""


@lru_cache(maxsize=4096)  # a few words are said again and again
def quoted(text: str) -> str:
    """Return a text as the value of a field."""
    return f'"{text[:LONGEST_TEXT].translate(_IN_TEXTS)}"'


def _is_said(value: Value | None) -> bool:
    """Say whether there is a value, and one that InfluxDB has a number for."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is not None and (not isinstance(value, int) or -WIDEST <= value < WIDEST)


def _name(value: str) -> str:
    """Escape a tag's value. It may not end with a backslash, which would take the next comma."""
    return value.translate(_IN_NAMES).rstrip("\\") or "_"


def _value(value: Value | None) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):  # a bool too: 1 or 0, which can be summed
        return f"{int(value)}i"
    return repr(value)
