"""What was announced, and when nobody could say: drawn from when on, until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from alerts.permits import GrantPermit, RevokePermit
from alerts.tables import micros, permits, unknown_spans
from gateway import cursor
from gateway.export import told
from gateway.export.told_states import announced
from gateway.release import box
from gateway.release.tables import releases
from tests.fakes.released import Life
from tests.fakes.told import Desk

MINUTE = 60_000_000
WORKER, LEAD = "team-3/worker", "team-3/lead"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    life = Life(tmp_path)
    with life.connection.begin():
        cursor.move(life.connection, "influx", 0, life.now)
    yield Desk(life)
    life.kill()


# ---- permits ----


@dataclass
class Granted:
    from_at: int
    until_at: int
    purpose: str
    revoked_at: int | None = None


def test_permits_that_overlap_are_one_and_end_with_the_last() -> None:
    meal, test = Granted(0, 20, "meal"), Granted(10, 40, "test")
    assert list(announced([meal, test])) == [(0, "meal"), (10, "test"), (20, "test"), (40, "none")]
    inner = Granted(5, 8, "waste")
    assert list(announced([meal, inner])) == [(0, "meal"), (5, "waste"), (8, "meal"), (20, "none")]


def test_a_revoked_permit_ends_at_once_and_what_was_written_ahead_is_taken_back() -> None:
    assert list(announced([Granted(0, 20, "meal", revoked_at=7)])) == [
        (0, "meal"),
        (7, "none"),
        (20, "none"),
    ]
    never = Granted(10, 20, "meal", revoked_at=7)
    assert list(announced([never])) == [(10, "none"), (20, "none")]


def test_a_permit_is_drawn_from_when_it_begins(desk: Desk) -> None:
    now = desk.life.now
    asked = GrantPermit(desk.life.watch(), now, now + timedelta(hours=1), "meal", LEAD, "陈秀英")
    desk.command(asked)
    hour = micros(now) + 60 * MINUTE
    assert desk.states("permit") == {micros(now): "meal", hour: "none"}
    desk.passes(5)
    desk.command(RevokePermit(desk.life.rows(permits)[0].id, LEAD))
    assert desk.states("permit") == {
        micros(now): "meal",
        micros(desk.life.now): "none",
        hour: "none",
    }


# ---- unknown time ----


def test_from_a_silence_on_all_that_a_device_had_said_is_unknown(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    heard = micros(desk.life.now)
    desk.passes(20)  # on mains it owes a word every 15 minutes
    span = desk.point("unknown")
    assert span.tags["device"] == "door-kept"
    assert span.fields == {"reason": "reporting_time_passed", "until_ms": 0, "stands": 1}
    assert span.at_ns // 1_000_000 == heard // 1000
    assert set(desk.states("door").values()) == {"unknown"}
    assert min(desk.states("door")) == heard + 1000


def test_an_hour_found_silent_late_is_unknown_in_the_hour_it_was(desk: Desk) -> None:
    """Samples taken before it was found wrote on each multiple that the door was closed."""
    heard, watch = _heard_once(desk), desk.life.watch()
    span = {"watch": watch, "device": "door-kept", "reason": "reporting_time_passed"}
    desk.put(unknown_spans, **span, from_at=heard, until_at=heard + 60 * MINUTE)
    desk.life.now += timedelta(hours=2)
    multiples = [at for at in _multiples(heard, 60) if at < heard + 60 * MINUTE]
    assert len(multiples) in {5, 6}
    assert [at for at, said in desk.states("door").items() if said == "unknown"] == [
        heard + 1000,
        *multiples,
    ]


def test_a_silence_is_found_within_26_hours_and_samples_from_then_on_said_it_themselves(
    desk: Desk,
) -> None:
    heard, watch = _heard_once(desk), desk.life.watch()
    span = {"watch": watch, "device": "door-kept", "reason": "reporting_time_passed"}
    desk.put(unknown_spans, **span, from_at=heard, until_at=heard + 50 * 60 * MINUTE)
    desk.life.now += timedelta(hours=60)
    unknown = [at for at, said in desk.states("door").items() if said == "unknown"]
    assert 25.7 * 60 * MINUTE < max(unknown) - heard <= 26 * 60 * MINUTE


def _heard_once(desk: Desk) -> int:
    """Let a door speak, and be saved; return when that was. That it is silent is not noted yet."""
    desk.life.hears("door-kept", 1, "closed")
    heard = micros(desk.life.now)
    desk.passes(20)
    with desk.life.connection.begin():
        desk.life.connection.execute(delete(unknown_spans))
    return heard


def _multiples(since: int, minutes: int) -> list[int]:
    first = since - since % (10 * MINUTE) + 10 * MINUTE
    return list(range(first, since + minutes * MINUTE + 1, 10 * MINUTE))


def test_long_spans_are_told_a_few_at_a_time(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    for number in range(100):
        named = {"device": f"door-{number}", "reason": "bridge_offline"}
        desk.put(unknown_spans, **named, from_at=0, until_at=100 * 60 * MINUTE)
    waiting = desk.noted()
    told_at_once = told.one_batch(desk.life.connection, waiting, desk.life.now)
    desk.life.connection.rollback()
    spans = [each for each in told_at_once if each.what == "unknown_spans"]
    assert 30 <= len(spans) <= 40  # of 155 times each


def test_what_ends_a_silence_makes_known_again_what_it_does_not_say(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.passes(20)
    desk.life.now += timedelta(minutes=1)
    topic = "menshen/v1/door-kept/event"
    tamper = b'{"boot":"b1","seq":2,"kind":"tamper","state":"on"}'
    desk.life.broker.publish(topic, tamper)
    for _ in range(9):
        desk.life.intake.pump(desk.life.connection)
    back = micros(desk.life.now)
    span = desk.point("unknown")
    assert (span.fields["stands"], span.fields["until_ms"]) == (0, back // 1000)
    assert span.fields["lasted_s"] == 21 * 60.0
    assert desk.states("door")[back] == "closed"
    assert desk.states("tamper")[back] == "on"


def test_a_state_heard_since_is_not_written_back_to_when_the_silence_ended(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.passes(20)
    desk.life.hears("door-kept", 2, "closed")
    back = micros(desk.life.now)
    desk.life.now += timedelta(minutes=1)
    desk.life.hears("door-kept", 3, "open")
    assert back not in desk.states("door")


def test_a_device_known_to_be_offline_is_not_unknown_by_its_path(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.life.broker.publish("menshen/v1/door-kept/status", b"online")
    desk.life.broker.publish("menshen/v1/door-kept/status", b"offline")
    for _ in range(9):
        desk.life.intake.pump(desk.life.connection)
    assert desk.point("unknown").fields["reason"] == "last_will"
    assert list(desk.states("door").values()) == ["unknown"]
    assert desk.states("status") == {}


def test_while_the_gateway_was_off_every_device_is_unknown(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.life.hears("door-other", 1, "closed")
    desk.passes(20)
    desk.life.pipeline.stop(desk.life.connection, desk.life.now)
    off = micros(desk.life.now)
    on = off + 5 * MINUTE
    with desk.life.connection.begin():
        desk.life.connection.execute(delete(unknown_spans))
    desk.put(unknown_spans, reason="gateway_off", from_at=off, until_at=on)
    span = desk.point("unknown")
    assert span.tags == {}
    assert span.fields["lasted_s"] == 300.0
    homes = {each.tags["home"] for each in desk.points("state") if each.tags["kind"] == "door"}
    assert len(homes) == 2
    unknown = {off + 1000, *(at for at in _multiples(off, 5) if at < on)}
    assert desk.states("door") == dict.fromkeys(sorted(unknown), "unknown")


def test_a_sample_taken_just_before_the_gateway_was_off_says_unknown_too(desk: Desk) -> None:
    """It notes every minute that it runs: off from then on, though it took a sample after it."""
    now = _heard_once(desk)
    multiple = now - now % (10 * MINUTE) + 10 * MINUTE
    span = {"reason": "gateway_off", "from_at": multiple - MINUTE // 2}
    desk.put(unknown_spans, **span, until_at=multiple + 300 * MINUTE)
    desk.life.now += timedelta(hours=6)
    assert desk.states("door")[multiple] == "unknown"
    assert len(desk.states("door")) == 2  # no samples were taken while it was off


def test_a_span_without_length_makes_nothing_unknown(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    at = micros(desk.life.now)
    with desk.life.connection.begin():
        desk.life.connection.execute(delete(unknown_spans))
    watch = desk.life.watch()
    span = {"watch": watch, "device": "door-kept", "reason": "last_will"}
    desk.put(unknown_spans, **span, from_at=at, until_at=at)
    assert desk.point("unknown").fields["stands"] == 0
    assert desk.states("door") == {}


def test_spans_about_every_device_are_told_one_at_a_time(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    for from_at in (10, 20):
        desk.put(unknown_spans, reason="intake_lost", from_at=from_at)
    desk.put(unknown_spans, device="door-kept", reason="last_will", from_at=30)
    waiting = desk.noted()
    batches = []
    while waiting:
        batch = told.one_batch(desk.life.connection, waiting, desk.life.now)
        batches.append([each.key for each in batch if each.what == "unknown_spans"])
        waiting = waiting[len(batch) :]
    desk.life.connection.rollback()
    assert [len(each) for each in batches] == [1, 1, 1]


def test_at_a_release_unknown_time_ends_and_goes_into_the_box(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.passes(20)
    watch = desk.life.watch()
    desk.life.release()
    assert [row for row in desk.life.rows(unknown_spans) if row.watch == watch] == []
    assert desk.points("unknown") == []
    (released,) = desk.life.rows(releases)
    boxed = box.unseal(desk.life.releasing.escrow.opened(watch), watch, released.box)
    assert [row["until_at"] for row in boxed["unknown_spans"]] == [micros(desk.life.now)]
