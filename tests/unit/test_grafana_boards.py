"""Dashboards hang together: ids, places, variables, links, and the way from area to incident."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.grafana.board import KEYS, WIDTH
from gateway.grafana.dashboards import dashboards
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.panels import DISCONNECT_MS
from tests.fakes.grafana import panels_of

Json = dict[str, Any]
EVERY = {board["uid"]: board for language in LANGUAGES for board in dashboards(language).values()}
each_board = pytest.mark.parametrize("board", EVERY.values(), ids=EVERY)
LONGEST_STATE_S = 900
"""The greatest `influx.state_every_s`."""


def links(board: Json) -> Iterator[str]:
    yield from (link["url"] for link in board["links"])
    yield from re.findall(r'"url": "([^"]+)"', json.dumps(board["panels"]))


def panel(board: Json, kind: str) -> Json:
    return next(each for each in panels_of(board) if each["type"] == kind)


def test_there_are_five_in_each_language() -> None:
    assert set(EVERY) == {f"menshen-{key}-{language}" for key in KEYS for language in LANGUAGES}


@each_board
def test_a_dashboard_is_of_the_format_that_grafana_13_provisions(board: Json) -> None:
    assert board["schemaVersion"] == 42
    assert board["timezone"] == "Asia/Shanghai"
    assert json.loads(json.dumps(board)) == board


@each_board
def test_ids_are_unique_and_nothing_covers_another(board: Json) -> None:
    ids = [each["id"] for each in board["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for each in board["panels"]:
        at = each["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, each["title"]
        assert at["x"] + at["w"] <= WIDTH, each["title"]
        taken |= cells
    assert len(taken) == WIDTH * (1 + max(y for _, y in taken)), "rows are full"


@each_board
def test_refs_of_a_panel_are_unique_and_all_have_a_data_source(board: Json) -> None:
    for each in panels_of(board):
        refs = [target["refId"] for target in each["targets"]]
        assert len(set(refs)) == len(refs)
        assert all(target["datasource"]["type"] == "influxdb" for target in each["targets"])


@each_board
def test_links_lead_to_dashboards_and_variables_that_exist(board: Json) -> None:
    for url in links(board):
        parts = urlsplit(url)
        uid = parts.path.removeprefix("/d/")
        assert uid in EVERY, url
        assert uid.endswith(board["uid"][-3:]), "a link stays in its language"
        names = {each["name"] for each in EVERY[uid]["templating"]["list"]}
        for name, _ in parse_qsl(parts.query, keep_blank_values=True):
            assert name.removeprefix("var-") in {*names, "from", "to", "${__url_time_range}"}, url


@each_board
def test_links_take_the_range_along(board: Json) -> None:
    assert all(link["keepTime"] and link["includeVars"] for link in board["links"])
    for url in re.findall(r'"url": "([^"]+)"', json.dumps(board["panels"])):
        assert "${__url_time_range}" in url or ("from=" in url and "to=" in url)


@each_board
def test_a_link_of_a_row_reads_columns_of_that_row(board: Json) -> None:
    for each in panels_of(board):
        asked = " ".join(target["query"] for target in each["targets"])
        for name in re.findall(r"__data\.fields\.(\w+)", json.dumps(each["fieldConfig"])):
            assert f'"{name}"' in asked, (each["title"], name)


def test_one_gets_from_the_area_to_the_home_to_the_incident_and_back() -> None:
    area, home = EVERY["menshen-area-zh"], EVERY["menshen-home-zh"]
    to_home = [url for url in links(area) if "menshen-home-zh" in url and "var-home=" in url]
    to_incident = [url for url in links(home) if "var-number=" in url]
    assert to_home
    assert to_incident
    assert "from=${__data.fields.since_ms.numeric}" in to_incident[0]
    assert "/d/menshen-area-zh" in list(links(home))


def test_a_home_is_chosen_alone_and_leads_to_its_orders() -> None:
    home, watch, *_ = EVERY["menshen-home-en"]["templating"]["list"]
    assert (home["name"], home["multi"], home["includeAll"]) == ("home", False, False)
    assert (watch["name"], watch["hide"]) == ("watch", 2)
    assert "/^$home$/" in watch["query"]
    assert "allValue" not in watch, "all of this home's, never of every home"


def test_all_of_what_may_be_chosen_matches_points_without_it_too() -> None:
    for board in EVERY.values():
        for variable in board["templating"]["list"]:
            if variable.get("includeAll") and not variable["hide"]:
                assert variable["allValue"] == ".*", variable["name"]


def test_the_timeline_starts_full_and_never_pretends() -> None:
    timeline = panel(EVERY["menshen-home-zh"], "state-timeline")
    assert all("${__from}ms - 16m" in target["query"] for target in timeline["targets"])
    assert timeline["fieldConfig"]["defaults"]["custom"]["insertNulls"] == DISCONNECT_MS
    assert DISCONNECT_MS > LONGEST_STATE_S * 1000, "what is rewritten in time is not cut"
    specials = [
        each
        for each in timeline["fieldConfig"]["defaults"]["mappings"]
        if each["type"] == "special"
    ]
    assert specials[0]["options"]["result"]["text"] == "看不到"


def test_a_gap_is_a_gap_at_whatever_range_it_is_looked_at() -> None:
    """Nulls that the panel puts in would cut every line whose steps are longer than its limit."""
    for board in EVERY.values():
        for each in panels_of(board):
            custom = each["fieldConfig"]["defaults"].get("custom", {})
            stepped = [target for target in each["targets"] if "$__interval" in target["query"]]
            if stepped:
                assert not custom.get("insertNulls"), each["title"]
            if stepped and custom.get("spanNulls") == DISCONNECT_MS and "bars" not in str(custom):
                assert all("fill(null)" in target["query"] for target in stepped), each["title"]


def test_the_door_stands_on_top_and_its_permits_below() -> None:
    timeline = panel(EVERY["menshen-home-en"], "state-timeline")
    kinds = [re.findall(r"\"kind\" = '(\w+)'", each["query"])[0] for each in timeline["targets"]]
    assert kinds[0] == "door"
    assert kinds.index("permit") < kinds.index("camera")


def test_incidents_are_drawn_from_to_in_the_dashboards_language() -> None:
    for language in LANGUAGES:
        incidents, *_ = EVERY[f"menshen-home-{language}"]["annotations"]["list"]
        assert incidents["target"]["textColumn"] == f"title_{language}"
        assert incidents["target"]["timeEndColumn"] == "incident.end_ms"


def test_both_languages_ask_the_same() -> None:
    for key in KEYS:
        texts = [
            [
                re.sub(r' AS "[^"]*"', "", target["query"])
                for each in panels_of(EVERY[f"menshen-{key}-{language}"])
                for target in each["targets"]
            ]
            for language in LANGUAGES
        ]
        assert texts[0] == texts[1]
