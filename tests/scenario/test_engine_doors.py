"""What becomes of an opening, from the door to the phones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.commands import Acknowledge, OnSite, Resolve
from alerts.model import Condition, ConditionKind, IncidentState, Severity
from alerts.permits import GrantPermit, RevokePermit
from alerts.reason import Reason
from devices.model import Origin
from tests.fakes.street import Street, local, observed

WHOLE_TEAM = {"worker-day", "doctor-day", "police-day"}


@pytest.fixture
def street() -> Street:
    street = Street(at="14:32")
    street.home("w1", "door-1", "seal-1", "camera-1", "button-1")
    return street


def only(street: Street, kind: ConditionKind) -> Condition:
    (condition,) = street.standing(kind)
    return condition


def recorded(street: Street, kind: ConditionKind) -> list[Condition]:
    """The last word about each condition of a kind, in the order in which they were raised."""
    last = {
        condition.id: condition
        for changes in street.changes
        for condition in changes.conditions
        if condition.kind is kind
    }
    return list(last.values())


def grant(street: Street, from_at: str, until_at: str) -> str:
    asked = GrantPermit("w1", local(from_at), local(until_at), "meal", "team-1/worker-day")
    assert street.command(asked).ok
    return street.state.permits["w1"][-1].id


def test_an_unannounced_opening_is_told_to_the_worker_at_once(street: Street) -> None:
    street.says("door-1", "door", "open")
    assert street.told("team-1/worker-day") == [
        "【门神】南岭村3栋1203 未报备开门 14:32 证据1级 回复 1 4821"
    ]
    assert street.who_was_told() == {"worker-day"}
    assert only(street, ConditionKind.OPENED).reason is Reason.OPENED_UNANNOUNCED


def test_a_brief_opening_ends_and_nobody_else_is_told(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(40)
    street.says("door-1", "door", "closed")
    street.passes(minutes=10)
    assert street.who_was_told() == {"worker-day"}
    (opening,) = recorded(street, ConditionKind.OPENED)
    assert opening.clear_reason is Reason.CLOSED_AGAIN_BRIEFLY
    assert opening.cleared_at == local("14:32:40")


def test_a_door_open_for_longer_than_a_minute_did_not_open_briefly(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(61)
    street.says("door-1", "door", "closed")
    (opening,) = recorded(street, ConditionKind.OPENED)
    assert opening.clear_reason is Reason.CLOSED_AGAIN


def test_a_door_left_open_is_told_to_the_whole_team_after_three_minutes(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(179)
    assert street.who_was_told() == {"worker-day"}
    street.passes(1)
    assert street.who_was_told() == WHOLE_TEAM
    assert street.told("team-1/doctor-day") == [
        "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"
    ]
    assert street.incident().severity is Severity.MAJOR


def test_a_door_left_open_that_closes_clears_both_conditions(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(minutes=4)
    street.says("door-1", "door", "closed")
    assert street.standing() == []
    assert street.incident().state is IncidentState.OPEN  # a person ends it


def test_a_contact_that_flaps_is_one_opening(street: Street) -> None:
    street.says("door-1", "door", "open")
    for _ in range(3):
        street.passes(2)
        street.says("door-1", "door", "closed")
        street.passes(3)
        street.says("door-1", "door", "open")
    assert len(street.notices) == 1
    assert len(recorded(street, ConditionKind.OPENED)) == 1
    assert street.reasons.count(Reason.BOUNCE) == 3
    assert street.standing(ConditionKind.REPEATED) == []


def test_a_flapping_door_is_left_open_from_its_first_opening(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(100)
    street.says("door-1", "door", "closed")
    street.passes(4)
    street.says("door-1", "door", "open")
    street.passes(76)
    assert only(street, ConditionKind.LEFT_OPEN).raised_at == local("14:32")


def test_closing_for_six_seconds_makes_it_a_second_opening(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.says("door-1", "door", "closed")
    street.passes(6)
    street.says("door-1", "door", "open")
    assert len(recorded(street, ConditionKind.OPENED)) == 2


def test_the_third_opening_in_half_an_hour_is_told_to_the_whole_team(street: Street) -> None:
    for _ in range(2):
        street.says("door-1", "door", "open")
        street.passes(20)
        street.says("door-1", "door", "closed")
        street.passes(minutes=5)
    assert street.who_was_told() == {"worker-day"}
    street.says("door-1", "door", "open")
    assert street.who_was_told() == WHOLE_TEAM
    assert only(street, ConditionKind.REPEATED).detail == "3 in 30 min"
    street.says("door-1", "door", "closed")
    assert street.standing() == []


def test_three_openings_over_more_than_half_an_hour_are_not_repeated(street: Street) -> None:
    for _ in range(3):
        street.says("door-1", "door", "open")
        street.says("door-1", "door", "closed")
        street.passes(minutes=15)
    assert recorded(street, ConditionKind.REPEATED) == []


def test_an_opening_at_night_is_told_to_the_whole_team(street: Street) -> None:
    street.until("22:00")
    street.says("door-1", "door", "open")
    assert street.who_was_told() == {"worker-night", "doctor-night", "police-night"}
    assert only(street, ConditionKind.OPENED).reason is Reason.OPENED_AT_NIGHT


def test_a_door_found_open_is_no_news_but_may_not_stay_open(street: Street) -> None:
    street.reports("door-1", "door", "open")
    assert street.notices == []
    assert street.reasons == [Reason.FOUND_OPEN]
    street.passes(180)
    assert street.who_was_told() == WHOLE_TEAM
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.STILL_OPEN


def test_an_opening_kept_back_during_an_outage_is_recorded_and_not_told(street: Street) -> None:
    street.says("door-1", "door", "open", age_s=1200)
    street.says("door-1", "door", "closed", age_s=1100)
    street.passes(minutes=10)
    assert street.notices == []
    assert Reason.AGED in street.reasons


def test_a_retained_open_is_no_opening(street: Street) -> None:
    street.apply(observed("door-1", "door", "open", origin=Origin.RETAINED))
    street.passes(minutes=10)
    assert street.notices == []
    assert street.standing(ConditionKind.OPENED) == []
    assert street.reasons == [Reason.RETAINED_COPY]
    assert street.state.devices["door-1"].unknown_since == local("14:32")


def test_a_late_opening_changes_nothing(street: Street) -> None:
    street.says("door-1", "door", "open", seq=1)
    street.says("door-1", "door", "closed", seq=3)
    street.forget()
    street.says("door-1", "door", "open", seq=2)
    assert street.notices == []
    assert street.reasons == [Reason.LATE]
    assert street.standing() == []


def test_the_same_opening_twice_is_told_once(street: Street) -> None:
    street.says("door-1", "door", "open", seq=1)
    street.says("door-1", "door", "open", seq=1)
    assert len(street.notices) == 1
    assert street.counts[Reason.DUPLICATE] == 1


def test_an_opening_whose_closing_went_missing_is_a_second_opening(street: Street) -> None:
    street.says("door-1", "door", "open", seq=1)
    street.passes(60)
    street.says("door-1", "door", "open", seq=3)
    first, second = recorded(street, ConditionKind.OPENED)
    assert (first.is_standing, second.is_standing) == (False, True)
    assert Reason.MESSAGES_MISSING in street.reasons


def test_a_gap_is_recorded_with_how_many_messages_are_missing(street: Street) -> None:
    street.says("door-1", "door", "open", seq=1)
    street.says("door-1", "door", "closed", seq=5)
    (gap,) = [each for each in street.decisions if each.reason is Reason.MESSAGES_MISSING]
    assert gap.detail.startswith("3 missing since 2026-11-21T06:32:00")


def test_left_open_is_not_said_of_a_door_that_nobody_can_see(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(60)
    street.status("door-1", "offline")
    street.passes(minutes=20)
    assert street.standing(ConditionKind.LEFT_OPEN) == []
    street.reports("door-1", "door", "open")  # it is heard again, and still open
    street.passes(180)
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.STILL_OPEN


# ---- announced ----


def test_an_opening_under_a_permit_is_told_to_nobody(street: Street) -> None:
    grant(street, "14:30", "15:00")
    street.says("door-1", "door", "open")
    street.passes(minutes=20)
    street.says("door-1", "door", "closed")
    street.passes(minutes=20)
    assert street.notices == []
    (opening,) = recorded(street, ConditionKind.OPENED)
    assert opening.reason is Reason.PERMITTED
    assert street.state.permits["w1"][0].used_at == local("14:32")


def test_a_door_still_open_after_its_permit_is_told_after_a_grace(street: Street) -> None:
    grant(street, "14:30", "15:00")
    street.says("door-1", "door", "open")
    street.until("15:02:59")
    assert street.notices == []
    street.until("15:03")
    assert street.who_was_told() == WHOLE_TEAM
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.PERMIT_OVERRUN


def test_a_permit_granted_while_the_door_is_open_covers_it(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(60)
    grant(street, "14:33", "15:00")
    street.until("15:02:59")
    assert street.standing(ConditionKind.LEFT_OPEN) == []
    street.until("15:03")
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.STILL_OPEN


def test_a_revoked_permit_covers_no_more(street: Street) -> None:
    permit = grant(street, "14:30", "15:30")
    street.says("door-1", "door", "open")
    street.passes(minutes=5)
    assert street.command(RevokePermit(permit, "team-1/lead")).ok
    street.passes(180)
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.PERMIT_OVERRUN


@pytest.mark.parametrize(
    ("device", "kind", "state"),
    [("seal-1", "seal", "broken"), ("door-1", "tamper", "on"), ("camera-1", "camera", "exit")],
)
def test_no_permit_covers(street: Street, device: str, kind: str, state: str) -> None:
    grant(street, "14:30", "15:00")
    street.says(device, kind, state)
    assert street.who_was_told() == WHOLE_TEAM


def test_a_permit_covers_who_comes_in(street: Street) -> None:
    grant(street, "14:30", "15:00")
    street.says("camera-1", "camera", "entry")
    assert street.notices == []
    assert Reason.PERMITTED in street.reasons


def test_the_announce_button_covers_five_minutes(street: Street) -> None:
    street.says("button-1", "button", "announce")
    street.passes(minutes=4)
    street.says("door-1", "door", "open")
    street.passes(30)
    street.says("door-1", "door", "closed")
    assert street.notices == []
    street.passes(minutes=2)
    street.says("door-1", "door", "open")
    assert street.who_was_told() == {"worker-day"}


def test_the_announce_button_works_six_times_a_day(street: Street) -> None:
    for _ in range(6):
        street.says("button-1", "button", "announce")
        street.passes(minutes=6)
    street.says("button-1", "button", "announce")
    assert street.reasons[-1] is Reason.ANNOUNCEMENTS_USED_UP
    street.says("door-1", "door", "open")
    assert street.who_was_told() == {"worker-day"}
    street.says("door-1", "door", "closed")
    street.until("00:00", day=1)
    street.forget()
    street.says("button-1", "button", "announce")
    street.says("door-1", "door", "open")
    assert street.notices == []


def test_an_opening_announced_within_a_minute_ends_by_itself(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(50)
    street.says("button-1", "button", "announce")
    assert street.incident().cause == "announced_late"
    street.passes(minutes=5)  # covered: five minutes from the press
    street.says("door-1", "door", "closed")
    street.passes(minutes=30)
    assert len(street.notices) == 1
    assert street.state.permits["w1"][0].is_late


def test_an_opening_announced_late_must_still_close_in_time(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(50)
    street.says("button-1", "button", "announce")
    street.until("14:40:49")
    assert street.standing(ConditionKind.LEFT_OPEN) == []
    street.until("14:40:50")  # five minutes from the press, and three of grace
    assert only(street, ConditionKind.LEFT_OPEN).reason is Reason.PERMIT_OVERRUN


def test_an_announcement_after_more_than_a_minute_does_not_explain(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(61)
    street.says("button-1", "button", "announce")
    assert street.incident().state is IncidentState.OPEN


def test_announcing_late_counts_twice_a_day(street: Street) -> None:
    for is_taken in (True, True, False):
        street.says("door-1", "door", "open")
        street.passes(20)
        street.says("door-1", "door", "closed")
        street.says("button-1", "button", "announce")
        causes = [incident.cause for incident in street.state.incidents.values()]
        assert (causes[-1] == "announced_late") is is_taken
        street.passes(minutes=45)


def test_openings_announced_late_are_not_counted_as_repeated(street: Street) -> None:
    for _ in range(2):
        street.says("door-1", "door", "open")
        street.passes(20)
        street.says("door-1", "door", "closed")
        street.says("button-1", "button", "announce")
        street.passes(minutes=6)
    street.says("door-1", "door", "open")
    assert street.standing(ConditionKind.REPEATED) == []


# ---- sensors agree ----


def test_a_door_and_a_camera_that_agree_are_level_three(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.says("door-1", "door", "closed")
    street.passes(60)
    street.says("camera-1", "camera", "exit")
    incident = street.incident()
    assert (incident.level, incident.level_reason) == (3, Reason.SENSORS_AGREE)
    assert incident.severity is Severity.CRITICAL


def test_seal_door_and_camera_together_are_level_four(street: Street) -> None:
    street.says("seal-1", "seal", "broken")
    street.says("door-1", "door", "open")
    street.passes(30)
    street.says("camera-1", "camera", "exit")
    assert street.incident().level == 4


def test_what_a_camera_saw_passes_by_itself(street: Street) -> None:
    street.says("camera-1", "camera", "loitering")
    street.passes(120)
    (seen,) = recorded(street, ConditionKind.LOITERING)
    assert (seen.clear_reason, seen.cleared_at) == (Reason.PASSED, local("14:34"))


def test_a_seal_that_is_found_broken_is_a_condition_of_now(street: Street) -> None:
    street.reports("seal-1", "seal", "broken")
    assert street.who_was_told() == WHOLE_TEAM
    street.says("seal-1", "seal", "applied")
    assert street.standing() == []


# ---- who is watched ----


def test_a_home_without_a_served_notice_is_not_watched() -> None:
    street = Street(at="14:32")
    street.home("w1", "door-1", notice_served_at=None)
    street.says("door-1", "door", "open")
    street.passes(minutes=10)
    assert street.notices == []
    assert street.reasons == [Reason.NOTICE_NOT_SERVED]


def test_a_home_whose_order_has_not_begun_is_not_watched_until_it_does() -> None:
    street = Street(at="14:32")
    street.home("w1", "door-1", starts_at=local("15:00"))
    street.says("door-1", "door", "open")
    assert street.notices == []
    assert street.reasons == [Reason.ORDER_NOT_ACTIVE]
    street.until("15:00")  # found open
    assert street.notices == []
    street.passes(180)
    assert street.who_was_told() == WHOLE_TEAM


def test_an_unregistered_device_is_counted(street: Street) -> None:
    street.says("door-9", "door", "open")
    assert street.notices == []
    assert street.counts == {Reason.UNREGISTERED: 1}


def test_an_order_ends_and_nobody_is_told_of_these_people_again() -> None:
    street = Street(at="14:32")
    street.home("w1", "door-1", ends_at=local("14:33"))
    street.says("door-1", "door", "open")
    street.until("14:33")
    assert street.standing() == []
    incidents = [incident for changes in street.changes for incident in changes.incidents]
    assert incidents[-1].cause == "order_ended"
    street.forget()
    street.says("door-1", "door", "closed")
    street.says("door-1", "door", "open")
    street.passes(hours=20)
    assert street.told("team-1/worker-day") == []
    assert Reason.ORDER_NOT_ACTIVE in street.reasons


def test_a_clock_that_is_not_trusted_ends_no_order() -> None:
    street = Street(at="14:32")
    street.home("w1", "door-1", ends_at=local("14:33"))
    street.state.clock_is_trusted = False
    street.until("14:40")
    assert street.who_was_told() == {"lead"}, "the lead is asked to look at the clock"
    assert Reason.CLOCK_NOT_TRUSTED in street.reasons
    street.forget()
    street.passes(hours=5)
    assert street.notices == [], "and not every hour"
    street.says("door-1", "door", "open")
    assert street.who_was_told() == {"worker-day"}
    street.state.clock_is_trusted = True
    street.passes(hours=1)
    assert street.standing() == []


# ---- help ----


def test_help_is_told_to_worker_and_doctor_at_once(street: Street) -> None:
    street.says("button-1", "button", "help")
    assert street.who_was_told() == {"worker-day", "doctor-day"}
    assert street.incident().severity is Severity.HELP


@pytest.mark.parametrize("age_s", [None, 30, 7200])
def test_help_is_told_however_old_it_is(street: Street, age_s: float | None) -> None:
    street.says("button-1", "button", "help", age_s=age_s)
    assert street.who_was_told() == {"worker-day", "doctor-day"}


def test_help_that_was_overtaken_on_its_way_is_told(street: Street) -> None:
    street.says("button-1", "button", "announce", seq=3)
    street.says("button-1", "button", "help", seq=2)
    assert street.who_was_told() == {"worker-day", "doctor-day"}


def test_help_is_told_where_the_home_is_not_watched() -> None:
    street = Street(at="14:32")
    street.home("w1", "button-1", notice_served_at=None)
    street.says("button-1", "button", "help")
    assert street.who_was_told() == {"worker-day", "doctor-day"}


def test_a_second_press_joins_the_first(street: Street) -> None:
    street.says("button-1", "button", "help")
    street.passes(30)
    street.says("button-1", "button", "help")
    assert len(street.notices) == 2
    assert len(street.state.incidents) == 1


def test_a_press_after_the_first_was_dealt_with_is_told_again(street: Street) -> None:
    street.says("button-1", "button", "help")
    incident = street.incident().id
    for role in ("worker", "doctor"):
        assert street.command(Acknowledge(incident, f"team-1/{role}-day", "sms")).ok
    assert street.command(OnSite(incident, "team-1/worker-day", "sms")).ok
    assert street.command(Resolve(incident, "team-1/worker-day", "sms")).ok
    street.forget()
    street.passes(30)
    street.says("button-1", "button", "help")
    assert street.who_was_told() >= {"worker-day", "doctor-day"}
    assert street.incident().state is IncidentState.OPEN


def test_everything_received_in_the_future_is_taken_as_now(street: Street) -> None:
    street.apply(
        observed("door-1", "door", "open", boot="b1", seq=1), local("14:32") + timedelta(1)
    )
    assert only(street, ConditionKind.OPENED).raised_at == local("14:32")


def test_of_a_home_where_nothing_was_opened_nothing_is_remembered(street: Street) -> None:
    street.says("door-1", "door", "closed")
    street.beats("door-1")
    assert street.state.homes == {}
    street.says("door-1", "door", "open")
    assert list(street.state.homes) == ["w1"]
