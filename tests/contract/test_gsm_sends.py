"""What the driver owes a text on its way out, at a simulated modem that misbehaves (R5 to R12)."""

from __future__ import annotations

import pytest

from alerts.channels.base import Attempt, Outcome
from alerts.channels.gsm.errors import FAILURES, Remedy, remedy_of
from alerts.channels.gsm.pace import Allowance, allowances_of
from tests.fakes.gsm_sim import LI, SimulatedHouse

LONG = "水浸告警😀" * 30  # three parts
CODES = [
    *(1, 8, 10, 21, 28, 29, 30, 50, 69, 95, 96, 97, 98, 99, 111, 127, 128, 175, 193, 195, 196),
    *(17, 27, 38, 41, 42, 47, 192, 194, 197, 208, 211, 302, 303, 304, 305, 314, 320, 321, 322),
    *(310, 311, 316, 318, 330, 331, 332, 340, 350, 500, 515, 9999),
]


def test_r05_echo_on_or_off_makes_no_difference() -> None:
    house = SimulatedHouse("echo-forced")

    assert house.send(LONG).outcome is Outcome.SENT
    assert house.shown == [LONG]
    assert house.count("ATE0") == 1  # nor is it taken for a reset at each check


@pytest.mark.parametrize("faults", [(), ("error-no-space",)])
def test_r06_an_error_ends_an_answer_with_and_without_its_space(faults: tuple[str, ...]) -> None:
    house = SimulatedHouse("cms-error=38,count=1", *faults)

    assert house.send().reason == "cms_38"


def test_r06_a_huawei_that_does_not_know_a_command_is_set_up_all_the_same() -> None:
    house = SimulatedHouse(family="Huawei")

    assert house.send(seconds=5).outcome is Outcome.SENT
    assert house.count("AT+SPIC") == 1  # it answered COMMAND NOT SUPPORT


@pytest.mark.parametrize("fault", ["bare-prompt", "no-prompt,count=1", "factory-profile"])
def test_r07_a_prompt_of_any_form_or_at_the_second_try_is_enough(fault: str) -> None:
    house = SimulatedHouse(fault)

    assert house.send(LONG).outcome is Outcome.SENT
    assert house.shown == [LONG]


def test_r07_without_a_prompt_ten_seconds_are_waited_and_the_prompt_is_left_by_escape() -> None:
    house = SimulatedHouse("no-prompt")

    attempt = house.send()

    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_TEMPORARY, "no_prompt")
    asked = [place for place, line in enumerate(house.wire.heard) if line.startswith("AT+CMGS=")]
    assert [house.wire.heard[place + 1] for place in asked] == ["\x1b", "\x1b"]
    assert house.shown == []


def test_r07_nothing_but_carriage_returns_ends_a_line() -> None:
    house = SimulatedHouse()
    house.send(LONG)

    assert not any("\n" in line for line in house.wire.heard)


def test_r08_the_announced_length_leaves_the_service_centre_out() -> None:
    house = SimulatedHouse()
    house.send()

    place = next(i for i, line in enumerate(house.wire.heard) if line.startswith("AT+CMGS="))
    announced, pdu = house.wire.heard[place : place + 2]
    assert int(announced.partition("=")[2]) == len(pdu) // 2 - 1 - int(pdu[:2], 16)


@pytest.mark.parametrize(("fault", "shown"), [("silence=sent", 1), ("silence=lost", 0)])
def test_r09_silence_for_180_s_is_unconfirmed_and_never_sent_again(fault: str, shown: int) -> None:
    house = SimulatedHouse(f"{fault},count=1")
    settled_at: list[float] = []

    def ask() -> None:
        job = house.job()
        asked_at = house.wire.now
        job.attempt.add_done_callback(lambda _: settled_at.append(house.wire.now - asked_at))

    house.at(2, ask)
    seen = house.health_at(10, 40, 600)
    house.live(900)

    assert [health.reason for health in seen] == ["ready", "no_answer_yet", "ready"]
    assert 180 <= settled_at[0] < 182
    assert len(house.shown) == shown
    assert seen[-1].facts["unconfirmed_count"] == "1"


def test_r09_an_answer_after_135_s_is_still_an_answer() -> None:
    house = SimulatedHouse("slow-send=135,count=1", "cms-error=350,count=1")

    assert house.send().reason == "cms_350"


@pytest.mark.parametrize("code", CODES)
def test_r10_each_error_has_the_outcome_of_its_class(code: int) -> None:
    house = SimulatedHouse(f"cms-error={code},count=1")
    remedy = remedy_of("cms", code)

    attempt = house.send()

    if remedy in (Remedy.RECONFIGURE, Remedy.DRAIN):  # mended, and the part tried once more
        assert attempt == Attempt(Outcome.SENT, "network_took_it", ("0",))
    else:
        failure = FAILURES[remedy]
        assert (attempt.outcome, attempt.reason) == (failure.outcome, f"cms_{code}")
        assert attempt.retry_after_s == failure.retry_after_s
        assert house.shown == []


def test_r10_a_reconfigured_modem_is_set_up_anew_before_the_one_more_try() -> None:
    house = SimulatedHouse("cms-error=304,count=1")
    house.send(seconds=5)

    assert house.count("AT+CMGF=0") == 2


def test_r10_what_mending_does_not_help_fails_after_one_more_try() -> None:
    house = SimulatedHouse("cms-error=304")

    assert house.send().reason == "cms_304"
    assert sum(line.startswith("AT+CMGS=") for line in house.wire.heard) == 2


def test_r11_a_reference_is_recorded_before_the_modem_is_asked_for_anything_else() -> None:
    house = SimulatedHouse()
    noted: list[tuple[str, str]] = []

    attempt = house.send(LONG, noted=lambda name: noted.append((name, house.wire.heard[-1])))

    pdus = [line for line in house.wire.heard if line.startswith("0061")]
    assert [last_heard for _, last_heard in noted] == pdus
    assert tuple(name for name, _ in noted) == attempt.references == ("0", "1", "2")


def test_r11_a_record_that_takes_its_time_delays_and_breaks_nothing() -> None:
    house = SimulatedHouse()

    attempt = house.send(LONG, noted=lambda _: house.wire.pass_to(house.wire.now + 14.0))

    assert (attempt.outcome, len(attempt.references)) == (Outcome.SENT, 3)
    assert house.shown == [LONG]
    assert house.delivered == {"0", "1", "2"}
    assert house.count("ATE0") == 1


def test_r11_a_record_that_fails_costs_no_part_and_not_the_driver() -> None:
    def fail(_: str) -> None:
        raise OSError("disk full")

    house = SimulatedHouse()
    house.at(60, house.job)

    assert house.send(LONG, noted=fail).references == ("0", "1", "2")
    assert house.shown == [LONG, "门开"]
    assert house.count("ATE0") == 1


@pytest.mark.parametrize("family", ["SIM800L", "SIM7600", "A7670E", "EC25", "Huawei"])
def test_r12_each_part_is_reported_by_reference_and_number(family: str) -> None:
    house = SimulatedHouse(family=family)

    attempt = house.send(LONG)

    assert {(each.reference, each.number) for each in house.reports} == {
        (reference, LI) for reference in attempt.references
    }
    assert len(house.delivered) == 3


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("01", Outcome.SENT),  # forwarded, and nobody can confirm it
        ("02", Outcome.DELIVERED),
        ("30", Outcome.SENT),
        ("46", Outcome.FAILED_PERMANENT),
        ("60", Outcome.FAILED_TEMPORARY),
    ],
)
def test_r12_a_report_means_what_its_status_says(status: str, outcome: Outcome) -> None:
    house = SimulatedHouse(f"report-status={status}")
    house.send()

    assert [each.outcome for each in house.reports] == [outcome]


def test_r12_a_report_that_overtakes_its_answer_waits_for_it() -> None:
    house = SimulatedHouse("slow-send=5,count=1")
    reports_by_then: list[int] = []

    house.send(noted=lambda _: reports_by_then.append(len(house.reports)))

    assert reports_by_then == [0]
    assert house.delivered == {"0"}


def test_r12_references_that_come_round_are_told_as_they_are() -> None:
    house = SimulatedHouse()
    house.wire.world.state.sim.last_reference = 254

    assert house.send(LONG).references == ("255", "0", "1")
    assert house.delivered == {"255", "0", "1"}


def test_r22_parts_beyond_the_allowance_are_given_back_with_the_time_to_wait() -> None:
    house = SimulatedHouse(allowances=[Allowance(5, 50.0)])
    jobs = []
    house.at(2, lambda: jobs.extend([house.job(LONG), house.job(LONG)]))
    house.live(5)

    first, second = (job.attempt.result(timeout=0) for job in jobs)
    assert (first.outcome, second.outcome) == (Outcome.SENT, Outcome.NOT_TRIED)
    assert second.reason == "sending_too_fast"
    assert second.retry_after_s == pytest.approx(10.0, abs=0.5)
    assert house.shown == [LONG]


def test_r22_a_gateway_that_restarts_remembers_what_its_sim_has_sent() -> None:
    in_five_minutes = [(60.0 * minute, 5) for minute in range(6)]
    house = SimulatedHouse(allowances=allowances_of(30, 150), spent=in_five_minutes)
    jobs = []
    house.at(2, lambda: jobs.extend([house.job(is_critical=False), house.job(LONG)]))
    seen = house.health_at(1, 4)
    house.live(5)

    routine, critical = (job.attempt.result(timeout=0) for job in jobs)
    assert (routine.outcome, critical.outcome) == (Outcome.NOT_TRIED, Outcome.NOT_TRIED)
    assert critical.retry_after_s == pytest.approx(60, abs=5)  # two and a half of 30 came back
    assert [health.facts["allowance_left"] for health in seen] == ["0", "0"]
    assert "allowance_warning" in seen[0].facts


def test_r22_the_last_fifth_is_for_critical_texts() -> None:
    house = SimulatedHouse(allowances=[Allowance(10, 1000.0)], spent=[(0.0, 8)])
    jobs = []
    house.at(1, lambda: jobs.extend([house.job(is_critical=False), house.job()]))
    house.live(5)

    routine, critical = (job.attempt.result(timeout=0) for job in jobs)
    assert (routine.outcome, critical.outcome) == (Outcome.NOT_TRIED, Outcome.SENT)


def test_r22_a_call_for_help_goes_whatever_is_spent() -> None:
    house = SimulatedHouse(allowances=allowances_of(), spent=[(0.0, 500)])
    jobs = []
    house.at(1, lambda: jobs.extend([house.job(is_exempt=True), house.job()]))
    house.live(5)

    help_call, critical = (job.attempt.result(timeout=0) for job in jobs)
    assert (help_call.outcome, critical.reason) == (Outcome.SENT, "sending_too_fast")
