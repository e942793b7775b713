"""SMS-STATUS-REPORT: what the service centre says became of one part (3GPP 23.040, 9.2.2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.channels.base import Outcome
from alerts.channels.gsm import address
from alerts.channels.gsm.octets import Octets


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`reference` is the <mr> that +CMGS gave for the part; `status` is TP-ST."""

    number: str
    reference: int
    status: int


def decode(_first: int, octets: Octets) -> StatusReport:
    """Read what follows the first octet; optional fields after the status are left alone."""
    reference = octets.octet("message reference")
    number = address.decode(octets, "recipient")
    octets.take(14, "time stamps")
    return StatusReport(number, reference, octets.octet("status"))


def outcome_of(status: int) -> tuple[Outcome, str]:
    """Return what TP-ST means for the part, and the reason to keep (3GPP 23.040, 9.2.3.15)."""
    if status in (0x00, 0x02):
        return Outcome.DELIVERED, "handset_has_it"
    if status < 0x20:  # 01: forwarded where nobody can confirm, so no proof of delivery
        return Outcome.SENT, f"forwarded_{status:02x}"
    if status < 0x40:
        return Outcome.SENT, f"still_trying_{status:02x}"
    if status < 0x60:
        return Outcome.FAILED_PERMANENT, f"undeliverable_{status:02x}"
    return Outcome.FAILED_TEMPORARY, f"gave_up_{status:02x}"
