"""What a modem's error means for what to do next: one table for +CMS, one for +CME.

Codes are those of 3GPP 27.005 and 24.011; the classes are ours, from what modems were seen to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerts.channels.base import Outcome


class NotReady(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The modem can't be used now; the message is the reason, in stable lower_snake_case."""


class Remedy(StrEnum):
    """What can be done about an error."""

    RETRY_SOON = "retry_soon"  # the same again in seconds
    RETRY_SLOW = "retry_slow"  # network or SIM: a minute or more, or another channel
    RECONFIGURE = "reconfigure"  # the modem forgot its settings: set up, then once more
    DRAIN = "drain"  # its store is full: empty it, then once more
    GIVE_UP = "give_up"  # this number won't get this text
    TAKEN = "taken"  # the network has it already
    AMBIGUOUS = "ambiguous"  # some modems send in spite of it
    ABSENT = "absent"  # there is no message at this index
    PERSON = "person"  # SIM or PIN: somebody must go there


@dataclass(frozen=True, slots=True)
class Failure:
    """One class of error, as the outcome of a send."""

    outcome: Outcome
    retry_after_s: float | None


FAILURES: dict[Remedy, Failure] = {
    Remedy.RETRY_SOON: Failure(Outcome.FAILED_TEMPORARY, 5.0),
    Remedy.RETRY_SLOW: Failure(Outcome.FAILED_TEMPORARY, 60.0),
    Remedy.RECONFIGURE: Failure(Outcome.FAILED_TEMPORARY, 5.0),
    Remedy.DRAIN: Failure(Outcome.FAILED_TEMPORARY, 5.0),
    Remedy.GIVE_UP: Failure(Outcome.FAILED_PERMANENT, None),
    Remedy.TAKEN: Failure(Outcome.SENT, None),
    Remedy.AMBIGUOUS: Failure(Outcome.UNCONFIRMED, None),
    Remedy.ABSENT: Failure(Outcome.FAILED_TEMPORARY, 5.0),
    Remedy.PERSON: Failure(Outcome.FAILED_TEMPORARY, 600.0),
}

_CMS: dict[Remedy, tuple[int, ...]] = {
    Remedy.RETRY_SOON: (41, 42, 47, 192, 314, 515),
    Remedy.RETRY_SLOW: (17, 27, 38, 194, 331, 332, 350),
    Remedy.RECONFIGURE: (302, 303, 304, 305, 330, 340),
    Remedy.DRAIN: (208, 211, 322),
    Remedy.GIVE_UP: (
        *(1, 8, 10, 21, 28, 29, 30, 50, 69, 95, 96, 97, 98, 99, 111, 127),
        *range(128, 176),
        *(193, 195, 196),
    ),
    Remedy.TAKEN: (197,),  # rejected as a duplicate
    Remedy.AMBIGUOUS: (500,),  # a BG95 was seen to send all the same
    Remedy.ABSENT: (320, 321),
    Remedy.PERSON: (310, 311, 312, 313, 315, 316, 317, 318),
}
_CME: dict[Remedy, tuple[int, ...]] = {
    Remedy.RETRY_SOON: (14, 515),
    Remedy.RETRY_SLOW: (30, 31, 100),
    Remedy.RECONFIGURE: (3, 4),
    Remedy.DRAIN: (20,),
    Remedy.ABSENT: (21, 22),
    Remedy.PERSON: (10, 11, 12, 13, 15, 16, 17, 18),
}
_BY_CODE = {
    family: {code: remedy for remedy, codes in table.items() for code in codes}
    for family, table in (("cms", _CMS), ("cme", _CME))
}


def remedy_of(family: str, code: int | None) -> Remedy:
    """Return what to do about `+CMS ERROR` ("cms") or `+CME ERROR` ("cme"); unknown ones wait."""
    if code is None:
        return Remedy.RETRY_SOON
    return _BY_CODE.get(family, {}).get(code, Remedy.RETRY_SLOW)
