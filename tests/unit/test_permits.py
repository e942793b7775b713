"""Commands about permits and silences: what is taken, what is refused, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.permits import ANNOUNCE_BUTTON, EndSilence, GrantPermit, RevokePermit
from alerts.reason import Reason
from alerts.suppress import permit_covering
from tests.fakes.street import Street, local


@pytest.fixture
def street() -> Street:
    street = Street(at="14:32")
    street.home("w1", "door-1", "button-1")
    return street


@pytest.mark.parametrize(
    ("from_at", "until_at"), [("15:00", "14:50"), ("15:00", "15:00"), ("14:00", "14:32")]
)
def test_a_permit_that_can_cover_nothing_is_refused(
    street: Street, from_at: str, until_at: str
) -> None:
    asked = GrantPermit("w1", local(from_at), local(until_at), "meal", "lead")
    answer = street.command(asked)
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_TIMES)
    assert street.state.permits == {}


def test_times_without_a_zone_are_refused(street: Street) -> None:
    naive = local("15:00").replace(tzinfo=None)
    answer = street.command(GrantPermit("w1", naive, naive + timedelta(hours=1), "meal", "lead"))
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_TIMES)


def test_a_permit_for_nobody_is_refused(street: Street) -> None:
    answer = street.command(GrantPermit("w9", local("14:00"), local("15:00"), "meal", "lead"))
    assert (answer.ok, answer.reason) == (False, Reason.NOT_FOUND)


def test_what_is_not_there_cannot_be_revoked_or_ended(street: Street) -> None:
    assert street.command(RevokePermit("p9", "lead")).reason is Reason.NOT_FOUND
    assert street.command(EndSilence("s9", "lead")).reason is Reason.NOT_FOUND


def test_a_permit_is_revoked_once(street: Street) -> None:
    street.command(GrantPermit("w1", local("14:00"), local("15:00"), "meal", "lead"))
    (permit,) = street.state.permits["w1"]
    assert street.command(RevokePermit(permit.id, "lead")).ok
    assert street.command(RevokePermit(permit.id, "lead")).reason is Reason.ALREADY_DONE
    assert permit_covering(street.state, "w1", street.now) is None


def test_of_two_permits_the_one_that_ends_last_covers(street: Street) -> None:
    for until_at in ("15:30", "15:00"):
        street.command(GrantPermit("w1", local("14:00"), local(until_at), "meal", "lead"))
    covering = permit_covering(street.state, "w1", street.now)
    assert covering is not None
    assert covering.until_at == local("15:30")


@pytest.mark.parametrize(
    ("at", "covers"), [("13:59:59", False), ("14:00", True), ("14:59:59", True), ("15:00", False)]
)
def test_a_permit_covers_from_its_beginning_until_before_its_end(
    street: Street, at: str, covers: bool
) -> None:
    street.command(GrantPermit("w1", local("14:00"), local("15:00"), "meal", "lead"))
    assert (permit_covering(street.state, "w1", local(at)) is not None) is covers


def test_permits_of_other_days_are_forgotten(street: Street) -> None:
    street.command(GrantPermit("w1", local("14:00"), local("15:00"), "meal", "lead"))
    street.until("10:00", day=1)
    street.command(GrantPermit("w1", local("10:00", 1), local("11:00", 1), "meal", "lead"))
    assert len(street.state.permits["w1"]) == 1


def test_the_first_opening_is_what_used_a_permit(street: Street) -> None:
    street.command(GrantPermit("w1", local("14:00"), local("15:00"), "meal", "lead"))
    street.says("door-1", "door", "open")
    street.says("door-1", "door", "closed")
    street.passes(60)
    street.says("door-1", "door", "open")
    assert street.state.permits["w1"][0].used_at == local("14:32")


def test_a_press_kept_back_covers_what_is_left_of_its_window(street: Street) -> None:
    street.says("button-1", "button", "announce", age_s=200)
    (permit,) = street.state.permits["w1"]
    assert permit.granted_by == ANNOUNCE_BUTTON
    assert permit.until_at == local("14:32") + timedelta(seconds=100)


@pytest.mark.parametrize("age_s", [300, 1e15])
def test_a_press_kept_back_for_too_long_covers_nothing(street: Street, age_s: float) -> None:
    street.says("button-1", "button", "announce", age_s=age_s)
    assert street.state.permits == {}
    assert street.reasons == [Reason.AGED]


def test_announcing_the_third_opening_late_takes_repeated_back(street: Street) -> None:
    for _ in range(2):
        street.says("door-1", "door", "open")
        street.says("door-1", "door", "closed")
        street.passes(minutes=2)
    street.says("door-1", "door", "open")
    assert len(street.standing("repeated")) == 1
    street.says("button-1", "button", "announce")
    assert street.standing("repeated") == []
