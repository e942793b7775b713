"""The user data of a PDU: which alphabet it is in, its header, and its body before any decoding.

Bodies stay septets or octets until all parts of a message are joined (`text_of`): a sender may cut
a character in two. 3GPP 23.040, 9.2.3.24 and 23.038, 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from alerts.channels.gsm import gsm7
from alerts.channels.gsm.octets import Octets, PduError

MAX_OCTETS = 140
MAX_SEPTETS = 160

_CONCAT_8, _CONCAT_16 = 0x00, 0x08
_PORTS = (0x04, 0x05)


class Encoding(StrEnum):
    """The alphabet of a body."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    OCTETS = "8bit"
    NONE = "none"  # a status report has no text


@dataclass(frozen=True, slots=True)
class Concat:
    """This is part `part` of `total`, counted from 1; `bits` is the width of the reference."""

    ref: int
    total: int
    part: int
    bits: int = 8


@dataclass(frozen=True, slots=True)
class UserData:
    """One part's body: a septet each byte for `GSM7`, plain octets otherwise."""

    encoding: Encoding
    body: bytes
    concat: Concat | None = None
    has_ports: bool = False  # for a program in the phone, not for a person


def encoding_of(dcs: int) -> Encoding:
    """Return the alphabet that a data coding scheme names; reserved ones read as GSM-7."""
    group = dcs >> 4
    if group < 0x8:  # general, and marked for automatic deletion
        if dcs & 0x20:
            raise PduError("the text is compressed")
        return (Encoding.GSM7, Encoding.OCTETS, Encoding.UCS2, Encoding.GSM7)[dcs >> 2 & 0b11]
    if group == 0xE:
        return Encoding.UCS2
    if group == 0xF and dcs & 0x04:
        return Encoding.OCTETS
    return Encoding.GSM7


def is_class_0(dcs: int) -> bool:
    """Whether the text asks to be shown at once and kept nowhere."""
    has_class = dcs >> 4 == 0xF or (dcs >> 4 < 0x8 and bool(dcs & 0x10))
    return has_class and dcs & 0b11 == 0


def decode(octets: Octets, dcs: int, *, has_header: bool) -> UserData:
    """Read the length and the user data that end a PDU."""
    encoding = encoding_of(dcs)
    length = octets.octet("user data length")
    is_gsm7 = encoding is Encoding.GSM7
    if length > (MAX_SEPTETS if is_gsm7 else MAX_OCTETS):
        raise PduError(f"the user data claims a length of {length}")
    data = octets.take((7 * length + 7) // 8 if is_gsm7 else length, "user data")
    if octets.rest().strip(b"\xff"):  # a SIM fills its records with FF
        raise PduError("the PDU goes on after its user data")
    header = _header_of(data) if has_header else b""
    concat, has_ports = _elements(header[1:])
    if not is_gsm7:
        return UserData(encoding, data[len(header) :], concat, has_ports)
    skipped = (8 * len(header) + 6) // 7
    if skipped > length:
        raise PduError("the user data is shorter than its header")
    fill_bits = 7 * skipped - 8 * len(header)
    body = gsm7.unpack(data[len(header) :], length - skipped, fill_bits)
    return UserData(encoding, body, concat, has_ports)


def encode(user: UserData) -> bytes:
    """Return length and user data of one part."""
    header = _concat_header(user.concat)
    if user.encoding is not Encoding.GSM7:
        return bytes((len(header) + len(user.body),)) + header + user.body
    skipped = (8 * len(header) + 6) // 7
    packed = gsm7.pack(user.body, 7 * skipped - 8 * len(header))
    return bytes((skipped + len(user.body),)) + header + packed


def text_of(parts: Iterable[UserData]) -> str:
    """Join parts that are in order, then decode: runs of one alphabet are one piece.

    Lone surrogates become U+FFFD; 8-bit data reads as Latin-1, which loses nothing.
    """
    text: list[str] = []
    for encoding, run in groupby(parts, key=lambda part: part.encoding):
        body = b"".join(part.body for part in run)
        if encoding is Encoding.GSM7:
            text.append(gsm7.decode(body))
        elif encoding is Encoding.UCS2:
            if len(body) % 2:
                raise PduError("the UCS-2 text ends inside a character")
            text.append(body.decode("utf-16-be", errors="replace"))
        else:
            text.append(body.decode("latin-1"))
    return "".join(text)


def _header_of(data: bytes) -> bytes:
    if not data or len(data) < data[0] + 1:
        raise PduError("the user data is shorter than its header")
    return data[: data[0] + 1]


def _elements(header: bytes) -> tuple[Concat | None, bool]:
    concat: Concat | None = None
    has_ports = False
    for kind, value in _split_elements(header):
        if kind in _PORTS:
            has_ports = True
        elif (kind, len(value)) in ((_CONCAT_8, 3), (_CONCAT_16, 4)):
            *ref, total, part = value
            if 1 <= part <= total:  # else the element is to be ignored, says 23.040
                concat = Concat(int.from_bytes(ref), total, part, 8 * len(ref))
    return concat, has_ports


def _split_elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    octets = Octets(header)
    left = len(header)
    while left:
        kind = octets.octet("user data header")
        length = octets.octet("user data header")
        yield kind, octets.take(length, "user data header")
        left -= 2 + length


def _concat_header(concat: Concat | None) -> bytes:
    if concat is None:
        return b""
    ref = concat.ref.to_bytes(concat.bits // 8)
    kind = _CONCAT_8 if concat.bits == 8 else _CONCAT_16
    element = bytes((kind, len(ref) + 2)) + ref + bytes((concat.total, concat.part))
    return bytes((len(element),)) + element
