"""Line protocol, as InfluxDB 1.8, 2 and 3 read it: one point a line, in bytes.

The same fact always makes the same series and the same time, so that writing it again changes
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

Value = str | int | float

_IN_NAMES = str.maketrans(
    {",": r"\,", "=": r"\=", " ": r"\ ", "\n": " ", "\r": " ", "\t": " ", "\0": " "}
)
_IN_TEXTS = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " ", "\0": " "})
LONGEST_TEXT = 1000
"""Characters of a text field that are kept; ours are far shorter (InfluxDB takes 64 KB)."""
SPREAD = 1000
"""Points of one instant that are kept apart: our clock has microseconds, InfluxDB nanoseconds."""


def instant(at: int, number: int = 0) -> int:
    """Return nanoseconds since 1970 UTC for microseconds, the `number`-th of that instant.

    Numbers that differ by less than a thousand are kept apart.
    """
    return at * 1000 + number % SPREAD


def tags_of(tags: Iterable[tuple[str, str | None]]) -> str:
    """Return tags as they follow the measurement, in order of their names; empty ones left out."""
    return "".join(f",{name}={_name(value)}" for name, value in sorted(tags) if value)


def line(measurement: str, tags: str, fields: Mapping[str, Value | None], at_ns: int) -> bytes:
    """Return one point; b"" where no field has a value. `tags` as `tags_of` returns them."""
    said = ",".join(f"{name}={_value(value)}" for name, value in fields.items() if _is_said(value))
    return f"{measurement}{tags} {said} {at_ns}".encode() if said else b""


def _is_said(value: Value | None) -> bool:
    return value is not None and (not isinstance(value, float) or math.isfinite(value))


def _name(value: str) -> str:
    """Escape a tag's value. It may not end with a backslash, which would take the next comma."""
    return value.translate(_IN_NAMES).rstrip("\\") or "_"


def _value(value: Value | None) -> str:
    if isinstance(value, str):
        return f'"{value[:LONGEST_TEXT].translate(_IN_TEXTS)}"'
    if isinstance(value, int):  # a bool too: 1 or 0, which can be summed
        return f"{int(value)}i"
    return repr(value)
