"""Any PDU that a modem stores, from hex; and one message from the parts it came in.

Whatever the octets are, the answer is a message or a `PduError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from alerts.channels.gsm import deliver, report, submit
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.octets import Octets, PduError
from alerts.channels.gsm.report import StatusReport
from alerts.channels.gsm.submit import Submit

Pdu = Submit | Deliver | StatusReport
Part = TypeVar("Part", Submit, Deliver)

_LONGEST_SMSC = 12  # octets: a type and up to 20 digits


def decode(text: str) -> Pdu:
    """Read one PDU as AT+CMGR, +CMT and +CDS show it: hex with the SMSC in front."""
    octets = Octets.from_hex(text)
    smsc = octets.octet("service centre length")
    if smsc > _LONGEST_SMSC:
        raise PduError(f"the service centre claims {smsc} octets")
    octets.take(smsc, "service centre")
    first = octets.octet("first octet")
    kind = first & 0b11
    if kind == 0b00:
        return deliver.decode(first, octets)
    if kind == 0b01:
        return submit.decode(first, octets)
    if kind == 0b10:
        return report.decode(first, octets)
    raise PduError("the message type is a reserved one")


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Return the parts of one message in their order, copies dropped; `PduError` if they aren't."""
    first = parts[0]
    found: dict[int, Part] = {}
    for part in parts:
        if (part.number, _message_of(part)) != (first.number, _message_of(first)):
            raise PduError("these are parts of different messages")
        place = part.user.concat.part if part.user.concat else 1
        if found.setdefault(place, part).user != part.user:
            raise PduError(f"there are two different parts {place}")
    total = first.user.concat.total if first.user.concat else 1
    missing = [str(place) for place in range(1, total + 1) if place not in found]
    if missing:
        raise PduError(f"of {total} parts these are missing: {', '.join(missing)}")
    return [found[place] for place in sorted(found)]


def _message_of(part: Submit | Deliver) -> tuple[int, int, int] | None:
    concat = part.user.concat
    return (concat.ref, concat.bits, concat.total) if concat else None
