"""How often a phone may be wrong, how often it is answered, and whose phone is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import strikes
from alerts.reason import Reason
from alerts.strikes import Strikes, Written
from tests.fakes.street import local

NOW = local("03:12")
WRONG, UNREAD = Reason.NUMBER_UNKNOWN, Reason.NOT_A_REPLY


def counted(*texts: tuple[float, Reason]) -> tuple[Strikes, list[Reason | None]]:
    """Count texts that came so many minutes after the first; why each is left unanswered."""
    found, why = Strikes(), []
    for minutes, reason in texts:
        found, silent = strikes.led_to_nothing(found, reason, "", NOW + timedelta(minutes=minutes))
        why.append(silent)
    return found, why


def test_three_answers_an_hour_then_silence_then_answers_again() -> None:
    _, why = counted(*[(minutes, UNREAD) for minutes in (0, 1, 2, 3, 59, 60, 61, 62, 63)])
    silent = Reason.ANSWERS_USED_UP
    assert why == [None, None, None, silent, silent, None, None, None, silent]


def test_the_fifth_wrong_number_within_ten_minutes_is_guessing() -> None:
    found, why = counted(*[(minutes, WRONG) for minutes in (0, 2, 4, 6, 8)])
    assert why[-1] is Reason.GUESSING
    assert strikes.is_ignored(found, NOW + timedelta(minutes=37))
    assert not strikes.is_ignored(found, NOW + timedelta(minutes=38))


def test_four_within_ten_minutes_and_one_later_are_not() -> None:
    found, _ = counted(*[(minutes, WRONG) for minutes in (0, 3, 6, 9, 11)])
    assert found.ignored_until is None


def test_what_is_not_understood_is_no_guess() -> None:
    found, _ = counted(*[(minutes, UNREAD) for minutes in range(9)])
    assert found.ignored_until is None


def test_answers_about_one_incident_do_not_use_up_those_about_another() -> None:
    found = Strikes()
    for number in ("4821", "4821", "4821", "4822"):
        found, silent = strikes.led_to_nothing(found, Reason.ALREADY_DONE, number, NOW)
    assert silent is None
    assert strikes.led_to_nothing(found, Reason.ALREADY_DONE, "4821", NOW)[1] is not None


def test_a_clock_that_was_wrong_ignores_nobody_for_years() -> None:
    found, _ = counted(*[(minutes, WRONG) for minutes in range(5)])
    assert not strikes.is_ignored(found, NOW - timedelta(days=365))
    assert strikes.led_to_nothing(found, WRONG, "", NOW - timedelta(days=365))[1] is None


def test_what_stands_on_record_is_counted_again() -> None:
    texts = [Written("a", WRONG, NOW + timedelta(minutes=minutes)) for minutes in range(5)]
    others = [Written("b", WRONG, NOW), Written("b", "replied", NOW), Written("c", "gone", NOW)]
    found = strikes.remembered([*texts, *others, Written("a", "ignored", NOW)])
    assert strikes.is_ignored(found["a"], NOW + timedelta(minutes=30))
    assert set(found) == {"a"}


@pytest.mark.parametrize("sender", ["+8613912345678", "+447700900123", "612345", "13912345678"])
def test_a_phone_may_be_a_persons(sender: str) -> None:
    assert strikes.is_person(sender)


@pytest.mark.parametrize(
    "sender",
    [
        *("10086", "+8610086", "106980095533", "8610690000123", "95588", "+8695588", "12345"),
        *("CMCC", "门神", "", "1390-x", "TestMsg"),
    ],
)
def test_a_service_is_nobody(sender: str) -> None:
    assert not strikes.is_person(sender)
