"""A figure: what was measured, beside what, and whether it is as good as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and its measure of comparison, of the same run and in the same unit."""

    name: str
    value: float
    unit: str
    beside: str  # what the other value is of
    beside_value: float
    goal: str = ""
    is_met: bool | None = None  # None: nothing was demanded
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times the other value this one is; 0 where there is no other."""
        return self.value / self.beside_value if self.beside_value else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return everything for the file of results."""
        return {**asdict(self), "ratio": round(self.ratio, 4)}


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a table in plain text."""
    rows = [("figure", "measured", "beside", "ratio", "goal", "")]
    for each in figures:
        met = {None: "", True: "met", False: "MISSED"}[each.is_met]
        beside = f"{each.beside} {_plain(each.beside_value)}"
        measured = f"{_plain(each.value)} {each.unit}"
        rows.append((each.name, measured, beside, f"{each.ratio:.2f}", each.goal, met))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def median(values: Iterable[float]) -> float:
    """Return the middle value, the lower of two."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def percentile(values: Iterable[float], part: float) -> float:
    """Return the smallest value that at least `part` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * part // 1) - 1)]


def _plain(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
