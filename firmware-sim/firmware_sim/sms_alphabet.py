"""Text as the air interface carries it: GSM 7-bit septets with their extension table, or UCS-2.

Written from 3GPP TS 23.038, on purpose apart from the product's codec: two readings of one
specification that agree are worth more than one reading used twice.
"""

from enum import Enum

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_TO_SEPTETS = {char: bytes([code]) for code, char in enumerate(_BASIC) if code != _ESCAPE}
_TO_SEPTETS |= {char: bytes([_ESCAPE, code]) for code, char in _EXTENSION.items()}


class Alphabet(Enum):
    """How the user data of a message is coded (TP-DCS)."""

    GSM7 = "gsm7"
    OCTETS = "8bit"
    UCS2 = "ucs2"


def alphabet_of(dcs: int) -> Alphabet:
    """The alphabet that a data coding scheme names."""
    group = dcs >> 4
    if group < 0x8:
        return (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)[(dcs >> 2) & 3]
    if group == 0xE:
        return Alphabet.UCS2
    if group == 0xF and dcs & 0x04:
        return Alphabet.OCTETS
    return Alphabet.GSM7


def fits_gsm7(text: str) -> bool:
    """Whether every character has septets of its own."""
    return all(char in _TO_SEPTETS for char in text)


def cut(text: str, alphabet: Alphabet, whole: int, part: int) -> list[bytes]:
    """Cut a text into bodies: one of at most `whole` octets (septets), else several of `part`.

    Neither an escape pair nor a surrogate pair is ever cut in two.
    """
    if alphabet is Alphabet.GSM7:
        units = [_TO_SEPTETS[char] for char in text]
    else:
        units = [char.encode("utf-16-be", "surrogatepass") for char in text]
    if sum(map(len, units)) <= whole:
        return [b"".join(units)]
    bodies = [b""]
    for unit in units:
        if len(bodies[-1]) + len(unit) > part:
            bodies.append(b"")
        bodies[-1] += unit
    return bodies


def read(body: bytes, alphabet: Alphabet) -> str:
    """The text of a body (of all parts of a message, joined)."""
    if alphabet is Alphabet.UCS2:
        return body.decode("utf-16-be", "replace")
    if alphabet is Alphabet.OCTETS:
        return body.decode("latin-1")
    chars: list[str] = []
    septets = iter(body)
    for septet in septets:
        if septet == _ESCAPE:
            chars.append(_EXTENSION.get(next(septets, 0x20), " "))
        else:
            chars.append(_BASIC[septet])
    return "".join(chars)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets packed into octets, after `fill_bits` zero bits that follow a header."""
    bits, length = 0, fill_bits
    for septet in septets:
        bits |= septet << length
        length += 7
    return bits.to_bytes((length + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """`count` septets out of packed octets, one to a byte."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes((bits >> (7 * index)) & 0x7F for index in range(count))
