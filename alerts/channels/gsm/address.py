"""The address field of a PDU: digits as semi-octets, or a sender's name in septets.

3GPP 23.040, 9.1.2.5. An address is read as the network gave it: international numbers with a
plus, national ones and short codes as bare digits.
"""

from __future__ import annotations

from alerts.channels.gsm import gsm7, numbers
from alerts.channels.gsm.octets import Octets, PduError, swap, swapped

_DIGITS = "0123456789*#abc"
_LONGEST = 20  # semi-octets: the field is at most 12 octets with its length and type

_INTERNATIONAL = 0x91
_NATIONAL = 0xA1
_UNKNOWN = 0x81
_NAME = 0x50
_TYPE = 0x70  # the bits that say which of these it is; the one above them is always set, or not


def encode(number: str) -> bytes:
    """Return length, type and digits of `number`: `+…`, a national mobile or a short code."""
    digits = number.removeprefix("+")
    if not digits or any(char not in _DIGITS for char in digits):
        raise PduError(f"{number!r} is no number that a text can be sent to")
    if len(digits) > _LONGEST:
        raise PduError(f"{number!r} has more than {_LONGEST} digits")
    kind = _UNKNOWN
    if number.startswith("+"):
        kind = _INTERNATIONAL
    elif numbers.is_national_mobile(number):
        kind = _NATIONAL
    semi_octets = "".join(f"{_DIGITS.index(char):x}" for char in digits)
    return bytes((len(digits), kind)) + swap(semi_octets)


def decode(octets: Octets, what: str) -> str:
    """Read an address; a name is decoded, digits keep the form the network gave them."""
    length = octets.octet(what)
    kind = octets.octet(what)
    if length > _LONGEST + 2:  # some centres count the fill digits of a name, too
        raise PduError(f"the {what} claims {length} digits")
    value = octets.take((length + 1) // 2, what)
    if kind & _TYPE == _NAME:
        return _name(value, length)
    semi_octets = swapped(value)[:length]
    if "f" in semi_octets.rstrip("f"):
        raise PduError(f"the {what} has a hole in its digits")
    digits = "".join(_DIGITS[int(char, 16)] for char in semi_octets.rstrip("f"))
    is_international = kind & _TYPE == _INTERNATIONAL & _TYPE
    return "+" + digits if digits and is_international else digits


def _name(value: bytes, semi_octets: int) -> str:
    septets = gsm7.unpack(value, semi_octets * 4 // 7)
    if len(septets) % 8 == 0 and septets.endswith(b"\0"):
        septets = septets[:-1]  # seven letters fill seven octets but for seven spare bits
    return gsm7.decode(septets)
