"""A dashboard around its panels: where each stands, its variables, annotations and links."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.policy import Policy
from gateway.export.schema import Measurement
from gateway.grafana.query import Json, Query, select, source
from gateway.grafana.words import Words

SCHEMA_VERSION = 42
"""Of @grafana/schema 13.2."""
WIDTH = 24
"""Columns of Grafana's grid."""
KEEP = "${__url_time_range}"
"""What a link adds so that the range stays."""
TIMEZONE = Policy().timezone
"""Times are shown as they are at the homes, wherever the screen stands."""
KEYS = ("area", "home", "team", "devices", "gateway")
"""The dashboards, from the whole to the one, then what all of it runs on."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Panels side by side, each with its width; `title` starts a new section."""

    height: int
    panels: Sequence[tuple[int, Json]] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    key: str
    shelves: Sequence[Shelf]
    variables: Sequence[Json]
    since: str = "now-24h"
    refresh: str = "1m"
    annotations: Sequence[Json] = ()
    quick_ranges: Sequence[tuple[str, str, str]] = ()
    """Display, from, to."""

    def to_json(self, words: Words, timezone: str) -> Json:
        """Return it as Grafana reads it."""
        said = words.boards[self.key]
        picker: Json = {"refresh_intervals": ["30s", "1m", "5m", "15m", "1h"]}
        if self.quick_ranges:
            picker["quick_ranges"] = [
                {"display": display, "from": since, "to": until}
                for display, since, until in self.quick_ranges
            ]
        panels = list(_placed(self.shelves))
        counts_days = "$timezone" in json.dumps(panels)
        return {
            "uid": uid(self.key, words),
            "title": said.title,
            "description": said.what,
            "tags": ["menshen", words.tag],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "timezone": timezone,
            "weekStart": "monday",
            "time": {"from": self.since, "to": "now"},
            "timepicker": picker,
            "refresh": self.refresh,
            "annotations": {"list": list(self.annotations)},
            "templating": {"list": [*self.variables, *([_zone(timezone)] if counts_days else [])]},
            "links": [_to_board(key, words) for key in KEYS if key != self.key],
            "panels": panels,
        }


def uid(key: str, words: Words) -> str:
    """Return the stable id of a dashboard in a language."""
    return f"menshen-{key}-{words.tag}"


def _to_board(key: str, words: Words) -> Json:
    return {
        "type": "link",
        "title": words.boards[key].title,
        "tooltip": words.boards[key].what,
        "url": f"/d/{uid(key, words)}",
        "icon": "dashboard",
        "tags": [],
        "asDropdown": False,
        "targetBlank": False,
        "includeVars": True,
        "keepTime": True,
    }


def link(key: str, words: Words, title: str, span: str = KEEP, **variables: str) -> Json:
    """Return a link of a value to a dashboard; the range stays, `variables` are set there."""
    query = "&".join((*(f"var-{name}={value}" for name, value in variables.items()), span))
    return {"title": title, "url": f"/d/{uid(key, words)}?{query}", "targetBlank": False}


def _placed(shelves: Sequence[Shelf]) -> Iterator[Json]:
    y, number = 0, 0
    for shelf in shelves:
        if shelf.title:
            number += 1
            yield {
                "id": number,
                "type": "row",
                "title": shelf.title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
            y += 1
        x = 0
        for width, panel in shelf.panels:
            number += 1
            yield {
                "id": number,
                **panel,
                "gridPos": {"x": x, "y": y, "w": width, "h": shelf.height},
            }
            x += width
        y += shelf.height


# ---- variables ----


def variable(
    name: str,
    label: str,
    measurement: Measurement,
    *,
    where: str = "",
    is_multi: bool = True,
    is_hidden: bool = False,
    field: str = "",
) -> Json:
    """Return a choice of the values of a tag, or of a text field within the range.

    Of several, All is what matches any and none; hidden, All is every value there is.
    """
    condition = f" WHERE {where}" if where else ""
    text = f'SHOW TAG VALUES FROM "{measurement.name}" WITH KEY = "{name}"{condition}'
    if field:
        text = select(f'"{field}"', measurement, where).text
    made: Json = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": source(measurement.bucket),
        "query": text,
        "refresh": 2,
        "sort": 7,
        "multi": is_multi,
        "includeAll": is_multi,
        "hide": 2 if is_hidden else 0,
        "skipUrlSync": is_hidden,
    }
    if is_multi and not is_hidden:
        made["allValue"] = ".*"
    if is_multi:
        made["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return made


def _zone(timezone: str) -> Json:
    """Return the zone in which the days of queries begin, as they name it: `$timezone`."""
    return {
        "type": "constant",
        "name": "timezone",
        "query": timezone,
        "current": {"selected": True, "text": timezone, "value": timezone},
        "hide": 2,
        "skipUrlSync": True,
    }


# ---- annotations ----


def annotation(
    name: str,
    colour: str,
    query: Query,
    *,
    text: str,
    tags: str = "",
    end: str = "",
    panels: Sequence[int] = (),
) -> Json:
    """Return marks on timelines: `text`, `tags` and `end` (ms since 1970) are columns."""
    asked: Json = {
        "refId": "annotation",
        "rawQuery": True,
        "fromAnnotations": True,
        "textEditor": True,
        "query": query.text,
        "textColumn": text,
        "tagsColumn": tags,
    }
    if end:
        asked["timeEndColumn"] = end
    made: Json = {
        "name": name,
        "enable": True,
        "iconColor": colour,
        "datasource": query.source,
        "target": asked,
    }
    return {**made, "filter": {"exclude": False, "ids": list(panels)}} if panels else made
