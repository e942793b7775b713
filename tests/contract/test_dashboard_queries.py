"""Every query of every dashboard, put to a real engine as Grafana puts it, shows what happened.

The engine is Debian's InfluxDB 1.6 behind a translation of the v2 paths, or the InfluxDB 2 that
MENSHEN_TEST_INFLUX_URL names. What it has is one night, made by the gateway and its exporter; what
each panel must show of it stands in `tests.fakes.night_truth`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import httpx
import pytest

from gateway.export import thinning
from gateway.export.influx import Influx
from gateway.export.schema import Bucket
from gateway.export.verdict import Verdict
from gateway.grafana.alerting import RULES, to_json
from gateway.grafana.dashboards import dashboards
from gateway.grafana.languages import LANGUAGES
from tests.fakes import night
from tests.fakes.grafana import Ask, Asked, Grafana, Opened, panels_of
from tests.fakes.grafana_frames import aliased
from tests.fakes.grafana_query import GrafanaError, Json, Range
from tests.fakes.influx_engine import influx_engine
from tests.fakes.influx_target import Target, influx_under_test
from tests.fakes.night import clock
from tests.fakes.night_truth import TRUTH
from tests.fakes.shows import by_name, ms, shown

LINES = 5000
EVER = timedelta(days=36_500)
"""The night stays where it is, however late it is looked at."""
BOARDS = [name.removesuffix(".json") for name in dashboards("en")]


def named(board: str) -> dict[int, str]:
    """Return what each panel is called in `TRUTH`, by its id."""
    panels = [panel for panel in panels_of(dashboards("en")[f"{board}.json"]) if _asks(panel)]
    titles = Counter(panel["title"] for panel in panels)
    found: dict[int, str] = {}
    for panel in panels:
        name = f"{board}: {panel['title']}"
        if titles[panel["title"]] > 1:
            name += f" ({_kind(panel)})"
        found[panel["id"]] = name
    return found


def _kind(panel: Json) -> str:
    """Tell panels of one title apart: by what they are, or by a span of their own."""
    return f"{panel['type']}, {panel['timeFrom']}" if panel.get("timeFrom") else panel["type"]


def _asks(panel: Json) -> bool:
    return bool(panel.get("targets"))


PANELS = {name: (board, id_) for board in BOARDS for id_, name in named(board).items()}


ALIASES = {
    (board, panel["id"], target["refId"]): target.get("alias", "")
    for board in BOARDS
    for panel in panels_of(dashboards("en")[f"{board}.json"])
    for target in panel.get("targets", [])
}

# ---- what InfluxDB has ----


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An InfluxDB that has the night."""
    gateway = night.played(tmp_path_factory.mktemp("night"))
    points = night.points(gateway)
    gateway.close()
    with influx_engine() as engine, influx_under_test(engine) as there:
        influx = Influx(there.influx.url, there.influx.org, there.bucket, there.influx.token)
        influx.prepare(dict.fromkeys(Bucket, EVER))
        for bucket, lines in points.items():
            for first in range(0, len(lines), LINES):
                answer = influx.write(bucket, lines[first : first + LINES])
                assert answer.verdict is Verdict.WRITTEN, answer
        done = night.BEGIN
        while done < night.MORNING:
            done = thinning.run(influx, night.MORNING, done, 600)
        influx.close()
        yield there


@pytest.fixture(scope="module")
def ask(target: Target) -> Iterator[Ask]:
    """Put a query to the data source of a bucket, as Grafana's server does."""
    web = httpx.Client(
        base_url=target.influx.url,
        headers={"Authorization": f"Token {target.influx.token}"},
        timeout=60,
        trust_env=False,
    )

    def ask(uid: str, query: str) -> list[Json]:
        database = f"{target.bucket}_{Bucket(uid.removeprefix('menshen-'))}"
        answer = web.post("/query", data={"db": database, "q": query, "epoch": "ms"}).json()
        found: list[Json] = []
        for result in answer.get("results", [answer]):
            if said := result.get("error") or result.get("message"):
                raise GrafanaError(f"InfluxDB says {said!r} of {query}")
            found += result.get("series", [])
        return found

    with web:
        yield ask


@pytest.fixture(scope="module")
def opened(ask: Ask) -> dict[tuple[str, str], Opened]:
    """Every dashboard in every language, opened as it comes."""
    grafana = Grafana(ask, night.MORNING)
    return {
        (language, name.removesuffix(".json")): grafana.open(dashboard)
        for language in LANGUAGES
        for name, dashboard in dashboards(language).items()
    }


def in_english(asked: Asked, english: Asked, alias: str) -> Asked:
    """Return what came with series and columns named as on the English dashboard."""
    frames = []
    for frame, same in zip_longest(asked.frames, english.frames):
        assert frame and same and len(frame.columns) == len(same.columns), asked.where
        name = aliased(alias, frame.labels, "", "") if alias else frame.name
        frames.append(replace(frame, name=name, columns=same.columns))
    return replace(asked, frames=tuple(frames))


# ---- panels ----


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PANELS)
def test_a_panel_shows_what_happened(
    opened: dict[tuple[str, str], Opened], language: str, name: str
) -> None:
    assert name in TRUTH, f"write into tests/fakes/night_truth.py what {name!r} must show"
    board, id_ = PANELS[name]
    found = zip(opened[language, board].panel(id_), opened["en", board].panel(id_), strict=True)
    TRUTH[name]([in_english(here, there, ALIASES[board, id_, here.ref]) for here, there in found])


def test_every_truth_has_its_panel() -> None:
    assert TRUTH.keys() <= PANELS.keys()


# ---- variables, events, alerts ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_variables_offer_what_there_is(
    opened: dict[tuple[str, str], Opened], language: str
) -> None:
    def options(board: str, name: str) -> tuple[str, ...]:
        return opened[language, board].variables[name].options

    homes = {night.LEFT, night.SILENT, night.MEAL, night.HELP, night.WEAK, night.QUIET}
    assert set(options("home", "home")) == {*homes, night.UNSERVED, night.BARE}
    assert len(options("home", "watch")) == 1
    assert set(options("home", "number")) == {"4821", "4823"}
    assert options("area", "community") == options("devices", "community") == ("nanling", "xinan")
    assert options("area", "building") == options("devices", "building") == ("nl-3", "xa-1")
    assert options("team", "team") == ("team-3", "team-5")
    assert options("gateway", "gateway") == (night.NAME,)


def test_every_variable_is_looked_at(opened: dict[tuple[str, str], Opened]) -> None:
    known = {"home", "watch", "number", "community", "building", "team", "gateway", "timezone"}
    assert {name for each in opened.values() for name in each.variables} == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_incidents_are_drawn_from_beginning_to_end(
    opened: dict[tuple[str, str], Opened], language: str
) -> None:
    events = list(opened[language, "home"].events.values())
    drawn = [(each.at_ms, each.end_ms, each.tags) for each in events[0]]
    assert drawn == [
        (ms(clock("20:15:30", 20)), ms(clock("20:45:30", 20)), ("4821",)),
        (ms(clock("02:13:05.200")), ms(clock("02:43:05.200")), ("4823",)),
    ]
    seen = {"zh": ["有人进门", "封条断开"], "en": ["entry", "seal cut"]}[language]
    assert [each.text for each in events[0]] == seen


def test_what_a_camera_and_buttons_said_is_drawn(ask: Ask) -> None:
    def drawn(home: str) -> dict[int, str]:
        board = Grafana(ask, night.MORNING).open(dashboards("en")["home.json"], home=[home])
        _, *others = board.events.values()
        return {each.at_ms: each.text for events in others for each in events}

    assert drawn(night.LEFT) == {
        ms(clock("20:15:30", 20)): "entry",
        ms(clock("02:13:12")): "exit",
    }
    assert drawn(night.HELP) == {ms(clock("07:40:00")): "help"}
    assert drawn(night.WEAK) == {ms(clock("18:00:00", 20)): "announce"}


@pytest.mark.parametrize(
    ("when", "firing"),
    [
        (night.MORNING, set()),
        (clock("04:09:00"), {"silent"}),  # off since 04:00
        (clock("05:15:00"), {"channel", "unwell"}),  # the only one is down since 05:00
    ],
)
def test_an_alert_rule_fires_when_it_should(ask: Ask, when: datetime, firing: set[str]) -> None:
    grafana = Grafana(ask, when)
    found = {rule.key: grafana.alert(to_json(rule)) for rule in RULES}
    assert {key for key, each in found.items() if each.is_firing} == firing
    without = {key for key, each in found.items() if not each.asked.rows}
    assert without <= ({"export"} if when != clock("04:09:00") else found.keys())


# ---- other homes, communities, times ----


def timeline(ask: Ask, home: str) -> dict[str, str]:
    """Return the timeline of a home of the last day, as `night_truth.states` has it."""
    board = Grafana(ask, night.MORNING).open(dashboards("en")["home.json"], home=[home])
    (id_,) = [id_ for name, (_, id_) in PANELS.items() if name.startswith("home: Door, seal")]
    return {name: shown(series) for name, series in by_name(board.panel(id_)).items()}


def test_an_hour_in_which_nobody_could_say_is_unknown_to_the_second(ask: Ask) -> None:
    off = "04:00:00.001 unknown, 04:10:01 closed"
    assert timeline(ask, night.SILENT)["Door main · door-1204"] == (
        f"closed, 01:00:00.001 unknown, 02:00:00 closed, {off}"
    )


def test_a_door_that_is_silent_now_is_unknown_since_its_last_word(ask: Ask) -> None:
    assert timeline(ask, night.QUIET)["Door main · door-0102"].endswith("06:30:00.001 unknown")


def test_a_permit_is_seen_beside_the_opening_that_used_it(ask: Ask) -> None:
    found = timeline(ask, night.MEAL)
    assert found["Permit"] == "none, 23:00:00 meal, 23:30:00 none"
    assert found["Door main · door-1205"].startswith("closed, 23:10:00 open, 23:11:30 closed, ")


def test_a_community_that_is_chosen_is_counted_alone(ask: Ask) -> None:
    board = Grafana(ask, night.MORNING).open(dashboards("en")["area.json"], community=["xinan"])
    assert board.variables["building"].options == ("xa-1",)
    counted = {
        name: by_name(board.panel(PANELS[f"area: {name}"][1]))
        for name in ("With an incident", "Unknown", "Quiet", "Not watched", "Open incidents (stat)")
    }
    said = [list(each.values()) for found in counted.values() for each in found.values()]
    assert said == [[1]] * len(counted)


def test_homes_chosen_one_by_one_are_matched_exactly(ask: Ask) -> None:
    board = Grafana(ask, night.MORNING).open(
        dashboards("en")["area.json"], community=["nanling"], building=["nl-3", "xa-1"]
    )
    quiet = by_name(board.panel(PANELS["area: Quiet"][1]))
    assert [list(series.values()) for series in quiet.values()] == [[3]]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("days", [1, 7, 30])
def test_every_query_holds_for_other_spans_of_time(ask: Ask, board: str, days: int) -> None:
    span = Range(night.MORNING - timedelta(days=days), night.MORNING)
    Grafana(ask, night.MORNING).open(dashboards("zh")[f"{board}.json"], span)


def test_a_night_before_anything_was_is_empty_and_not_wrong(ask: Ask) -> None:
    before = night.BEGIN - timedelta(days=60)
    span = Range(before - timedelta(days=1), before)
    for name, dashboard in dashboards("en").items():
        found = Grafana(ask, before).open(dashboard, span)
        said = [each for each in found.asked if each.panel and _values(each)]
        assert not said, (name, [each.where for each in said])


def _values(asked: Asked) -> list[Any]:
    """Return what is more than nothing: no value, or a count of 0."""
    return [value for frame in asked.frames for row in frame.rows for value in row[1:] if value]
