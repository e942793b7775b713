"""One device that shouts: it is heard, others are served, and its maintainers are told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import engine
from alerts.model import Cause, ConditionKind
from alerts.permits import AddSilence
from alerts.policy import Policy, Supervision
from alerts.reason import Reason
from tests.fakes.street import Street, local

LIMIT = Policy().supervision.flood_per_minute


@pytest.fixture
def street() -> Street:
    street = Street(at="14:30")
    street.home("w1", "door-1")
    street.passes(minutes=2)  # what had waited for us is here
    return street


def flood(street: Street, facts: int = 2 * LIMIT, *, every_s: float = 0.001) -> None:
    """The door says again and again that it is closed."""
    for _ in range(facts):
        street.says("door-1", "door", "closed")
        street.passes(every_s)


def test_a_device_that_floods_is_told_to_its_maintainers_once_with_its_id(street: Street) -> None:
    flood(street, 5 * LIMIT)
    (condition,) = street.standing()
    assert (condition.kind, condition.reason) == (ConditionKind.FLOODING, Reason.FLOODING)
    assert condition.detail.startswith(f"{LIMIT} in ")
    assert street.who_was_told() == {"m1"}
    (text,) = street.told("maintainers/m1")
    assert "door-1" in text
    assert "消息过多" in text


def test_states_that_a_flood_repeats_cost_no_decision_and_nothing_to_save(street: Street) -> None:
    flood(street)
    street.forget()
    flood(street, 3 * LIMIT)
    assert not any(street.changes)
    assert street.counts[Reason.REPEATED_STATE] >= 3 * LIMIT


def test_an_opening_in_the_midst_of_a_flood_is_told_like_any_other(street: Street) -> None:
    street.home("w2", "door-2")
    flood(street, 2 * LIMIT)
    street.says("door-2", "door", "open")
    flood(street, 10)
    street.says("door-1", "door", "open")
    openings = street.standing(ConditionKind.OPENED)
    assert {condition.device for condition in openings} == {"door-1", "door-2"}


def test_a_flood_is_over_once_it_has_been_slower_for_a_while(street: Street) -> None:
    flood(street, 2 * LIMIT)
    ended_at = street.now
    street.passes(minutes=4)
    assert street.standing(ConditionKind.FLOODING)
    street.passes(minutes=2)
    assert street.standing() == []
    (saved,) = street.tables.incidents.values()
    assert saved.cause == Cause.RECOVERED
    assert saved.resolved_at is not None
    assert saved.resolved_at > ended_at


def test_a_flood_that_goes_on_stands_and_is_told_no_more(street: Street) -> None:
    flood(street)
    for _ in range(20):
        street.passes(minutes=1)
        flood(street)
    assert len(street.standing(ConditionKind.FLOODING)) == 1
    assert len(street.told("maintainers/m1")) == 1


def test_a_device_may_say_much_in_a_moment_if_it_is_quiet_on_the_whole(street: Street) -> None:
    for _ in range(10):
        flood(street, LIMIT - 10)
        street.passes(minutes=1)
    assert street.standing() == []


def test_what_waited_with_the_broker_while_we_were_off_is_no_flood() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1")
    flood(street, 4 * LIMIT)
    assert street.standing() == []


def test_what_waited_while_the_broker_was_gone_is_no_flood(street: Street) -> None:
    with street.turn() as turn:
        engine.intake_lost(turn)
    street.passes(60)
    with street.turn() as turn:
        engine.intake_back(turn)
    flood(street, 4 * LIMIT)
    assert street.standing() == []


def test_a_clock_that_steps_makes_no_flood_and_hides_none(street: Street) -> None:
    street.says("door-1", "door", "closed")
    street.passes(minutes=5)
    for _ in range(LIMIT - 1):
        street.says("door-1", "door", "closed")
    street.clock_steps(timedelta(minutes=-5))
    street.says("door-1", "door", "closed")
    street.says("door-1", "door", "closed")
    assert street.standing() == []
    flood(street, 2 * LIMIT)
    assert street.standing(ConditionKind.FLOODING)


def test_after_a_restart_a_flood_still_ends(street: Street) -> None:
    flood(street)
    street.restart(after_s=10)
    assert street.standing(ConditionKind.FLOODING)
    street.passes(minutes=6)
    assert street.standing() == []


def test_after_a_restart_a_flood_that_goes_on_is_not_told_again(street: Street) -> None:
    flood(street)
    street.restart(after_s=10)
    street.passes(minutes=2)
    flood(street, 3 * LIMIT)
    street.passes(minutes=4)
    assert street.standing(ConditionKind.FLOODING)
    assert len(street.told("maintainers/m1")) == 1


def test_a_device_of_no_watched_home_is_told_as_well(street: Street) -> None:
    street.device("door-9", None)
    for _ in range(2 * LIMIT):
        street.says("door-9", "door", "closed")
    assert street.who_was_told() == {"m1"}


def test_a_silence_for_the_device_keeps_it_untold(street: Street) -> None:
    asked = AddSilence(
        "device:door-1", street.now, local("18:00"), by="maintainers/m1", why="being mended"
    )
    assert street.command(asked).ok
    flood(street)
    assert street.standing(ConditionKind.FLOODING)
    assert street.told("maintainers/m1") == []


@pytest.mark.parametrize(("limit", "is_flood"), [(60, True), (100_000, False)])
def test_the_limit_is_the_policys(limit: int, is_flood: bool) -> None:
    street = Street(at="14:30")
    street.state.policy = Policy(supervision=Supervision(flood_per_minute=limit))
    street.home("w1", "door-1")
    street.passes(minutes=2)
    flood(street, 3 * 60)
    assert bool(street.standing(ConditionKind.FLOODING)) is is_flood
