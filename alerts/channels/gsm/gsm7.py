"""The GSM 7-bit default alphabet with its extension table (3GPP 23.038, 6.2.1).

A septet is an int below 128 in a `bytes`; characters of the extension table take two, the first
being ESC. National language tables are not used: their letters go out as UCS-2.
"""

from __future__ import annotations

ESC = 0x1B

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
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
_SEPTETS = {
    **{char: bytes((code,)) for code, char in enumerate(_BASIC) if code != ESC},
    **{char: bytes((ESC, code)) for code, char in _EXTENSION.items()},
}


def septets_of(text: str) -> list[bytes] | None:
    """Return the septets of each character, or None where one is not in the alphabet."""
    found = [_SEPTETS.get(char) for char in text]
    return None if None in found else [piece for piece in found if piece is not None]


def decode(septets: bytes) -> str:
    """Return the text of septets; every sequence has one.

    An unknown extension reads as the basic character, a lone or doubled ESC as a space, as
    23.038 asks of a receiver.
    """
    text: list[str] = []
    is_escaped = False
    for code in septets:
        if is_escaped:
            is_escaped = False
            text.append(" " if code == ESC else _EXTENSION.get(code, _BASIC[code]))
        elif code == ESC:
            is_escaped = True
        else:
            text.append(_BASIC[code])
    return "".join(text) + (" " if is_escaped else "")


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets, the first after `fill_bits` zero bits (0 to 6)."""
    bits = 0
    for position, code in enumerate(septets):
        bits |= code << (7 * position + fill_bits)
    return bits.to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Read `count` septets that begin after `fill_bits` bits; missing bits read as zero."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes((bits >> 7 * position) & 0x7F for position in range(count))
