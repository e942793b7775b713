"""A Grafana that asks what a dashboard asks, and draws nothing.

    opened = Grafana(ask, now).open(dashboard, home=["440307006031203"])
    opened.panel(12)[0].frames

Rules are those of Grafana 13's InfluxDB data source (see `grafana_query`, `grafana_frames`). What
it would do wrong without a word is an error here: tags that change places in a table, an event
without its end, a variable that nobody replaces.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.fakes.grafana_frames import Event, Frame, events, framed, texts
from tests.fakes.grafana_query import (
    ALL,
    GrafanaError,
    Json,
    Range,
    Variable,
    ago,
    interpolated,
    interval_ms,
    seconds,
)

Ask = Callable[[str, str], list[Json]]
"""Put an InfluxQL query to the data source of this uid; return its series, times in ms."""

NOT_INFLUX = ("__expr__", "-- Dashboard --", "grafana", "-- Grafana --")


@dataclass(frozen=True)
class Asked:
    """A query that was put, where it stands, and what came."""

    where: str  # dashboard uid, panel or variable or annotation, its title, refId
    title: str
    ref: str
    datasource: str
    query: str
    frames: tuple[Frame, ...]
    panel: int = 0  # its id; 0: of a variable, annotation or alert rule

    @property
    def rows(self) -> list[Json]:
        """All rows of all frames, with the labels of their frame and its name as `name`."""
        return [
            {"name": frame.name, **frame.labels, **row}
            for frame in self.frames
            for row in frame.dicts()
        ]


@dataclass
class Opened:
    """A dashboard as somebody looks at it."""

    uid: str
    variables: dict[str, Variable]
    asked: list[Asked] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=dict)

    def panel(self, id_: int) -> list[Asked]:
        """Return what the queries of a panel brought, in their order."""
        return [each for each in self.asked if each.panel == id_]


class Alert(NamedTuple):
    """An alert rule as it was evaluated once; it tells somebody where it fires for a while."""

    asked: Asked
    is_firing: bool


class Grafana:
    """Opens dashboards."""

    def __init__(self, ask: Ask, now: datetime) -> None:
        self._ask = ask
        self._now = now

    def open(self, dashboard: Json, span: Range | None = None, **chosen: list[str]) -> Opened:
        """Ask for variables, then annotations, then panels. Raises `GrafanaError`."""
        span = span or Range(
            ago(dashboard["time"]["from"], self._now), ago(dashboard["time"]["to"], self._now)
        )
        opened = Opened(dashboard["uid"], {})
        for model in dashboard.get("templating", {}).get("list", []):
            opened.variables[model["name"]] = self._variable(opened, model, span, chosen)
        for annotation in dashboard.get("annotations", {}).get("list", []):
            if annotation.get("enable", True) and annotation.get("target", {}).get("query"):
                self._annotation(opened, annotation, span)
        for panel in panels_of(dashboard):
            self._panel(opened, panel, span)
        return opened

    def alert(self, rule: Json) -> Alert:
        """Evaluate a provisioned alert rule of a query A, its last value B, a threshold C."""
        query, reduced, threshold = rule["data"]
        assert reduced["model"]["type"] == "reduce" and reduced["model"]["reducer"] == "last"
        model, reach, uid = query["model"], query["relativeTimeRange"], query["datasourceUid"]
        span = Range(
            self._now - timedelta(seconds=reach["from"]),
            self._now - timedelta(seconds=reach["to"]),
        )
        where = f"alert {rule['uid']}"
        text = interpolated(model["query"], {}, span, model["intervalMs"], where)
        frames = framed(self._ask(uid, text), model, where)
        asked = Asked(where, rule["title"], query["refId"], uid, text, frames)
        (condition,) = threshold["model"]["conditions"]
        (limit,) = condition["evaluator"]["params"]
        is_beyond = {"gt": operator.gt, "lt": operator.lt}[condition["evaluator"]["type"]]
        values = [frame.rows[-1][1] for frame in frames]
        return Alert(asked, any(value is not None and is_beyond(value, limit) for value in values))

    # ---- variables ----

    def _variable(
        self, opened: Opened, model: Json, span: Range, chosen: Mapping[str, list[str]]
    ) -> Variable:
        options = self._options(opened, model, span)
        wanted = chosen.get(model["name"])
        if wanted is None:
            wanted = _current(model, options)
        return Variable(
            model["name"],
            tuple(wanted),
            options,
            bool(model.get("multi")),
            model.get("allValue") or "",
        )

    def _options(self, opened: Opened, model: Json, span: Range) -> tuple[str, ...]:
        match model["type"]:
            case "query":
                asked = self._values(opened, model, span)
                values = _filtered(asked, model.get("regex", ""))
                return tuple(sorted(values) if model.get("sort") else values)
            case "custom":
                return tuple(
                    each.strip().partition(" : ")[2] or each.strip()
                    for each in model["query"].split(",")
                )
            case "constant" | "textbox":
                return (str(model["query"]),)
            case "datasource":
                return (str(model["current"]["value"]),)
        raise GrafanaError(f"{opened.uid}: variables of type {model['type']} are not known here")

    def _values(self, opened: Opened, model: Json, span: Range) -> list[str]:
        asked = model["query"]
        raw = asked if isinstance(asked, str) else asked["query"]
        where = f"{opened.uid} variable {model['name']}"
        query = interpolated(raw, opened.variables, span, 1000, where)
        uid = _uid(model, {}, where)
        series = self._ask(uid, query)
        frames = framed(series, {"resultFormat": ""}, where)
        found = Asked(where, model["name"], "variable", uid, query, frames)
        opened.asked.append(found)
        values: dict[str, None] = {}
        for each in series:
            values.update(dict.fromkeys(texts(each)))
        return list(values)

    # ---- annotations ----

    def _annotation(self, opened: Opened, annotation: Json, span: Range) -> None:
        target = annotation["target"]
        where = f"{opened.uid} annotation {annotation['name']}"
        uid = _uid(target, annotation, where)
        query = interpolated(target["query"], opened.variables, span, 1000, where)
        series = self._ask(uid, query)
        if any(each.get("tags") for each in series):
            raise GrafanaError(f"{where}: an annotation may not GROUP BY a tag")
        frames = framed(series, {"resultFormat": ""}, where)
        opened.asked.append(Asked(where, annotation["name"], "annotation", uid, query, frames))
        opened.events[annotation["name"]] = list(events(frames, target, where))

    # ---- panels ----

    def _panel(self, opened: Opened, panel: Json, span: Range) -> None:
        for scoped in _repeats(panel, opened.variables):
            shown = _shown(panel, span)
            for target in panel.get("targets", []):
                uid = (target.get("datasource") or panel.get("datasource") or {}).get("uid")
                if target.get("hide") or uid in NOT_INFLUX:
                    continue
                where = f"{opened.uid} panel {panel['title']!r} {target['refId']}"
                interval = interval_ms(panel, shown)
                query = interpolated(target["query"], scoped, shown, interval, where)
                uid = _uid(target, panel, where)
                frames = framed(self._ask(uid, query), target, where, scoped)
                opened.asked.append(
                    Asked(where, panel["title"], target["refId"], uid, query, frames, panel["id"])
                )


# ---- a dashboard's parts ----


def panels_of(dashboard: Json) -> Iterator[Json]:
    """Return all panels, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def _repeats(panel: Json, variables: dict[str, Variable]) -> Iterator[dict[str, Variable]]:
    name = panel.get("repeat")
    if not name:
        yield variables
        return
    over = variables[name]
    for value in over.options if over.chosen == (ALL,) else over.chosen:
        yield {**variables, name: Variable(name, (value,), over.options)}


def _shown(panel: Json, span: Range) -> Range:
    """Return the time that this panel shows, which it may have of its own."""
    if panel.get("timeShift"):
        by = timedelta(seconds=seconds(panel["timeShift"]))
        span = Range(span.from_at - by, span.to_at - by)
    if panel.get("timeFrom"):
        return Range(ago(f"now-{panel['timeFrom'].removeprefix('now-')}", span.to_at), span.to_at)
    return span


def _current(model: Json, options: tuple[str, ...]) -> list[str]:
    current = model.get("current", {}).get("value", [])
    wanted = [current] if isinstance(current, str) else list(current)
    if wanted == [ALL] and model.get("includeAll"):
        return [ALL]
    if wanted and all(each in options for each in wanted):
        return wanted
    return [ALL] if model.get("includeAll") and not options else list(options[:1])


def _filtered(values: list[str], regex: str) -> list[str]:
    if not regex:
        return values
    found = [re.search(regex.strip("/"), each) for each in values]
    return [each[1] if each.groups() else each[0] for each in found if each]


def _uid(model: Json, around: Json, where: str) -> str:
    found = (model.get("datasource") or around.get("datasource") or {}).get("uid")
    if not found:
        raise GrafanaError(f"{where}: no data source")
    return str(found)
