"""The three PDUs a modem trades with its program: SUBMIT read, DELIVER and STATUS-REPORT written.

Written from 3GPP TS 23.040, apart from the product's codec (see `sms_alphabet`).
All PDUs here begin with the service centre's address, as they do on the wire of a modem.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from firmware_sim.sms_alphabet import Alphabet, alphabet_of, cut, fits_gsm7, pack, read, unpack

SERVICE_CENTRE = "+8613800100500"
INTERNATIONAL, NATIONAL, UNKNOWN, ALPHANUMERIC = 0x91, 0xA1, 0x81, 0xD0
_DIGITS = "0123456789*#abc"


class PduError(ValueError):
    """These octets are no SUBMIT: the message names the octet that is wrong."""


@dataclass(frozen=True)
class Concatenation:
    """Which part of which long message this is; `index` counts from 1."""

    reference: int
    total: int
    index: int


@dataclass(frozen=True)
class Submit:
    """One part of a text on its way out. `body` is septets (one a byte) or octets."""

    number: str
    wants_report: bool
    alphabet: Alphabet
    body: bytes
    concatenation: Concatenation | None = None


class _Reader:
    """Takes octets from the front and says by name what is missing."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def take(self, count: int, what: str) -> bytes:
        taken, self._octets = self._octets[:count], self._octets[count:]
        if len(taken) < count:
            raise PduError(f"the PDU ends inside its {what}")
        return taken

    def one(self, what: str) -> int:
        return self.take(1, what)[0]

    def rest(self) -> bytes:
        return self.take(len(self._octets), "user data")


def decode_submit(pdu: bytes, tpdu_length: int | None = None) -> Submit:
    """Read one SUBMIT. `tpdu_length` is what AT+CMGS announced. Raises `PduError`."""
    reader = _Reader(pdu)
    centre_length = reader.one("service centre")
    reader.take(centre_length, "service centre")
    if tpdu_length is not None and len(pdu) - 1 - centre_length != tpdu_length:
        raise PduError(f"{len(pdu) - 1 - centre_length} octets of TPDU, {tpdu_length} announced")
    first = reader.one("first octet")
    if first & 0x03 != 0x01:
        raise PduError(f"first octet {first:02X} is no SUBMIT")
    reader.one("reference")
    number = _read_address(reader)
    reader.one("protocol identifier")
    alphabet = alphabet_of(reader.one("coding scheme"))
    reader.take({0: 0, 1: 7, 2: 1, 3: 7}[(first >> 3) & 3], "validity period")
    length = reader.one("user data length")
    header, body = _read_user_data(reader.rest(), length, alphabet, has_header=bool(first & 0x40))
    return Submit(number, bool(first & 0x20), alphabet, body, _read_concatenation(header))


def _read_address(reader: _Reader) -> str:
    digits, kind = reader.one("address length"), reader.one("type of address")
    if not 1 <= digits <= 20:
        raise PduError(f"an address of {digits} digits")
    octets = reader.take((digits + 1) // 2, "address")
    nibbles = [nibble for octet in octets for nibble in (octet & 0x0F, octet >> 4)][:digits]
    if 0x0F in nibbles:
        raise PduError("a filler inside the address")
    number = "".join(_DIGITS[nibble] for nibble in nibbles)
    return f"+{number}" if kind & 0x70 == 0x10 else number


def _read_user_data(
    octets: bytes, length: int, alphabet: Alphabet, *, has_header: bool
) -> tuple[bytes, bytes]:
    needed = (length * 7 + 7) // 8 if alphabet is Alphabet.GSM7 else length
    if len(octets) != needed or needed > 140:
        raise PduError(f"{len(octets)} octets of user data where its length says {needed}")
    header_length = octets[0] + 1 if has_header and octets else 0
    if header_length > len(octets):
        raise PduError("the user data header is longer than the user data")
    header, octets = octets[:header_length], octets[header_length:]
    if alphabet is not Alphabet.GSM7:
        return header, octets
    header_septets = (header_length * 8 + 6) // 7
    fill_bits = header_septets * 7 - header_length * 8
    return header, unpack(octets, length - header_septets, fill_bits)


def _read_concatenation(header: bytes) -> Concatenation | None:
    elements = header[1:]
    while len(elements) >= 2:
        kind, length = elements[0], elements[1]
        content, elements = elements[2 : 2 + length], elements[2 + length :]
        if (kind, len(content)) in {(0x00, 3), (0x08, 4)}:
            *reference, total, index = content
            if 1 <= index <= total:
                return Concatenation(int.from_bytes(bytes(reference), "big"), total, index)
    return None


def join_text(parts: Iterable[Submit]) -> str:
    """The text of all parts in order; joined before it is read, so a cut pair is whole again."""
    ordered = sorted(parts, key=lambda part: part.concatenation.index if part.concatenation else 0)
    return read(b"".join(part.body for part in ordered), ordered[0].alphabet)


def encode_deliver(
    number: str,
    text: str,
    at: datetime,
    *,
    type_of_address: int | None = None,
    alphabet: Alphabet | None = None,
    message_class: int | None = None,
    reference: int = 0,
    wide_reference: bool = False,
    report_follows: bool = False,
) -> list[bytes]:
    """A text from a phone as the network hands it to the modem, one PDU a part.

    `at` is aware and becomes the service centre's time stamp, zone included.
    """
    alphabet = alphabet or (Alphabet.GSM7 if fits_gsm7(text) else Alphabet.UCS2)
    header_octets = 7 if wide_reference else 6
    gsm7 = alphabet is Alphabet.GSM7
    whole = 160 if gsm7 else 140
    part = (140 - header_octets) * 8 // 7 if gsm7 else (140 - header_octets) // 2 * 2
    bodies = cut(text, alphabet, whole, part)
    dcs = 0x00 if gsm7 else 0x08
    dcs |= 0x00 if message_class is None else 0x10 | message_class
    pdus = []
    for index, body in enumerate(bodies, 1):
        header = b""
        if len(bodies) > 1:
            prefix = b"\x06\x08\x04" if wide_reference else b"\x05\x00\x03"
            width = 2 if wide_reference else 1
            header = prefix + reference.to_bytes(width, "big") + bytes([len(bodies), index])
        first = 0x04 | (0x40 if header else 0) | (0x20 if report_follows else 0)
        address = _address(number, type_of_address)
        tpdu = bytes([first]) + address + bytes([0x00, dcs]) + _timestamp(at)
        pdus.append(_service_centre() + tpdu + _user_data(header, body, alphabet))
    return pdus


def encode_report(
    reference: int, number: str, sent_at: datetime, settled_at: datetime, status: int
) -> bytes:
    """A STATUS-REPORT on the part that the modem sent as `reference`."""
    times = _timestamp(sent_at) + _timestamp(settled_at)
    return _service_centre() + bytes([0x06, reference]) + _address(number) + times + bytes([status])


def tpdu_length(pdu: bytes) -> int:
    """Octets of the PDU without the service centre's address, as +CMGR and +CMGL count."""
    return len(pdu) - 1 - pdu[0]


def _service_centre() -> bytes:
    address = _address(SERVICE_CENTRE)[1:]
    return bytes([len(address)]) + address


def _address(number: str, kind: int | None = None) -> bytes:
    digits = number.removeprefix("+")
    if any(char not in _DIGITS for char in digits):
        packed = pack(cut(number, Alphabet.GSM7, 11, 11)[0])
        return bytes([len(packed) * 2, ALPHANUMERIC]) + packed
    if kind is None:
        kind = INTERNATIONAL if number.startswith("+") else UNKNOWN
    return bytes([len(digits), kind]) + _swapped(digits)


def _swapped(digits: str) -> bytes:
    nibbles = [_DIGITS.index(digit) for digit in digits] + [0x0F] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def _timestamp(at: datetime) -> bytes:
    offset = at.utcoffset()
    assert offset is not None, "a service centre's time is aware"
    quarters = int(offset.total_seconds()) // 900
    stamp = _swapped(f"{at:%y%m%d%H%M%S}")
    zone = _swapped(f"{abs(quarters):02d}")[0]
    return stamp + bytes([zone | (0x08 if quarters < 0 else 0)])


def _user_data(header: bytes, body: bytes, alphabet: Alphabet) -> bytes:
    if alphabet is not Alphabet.GSM7:
        return bytes([len(header) + len(body)]) + header + body
    header_septets = (len(header) * 8 + 6) // 7
    packed = pack(body, header_septets * 7 - len(header) * 8)
    return bytes([header_septets + len(body)]) + header + packed
