"""Any text comes back as it went out, and no octets break the codec."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.gsm import gsm7, pdu
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.segments import segments
from alerts.channels.gsm.userdata import Encoding
from gateway.cli import pdu as command

NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}|1[3-9][0-9]{9}|10[0-9]{3,13}", fullmatch=True)
GSM7 = st.text(st.sampled_from("@£$èΔ ¡abc123ZÄ§¿à\n\r^{}\\[~]|€\f"), max_size=700)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
EMOJI = st.text(st.sampled_from("字a😀🔥€"), max_size=400)
TEXTS = st.one_of(GSM7, ANY, EMOJI)


@given(NUMBERS, TEXTS, st.randoms(use_true_random=False))
def test_a_text_survives_encoding_and_any_order_of_its_parts(
    number: str, text: str, random: object
) -> None:
    parts = command.encode(number, text)
    random.shuffle(parts)  # type: ignore[attr-defined]

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
