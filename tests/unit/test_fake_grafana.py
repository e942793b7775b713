"""The stand-in for Grafana does to queries and answers what Grafana does, and refuses its traps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.grafana import Grafana
from tests.fakes.grafana_frames import Event, events, framed
from tests.fakes.grafana_query import (
    ALL,
    GrafanaError,
    Json,
    Range,
    Variable,
    ago,
    interpolated,
    interval_ms,
    interval_text,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SPAN = Range(NOW - timedelta(hours=1), NOW)
HOMES = ("a.1", "b/2", "c")


def asked(query: str, **variables: Variable) -> str:
    return interpolated(query, variables, SPAN, 60_000, "here")


def home(*chosen: str, all_value: str = "", is_multi: bool = True) -> Variable:
    return Variable("home", chosen, HOMES, is_multi, all_value)


def series(*values: list[object], tags: dict[str, str] | None = None, **more: object) -> Json:
    return {"name": "m", "columns": ["time", "v"], "values": list(values), **more} | (
        {"tags": tags} if tags else {}
    )


def test_time_and_intervals_are_written_in_milliseconds_and_short_words() -> None:
    from_ms, to_ms = SPAN.ms
    assert asked("$timeFilter") == f"time >= {from_ms}ms and time <= {to_ms}ms"
    assert asked("time($__interval) $__interval_ms ${__from}ms") == f"time(1m) 60000 {from_ms}ms"
    assert [interval_text(ms) for ms in (500, 30_000, 5_400_000, 86_400_000)] == [
        *("500ms", "30s", "1h", "1d")
    ]


@pytest.mark.parametrize(
    ("hours", "width", "least", "interval"),
    [
        (1, 24, "", 2000),
        (24, 24, "", 60_000),
        (24, 6, "", 300_000),
        (1, 24, "10m", 600_000),
    ],
)
def test_an_interval_is_a_round_number_and_never_less_than_the_panel_says(
    hours: int, width: int, least: str, interval: int
) -> None:
    panel = {"gridPos": {"w": width}, "interval": least}
    assert interval_ms(panel, Range(NOW - timedelta(hours=hours), NOW)) == interval


def test_several_values_are_alternatives_of_a_regular_expression() -> None:
    query = "=~ /^$home$/"
    assert asked(query, home=home("a.1", "b/2")) == r"=~ /^(a\.1|b\/2)$/"
    assert asked(query, home=home(ALL)) == r"=~ /^(a\.1|b\/2|c)$/"
    assert asked(query, home=home(ALL, all_value=".*")) == "=~ /^.*$/"
    assert asked("${home:csv}", home=home("a.1", "c")) == "a.1,c"
    assert asked("=~ /^${home:regex}$/", home=home("a.1")) == r"=~ /^a\.1$/"


def test_one_value_is_escaped_in_a_regular_expression_unless_it_is_like_a_number() -> None:
    assert asked("=~ /^$home$/", home=home("a.1", is_multi=False)) == r"=~ /^a\.1$/"
    assert asked("= '$home'", home=home("a.1", is_multi=False)) == "= 'a.1'"
    assert asked("=~ /^$home$/", home=home("1.5x", is_multi=False)) == "=~ /^1.5x$/"


@pytest.mark.parametrize("query", ["$nobody", "time > now() - 1h", "$__range_s"])
def test_what_nobody_replaces_is_an_error(query: str) -> None:
    with pytest.raises(GrafanaError):
        asked(query)


def test_a_series_is_a_frame_for_each_column_named_by_its_alias() -> None:
    found = framed([series([1, 2], tags={"home": "a"})], {"alias": "$tag_home $col"}, "here")
    assert [(each.name, each.columns, each.rows) for each in found] == [
        ("a v", ("Time", "Value"), ((1, 2),))
    ]
    assert framed([series([1, 2])], {}, "here")[0].name == "m.v"


def test_a_table_has_its_tag_as_a_column_and_may_not_have_two() -> None:
    table = {"resultFormat": "table"}
    found = framed([series([1, 2], tags={"a": "x"}), series([3, 4], tags={"a": "y"})], table, "")
    assert found[0].dicts() == [{"Time": 1, "a": "x", "v": 2}, {"Time": 3, "a": "y", "v": 4}]
    with pytest.raises(GrafanaError, match="group by one"):
        framed([series([1, 2], tags={"a": "x", "b": "y"})], table, "here")


def test_an_event_that_grafana_would_not_draw_whole_is_an_error() -> None:
    def drawn(row: list[object], **target: str) -> list[Event]:
        columns = ["time", "title", "end_ms", "number"]
        answer = {"name": "incident", "columns": columns, "values": [row]}
        return [*events(framed([answer], {}, ""), {"textColumn": "title"} | target, "here")]

    (event,) = drawn([1, "open", 5, "48,21"], timeEndColumn="incident.end_ms", tagsColumn="number")
    assert event == Event(1, 5, "open", ("48", "21"))
    with pytest.raises(GrafanaError):
        drawn([1, "open", 5, "4821"], timeEndColumn="end_ms")
    with pytest.raises(GrafanaError):
        drawn([1, None, 5, "4821"])
    with pytest.raises(GrafanaError):
        drawn([1, "open", 5, 4821], tagsColumn="number")


def test_a_panel_with_a_span_of_its_own_is_asked_for_that() -> None:
    queries: list[str] = []

    def ask(uid: str, query: str) -> list[Json]:
        queries.append(query)
        return []

    target = {"refId": "A", "datasource": {"uid": "x"}, "query": "$timeFilter"}
    panel = {"id": 1, "type": "stat", "title": "x", "targets": [target], "timeFrom": "1h"}
    Grafana(ask, NOW).open({"uid": "x", "time": {"from": "now-7d", "to": "now"}, "panels": [panel]})
    assert queries == [asked("$timeFilter")]
    assert ago("now-7d", NOW) == NOW - timedelta(days=7)
