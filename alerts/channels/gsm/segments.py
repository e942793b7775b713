"""Cuts a text into parts that fit, never through an escape or surrogate pair.

Lengths are counted as the network counts them: septets (an extension character is two) or UTF-16
units (an emoji is two), never code points.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.channels.gsm import gsm7
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.userdata import MAX_OCTETS, MAX_SEPTETS, Concat, Encoding, UserData

MOST_PARTS = 255

_HEADER_OCTETS = {8: 6, 16: 7}  # with its own length octet


def segments(text: str, *, ref: int = 0, ref_bits: int = 8) -> list[UserData]:
    """Return the parts of `text`: one without a header, or several that name each other by `ref`.

    `ref_bits` is 8 or 16. A text of more than 255 parts, or one with half a surrogate pair, is a
    `PduError`.
    """
    characters = gsm7.septets_of(text)
    encoding = Encoding.UCS2 if characters is None else Encoding.GSM7
    if characters is None:
        characters = _utf16_of(text)
        whole, part = MAX_OCTETS, (MAX_OCTETS - _HEADER_OCTETS[ref_bits]) // 2 * 2
    else:
        whole, part = MAX_SEPTETS, (MAX_OCTETS - _HEADER_OCTETS[ref_bits]) * 8 // 7
    if sum(map(len, characters)) <= whole:
        return [UserData(encoding, b"".join(characters))]
    bodies = _fill(characters, part)
    if len(bodies) > MOST_PARTS:
        raise PduError(f"the text takes {len(bodies)} parts; {MOST_PARTS} is the most")
    return [
        UserData(encoding, body, Concat(ref % (1 << ref_bits), len(bodies), number, ref_bits))
        for number, body in enumerate(bodies, start=1)
    ]


def _utf16_of(text: str) -> list[bytes]:
    try:
        return [char.encode("utf-16-be") for char in text]
    except UnicodeEncodeError:
        raise PduError("the text has half of a surrogate pair") from None


def _fill(characters: Sequence[bytes], most: int) -> list[bytes]:
    bodies: list[bytes] = []
    body = bytearray()
    for char in characters:
        if len(body) + len(char) > most:
            bodies.append(bytes(body))
            body.clear()
        body += char
    return [*bodies, bytes(body)]
