"""What `menshen pdu` does: a text to hex and hex to a text, for looking over a modem's shoulder.

Nothing here touches a port. What can't be encoded or read is a `PduError` whose message is one
line for the person who typed the command.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Literal

from alerts.channels.gsm import pdu, submit, userdata
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.report import StatusReport
from alerts.channels.gsm.submit import Submit

__all__ = ["PduError", "decode", "encode"]


def encode(
    number: str, text: str, *, ref: int | None = None, ref_bits: Literal[8, 16] = 8
) -> list[str]:
    """Return the parts of a text as upper-case hex, each with the leading SMSC octet.

    `ref`, a number of `ref_bits`, ties several parts together; by default it is drawn at random.
    The number goes out as written: `+…`, a national mobile or a short code.
    """
    if ref is not None and ref >> ref_bits:
        raise PduError(f"a reference of {ref_bits} bits is at most {(1 << ref_bits) - 1}")
    chosen = secrets.randbelow(1 << ref_bits) if ref is None else ref
    parts = submit.encode(number, text, ref=chosen, ref_bits=ref_bits)
    return [part.hex().upper() for part in parts]


def decode(parts: Sequence[str]) -> dict[str, str | int]:
    """Return the one message whose parts, in any order, are given as hex."""
    if not parts:
        raise PduError("there is no PDU to decode")
    decoded = [pdu.decode(part) for part in parts]
    delivers = [part for part in decoded if isinstance(part, Deliver)]
    submits = [part for part in decoded if isinstance(part, Submit)]
    first = decoded[0]
    if len(delivers) == len(decoded):
        return _message("deliver", pdu.in_order(delivers))
    if len(submits) == len(decoded):
        return _message("submit", pdu.in_order(submits))
    if isinstance(first, StatusReport) and len(decoded) == 1:
        return {
            "dir": "status_report",
            "number": first.number,
            "text": "",
            "encoding": userdata.Encoding.NONE.value,
            "mr": first.reference,
            "status": first.status,
        }
    raise PduError("these are several messages, not the parts of one")


def _message(direction: str, parts: Sequence[Deliver | Submit]) -> dict[str, str | int]:
    encodings = [part.user.encoding.value for part in parts]
    return {
        "dir": direction,
        "number": parts[0].number,
        "text": userdata.text_of(part.user for part in parts),
        "encoding": max(encodings, key=encodings.count),
    }
