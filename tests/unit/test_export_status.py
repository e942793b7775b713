"""What is told of export: what is not well with what to do, and never an alarm's worth of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway import metrics
from gateway.export.progress import ExportStatus
from gateway.export.status import Backlog, behind, span, words
from gateway.health import Facts, Finding, Level, assess

NOW = datetime(2026, 11, 21, 6, 35, tzinfo=UTC)
WELL = ExportStatus(
    is_configured=True,
    state="up_to_date",
    since=NOW - timedelta(hours=5),
    cursor_seq=1000,
    journal_seq=1000,
    last_written_at=NOW - timedelta(seconds=3),
    points_written=4000,
    server_version="2.7.11",
)


def late(state: str, minutes: float, **more: Any) -> ExportStatus:
    """An export of which something has waited for so long."""
    at = NOW - timedelta(minutes=minutes)
    return replace(WELL, state=state, since=at, oldest_waiting_at=at, cursor_seq=400, **more)


def found(status: ExportStatus | None, left: Backlog = Backlog()) -> list[Finding]:  # noqa: B008 - a frozen value
    facts = Facts(
        now=NOW,
        started_at=NOW,
        broker_connected=True,
        broker_since=NOW,
        journal_seq=1000,
        cursor_seq=1000,
        export=status,
        export_left=left,
    )
    return [each for each in assess(facts).findings if each.part == "export"]


# ---- health ----


def test_nothing_is_said_where_nothing_is_exported() -> None:
    assert found(None) == []


@pytest.mark.parametrize(
    ("status", "level", "reason"),
    [
        (WELL, Level.OK, "exporting"),
        (late("outage", 14), Level.OK, "outage"),
        (late("outage", 16), Level.WARN, "behind"),
        (late("catching_up", 16), Level.WARN, "behind"),
        (late("unauthorized", 1), Level.WARN, "unauthorized"),
        (late("not_found", 1), Level.WARN, "not_found"),
        (late("refuses_all", 1), Level.WARN, "refuses_all"),
    ],
)
def test_how_influxdb_answers_is_judged(status: ExportStatus, level: Level, reason: str) -> None:
    [finding] = found(status)
    assert (finding.level, finding.reason) == (level, reason)


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (Backlog(refused=3), "lines_refused"),
        (Backlog(removed=500, removed_at=NOW - timedelta(hours=23)), "records_removed"),
        (Backlog(erasures=1, unproven_since=NOW - timedelta(hours=25)), "erasure_not_proven"),
    ],
)
def test_what_does_not_mend_itself_is_a_warning(left: Backlog, reason: str) -> None:
    [finding] = found(WELL, left)
    assert (finding.level, finding.reason) == (Level.WARN, reason)


def test_a_deletion_has_a_day_to_be_proven() -> None:
    assert (
        found(WELL, Backlog(erasures=1, unproven_since=NOW - timedelta(hours=23)))[0].level == "ok"
    )


def test_copies_that_are_left_are_said_though_nothing_is_exported_any_more() -> None:
    left = Backlog(erasures=2, unproven_since=NOW - timedelta(days=2))
    assert [each.reason for each in found(None, left)] == ["erasure_not_proven"]


@pytest.mark.parametrize("state", ["outage", "unauthorized", "not_found", "refuses_all"])
def test_an_influxdb_that_is_gone_for_months_does_not_make_the_gateway_unwell(state: str) -> None:
    left = Backlog(9, 9, NOW - timedelta(days=60), (), 9, NOW)
    for each in (found(late(state, 90_000)), found(late(state, 90_000), left)):
        assert all(finding.level is not Level.BAD for finding in each)


# ---- words ----


def test_an_export_that_is_well_has_nothing_to_say() -> None:
    assert words(WELL, Backlog(), NOW) == []


@pytest.mark.parametrize(
    ("status", "what", "do"),
    [
        (late("outage", 40, detail="ConnectError"), "(40 min): ConnectError", "Nothing is lost"),
        (late("unauthorized", 5), "refuses the token", "influx.token_file"),
        (late("not_found", 5, detail="404"), "is missing", "menshen export prepare"),
        (late("refuses_all", 5), "refuses every line", "its own log"),
    ],
)
def test_what_is_wrong_is_said_with_since_when_and_what_to_do(
    status: ExportStatus, what: str, do: str
) -> None:
    said = words(status, Backlog(), NOW)[0]
    assert what in said.what
    assert do in said.do


def test_how_far_it_is_behind_is_said_in_records_and_time() -> None:
    status = late("catching_up", 125, feed_waiting=7, samples_waiting=3)
    [said] = words(status, Backlog(), NOW)
    assert said.what == "2 h behind: 600 records, 7 changed rows, 3 samples wait"


def test_everything_that_is_left_is_said_with_what_to_do() -> None:
    left = Backlog(2, 1, NOW - timedelta(hours=30), ("outage",), 500, NOW - timedelta(hours=2))
    said = words(replace(WELL, points_too_old=4, failures=1), left, NOW)
    whats = " | ".join(each.what for each in said)
    for wanted in (
        "released homes that may still be in InfluxDB: 1, for up to 30 h (outage)",
        "500 records",
        "2 lines",
        "4 points",
        "failed by itself 1",
    ):
        assert wanted in whats, wanted
    assert all(each.do for each in said)


@pytest.mark.parametrize(
    ("why", "do"),
    [
        ("points_left", "it is asked again"),
        ("not_supported", "drop the database of homes"),
        ("not_configured", "set influx.url again"),
    ],
)
def test_what_to_do_about_a_deletion_depends_on_why_it_is_not_proven(why: str, do: str) -> None:
    left = Backlog(erasures=1, unproven_since=NOW - timedelta(hours=30), why=(why,))
    [said] = words(WELL, left, NOW)
    assert do in said.do


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=120), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_spans_are_written_as_people_read_them(time: timedelta, said: str) -> None:
    assert span(time) == said


def test_rows_and_samples_wait_as_long_as_influxdb_takes_nothing() -> None:
    stopped = replace(WELL, state="outage", since=NOW - timedelta(hours=3))
    assert behind(stopped, NOW) == timedelta()
    assert behind(replace(stopped, samples_waiting=1), NOW) == timedelta(hours=3)
    assert behind(replace(WELL, samples_waiting=1), NOW) == timedelta()
    assert found(replace(stopped, feed_waiting=1))[0].reason == "behind"


def test_a_clock_that_went_back_makes_nothing_wait_for_less_than_no_time() -> None:
    ahead = replace(WELL, oldest_waiting_at=NOW + timedelta(hours=1))
    assert behind(ahead, NOW) == timedelta()


# ---- metrics ----


def exposed(status: ExportStatus | None) -> dict[str, str]:
    facts = Facts(
        now=NOW,
        started_at=NOW,
        broker_connected=True,
        broker_since=NOW,
        journal_seq=1000,
        cursor_seq=1000,
        export=status,
        export_left=Backlog(refused=2),
    )
    lines = metrics.render(facts, {}, {}).splitlines()
    pairs = (line.split(" ") for line in lines if line.startswith("menshen_export_"))
    return {name.removeprefix("menshen_export_"): value for name, value in pairs}


def test_metrics_of_export_are_there_only_where_something_is_exported() -> None:
    assert exposed(None) == {}
    shown = exposed(late("outage", 20, samples_waiting=5))
    assert shown["up"] == "0"
    assert shown["lag_records"] == "600"
    assert shown["behind_seconds"] == "1200"
    assert shown["samples_waiting"] == "5"
    assert shown["success_age_seconds"] == "3"
    assert shown["points_written_total"] == "4000"
    assert shown["lines_refused"] == "2"
