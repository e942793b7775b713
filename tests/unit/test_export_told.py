"""Changed rows to points: incidents, texts, permits, unknown time, as they stand now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from alerts.commands import Acknowledge, OnSite, Resolve
from alerts.model import Cause, ConditionKind
from alerts.tables import attempts, conditions, incidents, micros, notices
from alerts.wording import WORDINGS
from gateway import cursor
from gateway.export import told
from gateway.export.line import instant
from gateway.export.tables import export_feed
from gateway.export.told_incidents import is_in_time
from tests.fakes.line_protocol import Point
from tests.fakes.released import HOME, PERSONAL, Life
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


# ---- incidents ----


def test_an_open_incident_lasts_until_now_and_may_still_be_taken_in_time(desk: Desk) -> None:
    row = desk.breaks_in()
    desk.passes(2)
    point = desk.point("incident")
    assert point.at_ns // 100_000_000 == row.opened_at // 100_000
    assert point.tags["home"] == HOME
    assert point.tags["matter"] == "departure"
    assert point.fields["is_open"] == 1
    assert point.fields["end_ms"] == micros(desk.life.now) // 1000
    assert point.fields["title_zh"] == "封条断开"
    assert point.fields["number"] == row.number
    assert not {"in_time", "acknowledged_s", "resolved_s"} & set(point.fields)


def test_an_incident_dealt_with_tells_each_of_its_times(desk: Desk) -> None:
    row = desk.breaks_in()
    for minutes, act in ((4, Acknowledge), (9, OnSite)):
        desk.passes(minutes)
        desk.command(act(row.id, WORKER, "sms"))
    desk.life.hears("seal-kept", 3, "applied")
    desk.passes(7)
    desk.command(Resolve(row.id, WORKER, "sms", Cause.DEALT_WITH))
    fields = desk.point("incident").fields
    assert fields["in_time"] == 1
    assert fields["is_open"] == 0
    assert (fields["acknowledged_s"], fields["on_site_s"]) == (240.0, 780.0)
    assert fields["resolved_s"] == 1200.0
    assert fields["end_ms"] == row.opened_at // 1000 + 1_200_000
    steps: dict[str, Point] = {}
    for each in sorted(desk.points("transition"), key=lambda each: each.at_ns):
        steps.setdefault(each.tags["to"], each)
    assert steps["acknowledged"].fields["role"] == "worker"
    assert steps["acknowledged"].fields["after_s"] == 240.0
    assert steps["open"].fields["role"] == "system"


def test_who_reported_in_is_told_in_the_order_in_which_they_did(desk: Desk) -> None:
    desk.breaks_in()
    assert desk.point("incident").fields["reported_in"] == ""
    taken = [
        {"role": "worker", "at": 30},
        {"role": "police", "at": 20},
        {"role": "worker", "at": 10},
    ]
    with desk.life.connection.begin():
        said = json.dumps(taken[:2])
        desk.life.connection.execute(update(incidents).values(acknowledgements=said))
    assert desk.point("incident").fields["reported_in"] == "police,worker"
    with desk.life.connection.begin():
        desk.life.connection.execute(update(incidents).values(acknowledgements=json.dumps(taken)))
    assert desk.point("incident").fields["reported_in"] == "worker,police"


def test_whoever_comes_back_to_it_later_was_still_there_first(desk: Desk) -> None:
    """A report-in lapses and is given again: the first one counts."""
    row = desk.breaks_in()
    desk.passes(4)
    desk.command(Acknowledge(row.id, WORKER, "sms"))
    with desk.life.connection.begin():
        desk.life.connection.execute(update(incidents).values(acknowledgements="[]"))
    desk.passes(30)
    assert desk.point("incident").fields["acknowledged_s"] == 240.0


@pytest.mark.parametrize(
    ("taken", "ended", "cause", "now", "is_so"),
    [
        (None, None, None, 14, None),
        (None, None, None, 16, False),
        (15, None, None, 60, True),
        (16, None, None, 60, False),
        (None, 10, Cause.DEALT_WITH, 60, True),
        (None, 20, Cause.DEALT_WITH, 60, False),
        (None, 10, Cause.RECOVERED, 60, None),
        (None, 40, Cause.RECOVERED, 60, False),
        (5, 10, Cause.ORDER_ENDED, 60, True),
    ],
)
def test_in_time_is_within_15_minutes_and_blames_nobody_for_what_ended_by_itself(
    taken: int | None, ended: int | None, cause: str | None, now: int, *, is_so: bool | None
) -> None:
    def at(minutes: int | None) -> int | None:
        return None if minutes is None else minutes * MINUTE

    assert is_in_time(0, at(taken), at(ended), cause, now * MINUTE) is is_so


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_every_title_is_whole_words(language: str) -> None:
    for kind in ConditionKind:
        assert "{" not in WORDINGS[language].what[kind].shortest


def test_a_condition_is_told_from_its_beginning_to_its_end(desk: Desk) -> None:
    desk.life.hears("door-kept", 1, "closed")
    desk.life.hears("door-kept", 2, "open")
    opened = desk.points("condition")[0]
    assert (opened.tags["kind"], opened.tags["part"]) == ("opened", "main")
    assert (opened.fields["stands"], opened.tags["device"]) == (1, "door-kept")
    desk.life.now += timedelta(seconds=90)
    desk.life.hears("door-kept", 3, "closed")
    after = desk.points("condition")[0]
    assert (after.series, after.at_ns) == (opened.series, opened.at_ns)
    assert (after.fields["stands"], after.fields["lasted_s"]) == (0, 90.0)


# ---- texts ----


def test_a_notice_names_a_contact_and_never_a_person(desk: Desk) -> None:
    desk.life.happen()
    points = desk.points("notice")
    assert {each.tags["contact"] for each in points} <= {WORKER, LEAD}
    assert {each.fields["role"] for each in points} <= {"worker", "lead"}
    assert all(each.fields["count"] == 1 for each in points)
    lines = b"".join(line for each in desk.told().values() for line in each).decode()
    assert "王小明" not in lines
    assert "13912345601" not in lines
    assert not [each for each in PERSONAL[:4] if each in lines]


def test_a_try_to_send_costs_by_its_parts_and_counts_for_its_team(desk: Desk) -> None:
    desk.breaks_in()
    notice = next(row for row in desk.life.rows(notices) if row.contact == WORKER)
    sent = {
        "notice": notice.id,
        "channel": "gsm",
        "started_at": notice.created_at,
        "ended_at": notice.created_at + 3_000_000,
        "outcome": "sent",
        "reason": "sent",
        "references": '["7"]',
        "detail": "",
        "parts": 2,
    }
    desk.put(attempts, **sent, reported='{"7": "delivered"}')
    point = desk.point("attempt")
    assert point.tags == {
        "gateway": "street-3",
        "channel": "gsm",
        "team": "team-3",
        "kind": notice.kind,
    }
    assert (point.fields["cost_yuan"], point.fields["parts"]) == (0.2, 2)
    assert (point.fields["is_delivered"], point.fields["is_failed"]) == (1, 0)
    assert point.fields["took_s"] == 3.0


def test_residents_who_are_told_that_it_is_over_are_one_series(desk: Desk) -> None:
    desk.life.happen()
    desk.life.release()
    assert {each.tags["contact"] for each in desk.points("notice")} == {"resident"}


# ---- rows and the feed ----


def test_a_row_that_is_gone_gives_nothing(desk: Desk) -> None:
    desk.life.happen()
    noted = desk.noted()
    assert {each.what for each in noted} >= {"incidents", "notices", "conditions", "permits"}
    desk.life.release()
    lines = [line for each in desk.told(noted).values() for line in each]
    assert lines == []


def test_a_row_that_changed_is_told_once_more_as_the_same_point(desk: Desk) -> None:
    row = desk.breaks_in()
    before = desk.point("incident")
    desk.passes(1)
    desk.command(Acknowledge(row.id, WORKER, "web"))
    after = desk.point("incident")
    assert (after.series, after.at_ns) == (before.series, before.at_ns)
    assert (before.fields["state"], after.fields["state"]) == ("open", "acknowledged")


def test_the_same_rows_make_the_same_bytes(desk: Desk) -> None:
    desk.life.happen()
    assert desk.told() == desk.told()


def test_two_rows_of_one_instant_are_two_points(desk: Desk) -> None:
    """An opening announced late ends, and stands again as an announced one, since the same time."""
    at = micros(desk.life.now)
    common = {"kind": "opened", "subject": desk.life.watch(), "watch": desk.life.watch()}
    more = {"device": "door-kept", "part": "main", "raised_at": at, "reason": "x", "detail": ""}
    for id_ in ("c1", "c2"):
        desk.put(conditions, id=id_, **common, **more)
    first, second = desk.points("condition")
    assert first.series == second.series
    assert first.at_ns != second.at_ns
    assert abs(first.at_ns - instant(at)) < 100_000


def test_a_seed_notes_every_row_and_one_since_a_time_what_was_so_since(desk: Desk) -> None:
    desk.life.happen()
    every = {(each.what, each.key) for each in desk.noted()}
    with desk.life.connection.begin():
        desk.life.connection.execute(delete(export_feed))
        told.seed(desk.life.connection)
    assert {(each.what, each.key) for each in desk.noted()} == every
    with desk.life.connection.begin():
        desk.life.connection.execute(delete(export_feed))
        told.seed(desk.life.connection, micros(desk.life.now + timedelta(days=1)))
    later = {each.what for each in desk.noted()}
    assert "incidents" in later  # it is not over
    assert "transitions" not in later


def test_a_seed_moves_what_is_noted_to_the_end_and_doubles_nothing(desk: Desk) -> None:
    desk.breaks_in()
    before = desk.noted()
    with desk.life.connection.begin():
        told.seed(desk.life.connection)
    after = desk.noted()
    assert {(each.what, each.key) for each in after} == {(each.what, each.key) for each in before}
    assert min(each.seq for each in after) > max(each.seq for each in before)
