"""Every query of every dashboard and alert rule names what is in InfluxDB, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from alerts.model import ConditionKind, Matter, NoticeState, Role
from devices.model import STATES, Kind
from gateway.export.samples import PERMIT
from gateway.export.schema import MEASUREMENTS, Bucket, Measurement, Type
from gateway.grafana.alerting import RULES
from gateway.grafana.alerting import to_json as rule_json
from gateway.grafana.dashboards import dashboards
from gateway.grafana.query import Query, or_zero, select
from gateway.homes.look import Standing
from tests.fakes.grafana import panels_of

Json = dict[str, Any]
BY_NAME = {measurement.name: measurement for measurement in MEASUREMENTS}
QUOTED = re.compile(r'"([^"]+)"')
FIGURES = re.compile(r'\b(?:mean|sum|median|percentile|derivative|max|min)\("([^"]+)"')


class Found(NamedTuple):
    """A query and where it stands."""

    where: str
    text: str
    bucket: Bucket
    is_table: bool


def queries() -> Iterator[Found]:
    for name, board in dashboards("en").items():
        for panel in panels_of(board):
            for target in panel.get("targets", []):
                is_table = target["resultFormat"] == "table"
                yield _found(f"{name} {panel['title']}", target, target, is_table=is_table)
        for annotation in board["annotations"]["list"]:
            yield _found(f"{name} {annotation['name']}", annotation["target"], annotation)
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield _found(f"{name} ${variable['name']}", variable, variable)
    for rule in RULES:
        yield Found(f"alert {rule.key}", rule.query.text, rule.query.bucket, is_table=False)


def _found(where: str, query: Json, source: Json, *, is_table: bool = False) -> Found:
    bucket = Bucket(source["datasource"]["uid"].removeprefix("menshen-"))
    return Found(where, query["query"], bucket, is_table)


ALL = sorted(set(queries()))
BOARDS = {
    board: [found for found in ALL if found.where.startswith(board)]
    for board in ("area", "home", "team", "devices", "gateway", "alert")
}
each_board = pytest.mark.parametrize("asked", BOARDS.values(), ids=BOARDS)


def measured(text: str) -> set[Measurement]:
    return {BY_NAME[name] for name in re.findall(r'FROM "(\w+)"', text)}


def fields_of(text: str) -> dict[str, Type]:
    return {field.name: field.type for each in measured(text) for field in each.fields}


def computed(text: str) -> set[str]:
    return set(re.findall(r'AS "(\w[^"]*)"', text))


@each_board
def test_a_query_names_only_what_is_there(asked: list[Found]) -> None:
    for found in asked:
        tags = {tag for each in measured(found.text) for tag in each.tags}
        known = {each.name for each in measured(found.text)} | set(fields_of(found.text)) | tags
        unknown = set(QUOTED.findall(found.text)) - known - computed(found.text)
        assert not unknown, found.where


@each_board
def test_every_name_is_quoted(asked: list[Found]) -> None:
    for found in asked:
        bare = re.sub(r'"[^"]*"|\'[^\']*\'|/\^?[^/]*\$?/(?= |$|\))', "", found.text)
        known = set(fields_of(found.text)) | {tag for m in measured(found.text) for tag in m.tags}
        assert not known & set(re.findall(r"(?<![\w$])[a-z_]+(?!\w|\()", bare)) - {"name", "part"}


@each_board
def test_a_query_is_asked_of_the_bucket_that_has_it(asked: list[Found]) -> None:
    for found in asked:
        assert {each.bucket for each in measured(found.text)} == {found.bucket}


@each_board
def test_only_numbers_are_reckoned_with(asked: list[Found]) -> None:
    for found in asked:
        fields = fields_of(found.text)
        for name in FIGURES.findall(found.text):
            assert name in computed(found.text) or fields[name] in (Type.WHOLE, Type.NUMBER), name


@each_board
def test_texts_are_compared_with_texts_and_numbers_with_numbers(asked: list[Found]) -> None:
    for found in asked:
        fields = fields_of(found.text)
        for name, literal in re.findall(r'"(\w+)" (?:=|!=|>|<) (\'[^\']*\'|-?[\d.]+)', found.text):
            is_number = fields.get(name) in (Type.WHOLE, Type.NUMBER) or name in (
                *("share", "days_left"),
            )
            assert is_number == (not literal.startswith("'")), (name, literal)


@each_board
def test_a_table_is_grouped_by_one_tag_at_most(asked: list[Found]) -> None:
    """Grafana mixes up the columns of several (transformRowsForTable walks a map)."""
    for found in asked:
        if found.is_table:
            outer = found.text.rpartition(")")[2] if "FROM (" in found.text else found.text
            grouped = outer.partition("GROUP BY")[2]
            assert len(QUOTED.findall(grouped)) <= 1


@each_board
def test_a_query_reads_a_bounded_time(asked: list[Found]) -> None:
    for found in asked:
        if not found.text.startswith("SHOW"):
            assert found.text.count("$timeFilter") + found.text.count("${__to}ms") >= 1
            assert "now()" not in found.text


@each_board
def test_several_values_of_a_variable_are_matched(asked: list[Found]) -> None:
    for found in asked:
        rest = re.sub(r"/\^\$\w+\$/", "", found.text)
        assert not set(re.findall(r"\$(\w+)", rest)) - {"timeFilter", "__interval", "timezone"}


def words_compared(name: str) -> set[str]:
    words: set[str] = set()
    for found in ALL:
        words.update(re.findall(rf"\"{name}\" = '([^']*)'", found.text))
        for several in re.findall(rf'"{name}" =~ /\^\(([^)$]*)\)\$/', found.text):
            words.update(several.split("|"))
    return words - {""}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("kind", {*Kind, *ConditionKind, PERMIT}),
        ("standing", set(Standing)),
        ("matter", set(Matter)),
        ("role", set(Role)),
        ("state", {*NoticeState, *(state for states in STATES.values() for state in states)}),
    ],
)
def test_words_that_are_looked_for_exist(name: str, known: set[str]) -> None:
    assert words_compared(name)
    assert words_compared(name) <= {str(word) for word in known}


def test_no_query_shows_who_a_person_is() -> None:
    """A contact is an id of team and member; not even that is shown."""
    assert not any('"contact"' in found.text for found in ALL)


def test_every_measurement_is_shown_somewhere() -> None:
    shown = {each.name for found in ALL for each in measured(found.text)}
    assert shown == set(BY_NAME)


def test_a_count_of_nothing_is_zero_only_where_something_was_written() -> None:
    lately = select('last("standing") AS "standing"', BY_NAME["home"], by='"watch"')
    query: Query = or_zero(lately, lately, "standing", "homes")
    assert 'count("standing") * 0 AS "homes"' in query.text


def test_a_rule_is_judged_by_the_last_value_of_its_query() -> None:
    for rule in RULES:
        asked, reduced, judged = rule_json(rule)["data"]
        assert reduced["model"]["expression"] == asked["refId"]
        assert reduced["model"]["reducer"] == "last"
        assert judged["model"]["expression"] == reduced["refId"]
        assert rule_json(rule)["condition"] == judged["refId"]
