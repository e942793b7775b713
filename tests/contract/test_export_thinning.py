"""Hourly and daily figures, by a real engine: right, the same when done again, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.tables import micros
from gateway.export import thinning
from gateway.export.influx import Influx
from gateway.export.line import Value, instant, tags_of
from gateway.export.point import point
from gateway.export.schema import ATTEMPT, GATEWAY, HOME, INCIDENT, Bucket, Measurement
from gateway.export.verdict import InfluxError, Verdict
from gateway.homes.look import Standing
from tests.fakes.influx_engine import Engine, influx_engine
from tests.fakes.influx_target import Target, influx_under_test

EVERY_S = 600
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with influx_engine() as running:
        yield running


@pytest.fixture
def target(engine: Engine) -> Iterator[Target]:
    with influx_under_test(engine) as found:
        yield found


@pytest.fixture
def influx(target: Target) -> Iterator[Influx]:
    made = Influx(target.influx.url, target.influx.org, target.bucket, target.influx.token)
    made.prepare(dict.fromkeys(Bucket, timedelta(days=3660)))
    yield made
    made.close()


def put(
    influx: Influx, measurement: Measurement, at: datetime, tags: dict[str, str], **fields: Value
) -> None:
    """Write one point."""
    made = point(measurement, tags_of(tags.items()), fields, instant(micros(at)))
    assert influx.write(measurement.bucket, [made]).verdict is Verdict.WRITTEN


def home(influx: Influx, at: datetime, watch: str, standing: str, **fields: Value) -> None:
    tags = {"community": "c1", "watch": watch}
    put(influx, HOME, at, tags, standing=standing, devices=2, **fields)


def incident(influx: Influx, at: datetime, watch: str, **fields: Value) -> None:
    tags = {"community": "c1", "matter": "door", "watch": watch}
    put(influx, INCIDENT, at, tags, severity=3, is_open=0, **fields)


def rows(target: Target, measurement: str) -> list[dict[str, Any]]:
    """What the figures are, by tags and fields, without times."""
    return [
        {**dict(zip(series["columns"], row, strict=True)), "time": row[0] // 10**9}
        for series in target.query("counts", f'SELECT * FROM "{measurement}"')
        for row in series["values"]
    ]


def thin(influx: Influx, exported_to: datetime, done_to: datetime) -> datetime:
    return thinning.run(influx, exported_to, done_to, EVERY_S)


def test_homes_of_an_hour_are_averaged_over_its_samples(target: Target, influx: Influx) -> None:
    for number in range(6):
        at = NOON + timedelta(seconds=number * EVERY_S)
        home(influx, at, "w1", "quiet", unknown_s=0.0)
        is_blind = number < 3
        home(influx, at, "w2", "unknown" if is_blind else "quiet", unknown_s=600.0 * is_blind)
    thin(influx, NOON + timedelta(hours=1), NOON)
    found = {row["standing"]: row for row in rows(target, "homes_hour")}
    assert {name: row["homes"] for name, row in found.items()} == {
        "quiet": 1.5,
        "unknown": 0.5,
        "incident": 0,
        "unwatched": 0,
    }
    assert found["unknown"]["unknown_s"] == 1800
    assert {row["time"] for row in found.values()} == {int(NOON.timestamp())}


def test_an_hour_in_which_the_gateway_was_off_for_a_while_counts_what_was_sampled(
    target: Target, influx: Influx
) -> None:
    for number in (0, 1):
        home(influx, NOON + timedelta(seconds=number * EVERY_S), "w1", "quiet")
    thin(influx, NOON + timedelta(hours=1), NOON)
    found = {row["standing"]: row["homes"] for row in rows(target, "homes_hour")}
    assert found["quiet"] == 1


def test_an_hour_is_not_made_before_all_of_it_is_exported(target: Target, influx: Influx) -> None:
    home(influx, NOON, "w1", "quiet")
    assert thin(influx, NOON + timedelta(minutes=59), NOON) == NOON
    assert rows(target, "homes_hour") == []


def test_incidents_of_a_day_are_counted_as_they_are_by_now(target: Target, influx: Influx) -> None:
    incident(influx, NOON, "w1", acknowledged_s=60.0, in_time=1)
    incident(influx, NOON + timedelta(minutes=5), "w2", acknowledged_s=1800.0, in_time=0)
    incident(influx, NOON + timedelta(minutes=9), "w3")
    thin(influx, NOON + timedelta(hours=1), NOON)
    (found,) = rows(target, "incidents_day")
    day = int(MIDNIGHT.timestamp())
    assert found == {
        "time": day,
        "community": "c1",
        "matter": "door",
        "opened": 3,
        "acknowledged": 2,
        "in_time": 1,
        "median_s": 930,
    }
    incident(influx, NOON + timedelta(minutes=9), "w3", acknowledged_s=300.0, in_time=1)
    thin(influx, NOON + timedelta(hours=30), NOON + timedelta(hours=29))
    (late,) = rows(target, "incidents_day")
    assert (late["opened"], late["acknowledged"], late["in_time"]) == (3, 3, 2)


def test_a_release_takes_nothing_out_of_the_days_that_were_counted(
    target: Target, influx: Influx
) -> None:
    incident(influx, NOON, "w1", acknowledged_s=60.0, in_time=1)
    incident(influx, NOON + timedelta(minutes=5), "w2", acknowledged_s=60.0, in_time=1)
    thin(influx, NOON + timedelta(hours=1), NOON)
    influx.erase(Bucket.HOMES, "w1")
    thin(influx, NOON + timedelta(hours=2), NOON + timedelta(hours=1))
    influx.erase(Bucket.HOMES, "w2")
    thin(influx, NOON + timedelta(hours=3), NOON + timedelta(hours=2))
    (found,) = rows(target, "incidents_day")
    assert (found["opened"], found["in_time"]) == (2, 2)


def test_what_channels_sent_and_how_the_gateway_did_lead_to_nobody_and_are_counted(
    target: Target, influx: Influx
) -> None:
    sent = {"gateway": "g1", "channel": "modem", "team": "t1", "kind": "alarm"}
    for number, delivered in enumerate((1, 0)):
        at = NOON + timedelta(minutes=number)
        put(
            *(influx, ATTEMPT, at, sent),
            outcome="sent",
            parts=2,
            is_delivered=delivered,
            cost_yuan=0.1,
        )
    for number, messages in enumerate((1.0, 3.0)):
        at = NOON + timedelta(minutes=number)
        put(influx, GATEWAY, at, {"gateway": "g1"}, messages_per_s=messages, is_well=number)
    thin(influx, NOON + timedelta(hours=1), NOON)
    (channel,) = rows(target, "channel_day")
    assert {name: channel[name] for name in ("attempts", "parts", "delivered", "cost_yuan")} == {
        "attempts": 2,
        "parts": 4,
        "delivered": 1,
        "cost_yuan": 0.2,
    }
    hour = {row["statistic"]: row for row in rows(target, "gateway_hour")}
    assert (hour["mean"]["messages_per_s"], hour["max"]["messages_per_s"]) == (2, 3)
    assert hour["mean"]["is_well"] == 0.5


def test_doing_it_again_changes_nothing(target: Target, influx: Influx) -> None:
    home(influx, NOON, "w1", "quiet", unknown_s=0.0)
    incident(influx, NOON, "w1", acknowledged_s=60.0, in_time=1)
    measurements = ("homes_hour", "incidents_day")
    thin(influx, NOON + timedelta(hours=1), NOON)
    once = [rows(target, name) for name in measurements]
    thin(influx, NOON + timedelta(hours=1), NOON)
    assert [rows(target, name) for name in measurements] == once != [[], []]


def test_after_months_it_goes_on_a_day_at_a_time_and_leaves_none_out(
    target: Target, influx: Influx
) -> None:
    for days in (1, 2, 3):
        home(influx, NOON - timedelta(days=days), "w1", "quiet")
    done_to, runs = NOON - timedelta(days=3), 0
    while done_to < NOON:
        done_to, runs = thin(influx, NOON, done_to), runs + 1
    assert runs == 3
    assert len({row["time"] for row in rows(target, "homes_hour")}) == 3


def test_influxdb_away_is_said_and_nothing_is_taken_for_done(
    target: Target, influx: Influx
) -> None:
    home(influx, NOON, "w1", "quiet")
    target.influx.fails(1, 503)
    with pytest.raises(InfluxError):
        thin(influx, NOON + timedelta(hours=1), NOON)
    assert rows(target, "homes_hour") == []
    assert thin(influx, NOON + timedelta(hours=1), NOON) == NOON + timedelta(hours=1)
    assert len(rows(target, "homes_hour")) == len(Standing)
