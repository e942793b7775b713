"""What a person sees of names, phones and doors: masked, unless they asked with a reason.

Masking is pure. `unmask` decides and audits in one transaction of its own, which is on the disk
before anything is shown; each screen that can show something in full goes through it.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.accounts.rights import Place, Refusal, Right
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action
from gateway.privacy import GATEWAY

SHORTEST_REASON: Final = 5
"""Characters: `复核号码` says little, `核对送餐地址` says why (ours)."""
LONGEST_REASON: Final = 200

_BUILDING = re.compile(r"^.*(?:单元|栋|幢|座|号楼|号院|楼|巷|弄)(?=.)")
_ENGLISH_BUILDING = re.compile(r"^.*\b(?:building|block|tower)\s+\w+(?=\W)", re.IGNORECASE)
_FROM_LAST_FIGURES = re.compile(r"[0-9A-Za-z#-]*[0-9][^0-9]*$")


def mask_phone(phone: str) -> str:
    """Return a phone by which its owner knows it and nobody else can call: `139****5678`."""
    prefix, number = (phone[:3], phone[3:]) if phone.startswith("+86") else ("", phone)
    if len(number) < 9:
        return "****"
    return f"{prefix}{number[:3]}****{number[-4:]}"


def mask_name(name: str) -> str:
    """Return a name's first letter or surname alone: `王**`."""
    return f"{name[:1]}**"


def mask_address(address: str) -> str:
    """Return an address down to its building: `南岭村3栋**`.

    Where no word names a building, all from the last group of figures on is masked.
    """
    found = _BUILDING.match(address) or _ENGLISH_BUILDING.match(address)
    kept = found[0] if found else _FROM_LAST_FIGURES.sub("", address)
    return f"{kept if kept != address else ''}**"


def unmask(
    turn: Turn, area: Place, subject: str, reason: str, *, owner: str = GATEWAY
) -> Refusal | None:
    """Return why something may not be shown in full; None where it may, and that is audited.

    `subject` names what is shown, such as "home:440307006031203"; `owner` is whose key its words
    are kept under: the watch, where there is one. Show nothing before the transaction is committed.
    """
    if refusal := turn.why_not(Right.UNMASK, area, subject, owner=owner):
        return refusal
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        return turn.refuse(Refusal.REASON_TOO_SHORT, Right.UNMASK, subject, owner=owner)
    turn.note(Action.UNMASKED, subject, said[:LONGEST_REASON], owner=owner)
    return None
