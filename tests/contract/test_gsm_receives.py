"""What the driver owes a text that comes in, at a simulated modem that misbehaves (R4, R12 to R17).

The gateway's own part of it, known texts on its disk, is a set of their names here.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.channels.base import DeliveryReport, IncomingText, Outcome
from firmware_sim.modem_families import FAMILIES
from firmware_sim.modem_world import BEIJING
from firmware_sim.sms_pdu import encode_deliver
from tests.fakes.gsm_sim import LI, SimulatedHouse

NAMES = [family.name for family in FAMILIES.values()]
LONG = "南岭村3栋1203 门开😀 " * 12  # three parts
AT = datetime(2025, 3, 9, 14, 5, 33, tzinfo=BEIJING)
LATER = datetime(2025, 3, 9, 14, 6, 33, tzinfo=BEIJING)
HOUR_S = 3600.0


def parts_of(text: str, reference: int = 0x4A, sender: str = LI) -> list[str]:
    pdus = encode_deliver(sender, text, AT, reference=reference)
    return [pdu.hex().upper() for pdu in pdus]


class Killed(BaseException):
    """The gateway's process is gone, whatever it was doing."""


class Disk:
    """What outlives a killed gateway: each text once, by sender, stamp and words."""

    def __init__(self, house: SimulatedHouse) -> None:
        self.house = house
        self.known: list[IncomingText | DeliveryReport] = []

    def sync(self) -> None:
        self.known += [what for what in self.house.came if what not in self.known]


@pytest.mark.parametrize(
    "urc", ["RING", "^RSSI:18", "+CREG: 1", '+CMTI: "SM",99', "+CUSD: 2", "+CIEV: 1,3", "*PSUTTZ"]
)
def test_r04_what_is_said_between_any_two_lines_is_no_part_of_an_answer(urc: str) -> None:
    house = SimulatedHouse(f"urc-interleaved={urc}")
    house.at(3, lambda: house.text_from("1 4821"))

    assert house.send(LONG, seconds=10).outcome is Outcome.SENT
    assert (house.shown, house.texts) == ([LONG], ["1 4821"])


def test_r04_a_report_between_the_text_and_its_answer_takes_its_pdu_along() -> None:
    house = SimulatedHouse("slow-send=2")  # each report comes before +CMGS

    attempt = house.send(LONG, seconds=60)

    assert attempt.outcome is Outcome.SENT
    assert house.delivered == set(attempt.references)


def test_r04_a_text_that_is_handed_over_directly_is_received() -> None:
    house = SimulatedHouse()
    (pdu,) = parts_of("1 4821")
    house.at(2, lambda: house.order(do="urc", line=f"+CMT: ,{len(pdu) // 2 - 9}\r\n{pdu}"))
    house.live(10)

    assert house.texts == ["1 4821"]


@pytest.mark.parametrize("family", NAMES)
def test_r13_a_text_is_deleted_only_once_it_is_safe(family: str) -> None:
    house = SimulatedHouse(family=family)
    house.failures = [OSError("disk full")] * 5
    stored: list[int] = []
    house.at(2, lambda: house.text_from("1 4821"))
    house.at(3, lambda: stored.append(house.stored))
    house.live(60)

    assert stored[0] >= 1
    assert (house.texts, house.stored) == (["1 4821"], 0)


@pytest.mark.parametrize("killed_at", range(1, 40))
def test_r13_a_kill_at_any_command_loses_nothing_and_doubles_nothing(killed_at: int) -> None:
    house = SimulatedHouse(family="EC25")
    for pdu in [*parts_of("1 4821"), *parts_of(LONG)]:
        house.order(do="pdu", pdu=pdu)
    house.wire.pass_to(house.wire.now + 1)
    disk, write, left = Disk(house), house.wire.write, [killed_at]

    def write_or_die(data: bytes) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        write(data)

    house.wire.write = write_or_die  # type: ignore[method-assign]
    try:
        house.live(5)
    except Killed:
        disk.sync()
        house.restart_gateway()
    house.live(5)
    disk.sync()

    assert sorted(what.text for what in disk.known if isinstance(what, IncomingText)) == [
        "1 4821",
        LONG,
    ]
    # Killed while it deleted the parts of one text, the others wait there in vain, for a day.
    assert house.stored <= 2


def test_r13_what_came_into_another_store_while_nobody_listened_is_received() -> None:
    house = SimulatedHouse(family="EC25")
    house.text_from("1 4821")
    house.wire.pass_to(house.wire.now + 1)
    assert house.order(do="state")["stores"]["ME"] == 1

    house.live(2)

    assert (house.texts, house.stored) == (["1 4821"], 0)


def test_r14_a_modem_that_stores_each_text_twice_is_heard_once() -> None:
    house = SimulatedHouse(family="A7670E")
    house.at(2, lambda: house.text_from("1 4821"))
    house.at(2, lambda: house.text_from(LONG))
    house.live(90)

    assert (house.texts, house.stored) == (["1 4821", LONG], 0)


def test_r14_a_text_that_cannot_be_deleted_is_received_once() -> None:
    house = SimulatedHouse("cmgd-fails,for=1000")
    house.at(2, lambda: house.text_from("1 4821"))
    house.live(1200)

    assert (house.texts, house.stored) == (["1 4821"], 0)


def test_r14_the_same_words_sent_again_are_another_text() -> None:
    house = SimulatedHouse()
    for at in (AT, LATER):
        (pdu,) = encode_deliver(LI, "1 4821", at)
        house.order(do="pdu", pdu=pdu.hex())
    house.live(2)

    assert house.texts == ["1 4821", "1 4821"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2, 2)])
def test_r15_parts_in_any_order_and_twice_are_one_text(order: tuple[int, ...]) -> None:
    house = SimulatedHouse()
    parts = parts_of(LONG)
    for second, place in enumerate(order, start=2):
        house.at(second, lambda place=place: house.order(do="pdu", pdu=parts[place]))
    house.live(70)

    assert (house.texts, house.stored) == ([LONG], 0)


def test_r15_parts_wait_in_the_modem_across_a_restart_of_both() -> None:
    house = SimulatedHouse()
    first, *rest = parts_of(LONG)
    house.at(2, lambda: house.order(do="pdu", pdu=first))
    house.live(130)
    assert (house.texts, house.stored) == ([], 1)

    house.restart_gateway()
    house.order(do="reset")
    for part in rest:
        house.at(3, lambda part=part: house.order(do="pdu", pdu=part))
    house.live(10)

    assert (house.texts, house.stored) == ([LONG], 0)


def test_r15_one_reference_of_two_senders_is_two_texts() -> None:
    house = SimulatedHouse()
    for part in zip(
        parts_of("甲" * 100), parts_of("乙" * 100, sender="+8613900000002"), strict=True
    ):
        for pdu in part:
            house.order(do="pdu", pdu=pdu)
    house.live(2)

    assert house.texts == ["甲" * 100, "乙" * 100]


def test_r15_what_lacks_a_part_for_a_day_is_kept_raw() -> None:
    house = SimulatedHouse()
    first = parts_of(LONG)[0]
    house.at(2, lambda: house.order(do="pdu", pdu=first))
    house.live(23 * HOUR_S)
    assert (house.kept, house.stored) == ([], 1)

    house.live(2 * HOUR_S)

    assert [(kept.pdu, kept.reason) for kept in house.kept] == [(first, "parts_missing")]
    assert house.stored == 0


def test_r15_a_pair_cut_between_two_parts_is_joined_before_it_is_read() -> None:
    house = SimulatedHouse()
    head = "0891683108100005F0440D91683119325476F8000852309041503323"
    house.order(do="pdu", pdu=head + "080500034A0202DE00")
    house.order(do="pdu", pdu=head + "080500034A0201D83D")
    house.live(2)

    assert house.texts == ["😀"]


def test_r16_the_store_is_asked_every_minute_and_emptied_though_nobody_announced() -> None:
    house = SimulatedHouse("cmti-lost")
    house.at(30, lambda: house.text_from("1 4821"))
    house.live(70)

    assert (house.texts, house.stored) == (["1 4821"], 0)
    assert house.count("AT+CPMS?") <= 5


def test_r16_a_store_that_fills_with_pieces_is_emptied_at_four_fifths() -> None:
    house = SimulatedHouse(capacity=10)
    for reference in range(7):
        house.order(do="pdu", pdu=parts_of(LONG, reference)[0])
    house.live(70)
    assert (len(house.kept), house.stored) == (0, 7)

    house.at(2, lambda: house.order(do="pdu", pdu=parts_of(LONG, 7)[0]))
    house.live(70)

    assert [kept.reason for kept in house.kept] == ["parts_missing"] * 8
    assert house.stored == 0


def test_r16_octets_that_nothing_can_read_are_kept_raw_and_never_loop() -> None:
    hostile = "00440D91683119325476F8000852309041503323020A4E"
    binary = "0891683108100005F0040D91683119325476F8000452309041503323020102"
    house = SimulatedHouse()
    for pdu in (hostile, binary):
        house.order(do="pdu", pdu=pdu)
    house.text_from("1 4821")
    house.live(300)

    assert [(kept.pdu, kept.reason.partition(":")[0]) for kept in house.kept] == [
        (hostile, "undecodable"),
        (binary, "not_for_people"),
    ]
    assert (house.texts, house.stored) == (["1 4821"], 0)


@pytest.mark.parametrize("family", ["A7670E", "Huawei"])
def test_r16_a_modem_that_was_full_takes_texts_again(family: str) -> None:
    house = SimulatedHouse(family=family, capacity=4)
    for number in range(8):
        house.text_from(f"1 482{number}")
    house.wire.pass_to(house.wire.now + 1)
    house.live(200)

    assert sorted(set(house.texts)) == [f"1 482{number}" for number in range(8)]
    assert len(house.texts) == 8
    assert house.stored == 0


def test_r16_a_text_goes_out_while_the_store_is_being_emptied() -> None:
    house = SimulatedHouse("slow=0.5")  # each of 50 deletions takes half a second
    for number in range(50):
        house.text_from(f"1 48{number:02}")
    house.wire.pass_to(house.wire.now + 1)
    sent_after: list[float] = []

    def ask() -> None:
        at = house.wire.now
        job = house.job()
        job.attempt.add_done_callback(lambda _: sent_after.append(house.wire.now - at))

    house.at(25, ask)
    house.live(300)

    assert sent_after[0] < 5.0
    assert len(house.texts) == 50


READING = [
    "cmgl-303",
    "cmgl-nothing",
    "no-alpha-comma",
    "empty-cmgr=321,count=1",
    "empty-cmgr=500,count=1",
]


@pytest.mark.parametrize("family", NAMES)  # slots from 0 and from 1, empty ones OK or error 321
@pytest.mark.parametrize("fault", READING)
def test_r17_any_way_of_reading_finds_every_text(family: str, fault: str) -> None:
    house = SimulatedHouse(fault, family=family)
    for number in range(3):
        house.text_from(f"1 482{number}")
    house.wire.pass_to(house.wire.now + 1)
    house.at(5, lambda: house.text_from("1 4829"))
    house.live(130)

    assert sorted(house.texts) == ["1 4820", "1 4821", "1 4822", "1 4829"]
    assert house.stored == 0


def test_r17_an_announcement_without_a_place_loses_nothing() -> None:
    house = SimulatedHouse("cmti-nowhere,count=1")
    house.at(2, lambda: house.text_from("1 4821"))
    house.live(30)

    assert house.texts == ["1 4821"]


SENDERS = [
    ("+8613912345678", 0x91, "+8613912345678"),
    ("13912345678", 0x81, "+8613912345678"),
    ("13912345678", 0xA1, "+8613912345678"),
    ("8613912345678", 0x81, "+8613912345678"),
    ("+447911123456", 0x91, "+447911123456"),
    ("10086", 0x81, "10086"),
    ("106575258192144", 0x81, "106575258192144"),
    ("CMCC", None, "CMCC"),
]


@pytest.mark.parametrize(("number", "kind", "sender"), SENDERS)
def test_r25_a_person_is_one_sender_however_the_network_writes_the_number(
    number: str, kind: int | None, sender: str
) -> None:
    house = SimulatedHouse()
    (pdu,) = encode_deliver(number, "1 4821", AT, type_of_address=kind)
    house.order(do="pdu", pdu=pdu.hex())
    house.live(2)

    (text,) = house.came
    assert isinstance(text, IncomingText)
    assert text.sender == sender
