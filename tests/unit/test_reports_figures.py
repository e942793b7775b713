"""The figures of a report, on rows of which the truth is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.homes.look import Standing
from gateway.registry.tables import bindings
from gateway.reports.figures import Figures, times
from gateway.reports.period import Kind
from tests.fakes.reported import DAY, Town, local

HOUR = 3600.0


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town(tmp_path / "town")
    made.places(("nw", "南湾街道", "street", None), ("nl", "南岭社区", "community", "nw"))
    made.places(("g1", "第1网格", "grid", "nl"), ("bj", "布吉街道", "street", None))
    for building, name, area in (("b1", "3栋", "g1"), ("b2", "12栋", "g1"), ("b9", "9栋", "bj")):
        made.building(building, name, area)
    made.home("w1", "440307006031203")
    return made


def test_the_median_is_between_and_the_95th_was_measured() -> None:
    found = times(float(n) for n in range(1, 101))
    assert (found.count, found.median_s, found.p95_s) == (100, 50.5, 95.0)
    assert times([7.0]).p95_s == 7.0
    assert times([]).median_s is None


def test_who_reports_in_within_15_minutes_is_in_time_and_a_second_later_is_not(town: Town) -> None:
    town.incident("w1", "10:00", taken="10:15", on_site="10:20", resolved="10:30")
    town.incident("w1", "11:00", taken="11:15:01")
    found = town.report().figures.answers
    assert (found.due, found.in_time, found.share) == (2, 1, 0.5)
    assert found.taken.median_s == pytest.approx(900.5)
    assert (found.on_site.median_s, found.closed.median_s) == (1200, 1800)


def test_nobody_was_due_where_it_ended_by_itself_first_or_is_not_15_minutes_old(town: Town) -> None:
    town.incident("w1", "10:00", resolved="10:14", cause="recovered")
    town.incident("w1", "11:00", resolved="11:16", cause="recovered")
    town.incident("w1", "23:50")
    found = town.report().figures.answers
    assert (found.incidents, found.due, found.in_time) == (3, 1, 0)
    assert found.taken.count == 0


def test_whoever_resolves_at_once_has_reported_in(town: Town) -> None:
    town.incident("w1", "10:00", resolved="10:10", cause="innocent")
    found = town.report().figures.answers
    assert (found.in_time, found.taken.median_s) == (1, 600)


def test_a_reopened_incident_is_not_closed(town: Town) -> None:
    incident = town.incident("w1", "10:00", taken="10:05", resolved="10:10", cause="innocent")
    town.step(incident, "12:00", "open", from_state="resolved")
    figures = town.report().figures
    assert (figures.answers.closed.count, figures.open_now) == (0, 1)


def test_silence_of_several_devices_and_of_the_gateway_counts_once(town: Town) -> None:
    town.device("seal-w1", "w1", "b1")
    town.blind(local("01:00"), local("03:00"), "w1", "door-w1")
    town.blind(local("02:00"), local("04:00"), "w1", "seal-w1")
    town.blind(local("03:30"), local("05:00"))
    figures = town.report().figures
    assert figures.unknown_s == 4 * HOUR
    assert figures.gateway_unknown_s == 1.5 * HOUR
    assert (figures.watched_s, figures.unknown_homes) == (24 * HOUR, 1)


def test_nothing_is_unknown_outside_of_the_order_or_the_day(town: Town) -> None:
    town.home("w2", "440307006031204", ends=local("06:00"))
    town.blind(local("20:00", DAY - timedelta(days=1)), local("12:00"), "w2", "door-w2")
    town.blind(local("23:00"), None, "w1", "door-w1")
    figures = town.report().figures
    assert figures.unknown_s == 7 * HOUR
    assert figures.watched_s == 30 * HOUR


def test_a_home_is_unknown_until_a_device_hangs_there(town: Town) -> None:
    hangs = {"device": "door-w1", "watch": "w1", "building": "b1", "place": "前门"}
    town.put(bindings, hangs | {"from_at": local("12:00"), "until_at": None})
    assert town.report().figures.unknown_s == 12 * HOUR


def test_a_home_that_never_spoke_of_its_door_is_unknown_throughout(town: Town) -> None:
    town.home("w2", "440307006031204", says_of_door=False)
    report = town.report()
    assert report.figures.unknown_s == 24 * HOUR
    assert report.figures.standing[Standing.UNKNOWN] == 1


def test_homes_stand_as_they_did_when_the_day_ended(town: Town) -> None:
    for n, watch in enumerate(("w2", "w3", "w4", "w5")):
        town.home(watch, f"44030700603130{n}", is_served=watch != "w4")
    next_day = DAY + timedelta(days=1)
    town.incident("w1", local("23:00"), resolved=local("01:00", next_day), cause="innocent")
    town.blind(local("23:30"), local("02:00", next_day), "w2", "door-w2")
    town.blind(local("00:30", next_day), None, "w3", "door-w3")
    town.incident("w5", "08:00", taken="08:05", resolved="09:00", cause="innocent")
    town.at += timedelta(days=3)
    stands = {line.home.watch: line.standing for line in town.report().lines}
    assert stands == {
        "w1": Standing.INCIDENT,
        "w2": Standing.UNKNOWN,
        "w3": Standing.QUIET,
        "w4": Standing.UNWATCHED,
        "w5": Standing.QUIET,
    }


def test_a_day_says_the_same_however_much_later_it_is_asked(town: Town) -> None:
    incident = town.incident("w1", "10:00", taken="10:05")
    town.blind(local("22:00"), None, "w1", "door-w1")
    before = town.report().figures
    next_day = DAY + timedelta(days=1)
    town.step(incident, "10:00", "resolved", decided_at=local("10:00", next_day))
    town.incident("w1", local("11:00", next_day))
    town.at += timedelta(days=5)
    assert town.report().figures == before


def test_openings_are_announced_late_or_not_at_all(town: Town) -> None:
    for reason, why in (
        ("permitted", None),
        ("opened_unannounced", "closed_again"),
        ("opened_unannounced", "announced_late"),
        ("opened_at_night", None),
        ("found_open", None),
    ):
        town.condition("opened", local("09:00"), watch="w1", reason=reason, why=why)
    found = town.report().figures.openings
    assert (found.announced, found.announced_late, found.unannounced) == (1, 1, 2)
    assert (found.at_night, found.found) == (1, 1)


def test_a_day_begins_and_ends_at_local_midnight(town: Town) -> None:
    town.incident("w1", local("00:00") - 1)
    town.incident("w1", local("00:00"))
    town.incident("w1", local("00:00", DAY + timedelta(days=1)))
    assert town.report().figures.answers.incidents == 1


def test_a_report_of_today_goes_as_far_as_now(town: Town) -> None:
    town.at = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon
    town.blind(local("11:00"), None, "w1", "door-w1")
    figures = town.report().figures
    assert (figures.unknown_s, figures.watched_s) == (HOUR, 12 * HOUR)


def test_texts_cost_what_was_sent(town: Town) -> None:
    for outcome in ("delivered", "delivered", "unconfirmed", "failed_permanent"):
        town.text(local("10:00"), outcome)
    found = town.report().figures.texts
    assert (found.texts, found.delivered, found.unconfirmed, found.failed) == (3, 2, 1, 1)
    assert found.cost_fen == 40


def test_a_device_fails_for_as_long_as_its_condition_stood(town: Town) -> None:
    town.condition("silent", local("10:00"), watch="w1", device="door-w1")
    town.condition(
        "battery_low", local("10:00"), watch="w1", device="door-w1", until=local("11:00")
    )
    assert town.report().figures.faults == {"silent": 1}


def test_a_week_has_each_day_and_stands_beside_the_week_before(town: Town) -> None:
    for back, count in ((0, 3), (2, 1), (6, 1), (7, 4)):
        for _ in range(count):
            town.incident("w1", "10:00", day=DAY - timedelta(days=back))
    report = town.report(DAY - timedelta(days=6), Kind.WEEKLY)
    by_day = [day.answers.incidents for day in report.figures.days]
    assert by_day == [1, 0, 0, 0, 1, 0, 3]
    assert (report.figures.answers.incidents, report.before.answers.incidents) == (5, 4)


def test_who_sees_one_area_gets_it_alone(town: Town) -> None:
    town.home("w9", "440307006031299", building="b9", team="team-9")
    town.incident("w9", "10:00", team="team-9")
    town.incident("w1", "10:00")
    town.text(local("10:00"), team="team-9")
    report = town.report(area="nw")
    assert [line.home.watch for line in report.lines] == ["w1"]
    assert list(report.figures.by_team) == ["team-1"]
    assert (report.figures.texts.texts, report.communities[0].name) == (0, "南岭社区")


def test_the_map_counts_buildings_as_people_do(town: Town) -> None:
    town.home("w2", "440307006031204", building="b2")
    (community,) = town.report().communities
    assert [tile.name for tile in community.grids[0].tiles] == ["3栋", "12栋"]
    assert community.street == "南湾街道"


def test_an_empty_gateway_has_a_report(tmp_path: Path) -> None:
    report = Town(tmp_path / "empty").report(date(2026, 11, 1))
    assert report.figures == Figures(
        standing={each.value: 0 for each in Standing}, days=report.figures.days
    )
    assert report.entries == []
