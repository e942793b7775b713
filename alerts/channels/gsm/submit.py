"""SMS-SUBMIT: a text on its way out (3GPP 23.040, 9.2.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.channels.gsm import address, userdata
from alerts.channels.gsm.octets import Octets, PduError
from alerts.channels.gsm.segments import segments
from alerts.channels.gsm.userdata import Encoding, UserData

_SUBMIT, _REPORT_WANTED, _HAS_HEADER = 0x01, 0x20, 0x40
_SMSC_OF_THE_SIM = b"\0"
_DCS = {Encoding.GSM7: 0x00, Encoding.UCS2: 0x08}
_VALIDITY_OCTETS = (0, 7, 1, 7)  # none, enhanced, relative, absolute


@dataclass(frozen=True, slots=True)
class Submit:
    """One part of an outgoing text, read back."""

    number: str
    user: UserData


def encode(number: str, text: str, *, ref: int = 0, ref_bits: int = 8) -> list[bytes]:
    """Return the PDU of each part, with the leading octet that leaves the SMSC to the SIM.

    A delivery report is asked for on every part; the modem replaces the message reference 0.
    """
    to = address.encode(number)
    return [_part(to, user) for user in segments(text, ref=ref, ref_bits=ref_bits)]


def tpdu_octets(pdu: bytes) -> int:
    """Return the length that AT+CMGS wants: octets without the SMSC."""
    return len(pdu) - 1 - pdu[0]


def decode(first: int, octets: Octets) -> Submit:
    """Read what follows the first octet."""
    octets.octet("message reference")
    number = address.decode(octets, "destination")
    octets.octet("protocol identifier")
    dcs = octets.octet("coding scheme")
    octets.take(_VALIDITY_OCTETS[first >> 3 & 0b11], "validity period")
    user = userdata.decode(octets, dcs, has_header=bool(first & _HAS_HEADER))
    if not number:
        raise PduError("the text is for nobody")
    return Submit(number, user)


def _part(to: bytes, user: UserData) -> bytes:
    first = _SUBMIT | _REPORT_WANTED | (_HAS_HEADER if user.concat else 0)
    fixed = bytes((first, 0)) + to + bytes((0, _DCS[user.encoding]))
    return _SMSC_OF_THE_SIM + fixed + userdata.encode(user)
