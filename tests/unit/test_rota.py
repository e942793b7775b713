"""Who is on call at a time of the day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts import rota
from alerts.model import Contact, Override, Role, Shift, Team

DAY, NIGHT = Shift("day", time(8), time(20)), Shift("night", time(20), time(8))
ANNA, BO, CHEN = (
    Contact("anna", Role.WORKER, "day"),
    Contact("bo", Role.WORKER, "night"),
    Contact("chen", Role.WORKER),
)
TEAM = Team("team-1", (ANNA, BO, CHEN), (DAY, NIGHT))


def at(hhmm: str) -> datetime:
    clock = time.fromisoformat(hhmm)
    utc = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=clock.hour - 8, minutes=clock.minute)
    return rota.local(utc, "Asia/Shanghai")


def on_call(hhmm: str, team: Team = TEAM) -> list[str]:
    return [contact.id for contact in rota.on_call(team, Role.WORKER, at(hhmm))]


def swapped(absent: str, instead: str) -> Override:
    return Override(absent, instead, at("12:00"), at("18:00"))


def test_a_shift_includes_its_start_and_not_its_end() -> None:
    assert on_call("08:00") == ["anna", "chen"]
    assert on_call("20:00") == ["bo", "chen"]


def test_a_night_shift_goes_on_after_midnight() -> None:
    assert on_call("03:00") == ["bo", "chen"]


def test_a_shift_is_local_time_and_not_utc() -> None:
    assert at("09:00").astimezone(UTC).hour == 1
    assert on_call("09:00") == ["anna", "chen"]


def test_a_contact_whose_shift_nobody_defined_is_always_on() -> None:
    lost = Contact("dai", Role.WORKER, "evening")
    assert on_call("03:00", Team("t", (lost,), (DAY,))) == ["dai"]


def test_a_shift_that_ends_when_it_starts_lasts_all_day() -> None:
    whole = Shift("whole", time(8), time(8))
    team = Team("t", (Contact("anna", Role.WORKER, "whole"),), (whole,))
    assert on_call("07:59", team) == on_call("08:00", team) == ["anna"]


def test_a_person_swapped_in_answers_for_the_role_of_whom_they_replace() -> None:
    lead = Contact("lead", Role.LEAD)
    team = Team("t", (ANNA, lead), (DAY, NIGHT), (swapped("anna", "lead"),))
    assert rota.on_call(team, Role.WORKER, at("12:00")) == (Contact("lead", Role.WORKER, "day"),)
    assert rota.roles_of(team, "lead", at("12:00")) == {Role.LEAD, Role.WORKER}
    assert on_call("18:00", team) == ["anna"]


def test_a_person_from_elsewhere_may_be_swapped_in() -> None:
    team = Team("t", (ANNA,), (DAY,), (swapped("anna", "team-9/worker"),))
    assert on_call("13:00", team) == ["team-9/worker"]


def test_overrides_are_followed_to_their_end() -> None:
    overrides = (swapped("anna", "bo"), swapped("bo", "eve"))
    assert on_call("13:00", Team("t", (ANNA,), (DAY,), overrides)) == ["eve"]


def test_overrides_in_a_circle_change_nothing() -> None:
    overrides = (swapped("anna", "bo"), swapped("bo", "anna"))
    assert on_call("13:00", Team("t", (ANNA,), (DAY,), overrides)) == ["anna"]


def test_whoever_stands_in_for_a_colleague_who_is_also_on_call_is_listed_once() -> None:
    team = Team("t", (ANNA, CHEN), (DAY,), (swapped("anna", "chen"),))
    assert on_call("13:00", team) == ["chen"]


MINUTES = st.integers(0, 24 * 60 - 1)


@given(st.lists(MINUTES, min_size=2, max_size=6, unique=True), MINUTES)
def test_where_shifts_tile_the_day_each_instant_is_in_exactly_one(
    starts: list[int], minute: int
) -> None:
    clocks = [time(start // 60, start % 60) for start in sorted(starts)]
    tiles = [Shift("", one, two) for one, two in pairwise([*clocks, clocks[0]])]
    instant = time(minute // 60, minute % 60)
    assert sum(rota.covers(shift, instant) for shift in tiles) == 1
