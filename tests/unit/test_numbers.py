"""The four digits of an incident: free in its teams, and found without looking for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle

from hypothesis import given
from hypothesis import strategies as st

from alerts import numbers
from alerts.model import ConditionKind, Incident, IncidentState, Matter, Severity
from alerts.reason import Reason
from alerts.state import State, Turn

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Dice:
    """Four digits as written down beforehand, over and over."""

    def __init__(self, thrown: Iterable[int]) -> None:
        self.thrown = cycle(thrown)

    def new_id(self) -> str:
        return "unused"

    def four_digits(self) -> int:
        return next(self.thrown)


def turn(*thrown: int, state: State | None = None, now: datetime = NOW) -> Turn:
    return Turn(state or State(), now, Dice(thrown))


def given_to(team: str, taken: Iterable[int], at: datetime = NOW) -> State:
    return State(numbers={team: {str(number): (f"i{number}", at) for number in taken}})


def unreviewed(state: State, *taken: int, team: str = "a") -> State:
    for number in taken:
        state.incidents[f"i{number}"] = Incident(
            id=f"i{number}",
            number=str(number),
            matter=Matter.DEPARTURE,
            subject=f"w{number}",
            watch=f"w{number}",
            team=team,
            severity=Severity.MINOR,
            level=1,
            level_reason=Reason.OPENED_UNANNOUNCED,
            state=IncidentState.OPEN,
            headline=ConditionKind.OPENED,
            opened_at=NOW - timedelta(days=30),
            since_at=NOW - timedelta(days=30),
            next_at=NOW,
        )
    return state


def test_a_number_given_is_kept_in_every_team_concerned() -> None:
    opened = turn(4821)
    assert numbers.give(opened, ["a", "b"], "i1") == "4821"
    assert opened.state.numbers == {"a": {"4821": ("i1", NOW)}, "b": {"4821": ("i1", NOW)}}


def test_a_number_of_the_last_seven_days_is_not_given_again() -> None:
    state = given_to("a", [4821], NOW - timedelta(days=7) + timedelta(seconds=1))
    assert numbers.pick(turn(4821, 5000, state=state), ["a"]) == "5000"


def test_after_seven_days_a_number_is_free_again() -> None:
    state = given_to("a", [4821], NOW - timedelta(days=7))
    assert numbers.pick(turn(4821, state=state), ["a"]) == "4821"


def test_a_number_stays_with_an_incident_that_nobody_reviewed_however_old() -> None:
    state = unreviewed(given_to("a", [4821], NOW - timedelta(days=30)), 4821)
    assert numbers.pick(turn(4821, 5000, state=state), ["a"]) == "5000"


def test_a_restart_that_loads_seven_days_of_numbers_frees_none_that_is_still_wanted() -> None:
    state = unreviewed(State(), 4821)
    numbers.keep_wanted(state)
    assert numbers.pick(turn(4821, 5000, state=state), ["a"]) == "5000"


def test_a_number_that_no_team_has_is_preferred() -> None:
    state = given_to("b", [4821])
    assert numbers.pick(turn(4821, 5000, state=state), ["a"]) == "5000"


def test_a_number_of_a_team_not_concerned_will_do_where_luck_brings_no_other() -> None:
    state = given_to("b", [4821])
    assert numbers.pick(turn(4821, state=state), ["a"]) == "4821"


def test_when_nearly_all_are_taken_the_next_free_one_is_found() -> None:
    state = given_to("a", (number for number in range(1000, 10000) if number != 1234))
    assert numbers.pick(turn(4821, state=state), ["a"]) == "1234"


def test_when_all_are_taken_the_oldest_reviewed_one_goes() -> None:
    state = given_to("a", range(1000, 10000))
    state.numbers["a"]["2000"] = ("i2000", NOW - timedelta(days=3))
    state.numbers["a"]["3000"] = ("i3000", NOW - timedelta(days=2))
    unreviewed(state, 2000)
    picked = {numbers.pick(turn(dice, state=state), ["a"]) for dice in (4821, 9999)}
    assert picked == {"3000"}


def test_with_nine_thousand_open_incidents_picking_still_ends() -> None:
    state = given_to("a", range(1000, 10000))
    unreviewed(state, *range(1000, 10000))
    state.numbers["a"]["7777"] = ("i7777", NOW - timedelta(days=9))
    assert numbers.pick(turn(4821, state=state), ["a"]) == "7777"


@given(st.lists(st.integers(1000, 9999), min_size=1, max_size=40), st.integers(1, 300))
def test_no_two_incidents_of_a_team_share_a_number(thrown: list[int], count: int) -> None:
    opened = turn(*chain(thrown))
    given_numbers = [numbers.give(opened, ["a"], f"i{each}") for each in range(count)]
    assert len(set(given_numbers)) == count
    assert all(1000 <= int(number) <= 9999 for number in given_numbers)
