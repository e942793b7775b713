"""The driver against a scripted modem on a virtual clock: requirements R3 to R23 at the wire."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from alerts.channels.base import (
    Attempt,
    DeliveryReport,
    IncomingText,
    Noted,
    Outcome,
    not_noted,
)
from alerts.channels.gsm import submit
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.driver import Driver
from alerts.channels.gsm.errors import NotReady
from alerts.channels.gsm.inbox import Inbox, Kept
from alerts.channels.gsm.job import Job
from alerts.channels.gsm.modem import Modem
from alerts.channels.gsm.pace import Allowance, Pace
from alerts.channels.gsm.pin import Pin
from alerts.channels.gsm.shared import Shared
from alerts.channels.gsm.transport import Port, PortGone
from tests.fakes.gsm_modem import FakeModem

PHONE = "+8613912345678"
TEXT = "0891683108100005F0040D91683119325476F80000523090415033230631504C36A301"  # "1 1234"
OTHER = "0891683108100005F0040D91683119325476F80000523090415043230631504C36A301"  # a minute later
REPORT = "0891683108100005F006070D91683119325476F8523090415033235230904150242300"  # mr 7, done
FIRST_OF_TWO = "0891683108100005F0440D91683119325476F80008523090415033230A0500034A020100310032"
SECOND_OF_TWO = "0891683108100005F0440D91683119325476F80008523090415033230A0500034A020200330034"
BINARY = "0891683108100005F0040D91683119325476F8000452309041503323020102"


class House:
    """A modem, its driver's state, and what came in."""

    def __init__(self, pin: Pin | None = None, *allowances: Allowance) -> None:
        self.wire = FakeModem()
        self.came: list[IncomingText | DeliveryReport] = []
        self.kept: list[Kept] = []
        self.failures: list[Exception] = []  # raised by `receive`, one each time
        self.shared = Shared(
            clock=self.wire.clock,
            patience=Patience(),
            pin=pin or Pin(),
            inbox=Inbox("modem", self.receive, self.kept.append),
            pace=Pace(allowances, self.wire.clock.now),
        )
        self.modem = Modem(self.wire, self.shared)

    def receive(self, what: IncomingText | DeliveryReport) -> None:
        if self.failures:
            raise self.failures.pop()
        self.came.append(what)

    def live(self, seconds: float) -> None:
        """Let the driver run for so long."""
        self.shared.is_stopping = False
        self.wire.at(seconds, self.stop)
        try:
            self.modem.serve()
        except PortGone as gone:
            if str(gone) != "stopped":
                raise

    def stop(self) -> None:
        self.shared.is_stopping = True

    def send(self, text: str = "门开 回复 1 4821", *, seconds: float = 400.0) -> Attempt:
        job = self.job(text)
        self.live(seconds)
        return job.attempt.result(timeout=0)

    def job(self, text: str = "门开", *, is_critical: bool = True, noted: Noted = not_noted) -> Job:
        job = Job(submit.encode(PHONE, text, ref=1), self.wire.clock.now, is_critical, noted)
        self.shared.jobs.append(job)
        return job

    @property
    def texts(self) -> list[str]:
        return [what.text for what in self.came if isinstance(what, IncomingText)]

    def count(self, command: str) -> int:
        return self.wire.commands.count(command)


@pytest.fixture
def house() -> House:
    return House()


def test_a_text_goes_out_and_names_its_reference(house: House) -> None:
    attempt = house.send()

    assert attempt == Attempt(Outcome.SENT, "network_took_it", ("7",))
    assert house.wire.pdus == [submit.encode(PHONE, "门开 回复 1 4821")[0].hex().upper()]


def test_each_part_of_a_long_text_has_its_own_reference(house: House) -> None:
    assert house.send("长" * 100).references == ("7", "8")


@pytest.mark.parametrize(
    "urc",
    ["RING", "^RSSI:18", "+CREG: 1", '+CMTI: "SM",99', f"+CDS: 26\r\n{REPORT}", "+CUSD: 2"],
)
def test_r04_what_the_modem_says_between_any_two_lines_does_no_harm(house: House, urc: str) -> None:
    house.wire.before_each_line = [urc]

    assert house.send(seconds=5).outcome is Outcome.SENT
    if "CDS" in urc:
        assert house.came == [
            DeliveryReport("modem", "7", PHONE, Outcome.DELIVERED, "handset_has_it")
        ]


def test_r05_an_echo_that_cannot_be_turned_off_is_ignored(house: House) -> None:
    house.wire.echo = True

    assert house.send("长" * 100, seconds=200).references == ("7", "8")
    assert house.count("ATE0") == 1  # nor is it taken for a reset at each check


def test_r07_a_command_for_a_text_has_no_line_feed(house: House) -> None:
    written: list[bytes] = []
    write = house.wire.write

    def note(data: bytes) -> None:
        written.append(data)
        write(data)

    house.wire.write = note  # type: ignore[method-assign]
    house.send()

    assert written
    assert not any(b"\n" in data for data in written)


def test_r07_a_missing_prompt_is_left_by_escape_and_the_text_tried_once_more(
    house: House,
) -> None:
    house.wire.script["AT+CMGS"].append(None)

    assert house.send().outcome is Outcome.SENT
    assert len(house.wire.pdus) == 1


def test_r07_a_prompt_left_open_by_another_program_is_left(house: House) -> None:
    house.wire.write(b"AT+CMGS=20\r")

    assert house.send().outcome is Outcome.SENT
    assert len(house.wire.pdus) == 1


def test_r07_a_prompt_that_never_comes_is_a_failure_that_may_pass(house: House) -> None:
    house.wire.answers["AT+CMGS"] = None

    attempt = house.send()

    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_TEMPORARY, "no_prompt")
    assert house.wire.pdus == []


def test_r08_the_announced_length_leaves_the_service_centre_out(house: House) -> None:
    house.send("OK")

    announced = next(line for line in house.wire.commands if line.startswith("AT+CMGS="))
    assert int(announced.partition("=")[2]) == len(house.wire.pdus[0]) // 2 - 1


def test_r09_silence_for_180_s_is_unconfirmed_and_not_sent_again(house: House) -> None:
    house.wire.script["PDU"].append(None)
    house.live(5)
    started_at = house.wire.clock.now
    answered_at: list[float] = []
    job = house.job()
    job.attempt.add_done_callback(lambda _: answered_at.append(house.wire.clock.now))

    house.live(900)

    attempt = job.attempt.result(timeout=0)
    assert (attempt.outcome, attempt.reason) == (Outcome.UNCONFIRMED, "no_answer")
    assert 180 <= answered_at[0] - started_at < 181
    assert len(house.wire.pdus) == 1


def test_r09_while_one_text_is_unanswered_the_channel_counts_as_down(house: House) -> None:
    house.wire.script["PDU"].append(None)
    house.live(5)
    house.job()
    seen: list[str] = []
    house.wire.at(29, lambda: seen.append(house.shared.health().reason))
    house.wire.at(31, lambda: seen.append(house.shared.health().reason))

    house.live(900)

    assert seen == ["ready", "no_answer_yet"]
    assert house.shared.health().reason == "ready"


@pytest.mark.parametrize(
    ("answer", "outcome", "retry_after_s"),
    [
        ("+CMS ERROR: 38", Outcome.FAILED_TEMPORARY, 60.0),
        ("+CMS ERROR:331", Outcome.FAILED_TEMPORARY, 60.0),
        ("+CMS ERROR: 42", Outcome.FAILED_TEMPORARY, 5.0),
        ("+CMS ERROR: 28", Outcome.FAILED_PERMANENT, None),
        ("+CMS ERROR: 197", Outcome.SENT, None),
        ("+CMS ERROR: 500", Outcome.UNCONFIRMED, None),
        ("+CME ERROR: 14", Outcome.FAILED_TEMPORARY, 5.0),
        ("ERROR", Outcome.FAILED_TEMPORARY, 5.0),
        ("COMMAND NOT SUPPORT", Outcome.FAILED_TEMPORARY, 5.0),
    ],
)
def test_r10_an_error_has_its_class(
    house: House, answer: str, outcome: Outcome, retry_after_s: float | None
) -> None:
    house.wire.answers["PDU"] = answer

    attempt = house.send()

    assert (attempt.outcome, attempt.retry_after_s) == (outcome, retry_after_s)
    assert len(house.wire.pdus) == 1


def test_r10_a_modem_that_lost_its_mode_is_set_up_and_tried_once_more(house: House) -> None:
    house.wire.script["PDU"].append("+CMS ERROR: 304")

    assert house.send().outcome is Outcome.SENT
    assert house.count("AT+CMGF=0") == 2


def test_r10_a_full_store_is_emptied_before_the_text_is_tried_once_more(house: House) -> None:
    house.live(1)
    house.wire.store = {3: TEXT}
    house.wire.script["PDU"].append("+CMS ERROR: 322")

    assert house.send().outcome is Outcome.SENT
    assert house.texts == ["1 1234"]
    assert house.wire.store == {}


def test_r10_what_mending_does_not_help_fails_after_one_more_try(house: House) -> None:
    house.wire.answers["PDU"] = "+CMS ERROR: 304"

    assert house.send().reason == "cms_304"
    assert len(house.wire.pdus) == 2


def test_a_text_whose_second_part_fails_has_failed(house: House) -> None:
    house.wire.script["PDU"].extend(["+CMGS: 1\r\n\r\nOK", "+CMS ERROR: 38"])

    attempt = house.send("长" * 100)

    assert (attempt.outcome, attempt.references) == (Outcome.FAILED_TEMPORARY, ("1",))


def test_r11_a_report_is_passed_on_once_its_reference_was_noted_and_no_later(house: House) -> None:
    happened: list[tuple[str, float]] = []

    def note(reference: str) -> None:
        house.wire.clock.now += 3.0  # a slow disk
        happened.append((f"noted {reference}", house.wire.clock.now))

    house.shared.inbox = Inbox(
        "modem", lambda _: happened.append(("report", house.wire.clock.now)), house.kept.append
    )
    house.modem = Modem(house.wire, house.shared)
    house.live(1)
    house.job(noted=note)
    house.wire.script["PDU"].append(f"+CDS: 26\r\n{REPORT}\r\n\r\n+CMGS: 7\r\n\r\nOK")

    house.live(10)

    (noted, noted_at), (came, came_at) = happened
    assert (noted, came) == ("noted 7", "report")
    assert came_at == noted_at


def test_r12_a_report_names_part_number_and_outcome(house: House) -> None:
    house.live(1)
    house.wire.say(f"+CDS: 26\r\n{REPORT}")

    house.live(1)

    assert house.came == [DeliveryReport("modem", "7", PHONE, Outcome.DELIVERED, "handset_has_it")]


def test_r12_a_report_that_could_not_be_stored_is_not_dropped(house: House) -> None:
    house.live(1)
    house.failures = [OSError("disk full")]
    house.wire.say(f"+CDS: 26\r\n{REPORT}")

    house.live(30)

    assert len(house.came) == 1


def test_r13_a_text_is_deleted_only_after_it_was_received(house: House) -> None:
    house.live(1)
    house.wire.store = {5: TEXT}
    house.failures = [OSError("disk full"), OSError("disk full")]
    house.wire.say('+CMTI: "SM",5')

    house.live(2)
    assert (house.texts, house.wire.store) == ([], {5: TEXT})

    house.live(30)
    assert (house.texts, house.wire.store) == (["1 1234"], {})


def test_r13_what_lay_in_the_modem_at_start_is_received(house: House) -> None:
    house.wire.store = {0: TEXT, 1: OTHER}

    house.live(1)

    assert house.texts == ["1 1234", "1 1234"]
    assert house.wire.store == {}


def test_r14_a_text_stored_twice_is_received_once(house: House) -> None:
    house.live(1)
    house.wire.store = {1: TEXT, 2: TEXT}
    house.wire.say('+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2')

    house.live(1)

    assert house.texts == ["1 1234"]
    assert house.wire.store == {}


def test_r14_a_text_that_cannot_be_deleted_is_received_once(house: House) -> None:
    house.wire.answers["AT+CMGD"] = "+CMS ERROR: 500"
    house.wire.store = {1: TEXT}

    house.live(600)

    assert house.texts == ["1 1234"]


def test_r15_parts_stay_in_the_modem_until_the_text_is_whole(house: House) -> None:
    house.wire.store = {1: SECOND_OF_TWO}
    house.live(130)
    assert (house.texts, len(house.wire.store)) == ([], 1)

    house.wire.store[2] = FIRST_OF_TWO
    house.wire.say('+CMTI: "SM",2')
    house.live(1)

    assert (house.texts, house.wire.store) == (["1234"], {})


def test_r16_a_text_nobody_announced_is_found_within_a_minute(house: House) -> None:
    house.live(1)
    house.wire.store = {4: TEXT}

    house.live(61)

    assert house.texts == ["1 1234"]


def test_r16_an_unreadable_message_is_kept_raw_and_deleted(house: House) -> None:
    house.wire.store = {1: "00FF", 2: BINARY, 3: TEXT}

    house.live(1)

    assert [(kept.pdu, kept.reason.partition(":")[0]) for kept in house.kept] == [
        ("00FF", "undecodable"),
        (BINARY, "not_for_people"),
    ]
    assert (house.texts, house.wire.store) == (["1 1234"], {})


def test_r16_parts_that_fill_the_store_are_kept_raw_and_deleted(house: House) -> None:
    house.wire.size = 5
    house.wire.store = {
        slot: FIRST_OF_TWO.replace("4A0201", f"{slot:02X}0201") for slot in range(1, 5)
    }

    house.live(1)

    assert [kept.reason for kept in house.kept] == ["parts_missing"] * 4
    assert house.wire.store == {}


def test_r16_a_full_store_that_says_so_is_emptied(house: House) -> None:
    house.live(1)
    house.wire.store = {4: TEXT}
    house.wire.say("^SMMEMFULL: SM")

    house.live(1)

    assert house.wire.store == {}


@pytest.mark.parametrize("empty", ["OK", "+CMS ERROR: 321", "+CMS ERROR: 500"])
@pytest.mark.parametrize("listing", ["+CMS ERROR: 303", "OK"])
def test_r17_a_store_that_cannot_be_listed_is_read_slot_by_slot(
    house: House, listing: str, empty: str
) -> None:
    house.wire.answers["AT+CMGL"] = listing
    for slot in range(21):
        house.wire.answers[f"AT+CMGR={slot}"] = empty
    for slot in (0, 20):
        del house.wire.answers[f"AT+CMGR={slot}"]
    house.wire.store = {0: TEXT, 20: OTHER}

    house.live(1)

    assert len(house.texts) == 2
    assert house.wire.store == {}


def test_r17_lines_without_a_name_field_are_read(house: House) -> None:
    house.wire.store = {0: TEXT}
    house.wire.script["AT+CMGL"].append(f"+CMGL: 0,1,25\r\n{TEXT}\r\n\r\nOK")

    house.live(1)

    assert (house.texts, house.wire.store) == (["1 1234"], {})


def test_r17_an_announcement_without_a_place_asks_for_nothing(house: House) -> None:
    house.live(1)
    house.wire.say("+CMTI: ,-1")

    house.live(1)

    assert not any(line.startswith("AT+CMGR") for line in house.wire.commands)


def test_r18_a_reset_is_followed_by_setting_up_and_the_queue_goes_on(house: House) -> None:
    house.live(1)
    house.wire.say("RDY")
    house.wire.say("+CFUN: 1")

    assert house.send().outcome is Outcome.SENT
    assert house.count("AT+CMGF=0") == 2


def test_r18_a_reset_before_the_prompt_costs_nothing(house: House) -> None:
    house.live(1)
    house.wire.script["AT+CMGS"].append("RDY")

    assert house.send().outcome is Outcome.SENT


def test_r18_a_reset_after_the_text_is_unconfirmed_at_once(house: House) -> None:
    house.live(1)
    house.wire.script["PDU"].append("RDY")

    attempt = house.send(seconds=5)

    assert (attempt.outcome, attempt.reason) == (Outcome.UNCONFIRMED, "modem_reset")
    assert house.count("AT+CMGF=0") == 2


@pytest.mark.parametrize(
    ("command", "answer"),
    [("AT+CMGF?", "+CMGF: 1\r\n\r\nOK"), ("AT+CNMI?", "+CNMI: 0,0,0,0,0\r\n\r\nOK")],
)
def test_r18_a_reset_nobody_saw_is_found_within_a_minute(
    house: House, command: str, answer: str
) -> None:
    house.live(1)
    house.wire.script[command].append(answer)

    house.live(65)

    assert house.count("AT+CMGF=0") == 2


def test_r18_an_echo_that_returns_is_a_reset(house: House) -> None:
    house.live(1)
    house.wire.echo = True

    house.live(65)

    assert house.count("ATE0") == 2


def test_r20_a_modem_that_stays_silent_is_given_up_after_three_misses(house: House) -> None:
    house.live(1)
    for command in list(house.wire.answers):
        house.wire.answers[command] = None
    fell_silent_at = house.wire.clock.now

    with pytest.raises(NotReady, match="no_answer"):
        house.live(600)

    assert house.count("AT+CREG?") == 1 + 3
    assert house.wire.clock.now - fell_silent_at < 120


def test_r20_one_miss_is_forgiven(house: House) -> None:
    house.live(1)
    house.wire.script["AT+CREG?"].append(None)

    house.live(300)

    assert house.count("ATE0") == 1


def locked(house: House, tries: str = "+CPINR: SIM PIN,3,3\r\n\r\nOK") -> None:
    house.wire.answers["AT+CPIN?"] = "+CPIN: SIM PIN\r\n\r\nOK"
    house.wire.answers['AT+CPINR="SIM PIN"'] = tries


def test_r21_a_pin_is_entered_and_the_modem_used(tmp_path: Path) -> None:
    house = House(Pin("1234", tmp_path / "pin"))
    locked(house)

    def unlock() -> None:
        house.wire.answers["AT+CPIN?"] = "+CPIN: READY\r\n\r\nOK"

    house.wire.after['AT+CPIN="1234"'] = unlock

    assert house.send().outcome is Outcome.SENT


def test_r21_a_pin_that_opened_the_sim_is_entered_again_after_a_reset(tmp_path: Path) -> None:
    house = House(Pin("1234", tmp_path / "pin"))

    def unlock() -> None:
        house.wire.answers["AT+CPIN?"] = "+CPIN: READY\r\n\r\nOK"

    for _ in range(3):
        locked(house)
        house.wire.after['AT+CPIN="1234"'] = unlock
        house.wire.say("RDY")
        house.live(5)

    assert house.count('AT+CPIN="1234"') == 3


def test_r21_a_wrong_pin_is_never_tried_twice_in_one_boot(tmp_path: Path) -> None:
    entered = []
    for _ in range(2):  # the second time as a new process
        house = House(Pin("1234", tmp_path / "pin"))
        locked(house)
        for _ in range(3):
            with pytest.raises(NotReady, match="sim_pin_"):
                house.live(60)
        entered.append(house.count('AT+CPIN="1234"'))

    assert entered == [1, 0]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ('AT+CPINR="SIM PIN"', "+CPINR: SIM PIN,2,3"),
        ("AT+SPIC", "+SPIC: 2,10,3,10"),
        ('AT+QPINC="SC"', '+QPINC: "SC",2,10'),
        ("AT^CPIN?", "^CPIN: SIM PIN,2,10,2,10,3"),
    ],
)
def test_r21_no_pin_is_entered_with_fewer_than_three_tries_left(command: str, answer: str) -> None:
    house = House(Pin("1234"))
    locked(house, "ERROR")
    house.wire.answers[command] = f"{answer}\r\n\r\nOK"

    with pytest.raises(NotReady, match="sim_pin_few_tries_left"):
        house.live(10)

    assert house.count('AT+CPIN="1234"') == 0


def test_r22_texts_beyond_the_allowance_are_given_back_with_the_time_to_wait() -> None:
    house = House(None, Allowance(4, 40.0))
    first, second = house.job("长" * 100), house.job("长" * 180)

    house.live(5)

    assert first.attempt.result(timeout=0).outcome is Outcome.SENT
    refused = second.attempt.result(timeout=0)
    assert (refused.outcome, refused.reason) == (Outcome.NOT_TRIED, "sending_too_fast")
    assert refused.retry_after_s == pytest.approx(10.0, abs=1.0)


def test_r23_two_minutes_without_a_network_are_a_channel_that_is_down(house: House) -> None:
    house.live(1)
    house.wire.answers["AT+CREG?"] = "+CREG: 0,2\r\n\r\nOK"
    house.wire.answers["AT+CEREG?"] = "+CEREG: 0,2\r\n\r\nOK"

    house.live(100)
    assert house.shared.health().is_up
    house.live(60)
    assert house.shared.health().reason == "not_registered"

    house.wire.answers["AT+CREG?"] = "+CREG: 0,5\r\n\r\nOK"
    house.live(10)
    assert house.shared.health().is_up


def test_r26_health_says_what_a_person_needs(house: House) -> None:
    house.wire.script["PDU"].append(None)
    house.send()
    house.send(seconds=70)

    health = house.shared.health()

    assert health.is_up
    assert (
        health.facts
        | {
            "signal_dbm": "-73",
            "registration": "home",
            "operator": "CHINA MOBILE",
            "stored": "0/20",
            "last_send": "network_took_it",
            "sent_count": "1",
            "unconfirmed_count": "1",
            "last_sent_s_ago": "70",
        }
        == health.facts
    )


def test_a_text_that_waited_too_long_is_given_back_unsent(house: House) -> None:
    house.live(1)
    house.wire.script["PDU"].append(None)
    first, second = house.job(), house.job()

    house.live(400)

    assert first.attempt.result(timeout=0).outcome is Outcome.UNCONFIRMED
    assert second.attempt.result(timeout=0).reason == "busy"
    assert len(house.wire.pdus) == 1


def test_a_text_nobody_waits_for_any_more_is_not_sent(house: House) -> None:
    house.live(1)
    job = house.job()
    job.attempt.cancel()

    house.live(5)

    assert house.wire.pdus == []


# The thread's loop around it


def drive(house: House, open_port: Callable[[], Port], seconds: float) -> None:
    house.wire.at(seconds, house.stop)
    Driver(house.shared, open_port, house.wire.rest).run()


def test_r19_a_port_that_vanishes_is_looked_for_and_used_again(house: House) -> None:
    opened_at: list[float] = []

    def open_port() -> Port:
        opened_at.append(house.wire.clock.now)
        if 1010 <= house.wire.clock.now < 1050:
            raise PortGone("port_absent")
        house.wire.is_gone = False
        return house.wire

    def unplug() -> None:
        house.wire.is_gone = True

    house.wire.at(10, unplug)
    reasons: list[str] = []
    for seconds in (5, 20, 200):
        house.wire.at(seconds, lambda: reasons.append(house.shared.health().reason))

    drive(house, open_port, 300)

    pauses = [later - earlier for earlier, later in pairwise(opened_at[1:])]
    assert pauses == sorted(pauses)  # ever longer
    assert max(pauses) <= 60
    assert reasons == ["ready", "port_absent", "ready"]
    assert house.shared.health().reason == "stopped"


def test_r19_a_text_with_a_modem_that_is_pulled_out_is_unconfirmed(house: House) -> None:
    def unplug() -> None:
        house.wire.is_gone = True

    def open_port() -> Port:
        if house.wire.is_gone:
            raise PortGone("port_absent")
        return house.wire

    house.wire.script["PDU"].append(None)
    house.wire.after["PDU"] = unplug
    job = house.job()

    drive(house, open_port, 30)

    assert job.attempt.result(timeout=0).reason == "port_gone_while_sending"


def test_r20_a_deaf_modem_is_reopened_then_restarted(house: House) -> None:
    for command in list(house.wire.answers):
        house.wire.answers[command] = None

    drive(house, lambda: house.wire, 290)

    assert house.count("AT+CFUN=1,1") == 1
    assert house.shared.facts == {"restart_count": "1"}


def test_a_mistake_in_the_driver_does_not_end_it(house: House) -> None:
    calls = iter([ValueError("a mistake"), None])

    def open_port() -> Port:
        if error := next(calls):
            raise error
        return house.wire

    job = None

    def ask() -> None:
        nonlocal job
        job = house.job()

    house.wire.at(10, ask)
    drive(house, open_port, 30)

    assert job is not None
    assert job.attempt.result(timeout=0).outcome is Outcome.SENT
