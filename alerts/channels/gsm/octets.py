"""Reads a PDU octet by octet, and says in plain words where one is too short or not hex at all."""

from __future__ import annotations

import binascii


class PduError(ValueError):
    """The octets are no PDU of the kind expected; the message says what is wrong with them."""


class Octets:
    """A cursor over the octets of one PDU."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @classmethod
    def from_hex(cls, text: str) -> Octets:
        """Read hex as a modem prints it, either case; anything else is a `PduError`."""
        try:
            return cls(binascii.unhexlify(text.strip()))
        except (binascii.Error, ValueError):
            raise PduError("the PDU is not an even number of hex digits") from None

    def take(self, count: int, what: str) -> bytes:
        """Return the next `count` octets, which are `what`."""
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise PduError(f"the PDU ends inside its {what}")
        self._at += count
        return piece

    def octet(self, what: str) -> int:
        """Return the next octet."""
        return self.take(1, what)[0]

    def rest(self) -> bytes:
        """Return what is left."""
        piece = self._data[self._at :]
        self._at = len(self._data)
        return piece


def swapped(data: bytes) -> str:
    """Read semi-octets, the low half of each octet first, as hex digits (3GPP 23.040, 9.1.2.3)."""
    text = data.hex()
    return "".join(text[i + 1] + text[i] for i in range(0, len(text), 2))


def swap(digits: str) -> bytes:
    """Write hex digits as semi-octets, the low half first; an odd one out is filled with F."""
    even = digits + "f" * (len(digits) % 2)
    return bytes.fromhex("".join(even[i + 1] + even[i] for i in range(0, len(even), 2)))
