"""What the driver outlives, at a simulated modem that misbehaves (R2, R3, R18 to R23, R26)."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from alerts.channels.base import Outcome
from alerts.channels.gsm.facts import FACTS
from alerts.channels.gsm.pace import allowances_of
from alerts.channels.gsm.pin import Pin
from firmware_sim.modem_families import FAMILIES, family_called
from firmware_sim.modem_state import Registers
from tests.fakes.gsm_sim import SimulatedHouse

NAMES = [family.name for family in FAMILIES.values()]
LONG = "水浸告警😀" * 30  # three parts


@pytest.mark.parametrize("noise", ["", "=00", "=FFFE80", "=1B1A", "=7F0D0A"])
def test_r02_noise_before_any_line_costs_nothing(noise: str) -> None:
    house = SimulatedHouse(f"garbage{noise}")
    house.at(5, lambda: house.text_from("1 4821"))

    assert house.send(LONG, seconds=70).outcome is Outcome.SENT
    assert (house.shown, house.texts) == ([LONG], ["1 4821"])


def test_r02_every_byte_there_is_does_not_end_the_reader() -> None:
    house = SimulatedHouse()
    house.at(2, lambda: house.order(do="raw", bytes=(bytes(range(256)) * 40).hex()))
    house.at(40, lambda: house.text_from("1 4821"))
    house.live(100)

    assert house.texts == ["1 4821"]


@pytest.mark.parametrize("framing", ["framing=bare", "framing=lf"])
@pytest.mark.parametrize("family", NAMES)
def test_r03_lines_end_as_they_like(framing: str, family: str) -> None:
    house = SimulatedHouse(framing, family=family)
    house.at(5, lambda: house.text_from("1 4821"))

    assert house.send(LONG, seconds=70).outcome is Outcome.SENT
    assert (house.shown, house.texts, len(house.delivered)) == ([LONG], ["1 4821"], 3)


@pytest.mark.parametrize(
    ("point", "outcome", "shown"),
    [
        ("command", Outcome.SENT, 1),
        ("prompt", Outcome.SENT, 1),
        ("answer", Outcome.UNCONFIRMED, 1),
    ],
)
@pytest.mark.parametrize("family", NAMES)
def test_r18_a_reset_in_mid_dialogue_is_told_truthfully_and_the_next_text_goes_out(
    point: str, outcome: Outcome, shown: int, family: str
) -> None:
    house = SimulatedHouse(family=family)
    house.at(1, lambda: house.fault(f"reset={point}"))
    house.at(60, lambda: house.job("又一条"))

    assert house.send(seconds=200).outcome is outcome
    assert house.shown == ["门开"] * shown + ["又一条"]


def test_r18_what_was_queued_while_it_restarted_goes_out() -> None:
    house = SimulatedHouse(family="SIM800L")
    house.at(5, lambda: house.order(do="reset"))
    house.at(5.1, house.job)
    house.live(10)

    assert house.shown == ["门开"]


@pytest.mark.parametrize("family", NAMES)
def test_r18_a_reset_that_nobody_saw_is_found_within_a_minute(family: str) -> None:
    house = SimulatedHouse(family=family)

    def forget() -> None:
        house.wire.world.state.registers = Registers.of(family_called(family))

    house.at(5, forget)
    house.at(70, lambda: house.text_from("1 4821"))
    house.live(80)

    assert house.count("ATE0") == 2
    assert house.texts == ["1 4821"]


def test_r18_a_modem_that_restarts_again_and_again_while_it_is_set_up_is_used_once_it_holds() -> (
    None
):
    house = SimulatedHouse("reset=command,count=4")

    assert house.send(seconds=30).outcome is Outcome.SENT


def test_r19_a_modem_that_is_pulled_out_is_looked_for_ever_more_slowly_and_used_again() -> None:
    opened_at: list[float] = []
    house = SimulatedHouse()
    open_port = house.wire.open

    def opened() -> object:
        opened_at.append(house.wire.now)
        return open_port()

    house.wire.open = opened  # type: ignore[assignment,method-assign]
    house.at(10, lambda: house.order(do="unplug", for_s=500))
    seen = house.health_at(5, 20, 600)
    house.at(600, house.job)
    house.live(700)

    pauses = [later - earlier for earlier, later in pairwise(opened_at[1:])]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert max(pauses) <= 60
    assert [health.reason for health in seen] == ["ready", "port_absent", "ready"]
    assert house.shown == ["门开"]


@pytest.mark.parametrize(
    ("point", "outcome", "shown"),
    [("prompt", Outcome.NOT_TRIED, 0), ("answer", Outcome.UNCONFIRMED, 1)],
)
def test_r19_a_text_with_a_modem_that_is_pulled_out_is_told_truthfully(
    point: str, outcome: Outcome, shown: int
) -> None:
    house = SimulatedHouse()
    house.at(1, lambda: house.fault(f"unplug={point},for=5"))

    assert house.send(seconds=60).outcome is outcome
    assert len(house.shown) == shown


def test_r20_an_idle_modem_is_asked_every_thirty_seconds() -> None:
    house = SimulatedHouse()
    house.live(301)

    assert house.count("AT+CREG?") == 1 + 10


def test_r20_one_missed_answer_is_forgiven() -> None:
    house = SimulatedHouse()
    house.at(20, lambda: house.fault("hang,for=12"))
    house.live(300)

    assert house.count("ATE0") == 1


def test_r20_three_misses_then_escape_reopening_restart_and_power_in_this_order() -> None:
    house = SimulatedHouse()
    happened: list[tuple[str, float]] = []
    open_port = house.wire.open
    fell_silent_at = house.wire.now + 20

    def opened() -> object:
        happened.append(("open", house.wire.now - fell_silent_at))
        return open_port()

    def cycle() -> None:
        happened.append(("power", house.wire.now - fell_silent_at))
        house.wire.pass_to(house.wire.now + 8.0)
        house.order(do="unplug", for_s=0.0)

    house.wire.open = opened  # type: ignore[assignment,method-assign]
    house.power_cycle = cycle
    house.at(20, lambda: house.fault("hang"))
    house.at(400, house.job)
    house.live(500)

    steps = [what for what, _ in happened]
    assert steps[:5] == ["open", "open", "open", "open", "power"]
    assert steps.count("power") == 1
    assert 30 < happened[-2][1] < 180
    assert house.count("AT+CFUN=1,1") == 1
    assert house.wire.heard.index("AT+CFUN=1,1") > house.wire.heard.index("\x1b")
    assert house.shown == ["门开"]


def test_r20_a_modem_that_obeys_in_silence_is_brought_back_by_a_restart() -> None:
    house = SimulatedHouse()
    house.at(20, lambda: house.fault("mute"))
    house.at(200, house.job)
    seen = house.health_at(120, 250)
    house.live(260)

    assert house.shown == ["门开"]
    assert seen[-1].is_up
    assert seen[-1].facts["restart_count"] == "1"


def test_r20_no_step_comes_too_often_and_one_that_fails_does_not_end_the_driver() -> None:
    switched_at: list[float] = []

    def fail() -> None:
        switched_at.append(house.wire.now)
        house.wire.pass_to(house.wire.now + 20.0)
        raise OSError("no such relay")

    house = SimulatedHouse(power_cycle=fail)
    house.at(20, lambda: house.fault("hang,for=3600"))
    house.at(5000, house.job)
    seen = house.health_at(*range(200, 3600, 10))
    house.live(5100)

    assert {health.reason for health in seen} == {"no_answer"}
    assert 4 <= len(switched_at) <= 6
    assert all(later - earlier >= 600 for earlier, later in pairwise(switched_at))
    assert house.count("AT+CFUN=1,1") <= 12
    assert house.shown == ["门开"]


def test_r20_a_stick_that_fell_off_the_bus_is_brought_back_by_its_power() -> None:
    house = SimulatedHouse()
    house.power_cycle = lambda: house.order(do="plug")
    house.at(20, lambda: house.order(do="unplug"))
    house.at(200, house.job)
    house.live(220)

    assert house.shown == ["门开"]


def test_r20_a_service_centre_that_got_lost_is_found_by_a_restart() -> None:
    house = SimulatedHouse()
    house.at(20, lambda: house.fault("service-centre-lost"))
    house.at(21, lambda: house.order(do="reset"))
    house.wire.world.faults.clear("service-centre-lost")
    house.at(21.5, lambda: house.fault("service-centre-lost"))
    house.at(200, house.job)
    house.live(220)

    assert house.shown == ["门开"]


@pytest.mark.parametrize("family", NAMES)
def test_r21_a_right_pin_opens_the_sim_after_every_restart(family: str, tmp_path: Path) -> None:
    house = SimulatedHouse(pin=Pin("4321", tmp_path / "pin"), family=family)
    house.wire.world.state.sim.pin = "4321"
    house.order(do="reset")
    house.at(30, lambda: house.order(do="reset"))

    assert house.send(seconds=100).outcome is Outcome.SENT
    assert house.count('AT+CPIN="4321"') == 2
    assert house.order(do="state")["pin_tries_left"] == 3


@pytest.mark.parametrize("family", NAMES)
def test_r21_a_wrong_pin_is_tried_once_in_a_boot_however_often_the_gateway_restarts(
    family: str, tmp_path: Path
) -> None:
    house = SimulatedHouse(pin=Pin("1234", tmp_path / "pin"), family=family)
    house.wire.world.state.sim.pin = "4321"
    house.order(do="reset")
    for _ in range(4):
        house.live(300)
        house._pin = Pin("1234", tmp_path / "pin")
        house.restart_gateway()

    assert house.order(do="state")["pin_tries_left"] == 2
    assert house.count("AT+CFUN=1,1") == 0  # nor does a restart help


@pytest.mark.parametrize("family", ["SIM7600", "EC25", "Huawei"])  # each counts tries its way
def test_r21_no_pin_is_tried_where_fewer_than_three_tries_are_left(family: str) -> None:
    house = SimulatedHouse(pin=Pin("4321"), family=family)
    house.wire.world.state.sim.pin = "4321"
    house.wire.world.state.sim.tries_left = 2
    house.order(do="reset")
    seen = house.health_at(50)
    house.live(60)

    assert seen[0].reason == "sim_pin_few_tries_left"
    assert (seen[0].facts["sim"], seen[0].facts["pin_tries_left"]) == ("pin", "2")
    assert house.count('AT+CPIN="4321"') == 0


def test_r23_two_minutes_without_a_network_are_a_channel_that_is_down() -> None:
    house = SimulatedHouse()
    house.at(100, lambda: house.fault("no-network,for=300"))
    seen = house.health_at(50, 200, 350, 450)
    house.live(500)

    assert [health.reason for health in seen] == ["ready", "ready", "not_registered", "ready"]
    assert [health.facts["registration"] for health in seen] == [
        *("home", "searching", "searching", "home")
    ]


def test_r23_a_modem_without_a_network_at_the_start_is_down_at_once() -> None:
    house = SimulatedHouse("no-network")
    seen = house.health_at(2)
    house.live(3)

    assert (seen[0].is_up, seen[0].reason) == (False, "not_registered")


def test_r23_a_network_that_was_lost_is_searched_for_with_the_radio_off_and_on() -> None:
    house = SimulatedHouse()
    house.at(60, lambda: house.fault("network-lost"))
    seen = house.health_at(600, 720)
    house.live(2000)

    assert [health.reason for health in seen] == ["not_registered", "ready"]
    assert house.count("AT+CFUN=4") == 1


@pytest.mark.parametrize("family", NAMES)
def test_r26_health_says_what_a_person_needs(family: str) -> None:
    house = SimulatedHouse("silence=lost,count=1", family=family, allowances=allowances_of(30, 150))
    house.at(300, house.job)
    house.order(do="set", signal=11)
    seen = house.health_at(400)
    house.send(seconds=450)

    (health,) = seen
    assert health.is_up
    wanted = {
        "model": family_called(family).model,
        "sim": "ready",
        "pin_tries_left": "3",
        "own_number": "+8613800000000",
        "service_centre": "+8613800100500",
        "registration": "home",
        "operator": "CHINA MOBILE",
        "technology": "2g" if family == "SIM800L" else "lte",
        "signal_dbm": "-91",
        "stored": "0/50",
        "last_send": "network_took_it",
        "last_sent_s_ago": "100",
        "sent_count": "1",
        "unconfirmed_count": "1",
        "allowance_left": "5",
    }
    assert {key: health.facts.get(key) for key in wanted} == wanted


FIRST_OF_TWO = "0891683108100005F0440D91683119325476F80008523090415033230A0500034A020100310032"
FLASH = "0891683108100005F0040D91683119325476F80010523090415033230131"
OUTGOING = "0001000A8101000000000008024E2D"


def test_r26_every_fact_is_explained_and_every_explained_one_is_told() -> None:
    houses = [
        SimulatedHouse("cms-error=28,count=1", family="A7670E", is_lte_only=True),
        SimulatedHouse("mute", capacity=1),
        SimulatedHouse("hang", power_cycle=lambda: None),
        SimulatedHouse(spent=[(0, 30)], allowances=allowances_of()),
    ]
    told: set[str] = set()
    for house in houses:
        for pdu in (FIRST_OF_TWO, FLASH, OUTGOING, "00FF"):
            house.order(do="pdu", pdu=pdu)
        house.text_from("1 4821")
        house.at(5, house.job)
        house.at(10, house.job)
        house.at(299, lambda house=house: told.update(house.shared.health().facts))
        house.live(300)

    assert told == set(FACTS)


def test_r26_facts_of_the_network_end_with_the_port() -> None:
    house = SimulatedHouse()
    house.at(30, lambda: house.order(do="unplug"))
    seen = house.health_at(60)
    house.live(70)

    assert "signal_dbm" not in seen[0].facts


@pytest.mark.parametrize(
    ("family", "fault", "said", "kept"),
    [
        ("SIM7600", None, "on", True),
        ("A7670E", None, "on", True),
        ("EC25", None, "on", True),
        ("EC25", "lte-refused", "refused", False),
        ("SIM800L", None, "not_known_how", False),
        ("Huawei", None, "not_known_how", False),
    ],
)
def test_a_modem_is_kept_to_lte_where_that_is_wanted_and_says_whether_it_took(
    family: str, fault: str | None, said: str, kept: bool
) -> None:
    house = SimulatedHouse(*filter(None, [fault]), family=family, is_lte_only=True)
    house.at(30, lambda: house.order(do="reset"))
    seen = house.health_at(60)

    assert house.send(seconds=70).outcome is Outcome.SENT
    assert seen[0].facts["lte_only"] == said
    assert house.order(do="state")["lte_only"] is kept
    written = [
        line for line in house.wire.heard if line in ("AT+CNMP=38", 'AT+QCFG="nwscanmode",3')
    ]
    assert len(written) == (2 if fault else int(kept))  # what is set already is left alone


def test_a_modem_is_left_as_it_is_where_lte_alone_is_not_wanted() -> None:
    house = SimulatedHouse(family="EC25")
    seen = house.health_at(2)
    house.live(3)

    assert "lte_only" not in seen[0].facts
    assert not any("QCFG" in line for line in house.wire.heard)


def test_a_text_that_waited_too_long_is_given_back_unsent() -> None:
    house = SimulatedHouse("silence=lost,count=1")
    jobs = []
    house.at(2, lambda: jobs.extend([house.job(), house.job()]))
    house.live(400)

    assert [job.attempt.result(timeout=0).reason for job in jobs] == ["no_answer", "busy"]
    assert house.shown == []


MISCHIEF = [
    *("garbage,p=0.05", "urc-interleaved,p=0.05", "reset=command,p=0.005", "reset=prompt,p=0.02"),
    *("reset=answer,p=0.03", "silence=sent,p=0.03", "silence=lost,p=0.03", "no-prompt,p=0.05"),
    *("cms-error=38,p=0.03", "cms-error=304,p=0.03", "cms-error-but-sent,p=0.03"),
    *("prompt-stuck,p=0.02", "cmti-lost,p=0.2", "duplicate-store,p=0.2", "cmgd-fails,p=0.1"),
    *("empty-cmgr,p=0.1", "no-alpha-comma,p=0.3", "unplug=command,p=0.003,for=7"),
    *("slow=2,p=0.05", "slow-send=20,p=0.05", "cmgl-303,p=0.2", "cmti-nowhere,p=0.1"),
]


@pytest.mark.parametrize("seed", range(15))
def test_in_hours_of_mischief_every_text_is_told_truthfully_and_none_is_lost_or_doubled(
    seed: int,
) -> None:
    family = NAMES[seed % len(NAMES)]
    house = SimulatedHouse(*MISCHIEF, family=family, seed=seed)
    jobs = {}

    def ask(number: int) -> None:
        jobs[f"门开 回复 1 {number}"] = house.job(f"门开 回复 1 {number}")

    for number in range(1000, 1020):
        house.at((number - 999) * 600.0, lambda number=number: ask(number))
        house.at((number - 999) * 600.0 + 100, lambda number=number: house.text_from(f"1 {number}"))
    house.at(20 * 600.0 + 1000, lambda: house.order(do="clear"))
    house.live(20 * 600.0 + 3000)

    outcomes = {text: job.attempt.result(timeout=0).outcome for text, job in jobs.items()}
    shown = {text: house.shown.count(text) for text in jobs}
    assert {text for text, each in outcomes.items() if each is Outcome.SENT} <= {
        text for text, times in shown.items() if times == 1
    }
    went_nowhere = (Outcome.NOT_TRIED, Outcome.FAILED_TEMPORARY, Outcome.FAILED_PERMANENT)
    assert not any(shown[text] for text, each in outcomes.items() if each in went_nowhere)
    assert max(shown.values()) == 1
    assert sorted(house.texts) == sorted(f"1 {number}" for number in range(1000, 1020))
    assert house.stored == 0
