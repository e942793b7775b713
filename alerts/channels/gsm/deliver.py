"""SMS-DELIVER: a text that came in (3GPP 23.040, 9.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.channels.gsm import address, userdata
from alerts.channels.gsm.octets import Octets
from alerts.channels.gsm.stamp import read_stamp
from alerts.channels.gsm.userdata import Encoding, UserData

_HAS_HEADER = 0x40
_TYPE_0 = 0x40  # protocol identifier: the phone acknowledges it and shows nobody


@dataclass(frozen=True, slots=True)
class Deliver:
    """One part of an incoming text."""

    number: str  # as the network gave it; a name for an alphanumeric sender
    user: UserData
    sent_at: datetime | None  # aware UTC; None where the centre's stamp is no time
    stamp: bytes  # the same as it came, to know a copy by
    is_for_people: bool  # no class 0, type 0, binary or port-addressed message


def decode(first: int, octets: Octets) -> Deliver:
    """Read what follows the first octet."""
    number = address.decode(octets, "sender")
    protocol = octets.octet("protocol identifier")
    dcs = octets.octet("coding scheme")
    stamp = octets.take(7, "time stamp")
    user = userdata.decode(octets, dcs, has_header=bool(first & _HAS_HEADER))
    is_for_people = (
        protocol != _TYPE_0
        and not userdata.is_class_0(dcs)
        and user.encoding is not Encoding.OCTETS
        and not user.has_ports
    )
    return Deliver(number, user, read_stamp(stamp), stamp, is_for_people)
