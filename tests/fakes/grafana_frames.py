"""What Grafana makes of an answer of InfluxDB: frames, values of variables, events.

As `converter.go` and `response_parser.ts` of its data source do it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.grafana_query import GrafanaError, Json, Variable


@dataclass(frozen=True)
class Frame:
    """A table of what came: `Time` and `Value` of one series, or the rows of all of them."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    def dicts(self) -> list[Json]:
        """Return the rows by the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Event:
    """An annotation as it is drawn."""

    at_ms: int
    end_ms: int
    text: str
    tags: tuple[str, ...]


def framed(
    series: Sequence[Json],
    target: Json,
    where: str,
    variables: Mapping[str, Variable] | None = None,
) -> tuple[Frame, ...]:
    """Return the frames of an answer."""
    alias = target.get("alias", "")
    if alias and variables:
        alias = re.sub(
            r"\$\{?(\w+)\}?",
            lambda found: (
                "+".join(variables[found[1]].chosen) if found[1] in variables else found[0]
            ),
            alias,
        )
    if target.get("resultFormat") == "table":
        return _table(series, where)
    return tuple(
        Frame(
            _named(each, column, alias),
            ("Time", "Value"),
            tuple((row[0], row[n]) for row in each["values"]),
            each.get("tags", {}),
        )
        for each in series
        if each["columns"][0] == "time"
        for n, column in enumerate(each["columns"][1:], 1)
    )


def _table(series: Sequence[Json], where: str) -> tuple[Frame, ...]:
    if not series:
        return ()
    tags = tuple(series[0].get("tags", {}))
    if len(tags) > 1:
        raise GrafanaError(f"{where}: in a table Grafana mixes up the tags {tags}; group by one")
    first, *others = series[0]["columns"]
    columns = ("Time" if first == "time" else first, *tags, *others)
    rows = tuple(
        (row[0], *each.get("tags", {}).values(), *row[1:])
        for each in series
        for row in each["values"]
    )
    return (Frame(series[0].get("name", ""), columns, rows),)


def _named(series: Json, column: str, alias: str) -> str:
    tags = series.get("tags", {})
    if alias:
        return aliased(alias, tags, series["name"], column)
    shown = ", ".join(f"{key}: {value}" for key, value in tags.items())
    return f"{series['name']}.{column}" + (f" {{ {shown} }}" if tags else "")


def aliased(alias: str, tags: Mapping[str, str], measurement: str, column: str) -> str:
    """Return the name of a series by an alias, such as `$tag_device`."""
    known = {"m": measurement, "measurement": measurement, "col": column}
    known |= {f"tag_{key}": value for key, value in tags.items()}
    return re.sub(
        r"\$(\w+)|\[\[(\w+)\]\]", lambda found: known.get(found[1] or found[2], found[0]), alias
    )


def texts(series: Json) -> Iterator[str]:
    """Return the values of a variable: of the tag, or of the first column of texts."""
    columns, rows = series["columns"], series.get("values", [])
    if columns == ["key", "value"]:
        yield from (row[1] for row in rows)
        return
    for n in range(1 if columns[0] == "time" else 0, len(columns)):
        found = [row[n] for row in rows if isinstance(row[n], str)]
        if found:
            yield from found
            return


def events(frames: Sequence[Frame], target: Json, where: str) -> Iterator[Event]:
    """Draw the rows that have every column, as only these are drawn."""
    if not frames:
        return
    names = [frame.name for frame in frames]
    tags = [each.strip() for each in (target.get("tagsColumn") or "").split(",") if each.strip()]
    tagged = [n for n, name in enumerate(names) if any(tag in name for tag in tags)]
    rest = [n for n in range(len(names)) if n not in tagged]
    spoken = [n for n in rest if target["textColumn"] in names[n]]
    ends = [n for n in rest if n not in spoken and names[n] == target.get("timeEndColumn")]
    if not spoken or (target.get("timeEndColumn") and not ends):
        raise GrafanaError(f"{where}: of {names} none is the text, or the end")
    for row in range(len(frames[0].rows)):
        at_ms, values = frames[0].rows[row][0], [frame.rows[row][1] for frame in frames]
        if None in values:
            raise GrafanaError(f"{where}: Grafana leaves out an event without {names} {values}")
        if not all(isinstance(values[n], str) for n in tagged):
            raise GrafanaError(f"{where}: tags are texts, and not {values}")
        yield Event(
            at_ms,
            values[ends[-1]] if ends else at_ms,
            values[spoken[-1]],
            tuple(tag for n in tagged for tag in values[n].split(",")),
        )
