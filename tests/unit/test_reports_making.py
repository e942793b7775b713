"""Reports on schedule: each once, whole or not at all; what was missed is made up."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway import privacy
from gateway.config import load
from gateway.reports.making import Making, Plan, plan_of
from gateway.reports.period import Kind, Period, due, latest, named
from gateway.reports.shelf import Format, Shelf
from gateway.settings import SettingsError
from tests.fakes.reported import DAY, ZONE, Town, local

FIRST = date(2026, 11, 18)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town(tmp_path / "town")
    made.building("b1", "南岭村3栋")
    made.home("w1", "440307006031203")
    return made


class Life:
    """A gateway that makes reports, and a clock to be moved."""

    def __init__(self, town: Town, plan: Plan | None = None) -> None:
        self.town, self.is_trusted = town, True
        self.shelf = Shelf(town.reports_dir)
        self.making = Making(
            town, self.shelf, plan or Plan(time(8), 0, "zh", 88), lambda: self.is_trusted
        )

    def at(self, day: date, clock: str) -> list[str]:
        """Look at a local time; return the names of what was made."""
        self.town.at = datetime.combine(day, time.fromisoformat(clock), ZONE)
        return [period.name for period in self.making.look()]


def test_a_report_is_made_at_its_time_and_once(town: Town) -> None:
    life = Life(town)
    assert life.at(FIRST, "10:00") == []
    assert life.at(FIRST + timedelta(days=1), "07:59") == []
    assert life.at(FIRST + timedelta(days=1), "08:00") == ["daily-2026-11-18"]
    assert life.at(FIRST + timedelta(days=1), "08:01") == []
    files = sorted(path.name for path in town.reports_dir.iterdir())
    assert files == [
        *("daily-2026-11-18.html", "daily-2026-11-18.json", "daily-2026-11-18.xlsx", "since"),
    ]


def test_a_gateway_that_was_off_makes_up_what_it_missed(town: Town) -> None:
    Life(town).at(FIRST, "10:00")
    made = Life(town).at(date(2026, 11, 24), "11:00")
    assert made == [
        *(f"daily-2026-11-{day}" for day in (18, 19, 20, 21, 22)),
        *("weekly-2026-11-16", "daily-2026-11-23"),
    ]


def test_nobody_is_flooded_with_reports_of_a_long_absence(town: Town) -> None:
    Life(town).at(FIRST, "10:00")
    made = Life(town).at(FIRST + timedelta(days=60), "11:00")
    assert len([name for name in made if name.startswith("daily")]) == 15


def test_a_new_gateway_has_nothing_to_tell_of_days_before_it(town: Town) -> None:
    assert Life(town).at(DAY, "10:00") == []
    assert Life(town).at(DAY + timedelta(days=1), "10:00") == [f"daily-{DAY}"]


def test_nothing_is_made_or_deleted_on_a_clock_that_is_not_to_be_believed(town: Town) -> None:
    life = Life(town)
    life.at(FIRST, "10:00")
    life.at(DAY, "10:00")
    before = sorted(town.reports_dir.iterdir())
    life.is_trusted = False
    assert life.at(date(2031, 1, 1), "10:00") == []
    assert sorted(town.reports_dir.iterdir()) == before
    life.is_trusted = True
    assert life.at(DAY + timedelta(days=1), "10:00") == [f"daily-{DAY}"]


def test_a_first_day_noted_by_a_clock_that_ran_ahead_is_noted_anew(town: Town) -> None:
    Life(town).at(date(2031, 1, 1), "10:00")
    assert Life(town).at(FIRST, "10:00") == []
    assert Life(town).at(FIRST + timedelta(days=1), "10:00") == [f"daily-{FIRST}"]


def test_old_reports_go_with_their_figures(town: Town) -> None:
    life = Life(town, Plan(time(8), None, "zh", 14))
    life.at(FIRST, "10:00")
    life.at(FIRST + timedelta(days=1), "10:00")
    assert life.shelf.read(Period(Kind.DAILY, FIRST), Format.HTML)
    life.at(FIRST + timedelta(days=15), "07:00")
    assert [path.name for path in town.reports_dir.glob(f"*{FIRST}*")] == []


@pytest.mark.parametrize("dies_at", range(3))
def test_whoever_is_killed_while_writing_leaves_no_half_report(
    town: Town, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    life = Life(town)
    life.at(FIRST, "10:00")
    writes = iter(range(9))

    def killed(path: Path, content: bytes) -> None:
        if next(writes) == dies_at:
            path.with_name(f".{path.name}.draft").write_bytes(content[:10])
            raise KeyboardInterrupt
        real(path, content)

    real: Callable[[Path, bytes], None] = privacy.write_private
    monkeypatch.setattr("gateway.reports.shelf.write_private", killed)
    with pytest.raises(KeyboardInterrupt):
        life.at(FIRST + timedelta(days=1), "09:00")
    assert life.shelf.periods() == []
    assert life.shelf.read(Period(Kind.DAILY, FIRST), Format.HTML) is None
    monkeypatch.undo()
    assert Life(town).at(FIRST + timedelta(days=1), "09:01") == [f"daily-{FIRST}"]
    assert not list(town.reports_dir.glob(".*"))


def test_a_full_disk_leaves_no_half_report_and_it_is_made_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(town)
    life.at(FIRST, "10:00")
    real = os.fsync

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        life.at(FIRST + timedelta(days=1), "09:00")
    monkeypatch.setattr(os, "fsync", real)
    assert life.at(FIRST + timedelta(days=1), "09:10") == [f"daily-{FIRST}"]


def test_reports_are_readable_by_this_user_alone(town: Town) -> None:
    life = Life(town)
    life.at(FIRST, "10:00")
    life.at(FIRST + timedelta(days=1), "10:00")
    assert town.reports_dir.stat().st_mode & 0o077 == 0
    assert [path for path in town.reports_dir.iterdir() if path.stat().st_mode & 0o077] == []


def test_a_damaged_report_is_made_again(town: Town) -> None:
    life = Life(town)
    life.at(FIRST, "10:00")
    life.at(FIRST + timedelta(days=1), "10:00")
    (town.reports_dir / f"daily-{FIRST}.json").write_bytes(b"{")
    assert life.at(FIRST + timedelta(days=1), "10:01") == [f"daily-{FIRST}"]


def test_a_week_stands_beside_what_the_week_before_said_then(town: Town) -> None:
    life = Life(town, Plan(time(8), 0, "zh", 88))
    life.at(date(2026, 11, 9), "10:00")
    town.home("w2", "440307006031204")
    town.incident("w2", local("10:00", date(2026, 11, 12)))
    life.at(date(2026, 11, 16), "10:00")
    with town.engine.begin() as connection:  # its home is released, and what was known of it gone
        connection.exec_driver_sql("DELETE FROM incidents WHERE watch = 'w2'")
    life.at(date(2026, 11, 23), "10:00")
    kept = life.shelf.kept(Period(Kind.WEEKLY, date(2026, 11, 9)))
    assert kept is not None
    assert kept.figures.answers.incidents == 1
    page = life.shelf.read(Period(Kind.WEEKLY, date(2026, 11, 16)), Format.HTML)
    assert page is not None
    assert "前一周 1 ↓" in page.decode()
    assert "重算" not in page.decode()


def test_none_are_made_where_the_settings_say_so(town: Town) -> None:
    life = Life(town, Plan(None, 0, "zh", 88))
    assert life.at(DAY, "10:00") == []
    assert not town.reports_dir.exists()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_a_day_is_due_once_in_any_zone(zone: str) -> None:
    since, found = date(2026, 10, 20), []
    now = datetime(2026, 10, 20, tzinfo=ZoneInfo(zone))
    while now.date() < date(2026, 11, 5):
        found += [p for p in due(now, since, time(2, 30), 0, 3) if p not in found]
        now = (now.astimezone(ZoneInfo("UTC")) + timedelta(minutes=30)).astimezone(ZoneInfo(zone))
    days = [period.first for period in found if period.kind is Kind.DAILY]
    assert days == [since + timedelta(days=n) for n in range(len(days))]
    assert days[-1] == date(2026, 11, 3)
    weeks = [period.first for period in found if period.kind is Kind.WEEKLY]
    assert weeks == [date(2026, 10, 19), date(2026, 10, 26)]


def test_names_say_what_a_report_is_of_and_nothing_else_does() -> None:
    week = Period(Kind.WEEKLY, date(2026, 11, 16))
    assert (week.name, named(week.name), week.last) == (
        "weekly-2026-11-16",
        week,
        date(2026, 11, 22),
    )
    for other in ("daily-2026-02-30", "daily-2026-11-21.html", "../daily-2026-11-21", "since"):
        assert named(other) is None
    assert latest(Kind.WEEKLY, date(2026, 11, 24)) == week
    assert latest(Kind.WEEKLY, date(2026, 11, 22)) == week.before


def test_settings_are_read_and_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "menshen.toml"
    file.write_text('[reports]\ndaily_at = "07:30"\nweekly_on = ""\nlanguage = "en"\n', "utf-8")
    config = load(file)
    assert plan_of(config) == Plan(time(7, 30), None, "en", 88)
    assert config.reports_dir == tmp_path / "menshen-data" / "reports"
    file.write_text('[reports]\ndaily_at = "8 o clock"\n', "utf-8")
    with pytest.raises(SettingsError, match=r"reports\.daily_at"):
        load(file)
    file.write_text("[reports]\nkeep_days = 89\n", "utf-8")
    with pytest.raises(SettingsError, match="keep_days"):
        load(file)
