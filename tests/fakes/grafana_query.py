"""What a query becomes before Grafana sends it: time, intervals, variables.

As its InfluxDB data source does it for InfluxQL: `interpolateQueryExpr` of datasource.ts in the
browser, then `models.Query.Build` on the server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]

SCREEN_PX = 1600
"""How wide a dashboard is shown; a panel asks for as many points as it has pixels."""
ALL = "$__all"
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]")
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")
_DURATION = re.compile(r"^(\d+)(ms|s|m|h|d|w)$")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TEXTS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LADDER = (
    *((10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000)),
    *((3500, 2000), (7500, 5000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000)),
    *((45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000)),
    *((750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000)),
    *((5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000)),
    *((32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000)),
    *((1_814_400_000, 604_800_000), (3_628_800_000, 2_592_000_000)),
)
"""Below so many milliseconds, so many."""


class GrafanaError(AssertionError):
    """Grafana would show nothing, or something wrong."""


class Range(NamedTuple):
    """The time that a dashboard or panel shows."""

    from_at: datetime
    to_at: datetime

    @property
    def ms(self) -> tuple[int, int]:
        """Both ends, as Grafana gives them to InfluxDB."""
        return round(self.from_at.timestamp() * 1000), round(self.to_at.timestamp() * 1000)


@dataclass(frozen=True)
class Variable:
    """A variable of a dashboard and what is chosen of it."""

    name: str
    chosen: tuple[str, ...]  # (ALL,): all
    options: tuple[str, ...]
    is_multi: bool = False
    all_value: str = ""

    def written(self, how: str | None, query: str) -> str:
        """Return it as it is written into a query."""
        if self.chosen == (ALL,):
            if self.all_value:
                return self.all_value
            return _list(self.options, how)
        if how is not None or self.is_multi:
            return _list(self.chosen, how)
        (value,) = self.chosen
        if _is_number(value) or not re.search(rf"/\^?.*\${self.name}.*\$?/", query):
            return value
        return escaped(value)


def interpolated(
    query: str, variables: Mapping[str, Variable], span: Range, interval: int, where: str
) -> str:
    """Return the query as InfluxDB gets it."""
    if "now()" in query:
        raise GrafanaError(f"{where}: now() looks past the time that was picked")
    from_ms, to_ms = span.ms
    built_in = {
        "timeFilter": f"time >= {from_ms}ms and time <= {to_ms}ms",
        "__from": str(from_ms),
        "__to": str(to_ms),
        "interval": interval_text(interval),
        "__interval": interval_text(interval),
        "__interval_ms": str(interval),
    }

    def written(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[4]
        if name in built_in:
            return built_in[name]
        if name not in variables:
            raise GrafanaError(f"{where}: nobody replaces ${name} in {query}")
        return variables[name].written(found[3] or found[5], query)

    return _VARIABLE.sub(written, query)


def interval_ms(panel: Json, span: Range) -> int:
    """Return `$__interval` of a panel."""
    width = panel.get("gridPos", {}).get("w", 24)
    points = panel.get("maxDataPoints") or SCREEN_PX * width // 24
    from_ms, to_ms = span.ms
    exact = (to_ms - from_ms) / points
    nice = next((nice for below, nice in _LADDER if exact < below), 31_536_000_000)
    least = panel.get("interval", "").lstrip(">")
    return max(nice, round(seconds(least) * 1000) if least else 0)


def interval_text(ms: int) -> str:
    """Return an interval as Grafana writes it: `90000` is `1m`."""
    for unit, length in _TEXTS.items():
        if ms >= length * 1000:
            return f"{ms // (length * 1000)}{unit}"
    return f"{ms}ms"


def seconds(text: str) -> float:
    """Return the seconds of `15m`."""
    found = _DURATION.match(text)
    if not found:
        raise GrafanaError(f"{text!r} is no duration")
    return int(found[1]) * _SECONDS[found[2]]


def ago(text: str, now: datetime) -> datetime:
    """Return the time that `now`, `now-24h` or `now/d` means, days being those of `now`."""
    rest, _, unit = text.removeprefix("now").partition("/")
    at = now - timedelta(seconds=seconds(rest.removeprefix("-"))) if rest else now
    if unit == "d":
        return at.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit:
        raise GrafanaError(f"{text!r} is not known here")
    return at


def escaped(text: str) -> str:
    """Return a regular expression for exactly this text."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def _list(values: Sequence[str], how: str | None) -> str:
    match how:
        case None:
            return "(" + "|".join(escaped(each) for each in values) + ")"
        case "regex":
            every = [escaped(each) for each in values]
            return every[0] if len(every) == 1 else f"({'|'.join(every)})"
        case "pipe":
            return "|".join(values)
        case "csv" | "raw":
            return ",".join(values)
        case "singlequote":
            return ",".join(f"'{each}'" for each in values)
    raise GrafanaError(f"the format {how} is not known here")


def _is_number(text: str) -> bool:
    return re.match(r"\s*[-+]?(\d|\.\d)", text) is not None  # what parseFloat takes for one
