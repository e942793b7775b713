"""Any text comes back as it went out, and no octets break the codec."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.gsm import gsm7, pdu
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.segments import segments
from alerts.channels.gsm.userdata import Concat, Encoding, UserData, text_of
from firmware_sim.sms_pdu import decode_submit, encode_deliver, encode_report, join_text
from gateway.cli import pdu as command

NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}|1[3-9][0-9]{9}|10[0-9]{3,13}", fullmatch=True)
GSM7 = st.text(st.sampled_from("@£$èΔ ¡abc123ZÄ§¿à\n\r^{}\\[~]|€\f"), max_size=700)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
EMOJI = st.text(st.sampled_from("字a😀🔥€"), max_size=400)
TEXTS = st.one_of(GSM7, ANY, EMOJI)


@given(NUMBERS, TEXTS, st.randoms(use_true_random=False))
def test_a_text_survives_encoding_and_any_order_of_its_parts(
    number: str, text: str, random: Random
) -> None:
    parts = command.encode(number, text)
    random.shuffle(parts)

    decoded = command.decode(parts)

    assert (decoded["number"], decoded["text"]) == (number, text)


@given(TEXTS, st.sampled_from([8, 16]))
def test_no_part_is_too_long_or_cuts_a_character(text: str, bits: int) -> None:
    parts = segments(text, ref_bits=bits)
    whole = len(parts) == 1
    for part in parts:
        if part.encoding is Encoding.GSM7:
            assert len(part.body) <= (160 if whole else 153 if bits == 8 else 152)
            assert gsm7.septets_of(gsm7.decode(part.body)) is not None
            assert not part.body.endswith(b"\x1b") or part.body.endswith(b"\x1b\x1b")
        else:
            assert len(part.body) // 2 <= (70 if whole else 67 if bits == 8 else 66)
            part.body.decode("utf-16-be")  # strict: no half of a pair


@given(st.binary(max_size=200))
def test_no_octets_are_more_than_an_error(octets: bytes) -> None:
    try:
        command.decode([octets.hex()])
    except PduError as error:
        assert str(error)


@given(st.text(max_size=60))
def test_no_text_in_place_of_hex_is_more_than_an_error(text: str) -> None:
    try:
        pdu.decode(text)
    except PduError as error:
        assert str(error)


VALID = [
    "0891683108100005F0440D91683119325476F80008523090415033230A0500034A020100310032",
    "0891683108100005F0040D91683119325476F80000523090415033230631504C36A301",
    "0891683108100005F006070D91683119325476F8523090415033235230904150242300",
    "0061000D91683119325476F800080E0500034A02025EA68D85D83DDE00",
]


@given(st.sampled_from(VALID), st.integers(0, 40), st.integers(0, 255), st.integers(0, 60))
def test_a_damaged_message_is_read_or_refused(
    hexed: str, place: int, value: int, length: int
) -> None:
    octets = bytearray.fromhex(hexed)
    octets[place % len(octets)] = value
    for damaged in (octets, octets[:length]):
        try:
            command.decode([damaged.hex()])
        except PduError as error:
            assert str(error)


@given(st.lists(st.binary(min_size=1, max_size=1).filter(lambda b: b[0] < 128), max_size=160))
def test_septets_survive_packing_at_any_offset(pieces: list[bytes]) -> None:
    septets = b"".join(pieces)
    for fill_bits in range(7):
        packed = gsm7.pack(septets, fill_bits)
        assert gsm7.unpack(packed, len(septets), fill_bits) == septets


# Against the simulated modem's codec, which was written apart from this one

ZONES = st.integers(-47, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
BEGIN = datetime(2000, 1, 2, tzinfo=UTC)
TIMES = st.builds(
    lambda seconds, zone: (BEGIN + timedelta(seconds=seconds)).astimezone(zone),
    st.integers(0, 99 * 365 * 86400),
    ZONES,
)
NAMES = st.text("ABCXYZabcxyz019 _-&$", min_size=1, max_size=11)


@given(NUMBERS, TEXTS, TIMES, st.booleans(), st.randoms(use_true_random=False))
def test_a_text_of_another_encoder_is_read_with_its_sender_and_time(
    number: str, text: str, at: datetime, wide: bool, random: Random
) -> None:
    pdus = [pdu.hex() for pdu in encode_deliver(number, text, at, wide_reference=wide)]
    random.shuffle(pdus)

    decoded = command.decode(pdus)
    first = pdu.decode(pdus[0])

    assert (decoded["number"], decoded["text"]) == (number, text)
    assert isinstance(first, Deliver)
    assert first.sent_at == at


@given(NAMES)
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    (octets,) = encode_deliver(name, "1", datetime(2025, 3, 9, tzinfo=UTC))

    assert command.decode([octets.hex()])["number"] == name


@given(NUMBERS, TEXTS, st.sampled_from([8, 16]))
def test_another_decoder_reads_what_goes_out(number: str, text: str, bits: Literal[8, 16]) -> None:
    parts = command.encode(number, text, ref_bits=bits)

    read = [decode_submit(octets := bytes.fromhex(part), len(octets) - 1) for part in parts]

    assert join_text(read) == text
    assert {part.number for part in read} == {number}
    assert all(part.wants_report for part in read)


@given(st.integers(0, 255), NUMBERS, TIMES, TIMES, st.integers(0, 255))
def test_a_report_names_its_part_and_its_end(
    reference: int, number: str, sent_at: datetime, settled_at: datetime, status: int
) -> None:
    octets = encode_report(reference, number, sent_at, settled_at, status)

    decoded = command.decode([octets.hex()])

    assert (decoded["mr"], decoded["number"], decoded["status"]) == (reference, number, status)


@given(NUMBERS, TEXTS, st.data())
def test_a_message_that_breaks_off_is_an_error(number: str, text: str, data: st.DataObject) -> None:
    outgoing = bytes.fromhex(command.encode(number, text)[0])
    (incoming, *_) = encode_deliver(number, text, datetime(2025, 3, 9, tzinfo=UTC))
    for whole in (outgoing, incoming):
        broken = whole[: data.draw(st.integers(0, len(whole) - 1))]
        with pytest.raises(PduError):
            command.decode([broken.hex()])


def in_pieces(body: bytes, cuts: list[int], encoding: Encoding) -> list[UserData]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    pieces = [body[start:end] for start, end in pairwise(places)]
    return [
        UserData(encoding, piece, Concat(1, len(pieces), number))
        for number, piece in enumerate(pieces, start=1)
    ]


@given(ANY | EMOJI, st.lists(st.integers(0, 1000), max_size=8))
def test_octets_cut_anywhere_are_joined_before_they_are_read(text: str, cuts: list[int]) -> None:
    assert text_of(in_pieces(text.encode("utf-16-be"), cuts, Encoding.UCS2)) == text


@given(GSM7, st.lists(st.integers(0, 1000), max_size=8))
def test_septets_cut_anywhere_are_joined_before_they_are_read(text: str, cuts: list[int]) -> None:
    body = b"".join(gsm7.septets_of(text) or [])

    assert text_of(in_pieces(body, cuts, Encoding.GSM7)) == text


ELEMENTS = st.lists(
    st.tuples(st.integers(0x0A, 0xFF), st.binary(max_size=6)).map(
        lambda element: bytes((element[0], len(element[1]))) + element[1]
    ),
    max_size=4,
).map(b"".join)


@given(ELEMENTS, ELEMENTS, st.text("门开1 [€", max_size=20))
def test_elements_that_nobody_knows_hide_neither_place_nor_text(
    before: bytes, behind: bytes, text: str
) -> None:
    elements = before + b"\x00\x03\x4a\x02\x01" + behind
    header = bytes((len(elements),)) + elements
    septets = gsm7.septets_of(text)
    if septets is None:
        body = header + text.encode("utf-16-be")
        length, dcs = len(body), 8
    else:
        skipped = (8 * len(header) + 6) // 7
        body = header + gsm7.pack(b"".join(septets), 7 * skipped - 8 * len(header))
        length, dcs = skipped + len(b"".join(septets)), 0
    octets = bytes.fromhex("00440D91683119325476F800") + bytes((dcs,))
    octets += bytes.fromhex("52309041503323") + bytes((length,)) + body

    decoded = pdu.decode(octets.hex())

    assert isinstance(decoded, Deliver)
    assert decoded.user.concat == Concat(0x4A, 2, 1)
    assert text_of([decoded.user]) == text
