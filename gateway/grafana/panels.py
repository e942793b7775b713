"""Panels as Grafana reads them: plain dicts, valid for @grafana/schema 13.2 (schemaVersion 42).

A panel has a title, a description that says how to read it, and a word for having no data. Where it
stands and its id are given by `board`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.grafana.colours import GREY, SKY
from gateway.grafana.mappings import Worded
from gateway.grafana.query import Json
from gateway.grafana.words import Said

Steps = Sequence[tuple[float | None, str]]
"""Thresholds: from this value on, that colour; the first from None."""
_PLAIN: Steps = ((None, SKY),)
_BUT_TIME = "/^(?!Time$)/"
DISCONNECT_MS = 20 * 60 * 1000
"""What was not written for so long is not known, and not drawn on (written every 15 minutes at
most)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, by its name in the result."""

    name: str
    title: str
    width: int = 0
    unit: str = ""
    mapping: Worded | None = None
    link: Json | None = None
    steps: Steps = ()
    colour: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How values are shown."""

    unit: str = "none"
    mapping: Worded | None = None
    steps: Steps = _PLAIN
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None


_LOOK = Look()


def _panel(kind: str, said: Said, asked: Sequence[Json], options: Json, field_config: Json) -> Json:
    return {
        "type": kind,
        "title": said.title,
        "description": said.what,
        "datasource": _source_of(asked),
        "targets": list(asked),
        "options": options,
        "fieldConfig": field_config,
    }


def _source_of(asked: Sequence[Json]) -> Json:
    sources = {each["datasource"]["uid"]: each["datasource"] for each in asked}
    if len(sources) == 1:
        return next(iter(sources.values()))
    return {"type": "datasource", "uid": "-- Mixed --"}


def _defaults(said: Said, look: Look, custom: Json, *, mode: str = "thresholds") -> Json:
    defaults: Json = {
        "unit": look.unit,
        "noValue": said.nothing,
        "color": {"mode": mode},
        "thresholds": _thresholds(look.steps),
        "mappings": look.mapping.to_json() if look.mapping else [],
        "custom": custom,
    }
    for name, value in (
        ("decimals", look.decimals),
        ("min", look.minimum),
        ("max", look.maximum),
    ):
        if value is not None:
            defaults[name] = value
    return defaults


def _thresholds(steps: Steps) -> Json:
    return {
        "mode": "absolute",
        "steps": [{"value": value, "color": colour} for value, colour in steps],
    }


def _legend(*, is_shown: bool = True) -> Json:
    return {"showLegend": is_shown, "displayMode": "list", "placement": "bottom", "calcs": []}


def named_colours(colours: dict[str, str]) -> list[Json]:
    """Return overrides that give each series, by its name, its colour."""
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for name, colour in colours.items()
    ]


def renamed(panel: Json, names: Mapping[str, str]) -> Json:
    """Return the panel with other names for its series, by the names they come with."""
    overrides = [
        {
            "matcher": {"id": "byName", "options": came},
            "properties": [{"id": "displayName", "value": shown}],
        }
        for came, shown in names.items()
    ]
    config = panel["fieldConfig"]
    return {**panel, "fieldConfig": {**config, "overrides": [*config["overrides"], *overrides]}}


def over(panel: Json, reach: str) -> Json:
    """Return the panel over the last `reach`, such as 30d, whatever range is shown elsewhere."""
    return {**panel, "timeFrom": reach}


def stat(
    said: Said,
    asked: Sequence[Json],
    look: Look = _LOOK,
    *,
    is_text: bool = False,
    colour: str = "background",
) -> Json:
    """Return big figures, one for each query; `is_text` where the last value is a word."""
    defaults = _defaults(said, look, {})
    options = {
        "reduceOptions": {
            "calcs": ["lastNotNull"],
            "fields": _BUT_TIME if is_text else "",
            "values": False,
        },
        "orientation": "auto",
        "textMode": "value" if len(asked) == 1 else "value_and_name",
        "colorMode": colour,
        "graphMode": "none",
        "justifyMode": "center",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }
    return _panel("stat", said, asked, options, {"defaults": defaults, "overrides": []})


def state_timeline(
    said: Said, asked: Sequence[Json], mapping: Worded, *, is_sampled: bool = False
) -> Json:
    """Return rows of coloured spans. What was not renewed for `DISCONNECT_MS` is drawn unknown.

    `is_sampled`: the query itself says where nothing came, in steps as long as the range wants.
    """
    custom = {
        "fillOpacity": 85,
        "lineWidth": 0,
        "insertNulls": False if is_sampled else DISCONNECT_MS,
        "spanNulls": DISCONNECT_MS if is_sampled else False,
    }
    defaults = _defaults(said, Look(mapping=mapping, steps=((None, GREY),)), custom)
    options = {
        "showValue": "auto",
        "rowHeight": 0.9,
        "mergeValues": True,
        "alignValue": "left",
        "perPage": 20,
        "legend": _legend(is_shown=False),
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel("state-timeline", said, asked, options, {"defaults": defaults, "overrides": []})


def timeseries(
    said: Said,
    asked: Sequence[Json],
    look: Look = _LOOK,
    *,
    style: str = "line",
    stacking: str = "none",
    colours: dict[str, str] | None = None,
    interval: str = "",
    threshold_style: str = "off",
    disconnect_ms: int | None = DISCONNECT_MS,
) -> Json:
    """Return lines or bars over time; a line ends where nothing came for `disconnect_ms`.

    Queries of lines say where nothing came: `fill(null)`.
    """
    custom: Json = {
        "drawStyle": style,
        "lineWidth": 0 if style == "bars" else 2,
        "fillOpacity": 85 if style == "bars" else 25 if stacking != "none" else 8,
        "showPoints": "never" if style == "bars" else "auto",
        "pointSize": 4,
        "spanNulls": True if disconnect_ms is None else disconnect_ms,
        "stacking": {"mode": stacking, "group": "A"},
        "thresholdsStyle": {"mode": threshold_style},
        "axisPlacement": "auto",
        "axisSoftMin": 0,
    }
    made = _panel(
        "timeseries",
        said,
        asked,
        {
            "legend": _legend(),
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        {
            "defaults": _defaults(said, look, custom, mode="palette-classic"),
            "overrides": named_colours(colours or {}),
        },
    )
    return {**made, "interval": interval} if interval else made


def bars(
    said: Said,
    asked: Sequence[Json],
    look: Look = _LOOK,
    *,
    by: str,
    columns: Sequence[Column] = (),
    stacking: str = "none",
    is_horizontal: bool = True,
    transformations: Sequence[Json] = (),
) -> Json:
    """Return one bar, or stack of bars, for each row of a table; `by` names the rows."""
    options = {
        "orientation": "horizontal" if is_horizontal else "vertical",
        "xField": by,
        "barWidth": 0.85,
        "groupWidth": 0.8,
        "barRadius": 0,
        "fullHighlight": False,
        "showValue": "auto",
        "stacking": stacking,
        "xTickLabelRotation": 0,
        "xTickLabelMaxLength": 24,
        "xTickLabelSpacing": 0,
        "legend": _legend(is_shown=len(columns) > 2),  # more than a name and a figure
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    mode = "thresholds" if len(look.steps) > 1 else "palette-classic"
    custom = {"fillOpacity": 85, "lineWidth": 0, "gradientMode": "none", "axisSoftMin": 0}
    config = {
        "defaults": _defaults(said, look, custom, mode=mode),
        "overrides": [_override(column, is_cell=False) for column in columns],
    }
    made = _panel("barchart", said, asked, options, config)
    return {**made, "transformations": list(transformations)} if transformations else made


def histogram(
    said: Said, asked: Sequence[Json], look: Look, *, bucket: float, colour: str = SKY
) -> Json:
    """Return how often values fall between which bounds, `bucket` wide each."""
    custom = {"fillOpacity": 80, "lineWidth": 1, "gradientMode": "none"}
    defaults = _defaults(said, look, custom)
    defaults["color"] = {"mode": "fixed", "fixedColor": colour}
    options = {
        "bucketSize": bucket,
        "bucketOffset": 0,
        "combine": True,
        "legend": _legend(is_shown=False),
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel("histogram", said, asked, options, {"defaults": defaults, "overrides": []})


def table(
    said: Said,
    asked: Sequence[Json],
    columns: Sequence[Column],
    *,
    sort: tuple[str, bool] | None = None,
) -> Json:
    """Return rows; `sort` is a column's title and whether the greatest comes first."""
    custom = {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "inspect": False,
        "filterable": True,
    }
    options: Json = {
        "showHeader": True,
        "cellHeight": "sm",
        "frameIndex": 0,
        "enablePagination": True,
        "sortBy": [{"displayName": sort[0], "desc": sort[1]}] if sort else [],
    }
    config = {
        "defaults": _defaults(said, Look(), custom),
        "overrides": [_override(column, is_cell=True) for column in columns],
    }
    return _panel("table", said, asked, options, config)


def _override(column: Column, *, is_cell: bool) -> Json:
    """Return how a column is shown; `is_cell` in a table, where words and figures are coloured."""
    properties: list[tuple[str, Any]] = [("displayName", column.title)]
    if column.is_hidden:
        properties.append(("custom.hideFrom", {"legend": True, "tooltip": True, "viz": True}))
    if column.width:
        properties.append(("custom.width", column.width))
    if column.unit:
        properties.append(("unit", column.unit))
    if column.mapping:
        properties.append(("mappings", column.mapping.to_json()))
    if column.steps:
        properties.append(("thresholds", _thresholds(column.steps)))
        properties.append(("color", {"mode": "thresholds"}))
    if column.colour:
        properties.append(("color", {"mode": "fixed", "fixedColor": column.colour}))
    if is_cell and (column.mapping or column.steps):
        properties.append(("custom.cellOptions", {"type": "color-text"}))
    if column.link:
        properties.append(("links", [column.link]))
    return {
        "matcher": {"id": "byName", "options": column.name},
        "properties": [{"id": name, "value": value} for name, value in properties],
    }
