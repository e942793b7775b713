"""What the vectors don't say: hostile octets, odd senders, numbers, and how texts are cut."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.channels.gsm import gsm7, numbers, pdu, submit
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.segments import segments
from gateway.cli import pdu as command

SMSC = "0891683108100005F0"
FROM = "0D91683119325476F8"
STAMP = "52309041503323"


def deliver(text: str) -> Deliver:
    decoded = pdu.decode(text)
    assert isinstance(decoded, Deliver)
    return decoded


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("€" * 80, [160]),
        ("€" * 81, [152, 10]),
        ("字" * 70, [140]),
        ("字" * 71, [134, 8]),
        ("😀" * 35, [140]),
        ("😀" * 36, [132, 12]),
        ("", [0]),
    ],
)
def test_a_text_is_cut_where_the_network_counts(text: str, lengths: list[int]) -> None:
    assert [len(part.body) for part in segments(text)] == lengths


def test_wide_references_leave_room_for_66_units_and_152_septets() -> None:
    assert [len(part.body) for part in segments("字" * 71, ref_bits=16)] == [132, 10]
    assert [len(part.body) for part in segments("a" * 161, ref_bits=16)] == [152, 9]


def test_255_parts_are_the_most() -> None:
    assert len(segments("字" * 67 * 255)) == 255
    with pytest.raises(PduError, match="255"):
        segments("字" * (67 * 255 + 1))


def test_half_a_surrogate_pair_cannot_be_sent() -> None:
    with pytest.raises(PduError, match="surrogate"):
        submit.encode("10086", "\ud83d")


@pytest.mark.parametrize("number", ["", "+", "12 34", "+86-139", "１３９", "1" * 21, "abc x"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(PduError, match=r"number|digits"):
        submit.encode(number, "x")


@pytest.mark.parametrize(
    ("number", "kind"),
    [("+8613912345678", 0x91), ("13912345678", 0xA1), ("10086", 0x81), ("106575258192144", 0x81)],
)
def test_an_address_is_typed_by_how_it_is_written(number: str, kind: int) -> None:
    assert submit.encode(number, "x")[0][4] == kind


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("+8613912345678", "+8613912345678"),
        ("8613912345678", "+8613912345678"),
        ("008613912345678", "+8613912345678"),
        ("13912345678", "+8613912345678"),
        ("139 1234-5678", "+8613912345678"),
        ("１３９１２３４５６７８", "+8613912345678"),
        ("+447911123456", "+447911123456"),
        ("00447911123456", "+447911123456"),
        ("10086", "10086"),
        ("106575258192144", "106575258192144"),
        ("12912345678", "12912345678"),
        ("CMCC", "CMCC"),
        ("My-Bank 1", "My-Bank 1"),
    ],
)
def test_r25_one_person_has_one_number_and_short_codes_stay(written: str, normalised: str) -> None:
    assert numbers.normalise(written) == normalised
    assert numbers.normalise(normalised) == normalised


def test_r25_only_a_subscriber_is_a_phone() -> None:
    assert numbers.is_phone("+8613912345678")
    assert not any(numbers.is_phone(it) for it in ("10086", "CMCC", "106575258192144", "+", ""))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("07D0C3E67008", "CMCC"),
        ("0BD0D7F2101DA603", "WeChat"),
        ("0DD031D98C56B3DD00", "1234567"),
        ("0ED031D98C56B3DD00", "1234567"),  # counted with its fill: no trailing @
        ("0ED041E19058341E91", "ABCDEFGH"),
        ("15D0C17658FF7683363CFCC607", "Amazon [x]"),
        ("00D0", ""),
        ("0D91683119325476F8", "+8613912345678"),
        ("05A10180F6", "10086"),
        ("06812143A5", "12345*"),
        ("0B113119325476F8", "+13912345678"),  # the bit that is always set is not
        ("0BB13119325476F8", "13912345678"),  # network-specific
        ("048121A3", "123*"),
        ("0381B1F2", "1#2"),
    ],
)
def test_a_sender_is_read_as_the_network_gave_it(address: str, name: str) -> None:
    assert deliver(f"{SMSC}04{address}0000{STAMP}0131").number == name


@pytest.mark.parametrize(
    ("dcs", "user_data", "encoding", "text"),
    [
        ("00", "0131", "gsm7", "1"),
        ("10", "0131", "gsm7", "1"),
        ("0C", "0131", "gsm7", "1"),  # reserved: reads as GSM-7
        ("C0", "0131", "gsm7", "1"),
        ("D0", "0131", "gsm7", "1"),
        ("F1", "0131", "gsm7", "1"),
        ("80", "0131", "gsm7", "1"),
        ("08", "024E2D", "ucs2", "中"),
        ("18", "024E2D", "ucs2", "中"),
        ("48", "024E2D", "ucs2", "中"),
        ("E0", "024E2D", "ucs2", "中"),
        ("04", "024180", "8bit", "A\x80"),
        ("F5", "024180", "8bit", "A\x80"),
        ("08", "02D83D", "ucs2", "\ufffd"),  # half a pair
        ("00", "021B1E", "gsm7", "ß"),  # an extension that is none reads as its basic character
        ("00", "011B", "gsm7", " "),
        ("00", "021B1B", "gsm7", " "),
        ("00", "00", "gsm7", ""),
    ],
)
def test_a_coding_scheme_names_its_alphabet(
    dcs: str, user_data: str, encoding: str, text: str
) -> None:
    length, body = user_data[:2], bytes.fromhex(user_data[2:])
    if encoding == "gsm7":
        body = gsm7.pack(body)
    decoded = command.decode([f"{SMSC}04{FROM}00{dcs}{STAMP}{length}{body.hex()}"])

    assert (decoded["encoding"], decoded["text"]) == (encoding, text)


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("52309041503323", datetime(2025, 3, 9, 6, 5, 33, tzinfo=UTC)),
        ("5230901050330A", datetime(2025, 3, 9, 6, 5, 33, tzinfo=UTC)),
        ("00000000000000", None),
        ("FFFFFFFFFFFFFF", None),
        ("52319241503323", None),  # the 29th of the 13th month
    ],
)
def test_a_time_stamp_is_utc_or_nothing(stamp: str, at: datetime | None) -> None:
    assert deliver(f"{SMSC}04{FROM}0000{stamp}0131").sent_at == at


@pytest.mark.parametrize(
    "octets",
    [
        f"04{FROM}4000{STAMP}0131",  # type 0
        f"04{FROM}0010{STAMP}0131",  # class 0
        f"04{FROM}0004{STAMP}0131",  # binary
        f"44{FROM}0008{STAMP}0906050423F000004E2D",  # for a port
    ],
)
def test_what_is_not_for_people_is_known(octets: str) -> None:
    assert not deliver(SMSC + octets).is_for_people


@pytest.mark.parametrize(
    ("hostile", "says"),
    [
        ("", "ends inside"),
        ("0", "hex"),
        ("zz", "hex"),
        ("00", "ends inside"),
        ("FF00", "service centre"),
        (f"{SMSC}03{FROM}", "reserved"),
        (f"{SMSC}04FF91683119325476F8", "digits"),
        (f"{SMSC}040D9168F119325476F8", "hole"),
        (f"{SMSC}04{FROM}0000{STAMP}FF31", "length of 255"),
        (f"{SMSC}04{FROM}0008{STAMP}8D{'00' * 141}", "length of 141"),
        (f"{SMSC}04{FROM}0008{STAMP}044E2D", "user data"),
        (f"{SMSC}04{FROM}0008{STAMP}024E2D00", "goes on"),
        (f"{SMSC}04{FROM}0008{STAMP}034E2D41", "inside a character"),
        (f"{SMSC}04{FROM}0020{STAMP}0131", "compressed"),
        (f"{SMSC}44{FROM}0008{STAMP}00", "header"),
        (f"{SMSC}44{FROM}0008{STAMP}02054E", "header"),
        (f"{SMSC}44{FROM}0008{STAMP}0403000500", "header"),
        (f"{SMSC}44{FROM}0000{STAMP}020500", "header"),
        (f"{SMSC}0607", "ends inside"),
        ("0001000B91", "ends inside"),
        ("00010000910008024E2D", "nobody"),
    ],
)
def test_hostile_octets_are_a_clear_error(hostile: str, says: str) -> None:
    with pytest.raises(PduError, match=says):
        command.decode([hostile])


@pytest.mark.parametrize("place", ["0200", "0203", "0001", "0000"])
def test_an_impossible_part_is_a_text_of_its_own(place: str) -> None:
    part = deliver(f"{SMSC}44{FROM}0008{STAMP}080500034A{place}4E2D")

    assert part.user.concat is None


@pytest.mark.parametrize(
    ("header", "ref", "part"),
    [
        ("05 00034A0202", 0x4A, 2),
        ("06 08044A4B0202", 0x4A4B, 2),
        ("07 7000 00034A0202", 0x4A, 2),  # behind an element that nobody knows
        ("08 00034A0202 240101", 0x4A, 2),  # before one
        ("0A 00034A0201 00034B0202", 0x4B, 2),  # of two the last counts,
        ("0B 00034A0202 08044A4B0201", 0x4A4B, 1),  # whatever their width,
        ("0A 00034A0202 00034B0203", 0x4A, 2),  # but not where it can't be
        ("06 00020101 7000", None, None),
        ("00", None, None),
    ],
)
def test_a_part_finds_its_place_among_other_elements(
    header: str, ref: int | None, part: int | None
) -> None:
    body = bytes.fromhex(header + "4E2D")
    concat = deliver(f"{SMSC}44{FROM}0008{STAMP}{len(body):02X}{body.hex()}").user.concat

    assert (concat and concat.ref, concat and concat.part) == (ref, part)


def test_a_record_filled_with_ff_is_read() -> None:
    assert deliver(f"{SMSC}04{FROM}0008{STAMP}024E2D" + "FF" * 100).user.body == b"\x4e\x2d"


def test_optional_fields_of_a_report_are_left_alone() -> None:
    report = f"{SMSC}0605{FROM}{STAMP}{STAMP}00" + "0700080100"

    assert command.decode([report])["mr"] == 5


@pytest.mark.parametrize(("first", "validity"), [("01", ""), ("11", "A7"), ("09", "00" * 7)])
def test_a_submit_with_any_validity_period_is_read(first: str, validity: str) -> None:
    octets = f"00{first}00{FROM}0008{validity}024E2D"

    assert command.decode([octets])["text"] == "中"


def test_an_escape_cut_between_two_parts_is_joined() -> None:
    halves = [("0201", b"12\x1b"), ("0202", b"e3")]
    parts = []
    for place, septets in halves:
        body = gsm7.pack(septets, 1).hex()
        parts.append(f"{SMSC}44{FROM}0000{STAMP}{7 + len(septets):02x}0500034A{place}{body}")

    assert command.decode(parts)["text"] == "12€3"


def test_parts_in_two_alphabets_are_one_text() -> None:
    first = f"{SMSC}44{FROM}0008{STAMP}080500034A02014E2D"
    second = f"{SMSC}44{FROM}0000{STAMP}080500034A0202" + gsm7.pack(b"1", 1).hex()

    assert command.decode([second, first])["text"] == "中1"


class TestCommand:
    """`menshen pdu`."""

    def test_a_chinese_text_is_one_line_with_the_service_centre_octet(self) -> None:
        assert command.encode("+8613912345678", "1号冷机故障") == [
            "0021000D91683119325476F800080C003153F751B7673A6545969C"
        ]

    def test_parts_share_a_reference(self) -> None:
        parts = command.encode("10086", "字" * 100)

        assert len({part[24:26] for part in parts}) == 1
        assert command.decode(parts[::-1])["text"] == "字" * 100

    def test_nothing_to_decode_is_an_error(self) -> None:
        with pytest.raises(PduError, match="no PDU"):
            command.decode([])

    def test_a_missing_part_is_named(self) -> None:
        parts = command.encode("10086", "字" * 200)
        with pytest.raises(PduError, match="of 3 parts these are missing: 2"):
            command.decode([parts[0], parts[2]])

    def test_parts_of_two_messages_are_refused(self) -> None:
        first = command.encode("10086", "字" * 100, ref=1)
        second = command.encode("10086", "字" * 100, ref=2)
        with pytest.raises(PduError, match="different messages"):
            command.decode([first[0], second[1]])

    def test_two_different_texts_are_refused(self) -> None:
        with pytest.raises(PduError):
            command.decode([*command.encode("10086", "a"), *command.encode("10086", "b")])

    def test_a_report_and_a_text_are_refused(self) -> None:
        report = f"{SMSC}0605{FROM}{STAMP}{STAMP}00"
        with pytest.raises(PduError, match="several"):
            command.decode([report, *command.encode("10086", "a")])

    def test_a_part_given_twice_is_one(self) -> None:
        parts = command.encode("10086", "字" * 100)

        assert command.decode([*parts, parts[0]])["text"] == "字" * 100
